import { resolve } from 'node:path';
import { z } from 'zod';

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a number from 0 to 65535');

function wholeNumber(min: number, max: number, kind = 'a whole number') {
  const allowed = `must be ${kind} from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed);
}

function oneOf<const Word extends string>(...words: Word[]) {
  return z.enum(words, `must be one of ${words.join(', ')}`);
}

function milliseconds(min: number, max: number) {
  return wholeNumber(min, max, 'whole milliseconds');
}

/** An origin or base address: http or https, no path that would be lost, no trailing slash. */
const httpUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), 'must be an http or https URL')
  .transform((value) => value.replace(/\/+$/, ''));

const origin = httpUrl.refine(
  (value) => new URL(value).origin === value,
  'must be an origin such as https://app.example.com, without a path',
);

const encryptionKey = z
  .string()
  .refine((value) => /^[A-Za-z0-9+/]{43}=?$/.test(value), 'each key must be 32 bytes in base64')
  .transform((value) => Buffer.from(value, 'base64'));

/** `0`, `30000`, or the shortest and the longest: `15000,300000`. */
const syncInterval = z
  .string()
  .transform((value) => (value === '0' ? [] : commaSeparated(value)))
  .pipe(z.array(milliseconds(100, 86_400_000)).max(2, 'must be one interval, or the shortest and the longest'))
  .refine(([min, max]) => min === undefined || max === undefined || min <= max, 'the shortest interval comes first');

const PROXY_VARIABLE = /^(?:https?|no)_proxy$/i;
/** The first one that is set is used, by Google's client too. */
const PROXY_NAMES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

const commaSeparated = (value: string) => value.split(',').map((item) => item.trim());

const WAYS_INTO_GMAIL = 'GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, or GOOGLE_SERVICE_ACCOUNT_FILE';

interface GoogleVariables {
  readonly GOOGLE_CLIENT_ID?: string | undefined;
  readonly GOOGLE_SERVICE_ACCOUNT_FILE?: string | undefined;
}

/** Otherwise the Gmail sandbox. */
function usesGoogle({ GOOGLE_CLIENT_ID, GOOGLE_SERVICE_ACCOUNT_FILE }: GoogleVariables): boolean {
  return GOOGLE_CLIENT_ID !== undefined || GOOGLE_SERVICE_ACCOUNT_FILE !== undefined;
}

function isProxyUrl(value: string | undefined): boolean {
  const url = URL.parse(value ?? '');
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '';
}

/** An empty variable is an unset one: that is how `.env` files and container tools say so. */
const Environment = z
  .object({
    PORT: port.default(4000),
    HOST: z.string().default('127.0.0.1'),
    PUBLIC_URL: httpUrl.optional(),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://')
      .optional(),
    DATA_DIR: z
      .string()
      .default('./data')
      .transform((value) => resolve(value)),
    GOOGLE_CLIENT_ID: z.string().optional(),
    GOOGLE_CLIENT_SECRET: z.string().optional(),
    GOOGLE_BASE_URL: origin.optional(),
    GOOGLE_SERVICE_ACCOUNT_FILE: z.string().optional(),
    ENCRYPTION_KEY: z.string().transform(commaSeparated).pipe(z.array(encryptionKey).min(1)).optional(),
    CORS_ORIGINS: z.string().transform(commaSeparated).pipe(z.array(origin)).default([]),
    WORKER: oneOf('on', 'off', 'only').default('on'),
    SEND_WAIT_MS: milliseconds(0, 300_000).default(20_000),
    GMAIL_TIMEOUT_MS: milliseconds(100, 600_000).default(60_000),
    SETTLE_DELAYS_MS: z
      .string()
      .transform(commaSeparated)
      .pipe(z.array(milliseconds(1, 86_400_000)).min(1).max(20))
      .default([5_000, 10_000, 20_000, 40_000, 80_000, 160_000]),
    GMAIL_UNITS_PER_MINUTE: wholeNumber(130, 1_000_000_000).default(6_000),
    GMAIL_DAILY_SENDS: wholeNumber(1, 1_000_000_000).default(2_000),
    SYNC_SINCE_DAYS: wholeNumber(0, 36_500, 'whole days').default(90),
    SYNC_INTERVAL_MS: syncInterval.default([15_000, 300_000]),
    GOOGLE_PUBSUB_TOPIC: z
      .string()
      .regex(/^projects\/[^/\s]+\/topics\/[^/\s]+$/, 'must be projects/PROJECT/topics/TOPIC')
      .optional(),
    GOOGLE_PUSH_AUDIENCE: z.string().optional(),
    GOOGLE_PUSH_SERVICE_ACCOUNT: z.string().includes('@', 'must be an email address').optional(),
    HTTPS_PROXY: z.string().optional(),
    https_proxy: z.string().optional(),
    HTTP_PROXY: z.string().optional(),
    http_proxy: z.string().optional(),
    LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').default('info'),
    NODE_ENV: oneOf('development', 'test', 'production').default('development'),
  })
  .superRefine((env, context) => {
    const refuse = (variable: string, message: string) =>
      context.addIssue({ code: 'custom', path: [variable], message });
    if ((env.GOOGLE_CLIENT_ID === undefined) !== (env.GOOGLE_CLIENT_SECRET === undefined)) {
      refuse(
        env.GOOGLE_CLIENT_ID === undefined ? 'GOOGLE_CLIENT_ID' : 'GOOGLE_CLIENT_SECRET',
        'GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together',
      );
    }
    const isGoogle = usesGoogle(env);
    if (env.GOOGLE_BASE_URL !== undefined && !isGoogle) refuse('GOOGLE_BASE_URL', `needs ${WAYS_INTO_GMAIL}`);
    const proxy = PROXY_NAMES.find((name) => env[name] !== undefined);
    // The sandbox is on this machine, and a developer's proxy may be of another kind.
    if (isGoogle && proxy !== undefined && !isProxyUrl(env[proxy])) {
      refuse(proxy, 'must be the http or https URL of a proxy, such as http://proxy.example.com:3128');
    }
    if ((env.GOOGLE_PUBSUB_TOPIC === undefined) !== (env.GOOGLE_PUSH_SERVICE_ACCOUNT === undefined)) {
      refuse(
        env.GOOGLE_PUBSUB_TOPIC === undefined ? 'GOOGLE_PUBSUB_TOPIC' : 'GOOGLE_PUSH_SERVICE_ACCOUNT',
        'GOOGLE_PUBSUB_TOPIC and GOOGLE_PUSH_SERVICE_ACCOUNT go together',
      );
    }
    if (env.GOOGLE_PUSH_AUDIENCE !== undefined && env.GOOGLE_PUBSUB_TOPIC === undefined) {
      refuse('GOOGLE_PUSH_AUDIENCE', 'needs GOOGLE_PUBSUB_TOPIC and GOOGLE_PUSH_SERVICE_ACCOUNT');
    }
    if (env.NODE_ENV === 'production') {
      if (!isGoogle) refuse('GOOGLE_CLIENT_ID', `production needs ${WAYS_INTO_GMAIL}`);
      if (env.ENCRYPTION_KEY === undefined) refuse('ENCRYPTION_KEY', 'is required in production');
    }
  });

/** The operator's OAuth client at Google, or at whatever `baseUrl` serves in Google's place. */
export interface GoogleClient {
  /** Both null: there is a service account only, and nobody can consent. */
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  /** One origin for every Google endpoint. Null: Google itself. */
  readonly baseUrl: string | null;
}

/** How Gmail tells of changes, through Pub/Sub. */
export interface PushConfig {
  /** `projects/…/topics/…`, to which Gmail publishes. */
  readonly topic: string;
  /** What the tokens of its pushes are made out to. Null: the address of `/google/push`. */
  readonly audience: string | null;
  /** The service account that signs them. */
  readonly serviceAccount: string;
}

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Base of the addresses that are given out, without a trailing slash. Null: `http://localhost:<port>`. */
  readonly publicUrl: string | null;
  /** Null: embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Null: the Gmail sandbox, in process. */
  readonly google: GoogleClient | null;
  /** The JSON key file of a service account, for mailboxes that a Workspace delegates. Null: none are. */
  readonly googleServiceAccountFile: string | null;
  /** 32 bytes each; the first one seals. Null: generated into `dataDir`. */
  readonly encryptionKeys: readonly Buffer[] | null;
  readonly corsOrigins: readonly string[];
  /** `off`: serves and runs no jobs. `only`: runs jobs, and serves nothing but /health and /ready. */
  readonly worker: 'on' | 'off' | 'only';
  /** How long `sendEmail` waits for Gmail before it answers with the email as it then is. */
  readonly sendWaitMs: number;
  /** One call to Gmail. */
  readonly gmailTimeoutMs: number;
  /** The waits between the readings that settle an UNCONFIRMED email, the first one after its answer was lost. */
  readonly settleDelaysMs: readonly number[];
  /** Gmail's quota units that one account may use. */
  readonly gmailUnitsPerMinute: number;
  /** Emails of one account within any 24 hours. */
  readonly gmailDailySends: number;
  /** The first import brings messages so many days old at most. */
  readonly syncSinceDays: number;
  /** How often mailboxes are looked at. Null: only when somebody asks or Gmail tells of a change. */
  readonly syncInterval: { readonly minMs: number; readonly maxMs: number } | null;
  /** Null: Gmail tells of no changes. */
  readonly push: PushConfig | null;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly production: boolean;
  /** The variables that name a proxy, for the calls to Google. Those that are unset are absent, and all are for the sandbox. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
}

/** A variable of the environment that is missing or wrong. Its value is never part of the message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment, once.
 * @throws {ConfigError} naming every bad variable and what is allowed, never its value.
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${String(issue.path[0])}: ${issue.message}`);
    throw new ConfigError(`Invalid environment:\n${[...new Set(lines)].join('\n')}`);
  }
  const env = parsed.data;
  const [minMs, maxMs = minMs] = env.SYNC_INTERVAL_MS;
  return Object.freeze({
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL ?? null,
    databaseUrl: env.DATABASE_URL ?? null,
    dataDir: env.DATA_DIR,
    google: usesGoogle(env)
      ? {
          clientId: env.GOOGLE_CLIENT_ID ?? null,
          clientSecret: env.GOOGLE_CLIENT_SECRET ?? null,
          baseUrl: env.GOOGLE_BASE_URL ?? null,
        }
      : null,
    googleServiceAccountFile: env.GOOGLE_SERVICE_ACCOUNT_FILE ?? null,
    encryptionKeys: env.ENCRYPTION_KEY ?? null,
    corsOrigins: env.CORS_ORIGINS,
    worker: env.WORKER,
    sendWaitMs: env.SEND_WAIT_MS,
    gmailTimeoutMs: env.GMAIL_TIMEOUT_MS,
    settleDelaysMs: env.SETTLE_DELAYS_MS,
    gmailUnitsPerMinute: env.GMAIL_UNITS_PER_MINUTE,
    gmailDailySends: env.GMAIL_DAILY_SENDS,
    syncSinceDays: env.SYNC_SINCE_DAYS,
    syncInterval: minMs === undefined || maxMs === undefined ? null : { minMs, maxMs },
    push:
      env.GOOGLE_PUBSUB_TOPIC === undefined || env.GOOGLE_PUSH_SERVICE_ACCOUNT === undefined
        ? null
        : {
            topic: env.GOOGLE_PUBSUB_TOPIC,
            audience: env.GOOGLE_PUSH_AUDIENCE ?? null,
            serviceAccount: env.GOOGLE_PUSH_SERVICE_ACCOUNT,
          },
    logLevel: env.LOG_LEVEL,
    production: env.NODE_ENV === 'production',
    proxyEnv: usesGoogle(env)
      ? Object.fromEntries(Object.entries(given).filter(([name]) => PROXY_VARIABLE.test(name)))
      : {},
  });
}
