/** `sendEmail` while retention erases old emails: emails a second, in turns with rounds in which it does not run. */
import { expireContent } from '../src/retention/expire.ts';
import { vacuum, whenQueueIsEmpty, withClient } from './database.ts';
import { seedHistory } from './history-seed.ts';
import { runLoad } from './load.ts';
import { checkEpistleAnswer, sendThroughEpistle } from './mail.ts';
import { type Row, shareOfFloor } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';
import { median } from './statistics.ts';

const ROUNDS = 5;
const ROUND_MS = 6_000;
const WARM_UP_MS = 20_000;
const CONNECTIONS = 32;
const ACCOUNTS = 64;
/** More than all rounds erase. */
const OLD_EMAILS = 100_000;
/** The seeded emails are a minute apart. */
const KEPT_DAYS = 1;

export function benchRetention(): Promise<Row[]> {
  return withSetup({}, async (setup) => {
    const { database, encryptionKey } = setup;
    const { tenant, old } = await withApp(database, encryptionKey, async (app) => ({
      tenant: await createTenant(app, 'epistle', ACCOUNTS),
      old: await seedHistory(app.db, app.pool, 'Old Emails Inc', OLD_EMAILS),
    }));
    await sendsPerSecond(setup, tenant, 'warm-up', WARM_UP_MS);
    const alone: number[] = [];
    const erasing: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      alone.push(await sendsPerSecond(setup, tenant, `alone-${round}`, ROUND_MS));
      erasing.push(await whileErasing(setup, () => sendsPerSecond(setup, tenant, `erasing-${round}`, ROUND_MS)));
    }
    const { rows } = await withClient(database, (client) =>
      client.query<{ erased: number }>(
        'SELECT count(content_erased_at)::int AS erased FROM outbound_email WHERE organization_id = $1',
        [old.organizationId],
      ),
    );
    const erased = rows[0]?.erased ?? 0;
    if (erased === 0 || erased >= OLD_EMAILS) throw new Error(`retention has erased ${erased} emails`);
    const row = { scenario: 'send, while retention erases', epistle: median(erasing), floor: median(alone) };
    return [shareOfFloor(0.9, 'mails/s', { ...row, detail: { erased, alone, erasing } })];
  });
}

async function sendsPerSecond({ epistle, database }: Setup, tenant: Tenant, round: string, durationMs: number) {
  await vacuum(database);
  const { perSecond } = await runLoad({
    connections: CONNECTIONS,
    durationMs,
    next: (n) => sendThroughEpistle(epistle, tenant, round, n),
    check: checkEpistleAnswer,
  });
  await whenQueueIsEmpty(database);
  return perSecond;
}

/** Runs retention as a worker does, in this process, until `work` ends. */
function whileErasing<Result>({ database, encryptionKey }: Setup, work: () => Promise<Result>): Promise<Result> {
  return withApp(database, encryptionKey, async (app) => {
    const retention = { messagesDays: KEPT_DAYS, eventsDays: KEPT_DAYS };
    let isOver = false;
    const erasing = expireContent({ ...app, config: { ...app.config, retention } }, () => isOver);
    const result = await work();
    isOver = true;
    await erasing;
    return result;
  });
}
