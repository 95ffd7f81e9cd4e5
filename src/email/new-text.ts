/**
 * The new text of a message, without quotes and signature. Mail programs mark quoted lines by ">"
 * (RFC 3676 section 4.5), below a line that says who wrote them when. Outlook puts the earlier message unmarked below some
 * of its header fields. The words that they use are in quote-words.ts.
 */
import {
  AMBIGUOUS_LABELS,
  ATTRIBUTION_START,
  ATTRIBUTION_VERB,
  DEVICE_SIGNATURE,
  FORWARD_SEPARATOR,
  ORIGINAL_SEPARATOR,
  SENDER_LABELS,
} from './quote-words.ts';

const MAX_LENGTH = 1_000_000;
const MAX_LINES = 20_000;
/** Of the lines that mail programs write. */
const MAX_LINE_LENGTH = 400;
const MAX_ATTRIBUTION_LINES = 3;
/** A longer text after "--" is not a signature. */
const MAX_SIGNATURE_LINES = 30;

/** ">From" is how mbox files escape the word at the beginning of a line. */
const QUOTED = /^\s{0,3}>(?!From )/;
const HEADER_FIELD = /^\s{0,3}\*{0,2}([^\s*:：<>@][^*:：<>@]{0,30}?)\s?\*{0,2}[:：]/;
const TIME = /\d{1,2}[:.hH]\d{2}|\b\d{4}\b|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\d[年月日]|\d[년월일]/;
const SEPARATOR = /^\s*(?:_{5,}|-{5,}|\*{5,})\s*$/;
/** RFC 3676 section 4.3. Its space is often lost. */
const SIGNATURE_DELIMITER = /^-- ?$/;
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** @returns null when new text and quote cannot be told apart, also above 1,000,000 characters or 20,000 lines. */
export function newText(text: string): string | null {
  if (text.length > MAX_LENGTH) return null;
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  if (lines.length > MAX_LINES) return null;
  const written: string[] = [];
  let isInQuote = false;
  let hasQuote = false;
  for (const [at, line] of lines.entries()) {
    if (QUOTED.test(line)) {
      if (!isInQuote) {
        dropAttribution(written, { isSure: !hasQuote });
        dropSignature(written);
        written.push('');
      }
      isInQuote = true;
      hasQuote = true;
      continue;
    }
    if (FORWARD_SEPARATOR.test(plain(line))) return finish(written);
    // An unmarked quote has no end: without text above it, what is new may be below, or in it.
    if (isOriginalMessage(lines, at)) return finish(written) || null;
    written.push(line);
    if (line.trim() !== '') isInQuote = false;
    if (plain(line).endsWith(':') && !isQuoteNext(lines, at) && dropAttribution(written, { isSure: false })) {
      return finish(written) || null;
    }
  }
  return finish(written);
}

/** For comparison. Empty: it is too long to be a line of a mail program. */
function plain(line: string): string {
  return line.length > MAX_LINE_LENGTH ? '' : line.replace(INVISIBLE, '').replaceAll('：', ':').trim();
}

function isQuoteNext(lines: readonly string[], at: number): boolean {
  return QUOTED.test(lines.slice(at + 1, at + 4).find((line) => line.trim() !== '') ?? '');
}

/** Whether the earlier message begins here, by its header fields or the line above them. */
function isOriginalMessage(lines: readonly string[], at: number): boolean {
  const line = plain(lines[at] ?? '');
  if (ORIGINAL_SEPARATOR.test(line)) return true;
  const label = HEADER_FIELD.exec(line)?.[1];
  if (label === undefined) return false;
  const fields = lines.slice(at, at + 4).map(plain);
  if (!fields.slice(0, 3).every((field) => HEADER_FIELD.test(field)) || !fields.some((field) => TIME.test(field)))
    return false;
  const hasAddress = line.includes('@');
  const name = label.toLowerCase();
  // "No: INV-7" and "From: 01.01.2026" are fields of people.
  if (SENDER_LABELS.has(name) && (hasAddress || !(AMBIGUOUS_LABELS.has(name) || TIME.test(line)))) return true;
  // In a language that is not known it is sure below a line across.
  return SEPARATOR.test(lines[at - 1] ?? '') && hasAddress;
}

/**
 * Drops the last line, or up to three that are one sentence, when it says who wrote the quote that follows.
 * @param options.isSure a marked quote follows, the first one: a line with a time or an address is enough.
 * @returns whether there was one.
 */
function dropAttribution(written: string[], { isSure }: { readonly isSure: boolean }): boolean {
  const isBlank = (at: number) => at < 0 || written[at]?.trim() === '';
  let last = written.length - 1;
  for (let blank = 0; blank < 2 && isBlank(last); blank++) last--;
  if (!plain(written[last] ?? '').endsWith(':')) return false;
  const candidates: { readonly start: number; readonly text: string }[] = [];
  let text = '';
  for (let start = last; candidates.length < MAX_ATTRIBUTION_LINES && !isBlank(start); start--) {
    if (start < last && isEndOfSentence(plain(written[start] ?? ''), text)) break;
    text = `${plain(written[start] ?? '')} ${text}`;
    candidates.push({ start, text });
  }
  const found =
    candidates.find((each) => ATTRIBUTION_START.test(each.text) && TIME.test(each.text)) ??
    candidates.find((each) => TIME.test(each.text)) ??
    candidates.find((each) => each.text.includes('@') || ATTRIBUTION_VERB.test(each.text));
  if (found === undefined) return false;
  // Without a mark below, "As I wrote on 15 January 2026:" is a sentence of the writer.
  const isOfProgram =
    found.text.includes('@') ||
    (TIME.test(found.text) && (ATTRIBUTION_START.test(found.text) || /^\d/.test(found.text)));
  if (!isSure && !(isOfProgram && ATTRIBUTION_VERB.test(found.text))) return false;
  written.length = found.start;
  return true;
}

function isEndOfSentence(line: string, next: string): boolean {
  return /[.!?]$/.test(line) && /^\p{Lu}/u.test(next);
}

function dropSignature(written: string[]): void {
  const from = Math.max(0, written.length - MAX_SIGNATURE_LINES);
  const delimiter = written.slice(from).findLastIndex((line) => SIGNATURE_DELIMITER.test(line));
  if (delimiter !== -1) written.length = from + delimiter;
  while (written.length > 0 && isDecoration(plain(written.at(-1) ?? ''))) written.length--;
}

/** What mail programs put between new text and quote. */
function isDecoration(line: string): boolean {
  return line === '' || SEPARATOR.test(line) || DEVICE_SIGNATURE.test(line);
}

function finish(written: string[]): string {
  dropSignature(written);
  return written
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
