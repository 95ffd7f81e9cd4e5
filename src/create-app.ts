import PQueue from 'p-queue';
import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { App } from './app.ts';
import { createApiKeys } from './auth/keys.ts';
import { createSealer } from './auth/seal.ts';
import { createSigner } from './auth/signer.ts';
import type { Config, GoogleClient } from './config/config.ts';
import type { ServiceAccount } from './config/secrets.ts';
import { TIMING, type Timing } from './config/timing.ts';
import { openDatabase, openPool } from './db/client.ts';
import { prepareDatabase } from './db/prepare.ts';
import { openReadReplica } from './db/read-replica.ts';
import { googleGateway } from './gmail/google.ts';
import { createLargeFetches } from './gmail/large-fetches.ts';
import { createTokenSource } from './gmail/oauth.ts';
import { createOAuthEndpoints } from './gmail/oauth-endpoints.ts';
import { createPushTokenVerifier } from './gmail/push-token.ts';
import { createSentCopyQueue } from './inbox/sent-copy-queue.ts';
import type { Logger } from './log.ts';

export interface AppParts {
  readonly config: Config;
  readonly database: pg.PoolConfig;
  /** PostgreSQL itself, when `database` is a pooler that pools by transaction. Absent: `database` can do everything. */
  readonly directDatabase?: pg.PoolConfig | null;
  /** A streaming standby that answers queries. Absent: none. */
  readonly readDatabase?: pg.PoolConfig | null;
  readonly google: GoogleClient;
  /** For mailboxes that a Workspace delegates. Absent: none. */
  readonly serviceAccount?: ServiceAccount | null;
  readonly encryptionKeys: readonly Buffer[];
  readonly publicUrl: string;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Overrides of `TIMING`. */
  readonly timing?: Partial<Timing>;
}

/** Migrates the database and assembles the App on it. */
export async function createApp(parts: AppParts) {
  const { config, google, log, publicUrl, now = () => new Date() } = parts;
  const timing = { ...TIMING, ...parts.timing };
  const directDatabase = parts.directDatabase ?? null;
  const primary = directDatabase ?? parts.database;
  await prepareDatabase(primary, (message) => log.warn(message), { isDirect: config.databaseDirectUrl !== null });
  const isPooled = directDatabase !== null;
  const { db, pool, logFailure, close } = openDatabase(parts.database, log, timing, { isPooled });
  const direct = directDatabase === null ? null : openPool(directDatabase, logFailure, timing);
  const { readDatabase = null } = parts;
  const replica = readDatabase && openReadReplica({ config: readDatabase, primary, pool, log, logFailure, timing });
  const { baseUrl } = google;
  const { gmailTimeoutMs: timeoutMs, proxyEnv } = config;
  const serviceAccount = parts.serviceAccount ?? null;
  const oauth = createOAuthEndpoints({ ...google, serviceAccount, timeoutMs, now, proxyEnv });
  const app: App = {
    config,
    timing,
    health: { beatAt: null, clockOffsetMs: null, isStopping: false },
    processId: uuidv7(),
    publicUrl,
    db,
    pool,
    directPool: direct?.pool ?? pool,
    replica,
    largeWrites: new PQueue({ concurrency: 2 }),
    gmail: googleGateway({ rootUrl: baseUrl === null ? null : `${baseUrl}/`, timeoutMs, now, proxyEnv }),
    oauth,
    tokens: createTokenSource({ fetchToken: oauth.fetchToken, now }),
    pushTokens: createPushTokenVerifier({ baseUrl, now, proxyEnv }),
    apiKeys: createApiKeys(pool),
    sealer: createSealer(parts.encryptionKeys),
    signer: createSigner(parts.encryptionKeys),
    log,
    logFailure,
    now,
    sentCopies: { add: (sent) => sentCopies.add(sent), fetch: (sent) => sentCopies.fetch(sent) },
    readCredits: new Map(),
    deliveries: new Map(),
    largeFetches: createLargeFetches(),
    contentFetches: new Map(),
    loggedPauses: new Map(),
  };
  const sentCopies = createSentCopyQueue(app);
  const drain = async () => {
    await Promise.allSettled(app.deliveries.values());
    await sentCopies.drain();
  };
  return {
    app,
    /** Waits for the deliveries under way. */
    drain,
    /** Drains, and closes the database. */
    async close(): Promise<void> {
      await drain();
      await replica?.close();
      await direct?.close();
      await close();
    },
  };
}
