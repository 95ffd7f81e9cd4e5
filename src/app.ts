import type { Sealer } from './auth/seal.ts';
import type { Config } from './config/config.ts';
import type { Db, Pool } from './db/client.ts';
import type { Gate } from './gate.ts';
import type { GmailGateway } from './gmail/gateway.ts';
import type { TokenSource } from './gmail/oauth.ts';
import type { OAuthEndpoints } from './gmail/oauth-endpoints.ts';
import type { PushTokenVerifier } from './gmail/push-token.ts';
import type { Logger } from './log.ts';
import type { Sender } from './accounts/mailbox-access.ts';

/** An email that has just left. */
export interface SentEmail {
  readonly organizationId: string;
  readonly outboundEmailId: string;
  /** Where it was sent from and what Gmail calls it, when it took a single attempt. Null: to be looked up. */
  readonly first: { readonly account: Sender; readonly providerMessageId: string } | null;
}

export interface ReadCredit {
  readonly units: number;
  /** In milliseconds of `performance.now()`. */
  readonly hadAt: number;
}

/** The process: everything with an effect, time included. Passed first, to every function that has one. */
export interface App {
  readonly config: Config;
  /** Names this process as the owner of its leases. A UUID, new at every start. */
  readonly processId: string;
  /** Base of the addresses that are given out, without a trailing slash. */
  readonly publicUrl: string;
  readonly db: Db;
  readonly pool: Pool;
  /** Through which transactions go that write large files. */
  readonly largeWrites: Gate;
  readonly gmail: GmailGateway;
  readonly oauth: OAuthEndpoints;
  readonly tokens: TokenSource;
  readonly pushTokens: PushTokenVerifier;
  readonly sealer: Sealer;
  readonly log: Logger;
  readonly now: () => Date;
  /** Stores the sent copy of an email that has just left, and the Message-ID that Gmail gave it, in the background. */
  readonly readBack: (sent: SentEmail) => void;
  /** Quota units for reading that were had and not used yet, by account; see `createReadBudget`. */
  readonly readCredits: Map<string, ReadCredit>;
  /** The deliveries under way in this process, by outbound email: what a twin waits for, and what draining waits for. */
  readonly deliveries: Map<string, Promise<unknown>>;
}
