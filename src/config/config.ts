import { hostname } from 'node:os';
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

const MIN_RETENTION_DAYS = 30;

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgresql://');

const encryptionKey = z
  .string()
  .refine((value) => /^[A-Za-z0-9+/]{43}=?$/.test(value), 'each key must be 32 bytes in base64')
  .transform((value) => Buffer.from(value, 'base64'));

/** 0: without limit. Nothing that Epistle still needs is 30 days old. */
export const retentionDays = wholeNumber(0, 36_500, 'whole days').refine(
  (days) => days === 0 || days >= MIN_RETENTION_DAYS,
  `must be 0, or whole days from ${MIN_RETENTION_DAYS} to 36500`,
);

/** `0`, `30000`, or the shortest and the longest: `15000,300000`. */
const syncInterval = z
  .string()
  .transform((value) => (value === '0' ? [] : commaSeparated(value)))
  .pipe(z.array(milliseconds(100, 86_400_000)).max(2, 'must be one interval, or the shortest and the longest'))
  .refine(([min, max]) => min === undefined || max === undefined || min <= max, 'the shortest interval comes first');

const PROXY_VARIABLE = /^(?:https?|no)_proxy$/i;
/** The first one that is set is used. */
export const PROXY_NAMES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

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

/** An empty variable counts as unset: `.env` files and container tools express it that way. */
const Environment = z
  .object({
    PORT: port.default(4000),
    HOST: z.string().default('127.0.0.1'),
    PUBLIC_URL: httpUrl.optional(),
    DATABASE_URL: postgresUrl.optional(),
    DATABASE_DIRECT_URL: postgresUrl.optional(),
    DATABASE_READ_URL: postgresUrl.optional(),
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
    METRICS_PORT: port.optional(),
    METRICS_HOST: z.string().default('127.0.0.1'),
    INSTANCE: z.string().max(100, 'must have at most 100 characters').optional(),
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
    RETENTION_MESSAGES_DAYS: retentionDays.default(0),
    RETENTION_EVENTS_DAYS: retentionDays.default(0),
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
    DRAIN_DELAY_MS: milliseconds(0, 25_000).default(0),
    LOG_REQUESTS: oneOf('on', 'off').default('off'),
    LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').default('info'),
    NODE_ENV: oneOf('development', 'test', 'production').default('development'),
  })
  .superRefine((env, context) => {
    const refuse = (variable: string, message: string) =>
      context.addIssue({ code: 'custom', path: [variable], message });
    const requireBoth = (first: keyof typeof env, second: keyof typeof env) => {
      const [missing, ...others] = [first, second].filter((name) => env[name] === undefined);
      if (missing !== undefined && others.length === 0) refuse(missing, `${first} and ${second} go together`);
    };
    requireBoth('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET');
    for (const name of ['DATABASE_DIRECT_URL', 'DATABASE_READ_URL'] as const) {
      if (env[name] !== undefined && env.DATABASE_URL === undefined) refuse(name, 'needs DATABASE_URL');
    }
    const isGoogle = usesGoogle(env);
    if (env.GOOGLE_BASE_URL !== undefined && !isGoogle) refuse('GOOGLE_BASE_URL', `needs ${WAYS_INTO_GMAIL}`);
    const proxy = PROXY_NAMES.find((name) => env[name] !== undefined);
    // The sandbox runs on this machine and needs no proxy, so a developer's proxy may be of another kind.
    if (isGoogle && proxy !== undefined && !isProxyUrl(env[proxy])) {
      refuse(proxy, 'must be the http or https URL of a proxy, such as http://proxy.example.com:3128');
    }
    requireBoth('GOOGLE_PUBSUB_TOPIC', 'GOOGLE_PUSH_SERVICE_ACCOUNT');
    if (env.GOOGLE_PUSH_AUDIENCE !== undefined && env.GOOGLE_PUBSUB_TOPIC === undefined) {
      refuse('GOOGLE_PUSH_AUDIENCE', 'needs GOOGLE_PUBSUB_TOPIC and GOOGLE_PUSH_SERVICE_ACCOUNT');
    }
    if (env.NODE_ENV === 'production') {
      if (!isGoogle) refuse('GOOGLE_CLIENT_ID', `production needs ${WAYS_INTO_GMAIL}`);
      if (env.ENCRYPTION_KEY === undefined) refuse('ENCRYPTION_KEY', 'is required in production');
      if (env.PUBLIC_URL === undefined) refuse('PUBLIC_URL', 'is required in production');
    }
  });

/** The operator's OAuth client at Google, or at the server of `baseUrl`. */
export interface GoogleClient {
  /** Both null: there is only a service account, and consents are not possible. */
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  /** One origin for every Google endpoint. Null: Google itself. */
  readonly baseUrl: string | null;
}

