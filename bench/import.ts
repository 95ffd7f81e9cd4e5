/**
 * The first import of a mailbox: how fast where Gmail sets no limit, what memory that takes, and how near it comes to
 * what Gmail's quota allows where it does (at ten times the quota, so that it does not take half an hour).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { enqueueIn, job } from '../src/queue.ts';
import { withClient } from './database.ts';
import { processMb } from './memory.ts';
import { atLeast, atMost, type Row } from './report.ts';
import { createTenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';

const MESSAGES = 30_000;
/** Until then the heap grows to what it needs. */
const WARM = 20_000;
const PACED_MESSAGES = 3_000;
const PACED_UNITS_PER_MINUTE = 60_000;
const UNITS_PER_MESSAGE = 20;
const POLL_MS = 50;
const TIMEOUT_MS = 300_000;

export async function benchImport(): Promise<Row[]> {
  const free = await withSetup({ gmailEnv: { MAILBOX: String(MESSAGES) } }, (setup) => importAll(setup, MESSAGES));
  const paced = await withSetup(
    {
      gmailEnv: { MAILBOX: String(PACED_MESSAGES) },
      env: { GMAIL_UNITS_PER_MINUTE: String(PACED_UNITS_PER_MINUTE) },
    },
    (setup) => importAll(setup, PACED_MESSAGES),
  );
  const quotaMs = (PACED_MESSAGES * UNITS_PER_MESSAGE * 60_000) / PACED_UNITS_PER_MINUTE;
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
    atMost(1.15, 'of the quota', {
      scenario: 'import: time of what the quota allows',
      epistle: paced.elapsedMs / quotaMs,
    }),
  ];
}

interface Import {
  readonly elapsedMs: number;
  /** The most of the server's own memory above what it had at `WARM` messages. */
  readonly grownMb: number;
  readonly samplesMb: readonly number[];
}

async function importAll({ database, encryptionKey, epistle }: Setup, messages: number): Promise<Import> {
  const startedAt = await withApp(database, encryptionKey, async (app) => {
    const { organizationId, accountIds } = await createTenant(app, 'epistle', 1);
    await enqueueIn(app.pool, job('sync', { organizationId, accountId: accountIds[0] ?? '' }), 0);
    return performance.now();
  });
  return withClient(database, async (client) => {
    const samplesMb: number[] = [];
    let done = 0;
    while (done < messages) {
      if (performance.now() - startedAt > TIMEOUT_MS) throw new Error(`${done} of ${messages} were imported`);
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
