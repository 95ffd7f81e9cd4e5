/**
 * The first import of a mailbox: its speed and memory without a quota, and the share of Gmail's quota that it uses with one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { enqueue } from '../src/jobs.ts';
import { withClient } from './database.ts';
import { processMb } from './memory.ts';
import { atLeast, atMost, type Row } from './report.ts';
import { createTenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';

const MESSAGES = 30_000;
/** The heap is still growing until then. */
const WARM = 20_000;
/** `npm run bench -- import`: at ten times Gmail's quota. */
const PACED_FAST = { messages: 3_000, unitsPerMinute: 60_000 };
/** `npm run bench -- import-quota`: the quota of a new Google project, and a larger mailbox. */
const PACED_AS_GMAIL = { messages: 10_000, unitsPerMinute: 6_000 };
const UNITS_PER_MESSAGE = 20;
const POLL_MS = 50;
/** An import fails when it takes this many times the expected duration. */
const PATIENCE = 1.5;
const SLOWEST_MESSAGES_PER_SECOND = 100;

export async function benchImport(): Promise<Row[]> {
  const timeoutMs = (MESSAGES * 1000) / SLOWEST_MESSAGES_PER_SECOND;
  const free = await withSetup({ gmailEnv: { MAILBOX: String(MESSAGES) } }, (setup) =>
    importAll(setup, MESSAGES, timeoutMs),
  );
  return [
    atLeast(300, 'messages/s', {
      scenario: `import of ${MESSAGES}`,
      epistle: MESSAGES / (free.elapsedMs / 1000),
    }),
    atMost(40, 'MB', {
      scenario: `import: memory from ${WARM} messages on`,
      epistle: free.grownMb,
      detail: { samplesMb: free.samplesMb },
    }),
    await importPaced(PACED_FAST),
  ];
}

/** Takes more than half an hour, so it runs only when it is named. */
export async function benchImportQuota(): Promise<Row[]> {
  return [await importPaced(PACED_AS_GMAIL)];
}

async function importPaced({ messages, unitsPerMinute }: typeof PACED_FAST): Promise<Row> {
  const quotaMs = (messages * UNITS_PER_MESSAGE * 60_000) / unitsPerMinute;
  const paced = await withSetup(
    { gmailEnv: { MAILBOX: String(messages) }, env: { GMAIL_UNITS_PER_MINUTE: String(unitsPerMinute) } },
    (setup) => importAll(setup, messages, quotaMs * PATIENCE),
  );
  return atMost(1.15, 'of the quota', {
    scenario: `import of ${messages} at ${unitsPerMinute} units a minute: time of what the quota allows`,
    epistle: paced.elapsedMs / quotaMs,
  });
}

interface Import {
  readonly elapsedMs: number;
  /** Peak of the server's own memory, above its memory at `WARM` messages. */
  readonly grownMb: number;
  readonly samplesMb: readonly number[];
}

async function importAll(setup: Setup, messages: number, timeoutMs: number): Promise<Import> {
  const { database, encryptionKey, epistle } = setup;
  const startedAt = await withApp(database, encryptionKey, async (app) => {
    const { organizationId, accountIds } = await createTenant(app, 'epistle', 1);
    await enqueue(app.pool, 'sync', { organizationId, accountId: accountIds[0] ?? '' }, 0);
    return performance.now();
  });
  return withClient(database, async (client) => {
    const samplesMb: number[] = [];
    let done = 0;
    while (done < messages) {
      if (performance.now() - startedAt > timeoutMs) throw new Error(`${done} of ${messages} were imported`);
      await delay(POLL_MS);
      done = await importedCount(client);
      if (done >= WARM) samplesMb.push(processMb(epistle.pid));
    }
    const elapsedMs = performance.now() - startedAt;
    return { elapsedMs, grownMb: Math.max(0, ...samplesMb) - (samplesMb[0] ?? 0), samplesMb };
  });
}

async function importedCount(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ imported: number }>('SELECT sum(imported)::int AS imported FROM mailbox_sync');
  return rows[0]?.imported ?? 0;
}
