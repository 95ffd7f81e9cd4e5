import { addressKey } from '../email/address.ts';
import type { ReportedRecipient } from '../gmail/gateway.ts';
import { type DeliveryNotice, UNKNOWN_STATUS } from './delivery-notice.ts';

const MAX_DIAGNOSTIC_LENGTH = 1_000;

/** A recipient that a notice reports, as it is stored in `bounce`. */
export interface FailedRecipient extends ReportedRecipient {
  readonly recipient: string;
}

/**
 * Which recipients of an email a notice is about. A reported address that the email was not sent to is replaced by the
 * one that it was sent to, if the notice tells which: the original recipient, the only one, or the only one that the
 * text mentions. The address to which mail was forwarded goes into the diagnostic.
 * @param mailed the recipients of the email.
 * @param isReturned the notice returns the email. Otherwise it must state the addresses themselves.
 */
export function failedRecipients(
  notice: DeliveryNotice,
  mailed: readonly string[],
  isReturned: boolean,
): FailedRecipient[] {
  const byKey = new Map(mailed.map((address) => [addressKey(address), address]));
  const find = (address: string | null) => {
    if (address === null) return undefined;
    return byKey.get(addressKey(address)) ?? byKey.get(addressKey(decodeXtext(address)));
  };
  const mentioned = isReturned ? mentionedAmong(notice, find) : [];
  const failed: FailedRecipient[] = [];
  const unknown: ReportedRecipient[] = [];
  for (const each of notice.recipients) {
    const recipient = find(each.original) ?? find(each.recipient);
    if (recipient === undefined) unknown.push(each);
    else failed.push(sentTo(recipient, each));
  }
  const left = mentioned.filter(({ recipient }) => !failed.some((each) => each.recipient === recipient));
  const only = byKey.size === 1 ? mailed[0] : left.length === 1 ? left[0]?.recipient : undefined;
  for (const each of unknown) {
    if (isReturned && only !== undefined) failed.push(sentTo(only, each));
    else if (each.recipient !== null) failed.push({ ...each, recipient: each.recipient });
    else failed.push(...left);
  }
  return notice.recipients.length === 0 ? mentioned : failed;
}

/** The mentioned addresses that the email was sent to. If a status follows some of them, only those. */
function mentionedAmong(
  { mentioned }: DeliveryNotice,
  find: (address: string | null) => string | undefined,
): FailedRecipient[] {
  const own = mentioned.flatMap((each) => {
    const recipient = find(each.recipient);
    return recipient === undefined ? [] : [{ ...each, recipient }];
  });
  const withStatus = own.filter(({ status }) => status !== UNKNOWN_STATUS);
  return withStatus.length > 0 ? withStatus : own;
}

function sentTo(recipient: string, reported: ReportedRecipient): FailedRecipient {
  const { recipient: final, diagnostic } = reported;
  const isForwarded = final !== null && ![final, decodeXtext(final)].map(addressKey).includes(addressKey(recipient));
  if (!isForwarded) return { ...reported, recipient };
  const forwarded = `Forwarded to ${final}${diagnostic === null ? '.' : `: ${diagnostic}`}`;
  return { ...reported, recipient, diagnostic: forwarded.slice(0, MAX_DIAGNOSTIC_LENGTH).toWellFormed() };
}

/** RFC 3461 section 4: some systems report an ORCPT as it was encoded for SMTP. */
function decodeXtext(address: string): string {
  return address.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
