/** One message from Gmail into the database. */

import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { isDataError } from '../db/data-error.ts';
import { sql, statement } from '../db/statement.ts';
import { GmailError } from '../gmail/errors.ts';
import { type GmailMessage, MAX_SMALL_MESSAGE_BYTES, type MimeHeader } from '../gmail/gateway.ts';
import { OP_ID_HEADER, opIdOf, REVISION_HEADER } from '../gmail/headers.ts';
import { type PreparedMessage, prepareMessage } from '../inbox/prepare-message.ts';
import { storeMessageIn } from '../inbox/store-message.ts';
import { isUuid } from '../input.ts';
import { describeError } from '../log.ts';
import { type MailboxLease, underLease } from './lease.ts';
import { READ_UNITS, type ReadQuota, ReadQuotaExhaustedError } from './read-quota.ts';
import { recordUnreadable } from './unreadable.ts';

/**
 * `gone`: deleted meanwhile. `ignored`: a draft or a chat. `incomplete`: Gmail returns only its headers. `unreadable`:
 * nothing of it can be read or stored. The last two are requested again, see unreadable.ts.
 */
export type ImportOutcome = 'stored' | 'gone' | 'ignored' | 'too-old' | 'incomplete' | 'unreadable';

/** After this many failed runs in a row the fault is taken to be this message's, and only its headers are read. */
const FAILURES_BEFORE_HEADERS = 3;
/** After this many it is skipped when its headers cannot be read either. */
const FAILURES_BEFORE_SKIP = 5;
/** Length of a header value in a message whose headers cannot be stored as they are. */
const MAX_KEPT_LENGTH = 500;
const OWN_HEADERS = [OP_ID_HEADER, REVISION_HEADER].map((name) => name.toLowerCase());
const KEPT_HEADERS = new Set(['from', 'to', 'subject', 'message-id', 'in-reply-to', 'auto-submitted', ...OWN_HEADERS]);

/**
 * Reads and stores a message. A stored message stays as it is, unless it is one of `unreadableIds` and can now be read
 * and stored whole: then it is replaced. Parts that cannot be read or stored are left out, which its `problem` says.
 * @param options.since older messages are not stored. Null: all are.
 * @throws {GmailError} when Gmail cannot be read now. @throws {LeaseLostError} @throws {ReadQuotaExhaustedError}
 */
export async function importMessage(
  app: App,
  lease: MailboxLease,
  messageId: string,
  options: {
    readonly quota: ReadQuota;
    /** How many messages will be read soon after this one. */
    readonly ahead: number;
    readonly since: Date | null;
    readonly signal: AbortSignal;
  },
): Promise<ImportOutcome> {
  const { quota, ahead, signal, since } = options;
  const mailbox = mailboxAccess(app, lease.mailbox);
  const beforeFetch = () => quota.spend(READ_UNITS.get);
  await quota.spend(READ_UNITS.get, ahead * READ_UNITS.get);
  const small = { signal, beforeFetch, maxBytes: MAX_SMALL_MESSAGE_BYTES };
  const found = await read(app, lease, messageId, options, app.gmail.getSmallMessage(mailbox, messageId, small));
  if (found !== 'large') return storeFound(app, lease, messageId, found, since);
  await quota.spend(READ_UNITS.get);
  return inItsTurn(app, lease, options, async () => {
    const whole = app.gmail.getMessage(mailbox, messageId, { signal, beforeFetch });
    return storeFound(app, lease, messageId, await read<never>(app, lease, messageId, options, whole), since);
  });
}

const TURN_WAIT_MS = 5_000;

