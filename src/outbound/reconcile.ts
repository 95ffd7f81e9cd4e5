/**
 * Settling an UNCONFIRMED email: it was handed to Gmail and the answer was lost. Only reading decides.
 *   a message with our op id and the label SENT   it was sent
 *   the ticket is an untouched draft, twice       it was not: the same ticket may be sent again, so often
 *   neither                                       nothing is proved; read again later, and in the end a person decides
 * The thread, `drafts.get` and the list of sent mail are read; a search that finds nothing would prove nothing.
 */
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import type { MailboxAccess, MessageRef } from '../gmail/gateway.ts';
import { type Lease, threadingOf } from './delivery.ts';
import { leaseMs } from './send.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';
import {
  markFoundSent,
  markNeverSent,
  markReadAgain,
  markSendAgain,
  markUnresolved,
  markWaitsForAccount,
} from './apply-transition.ts';

/** The same ticket is sent again at most so often. */
const MAX_RESENDS = 3;
/** No front end keeps a call alive for longer once its client is gone. */
const LONGEST_SENDING_MS = 30_000;
/** Connecting the account wakes what waits for it; should that have been missed, it is looked at this much later. */
const NOT_CONNECTED_PAUSE_MS = 600_000;
/** Of the sent mail that is looked through when the ticket is gone: what was sent moments ago. */
const RECENT_SENT = 20;

interface Ticket {
  readonly draftId: string;
  readonly messageId: string;
  readonly threadId: string;
}

interface Unconfirmed extends Ticket {
  readonly requestedThreadId: string | null;
  readonly settleReads: number;
  readonly ticketUnsentAt: Date | null;
  /** When it was last handed to Gmail. */
  readonly sendingAt: Date;
  readonly resends: number;
}

type Evidence =
  | { readonly kind: 'sent'; readonly message: MessageRef }
  | { readonly kind: 'unsent' }
  | { readonly kind: 'nothing' };

const CLAIM = {
  name: 'claim-settling',
  text: `UPDATE outbound_email e SET lease_token = $3, lease_expires_at = $4, lease_owner = $6, updated_at = $5
    FROM email_account a
    WHERE e.organization_id = $1 AND e.id = $2 AND e.status = 'UNCONFIRMED'
      AND (e.lease_token IS NULL OR e.lease_expires_at <= $5)
      AND a.organization_id = e.organization_id AND a.id = e.account_id
    RETURNING e.ticket_draft_id AS "draftId", e.ticket_message_id AS "messageId", e.ticket_thread_id AS "threadId",
      e.requested_thread_id AS "requestedThreadId", e.settle_reads AS "settleReads",
      e.ticket_unsent_at AS "ticketUnsentAt", e.resends,
      (SELECT max(at) FROM outbound_email_event s
        WHERE s.organization_id = e.organization_id AND s.outbound_email_id = e.id AND s.type = 'sending') AS "sendingAt", ${SENDER_COLUMNS}`,
};

