/** One message from Gmail into the database. */
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { GmailError } from '../gmail/errors.ts';
import type { GmailMessage, MimeHeader } from '../gmail/gateway.ts';
import { describeError } from '../log.ts';
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import { type Lease, LeaseLostError, underLease } from './sync-state.ts';
import { type ReadBudget, UNITS } from './read-quota.ts';
import { storeMessageIn } from '../inbox/store-message.ts';

/** `gone`: deleted meanwhile. `ignored`: a draft or a chat. `unreadable`: Gmail gives nothing of it, see unreadable.ts. */
export type ImportOutcome = 'stored' | 'gone' | 'ignored' | 'too-old' | 'unreadable';

/** After so many failures in a row it is probably this message alone that fails: it is read as far as that goes. */
const PATIENCE = 3;
/** And then it is left out when nothing of it can be read. */
const LAST_PATIENCE = 5;
/** More than that, and it is Gmail that gives nothing. */
const MAX_UNREADABLE = 100;
/** Of a header of a message that cannot be stored whole. */
const MAX_KEPT_LENGTH = 500;
const KEPT_HEADERS = new Set(['from', 'to', 'subject', 'message-id', 'in-reply-to', 'auto-submitted', 'x-epistle-id']);
const OP_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Reads and stores a message; one that is stored already is as it was. What cannot be read or stored of it is left out
 * and noted.
 * @param options.since older ones are not stored. Null: every one is.
 * @throws {GmailError} when Gmail cannot be read now. @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function importMessage(
  app: App,
  lease: Lease,
  messageId: string,
  options: {
    readonly budget: ReadBudget;
    /** Messages that will be read soon. */
    readonly ahead: number;
    readonly since: Date | null;
    readonly signal: AbortSignal;
  },
): Promise<ImportOutcome> {
  const { budget, ahead, since } = options;
  await budget.spend(UNITS.get, ahead * UNITS.get);
  const message = await read(app, lease, messageId, options);
  if (message === 'unreadable') return message;
  if (message === null) return 'gone';
  if (message.labels.includes('DRAFT') || message.labels.includes('CHAT')) return 'ignored';
  if (since !== null && message.internalDate < since) return 'too-old';
  return store(app, lease, message);
}

async function read(
  app: App,
  lease: Lease,
  messageId: string,
  { budget, signal }: { readonly budget: ReadBudget; readonly signal: AbortSignal },
): Promise<GmailMessage | 'unreadable' | null> {
  const access = mailboxAccess(app, lease.mailbox);
  const { failures } = lease.state;
  let reason: string;
  try {
    return await app.gmail.getMessage(access, messageId, { signal });
  } catch (error) {
    if (!(error instanceof GmailError) || signal.aborted || !isAboutMessage(error, failures)) throw error;
    reason = error.reason;
    app.log.warn({ messageId, reason }, 'a message cannot be read whole');
  }
  await budget.spend(UNITS.get);
  try {
    const message = await app.gmail.getMessageHeaders(access, messageId, { signal });
    return message && { ...message, problems: [`Its content could not be read from Gmail (${reason}).`] };
  } catch (error) {
    if (!(error instanceof GmailError) || signal.aborted || failures < LAST_PATIENCE) throw error;
    if (!isAboutMessage(error, failures) || lease.state.unreadableIds.length >= MAX_UNREADABLE) throw error;
    app.log.warn({ messageId, reason: error.reason }, 'a message cannot be read at all');
    return 'unreadable';
  }
}

/** Whether it is this message that Gmail cannot give, rather than Gmail that cannot give anything. */
function isAboutMessage({ kind, status, reason }: GmailError, failures: number): boolean {
  // The mailbox was listed with the same grant.
  if (kind === 'rejected' || kind === 'too-large' || kind === 'forbidden') return true;
  if (kind !== 'unknown') return false;
  return status === 200 || reason === 'ERR_CONTENT_ENCODING' || failures >= PATIENCE;
}

async function store(app: App, lease: Lease, message: GmailMessage): Promise<ImportOutcome> {
  try {
    await underLease(app, lease, (tx) => storeIn(tx, lease, message));
    return 'stored';
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    app.log.warn({ messageId: message.messageId, error: describeError(error) }, 'a message cannot be stored whole');
  }
  // Should this fail too, the database is what is wrong, and all of it is tried again.
  await underLease(app, lease, (tx) => storeIn(tx, lease, reduced(message)));
  return 'stored';
}

async function storeIn(tx: Sql, { mailbox }: Lease, message: GmailMessage): Promise<void> {
  await storeMessageIn(tx, mailbox, message, await findOutboundEmail(tx, mailbox, message));
}

/**
 * The outbound email that a message in SENT is the copy of: by Gmail's id, or by the op id in its header while Gmail's
 * id is not known. The header arrives at recipients too and can be forged, so it counts in the account's own SENT only.
 */
async function findOutboundEmail(tx: Sql, mailbox: Lease['mailbox'], message: GmailMessage): Promise<string | null> {
  if (!message.labels.includes('SENT')) return null;
  const opId = message.headers.find(({ name }) => name.toLowerCase() === 'x-epistle-id')?.value.trim() ?? '';
  const { rows } = await tx.query<{ id: string }>({
    name: 'find-outbound-email',
    text: `SELECT e.id FROM outbound_email e
      WHERE e.organization_id = $1 AND e.account_id = $2
        AND (e.provider_message_id = $3 OR e.id = $4 AND e.provider_message_id IS NULL)
        AND NOT EXISTS (SELECT FROM email_message m
          WHERE m.organization_id = $1 AND m.outbound_email_id = e.id AND m.provider_message_id <> $3)
      ORDER BY e.provider_message_id NULLS LAST LIMIT 1`,
    values: [mailbox.organizationId, mailbox.id, message.messageId, OP_ID.test(opId) ? opId : null],
  });
  return rows[0]?.id ?? null;
}

/** What identifies a message and puts it into its place, nothing more. */
function reduced(message: GmailMessage): GmailMessage {
  const headers = message.headers
    .filter(({ name }) => KEPT_HEADERS.has(name.toLowerCase()))
    .map(({ name, value }): MimeHeader => ({ name, value: value.slice(0, MAX_KEPT_LENGTH) }));
  const problems = ['It could not be stored whole: its content was left out.'];
  return { ...message, headers, snippet: '', bodyText: null, bodyHtml: null, parts: [], report: null, problems };
}
