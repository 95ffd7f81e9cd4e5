/** The text of a delivery notice: the ids that it returns, and its addresses with the status that follows each. */
import { addressKey } from '../email/address.ts';

/** Notices are short; what they return may be long. */
const MAX_TEXT_LENGTH = 200_000;
/** Addresses that are read. A notice names a few; a quoted text may name many. */
const MAX_ADDRESSES = 1_000;
const MAX_DIAGNOSTIC_LENGTH = 1_000;
/** Of the subject and the beginning of the text, where a notice says what has happened. */
const MAX_HEADLINE_LENGTH = 2_000;

const OP_ID = /(?<![\w-])X-Epistle-Id:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])/i;
const MESSAGE_ID = /(?<![\w-])Message-Id:\s*(<[^<>\s]{1,900}>)/i;
const FIELD_LINE = /^[ \t>]*[a-z][\w-]{0,76}:(?:\s|$)/i;
const FOLDED_LINE = /^[ \t]+\S/;
/** It begins where its local part does, which keeps the search linear. */
const ADDRESS = /(?<![^\s<>()[\]{}"'“”„«»,;:|=])[^\s<>()[\]{}"'“”„«»,;:|=@]{1,64}@[\p{L}\p{N}.-]{1,253}/gu;
/** The lines by which qmail begins what it says of a recipient. */
const QMAIL_RECIPIENT = /^<([^<>\s]{1,320})>:/gm;
const ENHANCED_STATUS = /(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/g;
const SMTP_FAILURE = /(?<![\d.])5[0-5]\d[ -]/;

const DELAY =
  /\(delay\)|\bdelayed\b|delivery incomplete|temporary problem|will (?:keep |continue )?(?:re)?try|will be (?:re)?tried|still (?:being )?retr|not (?:yet )been delivered yet|not yet been delivered|verzöger|noch nicht zugestellt|(?<!nicht )weiter(?:hin)? versucht|retard(?:é|ée)\b|retrasad|se reintentar|em atraso|atrasad[ao]|in ritardo|opóźni|vertraagd|försenad|forsinket|задержан|配信遅延|遅延|延迟|延遲|지연/i;
const DELAY_SUBJECT = /\bdelay|\bwarning\b|zwischenbericht|\bwarnung\b|avertissement|advertencia|avviso/i;
const FAILURE =
  /undeliver|(?:not|n['’]t) (?:be )?(?:deliver|reach|sent)|non[- ]?deliver|fail(?:ed|ure)|reject|refused|return(?:ed|ing) (?:mail|message|to sender)|unzustellbar|nicht zugestellt|nicht zustellbar|unzustellbarkeit|fehlgeschlagen|non remis|non[- ]distribu|échec|no se ha (?:podido )?entreg|no entregad|não (?:foi )?entreg|non consegnat|mancata consegna|niet bezorgd|onbestelbaar|nie dostarczono|niedostarczon|недоставлен|не доставлен|配信できません|配信不能|退信|无法投递|無法傳遞|전송 실패|반송/i;

/** An address in the text, and what follows it. */
interface TextRecipient {
  readonly address: string;
  /** RFC 3463. Null: none follows it. */
  readonly status: string | null;
  /** The paragraph that follows it, at most 1,000 characters. Null: none. */
  readonly diagnostic: string | null;
}

export interface NoticeText {
  readonly opId: string | null;
  readonly returnedMessageIds: string[];
  readonly isDelay: boolean;
  /** The words or a code of a failure or a delay. */
  readonly isBadNews: boolean;
  /** A code of a permanent failure, or the words of a failure without a code of a temporary one. */
  readonly isFailure: boolean;
  /** The same, with the words in the subject. */
  readonly isPlainFailure: boolean;
  /** Addresses in its own words, in order, each once. */
  readonly addresses: readonly TextRecipient[];
  /** Those of them on a line of qmail's form. */
  readonly qmail: readonly string[];
  /** The status codes in its own words, each once. */
  readonly statuses: readonly string[];
}

export function readNoticeText(subject: string, body: string): NoticeText {
  const text = body.slice(0, MAX_TEXT_LENGTH).replace(/\r\n?/g, '\n');
  const opId = OP_ID.exec(text);
  const messageId = MESSAGE_ID.exec(text);
  const own = beforeReturned(text, Math.min(opId?.index ?? text.length, messageId?.index ?? text.length));
  const headline = `${subject.slice(0, MAX_HEADLINE_LENGTH)}\n${own.slice(0, MAX_HEADLINE_LENGTH)}`;
  const statuses = [...new Set(Array.from(own.matchAll(ENHANCED_STATUS), ([status]) => status))];
  const hasCode = statuses.some((status) => status.startsWith('5'));
  const isDelay = DELAY.test(headline) || DELAY_SUBJECT.test(subject.slice(0, MAX_HEADLINE_LENGTH));
  const isFailureSaid = SMTP_FAILURE.test(own) || FAILURE.test(headline);
  const isOpen = statuses.length === 0;
  return {
    opId: opId?.[1]?.toLowerCase() ?? null,
    returnedMessageIds: messageId?.[1] === undefined ? [] : [messageId[1]],
    isDelay,
    isBadNews: isDelay || isFailureSaid || !isOpen,
    isFailure: hasCode || (isOpen && isFailureSaid),
    isPlainFailure: hasCode || (isOpen && FAILURE.test(subject.slice(0, MAX_HEADLINE_LENGTH))),
    addresses: addressesIn(own),
    qmail: Array.from(own.matchAll(QMAIL_RECIPIENT), ([, address = '']) => address)
      .filter((address) => address.includes('@'))
      .slice(0, MAX_ADDRESSES),
    statuses,
  };
}

/** The text up to the header section that an id at `index` is in. @param index the length of the text: nothing is returned. */
function beforeReturned(text: string, index: number): string {
  if (index === text.length) return text;
  const lines = text.slice(0, index).split('\n');
  let end = lines.length - 1;
  for (let at = end; at > 0; at--) {
    const line = lines[at - 1] ?? '';
    if (FIELD_LINE.test(line)) end = at - 1;
    else if (!FOLDED_LINE.test(line)) break;
  }
  return lines.slice(0, end).join('\n');
}

function addressesIn(own: string): TextRecipient[] {
  const found: { address: string; key: string; end: number; start: number }[] = [];
  for (const match of own.matchAll(ADDRESS)) {
    const address = match[0].replace(/[.-]+$/, '');
    found.push({ address, key: addressKey(address), start: match.index, end: match.index + match[0].length });
    if (found.length === MAX_ADDRESSES) break;
  }
  const byKey = new Map<string, TextRecipient>();
  // From the last on: an address that is directly followed by another shares what is said of that one.
  let following: Pick<TextRecipient, 'status' | 'diagnostic'> = { status: null, diagnostic: null };
  let until = own.length;
  for (const { address, key, start, end } of found.toReversed()) {
    const segment = own.slice(end, until).slice(0, 2 * MAX_DIAGNOSTIC_LENGTH);
    if (/[\p{L}\p{N}]/u.test(segment)) following = said(segment);
    const known = byKey.get(key);
    const { status, diagnostic } = following;
    byKey.delete(key);
    byKey.set(key, {
      address,
      status: status ?? known?.status ?? null,
      diagnostic: diagnostic ?? known?.diagnostic ?? null,
    });
    until = start;
  }
  return [...byKey.values()].reverse();
}

function said(segment: string): Pick<TextRecipient, 'status' | 'diagnostic'> {
  const paragraph = segment
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .split(/\n\s*\n/, 1)[0]
    ?.replace(/\s+/g, ' ')
    .replace(/(?<![\s<"'(])[\s<"'(]+$/, '');
  const statuses = Array.from(segment.matchAll(ENHANCED_STATUS), ([status]) => status);
  return { status: statuses[0] ?? null, diagnostic: paragraph?.slice(0, MAX_DIAGNOSTIC_LENGTH).toWellFormed() || null };
}
