/** The environment of the scenarios: Epistle as `npm start` runs it, its database, and a Gmail that answers at once. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type ConnectionParameters, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { memoryMb } from './memory.ts';
import { type BenchProcess, freePort, startEpistle, startHelper } from './process.ts';

const GmailCounts = z.object({
  /** Calls by method and path. */
  calls: z.record(z.string(), z.number()),
  drafts: z.number(),
  sent: z.number(),
  /** Sends of a draft that was sent before or never created. Any number above 0 is a defect. */
  refused: z.number(),
});
export type GmailCounts = z.infer<typeof GmailCounts>;
/** When each draft was sent: its id, and milliseconds since 1970. */
const Arrivals = z.array(z.tuple([z.string(), z.number()]));

export interface Installation {
  readonly epistle: BenchProcess;
  readonly encryptionKey: Buffer;
  /** The embedded PostgreSQL that the server has started. */
  readonly database: ConnectionParameters;
  /** Memory of the processes as they have just started. NaN unless it was asked for. */
  readonly idleMb: number;
}

export interface Setup extends Installation {
  readonly gmail: BenchProcess;
  gmailCounts(): Promise<GmailCounts>;
  /** When `drafts.send` of a draft has arrived at Gmail, in milliseconds since 1970, by the draft's id. */
  gmailArrivals(): Promise<Map<string, number>>;
}

interface Options {
  /** For the server, above what every scenario sets. */
  readonly env?: Record<string, string>;
  readonly nodeOptions?: string;
  /** Whether the memory of the processes is measured before anything else uses them. */
  readonly measuresIdle?: boolean;
}

/** Far above what one machine sends: the figures are Epistle's, not those of Gmail's limits. */
export const NO_LIMITS = { GMAIL_UNITS_PER_MINUTE: '100000000', GMAIL_DAILY_SENDS: '100000000' };
/** Only the scenario that measures it reads mailboxes. */
const NO_POLLING = { SYNC_INTERVAL_MS: '0' };
const IDLE_AFTER_MS = 5_000;
const SCRAPE_EVERY_MS = 5_000;

/** Starts Epistle on a data folder of its own, runs `work`, stops it and removes the folder. */
export async function withEpistle<Result>(
  // For profiling: BENCH_NODE_OPTIONS=--cpu-prof.
  { env = {}, nodeOptions = process.env.BENCH_NODE_OPTIONS, measuresIdle = false }: Options,
  work: (installation: Installation) => Promise<Result>,
): Promise<Result> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'epistle-bench-'));
  const encryptionKey = randomBytes(32);
  const undo: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  try {
    const metricsPort = await freePort();
    const own = { DATA_DIR: dataDir, ENCRYPTION_KEY: encryptionKey.toString('base64'), LOG_LEVEL: 'warn' };
    const epistle = await startEpistle({ ...own, METRICS_PORT: String(metricsPort), ...env }, nodeOptions);
    undo.push(() => epistle.stop());
    // As Prometheus does it, but more often.
    const scraping = setInterval(() => void scrape(metricsPort), SCRAPE_EVERY_MS);
    undo.push(async () => clearInterval(scraping));
    if (measuresIdle) await delay(IDLE_AFTER_MS);
    const idleMb = measuresIdle ? memoryMb(epistle.pid) : Number.NaN;
    const embedded = await startEmbeddedPostgres(dataDir, { log: () => undefined });
    undo.push(() => embedded.stop());
    return await work({ epistle, encryptionKey, database: embedded.connection, idleMb });
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function scrape(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => null);
  await response?.text();
}

/** As `withEpistle`, with the Gmail that answers at once. */
export async function withSetup<Result>(
  { gmailEnv, env, ...options }: Options & { readonly gmailEnv?: Record<string, string> },
  work: (setup: Setup) => Promise<Result>,
): Promise<Result> {
  const gmail = await startHelper('gmail.ts', gmailEnv);
  const google = { GOOGLE_CLIENT_ID: 'bench', GOOGLE_CLIENT_SECRET: 'bench', GOOGLE_BASE_URL: gmail.url };
  const ask = async (path: string): Promise<unknown> => (await fetch(`${gmail.url}${path}`)).json();
  const counts = {
    gmailCounts: async () => GmailCounts.parse(await ask('/bench')),
    gmailArrivals: async () => new Map(Arrivals.parse(await ask('/bench/arrivals'))),
  };
  return withEpistle({ ...options, env: { ...google, ...NO_LIMITS, ...NO_POLLING, ...env } }, (installation) =>
    work({ ...installation, gmail, ...counts }),
  ).finally(() => gmail.stop());
}
