import type { MailboxSync as MailboxSyncRow } from '#generated/prisma/client.ts';
import type { EmailAccountStatus } from '#generated/prisma/enums.ts';
import type { SyncErrorCode } from '../sync/sync-state.ts';
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

const ERRORS: Record<SyncErrorCode, string> = {
  'rate-limited': 'Gmail limits the requests of the account. No action is needed.',
  'daily-limit': "Google's limit for the day is reached. If it repeats, read `message`.",
  unreachable: 'Google could not be reached, or gave no access token. If it repeats, read `message`.',
  unknown: 'Gmail did not answer, or failed. No action is needed.',
  forbidden:
    'The Gmail API is not enabled, a scope is missing, or a policy of the Workspace forbids it. Correct it at Google; Epistle retries every hour.',
  unavailable: 'The Google account has no Gmail. Enable it at Google; Epistle retries every hour.',
  reauth: 'Google no longer accepts the consent. Connect the account again.',
  unauthorized: 'Gmail refused the access token. If it repeats, read `message`.',
  rejected: 'Gmail refused a request. If it repeats, read `message`.',
  'not-found': 'Gmail does not find something that Epistle requested. If it repeats, read `message`.',
  'too-large': 'Gmail refused a request as too large. If it repeats, read `message`.',
  interrupted:
    'The last reading did not finish, because its process ended or stalled. If it repeats, look for restarts in the log of the server.',
  unreadable:
    'Some messages could not be read or stored completely. All others are stored, and Epistle requests these every hour. No action is needed.',
  unexpected: 'The database could not store a message, or Epistle failed. If it repeats, read the log of the server.',
};

const MailboxSyncErrorCode = enumOf(
  'MailboxSyncErrorCode',
  'Why the last attempt to read a mailbox failed, for programs. Epistle retries by itself, except after REAUTH.',
  ERRORS,
);

interface SyncError {
  readonly code: SyncErrorCode;
  readonly message: string;
  readonly at: Date;
}

const MailboxSyncError = builder.objectRef<SyncError>('MailboxSyncError').implement({
  description: 'Why the last attempt to read a mailbox failed.',
  fields: (t) => ({
    code: t.expose('code', { type: MailboxSyncErrorCode, description: 'The reason, for programs.' }),
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
      description: 'Why the last attempt failed. Null if it did not fail.',
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
  const { imported, estimated, errorMessage: message, failedAt: at } = row;
  // Another version of Epistle may have stored another code.
  const code = Object.keys(ERRORS).find((each): each is SyncErrorCode => each === row.errorCode) ?? 'unexpected';
  const error = message === null || at === null ? null : { code, message, at };
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