/** Waits for no longer than the run lasts. @throws {ReadQuotaExhaustedError} */
async function inItsTurn<Result>(
  app: App,
  { mailbox }: MailboxLease,
  { quota, signal }: { readonly quota: ReadQuota; readonly signal: AbortSignal },
  fetch: () => Promise<Result>,
): Promise<Result> {
  let isItsTurn = false;
  const run = () => {
    isItsTurn = true;
    return fetch();
  };
  const ending = AbortSignal.any([
    signal,
    AbortSignal.timeout(Math.max(0, Math.ceil(quota.until - performance.now()))),
  ]);
  return app.largeFetches(mailbox.id, run, ending).catch((error: unknown) => {
    throw isItsTurn || signal.aborted ? error : new ReadQuotaExhaustedError(TURN_WAIT_MS);
  });
}

async function storeFound(
  app: App,
  lease: MailboxLease,
  messageId: string,
  found: Found | 'unreadable' | null,
  since: Date | null,
): Promise<ImportOutcome> {
  if (found === 'unreadable') return found;
  if (found === null) return 'gone';
  const { message } = found;
  if (message.labels.includes('DRAFT') || message.labels.includes('CHAT')) return 'ignored';
  if (since !== null && message.internalDate < since) return 'too-old';
  // Recorded before it is stored: if the process dies in between, the message is still requested again.
  const isIncomplete = found.missing === 'for-now';
  if (isIncomplete && !(await recordUnreadable(app, lease, messageId))) throw found.failure;
  if (!(await store(app, lease, found))) return 'unreadable';
  return isIncomplete ? 'incomplete' : 'stored';
}

interface Found {
  readonly message: GmailMessage;
  /** Whether its content is missing. Null: the message is whole. */
  readonly missing: 'for-now' | 'for-good' | null;
  /** Why it is missing. */
  readonly failure?: unknown;
}

async function read<Large extends 'large'>(
  app: App,
  lease: MailboxLease,
  messageId: string,
  { quota, signal }: { readonly quota: ReadQuota; readonly signal: AbortSignal },
  reading: Promise<GmailMessage | Large | null>,
): Promise<Found | 'unreadable' | Large | null> {
  const access = mailboxAccess(app, lease.mailbox);
  const { failures } = lease.state;
  let missing: Found['missing'];
  let reason: string;
  let failure: unknown;
  try {
    const message = await reading;
    return message === null || typeof message === 'string' ? message : { message, missing: null };
  } catch (error) {
    if (signal.aborted || !isAboutMessage(error, failures)) throw error;
    failure = error;
    const isRefused = error instanceof GmailError && error.kind !== 'unknown';
    missing = isRefused ? 'for-good' : 'for-now';
    reason = error instanceof GmailError ? error.reason : 'its content could not be understood';
    app.log.warn({ ...refOf(lease, messageId), reason, error: describeError(error) }, 'a message cannot be read whole');
  }
  await quota.spend(READ_UNITS.get);
  try {
    const head = await app.gmail.getMessageHeaders(access, messageId, { signal });
    const problems = [`Its content could not be read from Gmail (${reason}).`];
    return head && { message: { ...head, problems }, missing, failure };
  } catch (error) {
    if (!(error instanceof GmailError) || signal.aborted || failures < FAILURES_BEFORE_SKIP) throw error;
    if (!isAboutMessage(error, failures) || !(await recordUnreadable(app, lease, messageId))) throw error;
    app.log.warn({ ...refOf(lease, messageId), reason: error.reason }, 'a message cannot be read at all');
    return 'unreadable';
  }
}

/** For the log: Gmail's id of the message, and whose mailbox it is in. */
function refOf({ mailbox }: MailboxLease, messageId: string) {
  return { organizationId: mailbox.organizationId, accountId: mailbox.id, messageId };
}

/** Whether the fault is this message's, and Gmail can return others. */
function isAboutMessage(error: unknown, failures: number): boolean {
  if (!(error instanceof GmailError)) return isMiscomputed(error) && failures >= FAILURES_BEFORE_HEADERS;
  const { kind, status } = error;
  // `forbidden`: the same grant has just listed the mailbox.
  if (kind === 'rejected' || kind === 'too-large' || kind === 'forbidden') return true;
  if (kind !== 'unknown') return false;
  return status === 200 || failures >= FAILURES_BEFORE_HEADERS;
}

