/** Charsets of ASCII bytes alone that the platform has no decoder for: UTF-7, HZ, ISO-2022-KR. */

const EUC_KR = new TextDecoder('euc-kr');
const GBK = new TextDecoder('gbk');
const [LF, SO, SI, ESC] = [0x0a, 0x0e, 0x0f, 0x1b];
const [TILDE, OPEN, CLOSE] = [0x7e, 0x7b, 0x7d];

/** The value of a digit by its character code. */
const BASE64_VALUES = new Uint8Array(128);
for (const [value, digit] of Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').entries()) {
  BASE64_VALUES[digit.charCodeAt(0)] = value;
}

/** Characters. No letter is longer; the rest of a longer text stays as it is. */
const MAX_UTF7_LENGTH = 500_000;

/** RFC 2152. The platform has no decoder for it. An invalid sequence stays as it is: "1 + 1", "+49 30 1234". */
export function decodeUtf7(text: string): string {
  const decoded = text
    .slice(0, MAX_UTF7_LENGTH)
    .replace(/\+([A-Za-z0-9+/]*)(-?)/g, (whole, encoded: string, end: string) => {
      if (encoded === '') return end === '' ? whole : '+';
      return decodeUtf16(encoded) ?? whole;
    });
  return decoded + text.slice(MAX_UTF7_LENGTH);
}

/** Null when it is not whole code units in base64, with no bits behind them but the zeros that fill the last digit. */
function decodeUtf16(base64: string): string | null {
  let text = '';
  let bits = 0;
  let bitCount = 0;
  for (let at = 0; at < base64.length; at++) {
    bits = (bits << 6) | (BASE64_VALUES[base64.charCodeAt(at)] ?? 0);
    bitCount += 6;
    if (bitCount < 16) continue;
    bitCount -= 16;
    text += String.fromCharCode(bits >> bitCount);
    bits &= (1 << bitCount) - 1;
  }
  return text !== '' && bitCount < 6 && bits === 0 ? text.toWellFormed() : null;
}

/** RFC 1557: `ESC $ ) C` once, then KS C 5601 between SO and SI. A line begins in ASCII. */
export function decodeIso2022Kr(bytes: Uint8Array): string {
  const euc = Buffer.alloc(bytes.length);
  let length = 0;
  let isShifted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === ESC && bytes[at + 1] === 0x24 && bytes[at + 2] === 0x29 && bytes[at + 3] === 0x43) at += 3;
    else if (byte === SO || byte === SI) isShifted = byte === SO;
    else {
      if (byte === LF) isShifted = false;
      euc[length++] = isShifted && byte > 0x20 ? byte | 0x80 : byte;
    }
  }
  return EUC_KR.decode(euc.subarray(0, length));
}

/** RFC 1843: GB 2312 between `~{` and `~}`, `~~` for a tilde; a tilde before a line break joins the lines. */
export function decodeHz(bytes: Uint8Array): string {
  const gbk = Buffer.alloc(bytes.length);
  let length = 0;
  let isShifted = false;
  for (let at = 0; at < bytes.length; at++) {
    const [byte = 0, next] = [bytes[at], bytes[at + 1]];
    if (byte === LF) isShifted = false;
    if (byte === TILDE && next === (isShifted ? CLOSE : OPEN)) {
      isShifted = !isShifted;
      at++;
    } else if (isShifted && byte > 0x20 && next !== undefined) {
      gbk[length++] = byte | 0x80;
      gbk[length++] = next | 0x80;
      at++;
    } else if (byte === TILDE && !isShifted && (next === TILDE || next === LF)) {
      if (next === TILDE) gbk[length++] = TILDE;
      at++;
    } else gbk[length++] = byte;
  }
  return GBK.decode(gbk.subarray(0, length));
}
