/** What one process does every so often, whichever it is, and whatever its own clock says. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPeriodically } from '../src/periodic.ts';
import { createTenant, eventually, startTestApp, type Tenant, type TestApp } from './support/harness.ts';
import { createRecipient, onlyMail, record } from './support/mail.ts';
import { insertEmail } from './support/rows.ts';

const HOUR_MS = 3_600_000;
const PERIOD_MS = 600;

let t: TestApp;
/** Two hours ahead of the database. */
let fast: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  t = await startTestApp({ timing: { requeueOverdueMs: PERIOD_MS } });
  fast = await startTestApp({
    beside: t,
    timing: { requeueOverdueMs: PERIOD_MS },
    now: () => new Date(Date.now() + 2 * HOUR_MS),
  });
  tenant = await createTenant(t);
});
afterAll(async () => {
  await fast.close();
  await t.close();
});

/** An email that has no job, since long. */
async function forgotten(to: string): Promise<string> {
  const uid = await insertEmail(t, tenant, { status: 'QUEUED', to: [to] });
  await t.app.pool.query(`UPDATE outbound_email SET updated_at = now() - interval '3 minutes' WHERE id = $1`, [uid]);
  return uid;
}

const isSent = (uid: string) => async () => (await record(t, tenant, uid)).status === 'SENT' || null;

it('runs in one process each time, a period after the last one, beside a process whose clock is two hours fast', async () => {
  await t.app.pool.query(`CREATE TABLE run (at timestamptz);
    CREATE FUNCTION note_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO run VALUES (now()); RETURN NEW; END $$;
    CREATE TRIGGER note BEFORE UPDATE ON periodic_task FOR EACH ROW WHEN (NEW.name = 'requeue-overdue') EXECUTE FUNCTION note_run()`);
  const runs = await eventually(async () => {
    const { rows } = await t.app.pool.query<{ at: Date }>('SELECT at FROM run ORDER BY at');
    return rows.length >= 5 ? rows.map(({ at }) => at.getTime()) : null;
  });
  const pausesMs = runs.slice(1).map((at, index) => at - (runs[index] ?? at));
  for (const pauseMs of pausesMs) expect(pauseMs).toBeGreaterThanOrEqual(PERIOD_MS - 1);
});

it('finds what is forgotten', async () => {
  const maria = createRecipient(t, tenant);
  const uid = await forgotten(maria);
  await eventually(isSent(uid));
  expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
});

it('goes on after the clock of the database was set back', async () => {
  const peter = createRecipient(t, tenant, 'peter');
  await t.app.pool.query(`UPDATE periodic_task SET begun_at = now() + interval '2 hours'`);
  await eventually(isSent(await forgotten(peter)));
});

it('is no reason for a process whose clock is fast to take for overdue what is not', async () => {
  const anna = createRecipient(t, tenant, 'anna');
  const plannedSendAt = new Date(Date.now() + HOUR_MS);
  const uid = await insertEmail(t, tenant, { status: 'SCHEDULED', mode: 'DRAFT', to: [anna], plannedSendAt });
  const begunAt = async () =>
    (await t.app.db.periodicTask.findUniqueOrThrow({ where: { name: 'requeue-overdue' } })).begunAt;
  const before = await begunAt();
  await eventually(async () => (await begunAt()).getTime() > before.getTime() + 2 * PERIOD_MS || null);
  const { rowCount } = await t.app.pool.query('SELECT FROM graphile_worker.jobs WHERE key = $1', [`deliver:${uid}`]);
  expect(rowCount).toBe(0);
});

it.each([
  { why: 'its period ends', everyMs: PERIOD_MS, isStopped: false },
  { why: 'its process stops', everyMs: 30 * PERIOD_MS, isStopped: true },
])('tells a run that it is over when $why', async ({ why, everyMs, isStopped }) => {
  const { promise: lasted, resolve: end } = Promise.withResolvers<number>();
  const health = { ...t.app.health };
  const run = async (_app: unknown, isOver: () => boolean) => {
    const begunAt = performance.now();
    expect(isOver()).toBe(false);
    health.isStopping = isStopped;
    await eventually(async () => isOver() || null);
    end(performance.now() - begunAt);
  };
  const task = runPeriodically({ ...t.app, health }, { name: why, everyMs, run });
  expect(await lasted).toBeLessThan(20 * PERIOD_MS);
  await task.stop();
});
