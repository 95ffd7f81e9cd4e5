import type PQueue from 'p-queue';
import type { ApiKeys } from './auth/keys.ts';
import type { Sealer } from './auth/seal.ts';
import type { Signer } from './auth/signer.ts';
import type { Config } from './config/config.ts';
import type { Timing } from './config/timing.ts';
import type { Db, Pool } from './db/client.ts';
import type { FailureLog } from './db/failure-log.ts';
import type { ReadReplica } from './db/read-replica.ts';
import type { Sender } from './db/sender.ts';
import type { GmailGateway, LargeFetches } from './gmail/gateway.ts';
import type { TokenSource } from './gmail/oauth.ts';
import type { OAuthEndpoints } from './gmail/oauth-endpoints.ts';
import type { PushTokenVerifier } from './gmail/push-token.ts';
import type { Logger } from './log.ts';

/** An email that has just left. */
export interface SentEmail {
  readonly organizationId: string;
  readonly outboundEmailId: string;
  /** Its account and Gmail's id of the message, if it took a single attempt, or if another process has taken it over meanwhile. Null: read them from the database. */
  readonly first: { readonly account: Sender; readonly providerMessageId: string } | null;
}

/** Fetches the sent copies of emails in the background. */
export interface SentCopyQueue {
  add(sent: SentEmail): void;
  /** Fetches one now. @throws {GmailError} */
  fetch(sent: Omit<SentEmail, 'first'>): Promise<void>;
}

/** Quota units of the Gmail API for reading that an account was granted and has not used. */
export interface ReadCredit {
  readonly units: number;
  /** When they were granted, in milliseconds of `performance.now()`. */
  readonly grantedAt: number;
}

/** The state that `/ready` reports. */
export interface Health {
  /** When the last successful heartbeat was sent, in milliseconds of `performance.now()`. Null: none yet. */
  beatAt: number | null;
  /** How far this process's clock is ahead of the database's; negative: behind. Null: at most 5 s, or not known yet. */
  clockOffsetMs: number | null;
  /** Whether it was told to stop. It then still answers for DRAIN_DELAY_MS. */
  isStopping: boolean;
}

/** The process: everything with an effect, including time. The first argument of every function with an effect. */
export interface App {
  readonly config: Config;
  readonly timing: Timing;
  readonly health: Health;
  /** Names this process as the owner of its leases. A UUID, new at every start. */
  readonly processId: string;
  /** Base of public URLs, without a trailing slash. */
  readonly publicUrl: string;
  readonly db: Db;
  readonly pool: Pool;
  /** Connections to PostgreSQL itself, for LISTEN and the job queue. Without a pooler, `pool`. */
  readonly directPool: Pool;
  /** Null: the primary answers all queries. */
  readonly replica: ReadReplica | null;
  /** Transactions that write large files, two at a time: meanwhile each is in memory five more times, mostly in PostgreSQL. */
  readonly largeWrites: PQueue;
  readonly gmail: GmailGateway;
  readonly oauth: OAuthEndpoints;
  readonly tokens: TokenSource;
  readonly pushTokens: PushTokenVerifier;
  readonly apiKeys: ApiKeys;
  readonly sealer: Sealer;
  readonly signer: Signer;
  readonly log: Logger;
  readonly logFailure: FailureLog;
  readonly now: () => Date;
  readonly sentCopies: SentCopyQueue;
  /** By account. */
  readonly readCredits: Map<string, ReadCredit>;
  /** Those under way in this process, by outbound email. */
  readonly deliveries: Map<string, Promise<unknown>>;
  readonly largeFetches: LargeFetches;
  /** Received attachments that this process fetches from Gmail, by attachment: the hash and the size of what was stored. */
  readonly contentFetches: Map<string, Promise<{ readonly sha256: string; readonly size: number }>>;
  /** By account: the end of the pause that was logged, in milliseconds since 1970. */
  readonly loggedPauses: Map<string, number>;
}
