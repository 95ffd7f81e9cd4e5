/** What the sending scenarios run on: a Gmail that answers at once, Epistle as `npm start` runs it, its database. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type ConnectionParameters, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { type BenchProcess, startEpistle, startHelper } from './process.ts';

const GmailCounts = z.object({
  /** Calls by method and path. */
  calls: z.record(z.string(), z.number()),
  drafts: z.number(),
  sent: z.number(),
  /** Drafts that somebody tried to send again, or that were never made. Anything but 0 is a defect. */
  refused: z.number(),
});
export type GmailCounts = z.infer<typeof GmailCounts>;
/** When each draft was sent: its id, and milliseconds since 1970. */
const Arrivals = z.array(z.tuple([z.string(), z.number()]));

export interface Setup {
  readonly gmail: BenchProcess;
  readonly epistle: BenchProcess;
  readonly encryptionKey: Buffer;
  /** The embedded PostgreSQL that the server has started. */
  readonly database: ConnectionParameters;
  gmailCounts(): Promise<GmailCounts>;
  /** When `drafts.send` of a draft has arrived at Gmail, in milliseconds since 1970, by the draft's id. */
  gmailArrivals(): Promise<Map<string, number>>;
}

/** Far above what one machine sends: the figures are Epistle's, not those of Gmail's limits. */
const NO_LIMITS = { GMAIL_UNITS_PER_MINUTE: '100000000', GMAIL_DAILY_SENDS: '100000000' };

/**
 * Starts everything in a data folder of its own, runs `work` and takes everything away again.
 * @param options.onStart sees the server as it has just started, before anything else uses its database.
 */
export async function withSetup<Result>(
  options: { readonly onStart?: (epistle: BenchProcess) => Promise<void> },
  work: (setup: Setup) => Promise<Result>,
): Promise<Result> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'epistle-bench-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  try {
    const gmail = await startHelper('gmail.ts');
    undo.push(() => gmail.stop());
    const encryptionKey = randomBytes(32);
    const epistle = await startEpistle(
      {
        DATA_DIR: dataDir,
        GOOGLE_CLIENT_ID: 'bench',
        GOOGLE_CLIENT_SECRET: 'bench',
        GOOGLE_BASE_URL: gmail.url,
        ENCRYPTION_KEY: encryptionKey.toString('base64'),
        LOG_LEVEL: 'warn',
        ...NO_LIMITS,
      },
      // For a look inside, such as BENCH_NODE_OPTIONS=--cpu-prof.
      process.env.BENCH_NODE_OPTIONS?.split(' '),
    );
    undo.push(() => epistle.stop());
    await options.onStart?.(epistle);
    const embedded = await startEmbeddedPostgres(dataDir, { log: () => undefined });
    undo.push(() => embedded.stop());
    const ask = async (path: string): Promise<unknown> => (await fetch(`${gmail.url}${path}`)).json();
    return await work({
      gmail,
      epistle,
      encryptionKey,
      database: embedded.connection,
      gmailCounts: async () => GmailCounts.parse(await ask('/bench')),
      gmailArrivals: async () => new Map(Arrivals.parse(await ask('/bench/arrivals'))),
    });
  } finally {
    for (const step of undo.reverse()) await step();
  }
}
