import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { App } from './app.ts';
import { createSealer } from './auth/seal.ts';
import type { Config, GoogleClient } from './config/config.ts';
import { openDatabase } from './db/client.ts';
import { prepareDatabase } from './db/prepare.ts';
import { createGate } from './gate.ts';
import { googleGateway } from './gmail/google.ts';
import { createTokenSource } from './gmail/oauth.ts';
import { createOAuthEndpoints, type ServiceAccount } from './gmail/oauth-endpoints.ts';
import { createPushTokenVerifier } from './gmail/push-token.ts';
import type { Logger } from './log.ts';
import { createTokenStore } from './mail/token-store.ts';
import { createReadBackQueue } from './inbox/sent-copy-queue.ts';

/** As many as there are processors to do it, on a small machine. */
const LARGE_WRITES_AT_ONCE = 2;

export interface AppParts {
  readonly config: Config;
  readonly database: pg.PoolConfig;
  readonly google: GoogleClient;
  /** For mailboxes that a Workspace delegates. Absent: none are. */
  readonly serviceAccount?: ServiceAccount | null;
  readonly encryptionKeys: readonly Buffer[];
  readonly publicUrl: string;
  readonly log: Logger;
  readonly now?: () => Date;
}

export interface RunningApp {
  readonly app: App;
  /** Waits for the deliveries under way. */
  drain(): Promise<void>;
  /** Drains, and closes the database. */
  close(): Promise<void>;
}

/** Puts the process together on a database that is brought up to date first. */
export async function createApp(parts: AppParts): Promise<RunningApp> {
  const { config, google, log, publicUrl, now = () => new Date() } = parts;
  const { db, pool, close } = openDatabase(parts.database, log);
  await prepareDatabase(pool, (message) => log.warn(message));
  const timeoutMs = config.gmailTimeoutMs;
  const sealer = createSealer(parts.encryptionKeys);
  const oauth = createOAuthEndpoints({ ...google, serviceAccount: parts.serviceAccount ?? null, timeoutMs, now });
  const { fetchToken } = oauth;
  const app: App = {
    config,
    processId: uuidv7(),
    publicUrl,
    db,
    pool,
    largeWrites: createGate(LARGE_WRITES_AT_ONCE),
    gmail: googleGateway({
      rootUrl: google.baseUrl === null ? null : `${google.baseUrl}/`,
      timeoutMs,
      now,
      proxyEnv: config.proxyEnv,
    }),
    oauth,
    tokens: createTokenSource({ fetchToken, store: createTokenStore({ pool, sealer, log }), now }),
    pushTokens: createPushTokenVerifier({ baseUrl: google.baseUrl, now }),
    sealer,
    log,
    now,
    readBack: (sent) => sentCopies.add(sent),
    readCredits: new Map(),
    deliveries: new Map(),
  };
  const sentCopies = createReadBackQueue(app);
  const drain = async () => {
    await Promise.allSettled(app.deliveries.values());
    await sentCopies.drain();
  };
  return {
    app,
    drain,
    async close() {
      await drain();
      await close();
    },
  };
}
