import { isAscii, isUtf8 } from 'node:buffer';
import { LRUCache } from 'lru-cache';
import { decodeHz, decodeIso2022Kr, decodeUtf7 } from './charset-7bit.ts';
import { DOS_CODE_PAGES, decodeCodePage } from './charset-dos.ts';

const UTF8 = new TextDecoder();
const WINDOWS_1252 = new TextDecoder('windows-1252');
const ISO_2022_JP = 'iso-2022-jp';
const ESCAPE = String.fromCharCode(0x1b);
const EMPTY_SHIFT = new RegExp(`${ESCAPE}(?:\\([BIJ]|\\$[@B])(?=${ESCAPE}[($])`, 'g');
/** There are some 230 known labels. Senders can make up others. */
const MAX_DECODERS = 1_000;
/** By label. Finding out whether the platform knows a charset takes longer than decoding a header. */
const decoders = new LRUCache<string, { readonly known: TextDecoder | null }>({
  max: MAX_DECODERS,
  memoMethod: (label) => ({ known: newDecoder(label) }),
});
const MAX_LABEL_LENGTH = 60;

/** Names that mail programs use and the WHATWG table lacks, by the label that it has for them. */
const ALIASES = new Map(
  Object.entries({
    'iso-2022-jp': ['iso-2022-jp-ms', 'iso-2022-jp-1', 'iso-2022-jp-2', 'cp50220', 'cp50221', 'cp50222', 'jis'],
    shift_jis: ['cp932', 'cp943', 'windows-932'],
    'euc-jp': ['eucjp', 'eucjp-ms', 'euc-jp-ms', 'cp51932'],
    'euc-kr': ['cp949', 'ms949', 'uhc', 'cp51949'],
    gbk: ['cp936', 'ms936', 'windows-936', 'euc-cn'],
    big5: ['cp950', 'ms950', 'windows-950'],
    'utf-8': ['cp65001', 'utf8mb4', 'utf_8'],
    'windows-874': ['cp874'],
    macintosh: ['macroman', 'mac-roman'],
  }).flatMap(([label, names]) => names.map((name) => [name, label])),
);

/** Decoders of our own, for charsets that the platform lacks or maps to "replacement". */
function ownDecoder(label: string): ((bytes: Uint8Array) => string) | null {
  if (isUtf7(label)) return (bytes) => decodeUtf7((isUtf8(bytes) ? UTF8 : WINDOWS_1252).decode(bytes));
  if (isHz(label)) return decodeHz;
  if (label === 'iso-2022-kr' || label === 'csiso2022kr') return decodeIso2022Kr;
  const upper = DOS_CODE_PAGES.get(/^(?:cp|ibm-?|cspc|cspccp)0*(\d{3})$/.exec(label)?.[1] ?? '');
  return upper === undefined ? null : (bytes) => decodeCodePage(bytes, upper);
}

/**
 * Text from bytes in the charset that a header declares; never throws.
 *
 * A charset that is missing, or that stands for "western" (us-ascii and latin-1 are windows-1252 to every reader, WHATWG
 * Encoding 4.2), is a claim that senders often get wrong: bytes that are valid UTF-8 are then read as such.
 * @param charset null when absent. An unknown one is read as windows-1252, which maps every byte.
 */
export function decodeCharset(bytes: Uint8Array, charset: string | null): string {
  const label = labelOf(charset);
  const own = ownDecoder(label);
  if (own !== null) return own(bytes);
  const decoder = decoders.memo(label).known ?? WINDOWS_1252;
  if (decoder.encoding === 'windows-1252' && isUtf8(bytes)) return UTF8.decode(bytes);
  return decoder.decode(decoder.encoding === ISO_2022_JP ? withoutEmptyShifts(bytes) : bytes);
}

/**
 * Text of a body that was probably converted to UTF-8 already while its header went on to declare its old charset, which
 * is what Gmail's `format=full` does (openclaw/gogcli#446); never throws. Long text in another charset is practically
 * never valid UTF-8. The exceptions are bytes that are all ASCII: UTF-7 and HZ, and those that hold an escape (ISO-2022)
 * or a NUL (UTF-16).
 */
export function decodeConverted(bytes: Uint8Array, charset: string | null): string {
  const label = labelOf(charset);
  const isOldCharset =
    isAscii(bytes) &&
    (isUtf7(label) || isHz(label) || bytes.includes(0x1b) || bytes.includes(0x0e) || bytes.includes(0));
  return isOldCharset || !isUtf8(bytes) ? decodeCharset(bytes, charset) : UTF8.decode(bytes);
}

/** Whether a charset's own decoder reads it; any other is read as windows-1252. */
export function isKnownCharset(charset: string): boolean {
  const label = labelOf(charset);
  return ownDecoder(label) !== null || decoders.memo(label).known !== null;
}

/** Empty for a charset that is absent or has no name. */
function labelOf(charset: string | null): string {
  // RFC 2231 section 5 lets an encoded-word carry a language after its charset: "utf-8*en".
  const name = (charset ?? '').slice(0, MAX_LABEL_LENGTH).replace(/\*.*$/s, '').trim().toLowerCase();
  const windows = /^win(?:dows)?[-_]?(125\d)$/.exec(name)?.[1];
  return windows === undefined ? (ALIASES.get(name) ?? name) : `windows-${windows}`;
}

function isUtf7(label: string): boolean {
  return /^(?:unicode-1-1-|x-unicode-2-0-|x-)?utf-?7$/.test(label);
}

function isHz(label: string): boolean {
  return label === 'hz-gb-2312' || label === 'hz' || label === 'hzgb2312';
}

/**
 * Without an escape that another one follows at once: adjacent encoded-words each end and begin with one, and the WHATWG
 * decoder answers such a pair with U+FFFD (whatwg/encoding#115).
 */
function withoutEmptyShifts(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  return Buffer.from(text.replace(EMPTY_SHIFT, ''), 'latin1');
}

/** Null when the platform does not know the charset. */
function newDecoder(label: string): TextDecoder | null {
  try {
    return new TextDecoder(label);
  } catch {
    return null;
  }
}