/** The `settle` job. What it cannot read now it reads later; it throws nothing of Gmail's. */
export async function settle(
  app: App,
  ref: { readonly organizationId: string; readonly outboundEmailId: string },
): Promise<void> {
  const now = app.now();
  const lease: Lease = { ...ref, token: uuidv7(), owner: app.processId };
  const expiresAt = new Date(now.getTime() + leaseMs(app));
  const { rows } = await app.pool.query<Unconfirmed & Sender>({
    ...CLAIM,
    values: [ref.organizationId, ref.outboundEmailId, lease.token, expiresAt, now, lease.owner],
  });
  const [email] = rows;
  // Settled already, or being settled by somebody else.
  if (email === undefined) return;
  if (email.accountStatus === 'DISCONNECTED' || email.accountStatus === 'NEEDS_REAUTH') {
    return markWaitsForAccount(app.pool, lease, now, new Date(now.getTime() + NOT_CONNECTED_PAUSE_MS));
  }
  const mailbox = mailboxAccess(app, email);
  const evidence = await readEvidence(app, mailbox, email, ref.outboundEmailId).catch((error: unknown) => {
    if (error instanceof GmailError) return null;
    throw error;
  });
  const over = overAt(app, email, now);
  const read = { readsBefore: email.settleReads, evidence: evidence?.kind ?? 'unreadable' };
  const readAgain = (reads: number, ticketUnsentAt: Date | null, at: Date) =>
    markReadAgain(app.pool, lease, app.now(), { settleReads: reads, ticketUnsentAt }, at, read);
  if (evidence === null) {
    // Nothing was learnt: that reading does not count.
    await readAgain(email.settleReads, email.ticketUnsentAt, unreadableAgainAt(app, email, now));
  } else if (evidence.kind === 'sent') {
    const threading = threadingOf(email.requestedThreadId, evidence.message.threadId);
    if (await markFoundSent(app.pool, lease, app.now(), evidence.message, threading, read))
      app.readBack({ ...ref, first: null });
  } else if (evidence.kind === 'unsent' && (email.ticketUnsentAt === null || now < over)) {
    const again = nextReadAt(app, email.settleReads + 1) ?? slowestReadAt(app);
    const unsentAt = email.ticketUnsentAt !== null && email.ticketUnsentAt < now ? email.ticketUnsentAt : now;
    await readAgain(email.settleReads + 1, unsentAt, again > over ? again : over);
  } else if (evidence.kind === 'unsent' && email.resends < MAX_RESENDS) {
    await markSendAgain(app.pool, lease, app.now(), { ...read, resend: email.resends + 1 });
  } else if (evidence.kind === 'unsent') {
    // The ticket could be sent no more often. With it gone, the email cannot leave any more.
    const gone = await isDeleted(app, mailbox, email.draftId);
    if (gone) await markNeverSent(app.pool, lease, app.now(), read);
    else await readAgain(email.settleReads, email.ticketUnsentAt, slowestReadAt(app));
  } else {
    const again = nextReadAt(app, email.settleReads + 1);
    if (again === null) await markUnresolved(app.pool, lease, app.now(), read);
    else await readAgain(email.settleReads + 1, null, again);
  }
}

/**
 * When the call whose answer was lost is over at Gmail as well. Before, a ticket that is still unsent proves nothing, and
 * sending it again could have two of its sendings in flight.
 */
function overAt(app: App, { sendingAt, ticketUnsentAt }: Unconfirmed, now: Date): Date {
  // After a clock that went back, from the first reading on.
  const since = sendingAt > now ? (ticketUnsentAt ?? now) : sendingAt;
  return new Date(since.getTime() + Math.min(app.config.gmailTimeoutMs, LONGEST_SENDING_MS));
}

async function isDeleted(app: App, mailbox: MailboxAccess, draftId: string): Promise<boolean> {
  try {
    await app.gmail.deleteDraft(mailbox, draftId);
    return true;
  } catch (error) {
    if (error instanceof GmailError) return false;
    throw error;
  }
}

/** @throws {GmailError} when it could not be read. */
async function readEvidence(app: App, mailbox: MailboxAccess, ticket: Ticket, opId: string): Promise<Evidence> {
  const isOurs = (head: { labels: readonly string[]; opId: string | null }) =>
    head.labels.includes('SENT') && head.opId === opId;
  const inThread = (await app.gmail.getThread(mailbox, ticket.threadId))?.find(isOurs);
  if (inThread !== undefined) return { kind: 'sent', message: inThread };
  const draft = await app.gmail.getDraft(mailbox, ticket.draftId);
  // A draft may linger around a message that was sent: untouched means the very message, and the one label.
  const isUntouched =
    draft !== null && draft.messageId === ticket.messageId && draft.labels.length === 1 && draft.labels[0] === 'DRAFT';
  if (isUntouched) return { kind: 'unsent' };
  const elsewhere = (await app.gmail.listSent(mailbox, RECENT_SENT)).find(isOurs);
  return elsewhere === undefined ? { kind: 'nothing' } : { kind: 'sent', message: elsewhere };
}

/** When it is read again after so many readings. Null: the readings are used up. */
function nextReadAt(app: App, reads: number): Date | null {
  const delayMs = app.config.settleDelaysMs[reads];
  return delayMs === undefined ? null : new Date(app.now().getTime() + delayMs);
}

/** The longer Gmail cannot be read, the longer the pauses: half of the time that has passed, within the usual ones. */
function unreadableAgainAt(app: App, { sendingAt }: Unconfirmed, now: Date): Date {
  const { settleDelaysMs } = app.config;
  const pauseMs = Math.max(settleDelaysMs[0] ?? 0, (now.getTime() - sendingAt.getTime()) / 2);
  return new Date(now.getTime() + Math.min(pauseMs, Math.max(...settleDelaysMs)));
}

/** For what may go on for as long as it takes: Gmail is away, or a ticket resists. */
function slowestReadAt(app: App): Date {
  return new Date(app.now().getTime() + Math.max(...app.config.settleDelaysMs));
}