/** Whether our own code failed on Gmail's response. */
export function isMiscomputed(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/** The forms in which a message is stored: the first one that PostgreSQL accepts. */
const FORMS = [
  whole,
  // Once more: the conflict may be over.
  whole,
  withoutContent,
  withoutHeaders,
];

/**
 * Only errors about its data reduce what is stored of a message. Any other error ends the run, which is retried.
 * @returns false when it cannot be stored in any form, which is recorded.
 */
async function store(app: App, lease: MailboxLease, { message, missing }: Found): Promise<boolean> {
  const isAsked = lease.state.unreadableIds.includes(message.messageId);
  let failure: unknown;
  for (const form of FORMS) {
    try {
      const prepared = await prepare(lease, form(message));
      const replaces = isAsked && missing === null && form === whole;
      await underLease(app, lease, async (tx) => {
        const outboundEmailId = await findOutboundEmail(tx, lease.mailbox, prepared.message);
        await storeMessageIn(tx, lease.mailbox, prepared, outboundEmailId, { replaces });
      });
      return true;
    } catch (error) {
      if (!(error instanceof PreparationError) && !isDataError(error)) throw error;
      failure = error;
      const ref = refOf(lease, message.messageId);
      app.log.warn({ ...ref, form: form.name, error: describeError(error) }, 'a message cannot be stored as it is');
    }
  }
  if (!(await recordUnreadable(app, lease, message.messageId))) throw failure;
  return false;
}

/** Our own code failed on this message. */
class PreparationError extends Error {
  override readonly name = 'PreparationError';
}

async function prepare({ mailbox }: MailboxLease, message: GmailMessage): Promise<PreparedMessage> {
  try {
    return await prepareMessage(mailbox, message);
  } catch (cause) {
    throw new PreparationError('a message could not be prepared', { cause });
  }
}

export const selectOwnEmail = statement(
  'find-outbound-email',
  ({ mailbox, messageId, opId }: { mailbox: MailboxLease['mailbox']; messageId: string; opId: string | null }) =>
    sql`SELECT e.id FROM outbound_email e
      WHERE e.organization_id = ${mailbox.organizationId} AND e.account_id = ${mailbox.id}
        AND (e.provider_message_id = ${messageId} OR e.id = ${opId})
      ORDER BY e.provider_message_id IS NOT DISTINCT FROM ${messageId} DESC LIMIT 1`,
);

/**
 * The outbound email whose copy this message may be: by Gmail's id, or by the op id in its header. Recipients see the header and
 * could forge it, so it counts only in the account's own SENT.
 */
async function findOutboundEmail(
  tx: Sql,
  mailbox: MailboxLease['mailbox'],
  message: GmailMessage,
): Promise<string | null> {
  if (!message.labels.includes('SENT')) return null;
  const opId = opIdOf(message.headers) ?? '';
  const select = selectOwnEmail({ mailbox, messageId: message.messageId, opId: isUuid(opId) ? opId : null });
  const { rows } = await tx.query<{ id: string }>(select);
  return rows[0]?.id ?? null;
}

function whole(message: GmailMessage): GmailMessage {
  return message;
}

/** All headers, and a delivery report. */
function withoutContent(message: GmailMessage): GmailMessage {
  const problems = ['It could not be stored whole: its content was left out.'];
  return { ...message, snippet: '', bodyText: null, bodyHtml: null, parts: [], problems };
}

/** Only what identifies a message and places it in its thread. */
function withoutHeaders(message: GmailMessage): GmailMessage {
  const headers = message.headers
    .filter(({ name }) => KEPT_HEADERS.has(name.toLowerCase()))
    .map(({ name, value }): MimeHeader => ({ name, value: value.slice(0, MAX_KEPT_LENGTH) }));
  const problems = ['It could not be stored whole: its content and most of its headers were left out.'];
  return { ...withoutContent(message), headers, report: null, problems };
}
