import type { Sealer } from './auth/seal.ts';
import type { Config } from './config.ts';
import type { Db, Pool } from './db/client.ts';
import type { GmailGateway } from './gmail/gateway.ts';
import type { TokenSource } from './gmail/oauth.ts';
import type { OAuthEndpoints } from './gmail/oauth-endpoints.ts';
import type { Logger } from './log.ts';

/** The process: everything with an effect, time included. Passed first, to every function that has one. */
export interface App {
  readonly config: Config;
  /** Names this process as the owner of its leases. A UUID, new at every start. */
  readonly processId: string;
  /** Base of the addresses that are given out, without a trailing slash. */
  readonly publicUrl: string;
  readonly db: Db;
  readonly pool: Pool;
  readonly gmail: GmailGateway;
  readonly oauth: OAuthEndpoints;
  readonly tokens: TokenSource;
  readonly sealer: Sealer;
  readonly log: Logger;
  readonly now: () => Date;
  /** Stores the sent copy of an email that has just left, and the Message-ID that Gmail gave it, in the background. */
  readonly readBack: (ref: { readonly organizationId: string; readonly outboundEmailId: string }) => void;
  /** The deliveries under way in this process, by outbound email: what a twin waits for, and what draining waits for. */
  readonly deliveries: Map<string, Promise<unknown>>;
}
