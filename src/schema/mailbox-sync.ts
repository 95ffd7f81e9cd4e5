import type { MailboxSync as MailboxSyncRow } from '#generated/prisma/client.ts';
import type { EmailAccountStatus } from '#generated/prisma/enums.ts';
import { builder } from './builder.ts';
import { enumOf } from './enum-of.ts';

const MailboxSyncState = enumOf('MailboxSyncState', 'What Epistle is doing with a mailbox.', {
  WAITING: 'The mailbox was not read yet.',
  IMPORTING: 'The first import is running, newest messages first. New messages are imported as they arrive.',
  COMPARING: 'Gmail no longer reports what changed since the last sync. Epistle lists all messages and compares them.',
  CURRENT: 'Epistle has the mailbox as of the last sync. New changes are read as they happen.',
  BEHIND:
    'Changes are missing: they are being read, wait for the quota of the account, or could not be read. In the last case `error` says why. Epistle retries by itself.',
  STOPPED: 'The account is not connected. See its `status`.',
});

interface SyncError {
  readonly code: string;
  readonly message: string;
  readonly at: Date;
}

const MailboxSyncError = builder.objectRef<SyncError>('MailboxSyncError').implement({
  description: 'Why the last attempt to read a mailbox failed.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'The reason, for programs: `rate-limited`, `unreachable`, `unknown` (no response came), `forbidden`, `unavailable`, `reauth`, `interrupted` (the last sync did not finish; its process may have ended), `unreadable` (some messages could not be read or stored completely; all others are here, and Epistle retries these every hour), `unexpected`. Other codes name a refused call to Gmail, which is tried again.',
    }),
    message: t.exposeString('message', { description: 'The reason, for people. It contains no text from emails.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When the attempt failed.' }),
  }),
});

interface Sync {
  readonly state: (typeof MailboxSyncState)['$inferType'];
  readonly imported: number;
  readonly estimated: number | null;
  readonly error: SyncError | null;
}

export const MailboxSync = builder.objectRef<Sync>('MailboxSync').implement({
  description: 'The progress of reading a mailbox.',
  fields: (t) => ({
    state: t.expose('state', { type: MailboxSyncState, description: 'What Epistle is doing with the mailbox.' }),
    imported: t.exposeInt('imported', {
      description: 'The number of messages that the first import has stored so far.',
    }),
    estimated: t.exposeInt('estimated', {
      nullable: true,
      description:
        'An estimate of the messages that the first import stores, at most 20,000; `imported` can become larger. Null if they were not counted yet.',
    }),
    error: t.expose('error', {
      type: MailboxSyncError,
      nullable: true,
      description: 'Why the last attempt failed. Epistle retries by itself. Null if it succeeded.',
    }),
  }),
});

/** What `toMailboxSync` needs. */
export const SYNC = {
  phase: true,
  historyId: true,
  leaseToken: true,
  rerunRequested: true,
  failures: true,
  imported: true,
  estimated: true,
  errorCode: true,
  errorMessage: true,
  failedAt: true,
} as const;

type SyncRow = Pick<MailboxSyncRow, keyof typeof SYNC>;

export function toMailboxSync(status: EmailAccountStatus, row: SyncRow | null): Sync {
  if (row === null) throw new Error('an account without the state of its sync');
  const { imported, estimated, errorCode, errorMessage, failedAt } = row;
  const error =
    errorCode === null || errorMessage === null || failedAt === null
      ? null
      : { code: errorCode, message: errorMessage, at: failedAt };
  return { state: stateOf(status, row), imported, estimated, error };
}

function stateOf(status: EmailAccountStatus, row: SyncRow): Sync['state'] {
  const { phase, historyId, leaseToken, rerunRequested, failures } = row;
  if (status !== 'ACTIVE') return 'STOPPED';
  if (historyId === null) return 'WAITING';
  if (phase === 'IMPORT') return 'IMPORTING';
  if (phase !== 'INCREMENTAL') return 'COMPARING';
  // Under a lease there is something to bring, and one that was not given back is that of a run that did not end.
  return leaseToken === null && !rerunRequested && failures === 0 ? 'CURRENT' : 'BEHIND';
}
