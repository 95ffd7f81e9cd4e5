/**
 * How a mail reaches its recipients: mailboxes of the sandbox at once, `bounce@`, `softbounce@` (a delay), `textbounce@`
 * (without a part for programs) and `spambounce@` (in Spam) by an answer from mailer-daemon, everybody else nowhere.
 */
import { deliveryReport, sendingLimitNotice, textReport } from './bounce.ts';
import { type HeaderField, headerValue, messageIds, renderFields } from './headers.ts';
import { type Mailbox, subjectKey } from './mailbox.ts';
import type { MessageRecord, Operation } from './operations.ts';
import { type Origin, type Outgoing, receivedFields } from './outgoing.ts';
import type { World } from './world.ts';

/** The sender's copy and all that follows from it, as one record. */
export function sendOperations(
  world: World,
  sender: Mailbox,
  message: Outgoing,
  options: { readonly threadId: string | null; readonly refusedByMail: boolean },
): { readonly sent: MessageRecord; readonly operations: Operation[] } {
  const now = world.now();
  const id = world.nextMessageId();
  const threadId = options.threadId ?? id;
  const others = new Map<Mailbox, string>();
  let toSelf = false;
  for (const recipient of options.refusedByMail ? [] : message.recipients) {
    const mailboxes = world.recipients(recipient);
    for (const mailbox of mailboxes) {
      if (mailbox === sender) toSelf = true;
      else if (!others.has(mailbox)) others.set(mailbox, recipient);
    }
  }
  const labelIds = toSelf ? ['UNREAD', 'SENT', 'INBOX'] : ['SENT'];
  const time = now.getTime();
  const sent = { id, threadId, labelIds, internalDate: time, storedAt: time, head: message.head, body: message.body };
  const operations: Operation[] = [{ op: 'add', mailbox: sender.email, message: sent }];
  for (const [mailbox, recipient] of others) {
    const copy = {
      fields: message.fields,
      body: message.body,
      from: sender.email,
      to: recipient,
      origin: 'mailbox' as const,
    };
    operations.push(receive(world, mailbox, copy));
  }
  for (const notice of noticesFor(sender, message, options.refusedByMail, world)) {
    operations.push(receive(world, sender, { ...notice, to: sender.email, threadId }));
  }
  return { sent, operations };
}

export interface Inbound {
  readonly fields: readonly HeaderField[];
  readonly body: Buffer;
  /** Envelope sender (RFC 5321, MAIL FROM). */
  readonly from: string;
  readonly to: string;
  /** The thread it belongs in whatever its headers say: bounces join the mail they are about. */
  readonly threadId?: string;
  readonly spam?: boolean;
  readonly origin: Origin;
}

/** One mail coming into one mailbox, threaded the recipient's way. */
export function receive(world: World, mailbox: Mailbox, mail: Inbound): Operation & { readonly op: 'add' } {
  const now = world.now();
  const { from, to, origin } = mail;
  const fields = receivedFields(mail.fields, { from, to, origin, now });
  const id = world.nextMessageId();
  const message: MessageRecord = {
    id,
    threadId: mail.threadId ?? knownThread(mailbox, mail.fields) ?? id,
    labelIds: mail.spam ? ['UNREAD', 'SPAM'] : ['UNREAD', 'INBOX'],
    internalDate: now.getTime(),
    storedAt: now.getTime(),
    head: renderFields(fields),
    body: mail.body,
  };
  return { op: 'add', mailbox: mailbox.email, message };
}

/** The thread of a mail that this one refers to, if their subjects are the same but for Re: and Fwd:. */
function knownThread(mailbox: Mailbox, fields: readonly HeaderField[]): string | null {
  const references = [headerValue(fields, 'references'), headerValue(fields, 'in-reply-to')].flatMap(messageIds);
  const key = subjectKey(headerValue(fields, 'subject') ?? '');
  for (const reference of references.reverse()) {
    const known = mailbox.withHeaderId(reference).find((message) => message.subjectKey === key);
    if (known !== undefined) return known.threadId;
  }
  return null;
}

function noticesFor(sender: Mailbox, message: Outgoing, refused: boolean, world: World): Omit<Inbound, 'to'>[] {
  const now = world.now();
  if (refused) return [sendingLimitNotice(sender, message, now)];
  return message.recipients.flatMap((recipient) => {
    if (world.recipients(recipient).length > 0) return [];
    if (recipient.startsWith('bounce@')) return [deliveryReport(sender, message, recipient, 'failed', now)];
    if (recipient.startsWith('spambounce@')) {
      return [{ ...deliveryReport(sender, message, recipient, 'failed', now), spam: true }];
    }
    if (recipient.startsWith('textbounce@')) return [textReport(sender, message, recipient, now)];
    if (recipient.startsWith('softbounce@')) return [deliveryReport(sender, message, recipient, 'delayed', now)];
    return [];
  });
}