/** A missing or wrong environment variable. The message never contains its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** @param problems as `PORT: must be a number`. */
  constructor(...problems: string[]) {
    super(['Invalid environment:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

/**
 * Reads the environment, once.
 * @throws {ConfigError} naming every wrong variable and the allowed values, never its value.
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
    throw new ConfigError(...new Set(lines));
  }
  return Object.freeze(toConfig(parsed.data, given));
}

export interface Config extends Readonly<ReturnType<typeof toConfig>> {}

function toConfig(env: z.output<typeof Environment>, given: Readonly<Record<string, string | undefined>>) {
  const [minMs, maxMs = minMs] = env.SYNC_INTERVAL_MS;
  const google: GoogleClient = {
    clientId: env.GOOGLE_CLIENT_ID ?? null,
    clientSecret: env.GOOGLE_CLIENT_SECRET ?? null,
    baseUrl: env.GOOGLE_BASE_URL ?? null,
  };
  const { GOOGLE_PUBSUB_TOPIC: topic, GOOGLE_PUSH_SERVICE_ACCOUNT: serviceAccount } = env;
  return {
    port: env.PORT,
    host: env.HOST,
    /** Base of public URLs, without a trailing slash. Null: `http://localhost:<port>`. */
    publicUrl: env.PUBLIC_URL ?? null,
    /** Null: embedded PostgreSQL under `dataDir`. */
    databaseUrl: env.DATABASE_URL ?? null,
    /** PostgreSQL itself, when `databaseUrl` is a pooler that pools by transaction. Null: `databaseUrl` can do everything. */
    databaseDirectUrl: env.DATABASE_DIRECT_URL ?? null,
    /** A streaming standby that answers queries. Null: the primary answers them. */
    databaseReadUrl: env.DATABASE_READ_URL ?? null,
    dataDir: env.DATA_DIR,
    /** Null: the Gmail sandbox, in process. */
    google: usesGoogle(env) ? google : null,
    /** The JSON key file of a service account, for mailboxes that a Workspace delegates. Null: none. */
    googleServiceAccountFile: env.GOOGLE_SERVICE_ACCOUNT_FILE ?? null,
    /** 32 bytes each; the first one encrypts. Null: generated into `dataDir`. */
    encryptionKeys: env.ENCRYPTION_KEY ?? null,
    corsOrigins: env.CORS_ORIGINS,
    /** Where Prometheus scrapes the process. Null: nowhere. */
    metrics: env.METRICS_PORT === undefined ? null : { port: env.METRICS_PORT, host: env.METRICS_HOST },
    /** Names the process for people: in `admin -- status`, in the log and among the metrics. */
    instance: env.INSTANCE ?? `${hostname()}:${process.pid}`,
    /** `off`: serves requests and runs no jobs. `only`: runs jobs and serves only /health and /ready. */
    worker: env.WORKER,
    /** How long `sendEmail` waits for Gmail before it answers with the email's current state. */
    sendWaitMs: env.SEND_WAIT_MS,
    /** Deadline of one call to Gmail. */
    gmailTimeoutMs: env.GMAIL_TIMEOUT_MS,
    /** Delays before each read of the mailbox for an UNCONFIRMED email, the first one after the answer was lost. */
    reconcileDelaysMs: env.SETTLE_DELAYS_MS,
    /** Gmail's quota units that one account may use in a minute. */
    gmailUnitsPerMinute: env.GMAIL_UNITS_PER_MINUTE,
    /** Emails that one account may send in any 24 hours. */
    gmailDailySends: env.GMAIL_DAILY_SENDS,
    /** The first import reads messages up to this age. */
    syncSinceDays: env.SYNC_SINCE_DAYS,
    /** Days that bodies and files, and entries of the audit trail, are kept. 0: without limit. */
    retention: { messagesDays: env.RETENTION_MESSAGES_DAYS, eventsDays: env.RETENTION_EVENTS_DAYS },
    /** Interval between polls of a mailbox. Null: it is read only on request or when Gmail reports a change. */
    syncInterval: minMs === undefined || maxMs === undefined ? null : { minMs, maxMs },
    /**
     * Gmail's notifications of changes, which it publishes to `topic` of Pub/Sub. Their pushes have tokens of `serviceAccount`
     * for `audience`; null: the address of `/google/push`. Null: Gmail does not report changes.
     */
    push:
      topic === undefined || serviceAccount === undefined
        ? null
        : { topic, serviceAccount, audience: env.GOOGLE_PUSH_AUDIENCE ?? null },
    /** How long a process that is told to stop still accepts connections, while /ready answers 503. */
    drainDelayMs: env.DRAIN_DELAY_MS,
    /** Whether each request is logged. */
    logRequests: env.LOG_REQUESTS === 'on',
    logLevel: env.LOG_LEVEL,
    production: env.NODE_ENV === 'production',
    /** The set variables that name a proxy for calls to Google. Empty for the sandbox. */
    proxyEnv: Object.fromEntries(
      Object.entries(given).filter(([name]) => usesGoogle(env) && PROXY_VARIABLE.test(name)),
    ),
  };
}
