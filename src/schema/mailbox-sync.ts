import type { EmailAccountStatus, MailboxSyncPhase } from '#generated/prisma/enums.ts';
import { builder } from './builder.ts';

const MailboxSyncState = builder.enumType('MailboxSyncState', {
  description: 'What is being done with a mailbox.',
  values: {
    WAITING: { description: 'It was not read yet.' },
    IMPORTING: {
      description: 'What it already holds is being read, newest first. What comes in meanwhile is here at once.',
    },
    COMPARING: {
      description: 'Gmail no longer tells what changed since the last reading: everything is listed and compared.',
    },
    CURRENT: { description: 'It is here; changes are brought as they happen.' },
    STOPPED: { description: 'The account is not connected; see its status.' },
  } as const,
});

interface SyncError {
  readonly code: string;
  readonly message: string;
  readonly at: Date;
}

const MailboxSyncError = builder.objectRef<SyncError>('MailboxSyncError').implement({
  description: 'Why a mailbox could not be read the last time.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'For programs: `rate-limited`, `unreachable`, `unknown` (no answer came), `forbidden`, `unavailable`, `reauth`, `unreadable` (Gmail gives some messages in no form; all others are here), `unexpected`.',
    }),
    message: t.exposeString('message', { description: 'For people. It quotes no mail.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it failed.' }),
  }),
});

interface Sync {
  readonly state: (typeof MailboxSyncState)['$inferType'];
  readonly imported: number;
  readonly estimated: number | null;
  readonly error: SyncError | null;
}

export const MailboxSync = builder.objectRef<Sync>('MailboxSync').implement({
  description: 'How far a mailbox has been read.',
  fields: (t) => ({
    state: t.expose('state', { type: MailboxSyncState, description: 'What is being done with it.' }),
    imported: t.exposeInt('imported', { description: 'Messages that the first import has stored so far.' }),
    estimated: t.exposeInt('estimated', {
      nullable: true,
      description: 'How many it is going to be, at least: what the mailbox held when it began. Null: not counted yet.',
    }),
    error: t.expose('error', {
      type: MailboxSyncError,
      nullable: true,
      description: 'Why it could not be read the last time; it is tried again by itself. Null: it could.',
    }),
  }),
});

/** What `toMailboxSync` needs. */
export const SYNC = {
  phase: true,
  historyId: true,
  imported: true,
  estimated: true,
  errorCode: true,
  errorMessage: true,
  failedAt: true,
} as const;

interface SyncRow {
  readonly phase: MailboxSyncPhase;
  readonly historyId: string | null;
  readonly imported: number;
  readonly estimated: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly failedAt: Date | null;
}

export function toMailboxSync(status: EmailAccountStatus, row: SyncRow | null): Sync {
  if (row === null) throw new Error('an account without the state of its sync');
  const { imported, estimated, errorCode, errorMessage, failedAt } = row;
  const error =
    errorCode === null || errorMessage === null || failedAt === null
      ? null
      : { code: errorCode, message: errorMessage, at: failedAt };
  return { state: stateOf(status, row), imported, estimated, error };
}

function stateOf(status: EmailAccountStatus, { phase, historyId }: SyncRow): Sync['state'] {
  if (status !== 'ACTIVE') return 'STOPPED';
  if (historyId === null) return 'WAITING';
  if (phase === 'HISTORY') return 'CURRENT';
  return phase === 'IMPORT' ? 'IMPORTING' : 'COMPARING';
}
