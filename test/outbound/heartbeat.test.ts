/** What a process tells of itself: to the others by its heartbeat, to a load balancer by /ready. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { requeueOverdue } from '../../src/outbound/requeue-overdue.ts';
import { createTenant, eventually, startTestApp, type TestApp } from '../support/harness.ts';
import { createRecipient, untilStatus } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';

const HOUR_MS = 3_600_000;
const TIMING = { heartbeatMs: 100, unreadyAfterMs: 2_000, deadAfterMs: 3_000, clockMs: 100 };

let t: TestApp;
/** A second process, whose clock is off by so much. */
let other: TestApp;
let offsetMs = 0;

beforeAll(async () => {
  t = await startTestApp({ timing: TIMING });
  other = await startTestApp({ beside: t, timing: TIMING, now: () => new Date(Date.now() + offsetMs) });
});
afterAll(async () => {
  await other.close();
  await t.close();
});

async function ready({ url }: TestApp) {
  const response = await fetch(`${url}/ready`);
  return { status: response.status, body: await response.json() };
}

function answers(app: TestApp, expected: { readonly status: number; readonly body: object }) {
  return eventually(async () => {
    const found = await ready(app);
    return JSON.stringify(found) === JSON.stringify(expected) || null;
  });
}

const READY = { status: 200, body: { status: 'ready' } };

describe('/ready', () => {
  it.each([2 * HOUR_MS, -2 * HOUR_MS, 60_000])('tells by how much a clock is off: %i ms', async (ms) => {
    offsetMs = ms;
    const found = await eventually(async () => {
      const { status, body } = await ready(other);
      return Math.abs(body.clockOffsetMs - ms) < 5_000 ? { status, body } : null;
    });
    expect(found).toEqual({ status: 200, body: { status: 'ready', clockOffsetMs: expect.any(Number) } });
    const warning = other.logged.map((line) => JSON.parse(line)).findLast(({ clockOffsetMs }) => clockOffsetMs);
    expect(warning).toMatchObject({ level: 40, msg: "this process's clock differs from the database's" });
    await answers(t, READY);
    offsetMs = 1_000;
    await answers(other, READY);
  });

  it('is 503 when the heartbeat could not be written, although the database answers', async () => {
    await breakHeartbeats();
    await answers(t, { status: 503, body: { status: 'no heartbeat' } });
    await t.app.pool.query('DROP TRIGGER fails ON process_heartbeat');
    await answers(t, READY);
  });
});

async function breakHeartbeats(): Promise<void> {
  await t.app.pool.query(`CREATE OR REPLACE FUNCTION fail_row() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON process_heartbeat FOR EACH ROW EXECUTE FUNCTION fail_row()`);
  onTestFinished(async () => void (await t.app.pool.query('DROP TRIGGER IF EXISTS fails ON process_heartbeat')));
}

describe('processes that all could not write their heartbeats for long', () => {
  it('do not take each other for dead afterwards', async () => {
    const before = [t.logged.length, other.logged.length];
    await breakHeartbeats();
    await eventually(async () => {
      const { rows } = await t.app.pool.query<{ ageMs: number }>(
        `SELECT extract(epoch FROM now() - max(beat_at))::float * 1000 AS "ageMs" FROM process_heartbeat`,
      );
      return (rows[0]?.ageMs ?? 0) > 2 * TIMING.deadAfterMs || null;
    });
    await t.app.pool.query('DROP TRIGGER fails ON process_heartbeat');
    await Promise.all([answers(t, READY), answers(other, READY)]);
    const { rows } = await t.app.pool.query('SELECT FROM process_heartbeat');
    expect(rows).toHaveLength(2);
    expect([...t.logged.slice(before[0]), ...other.logged.slice(before[1])].join()).not.toContain('took over');
  });
});

describe('jobs that are locked', () => {
  it('are let go of when no living process holds them, and only then', async () => {
    const { rows } = await t.app.pool.query<{ pool: string }>(
      'SELECT worker_pool AS pool FROM process_heartbeat WHERE id = $1',
      [t.app.processId],
    );
    const lock = async (key: string, workerPool: string | undefined, age: string) => {
      await t.app.pool.query(`SELECT graphile_worker.add_job('nothing', job_key => $1)`, [key]);
      await t.app.pool.query(
        'UPDATE graphile_worker._private_jobs SET locked_by = $2, locked_at = now() - $3::interval WHERE key = $1',
        [key, workerPool, age],
      );
    };
    await lock('dead', 'pool-dead', '2 minutes');
    await lock('living', rows[0]?.pool, '2 minutes');
    await lock('starting', 'pool-starting', '30 seconds');
    await requeueOverdue(t.app);
    const { rows: locked } = await t.app.pool.query(
      `SELECT key FROM graphile_worker.jobs WHERE task_identifier = 'nothing' AND locked_at IS NOT NULL ORDER BY key`,
    );
    expect(locked).toEqual([{ key: 'living' }, { key: 'starting' }]);
  });
});

describe('a process that has died', () => {
  it.each([2 * HOUR_MS, -2 * HOUR_MS])(
    'holds no lease any more, whatever the clocks of the others say: %i ms',
    async (ms) => {
      offsetMs = ms;
      onTestFinished(() => {
        offsetMs = 0;
      });
      const tenant = await createTenant(t);
      const maria = createRecipient(t, tenant);
      const dead = randomUUID();
      const lease = { leaseOwner: dead, leaseToken: randomUUID(), leaseExpiresAt: new Date(Date.now() + HOUR_MS) };
      const uids = await Promise.all(
        Array.from({ length: 10 }, () => insertEmail(t, tenant, { status: 'QUEUED', to: [maria], ...lease })),
      );
      await t.app.pool.query(
        `INSERT INTO process_heartbeat (id, beat_at, worker_pool, instance, worker, version) VALUES ($1, now() - interval '1 minute', 'pool-dead', 'dead', 'on', '0')`,
        [dead],
      );
      await eventually(async () => t.sandbox.admin.messages(maria).length === uids.length || null);
      const arrived = t.sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
      expect(arrived.sort()).toEqual(uids.sort());
    },
  );

  it('and was stopped without giving back its lease, holds it no longer than one that was killed', async () => {
    const tenant = await createTenant(t);
    const maria = createRecipient(t, tenant);
    const stopped = await startTestApp({ beside: t, timing: TIMING });
    const { processId } = stopped.app;
    const lease = { leaseOwner: processId, leaseToken: randomUUID(), leaseExpiresAt: new Date(Date.now() + HOUR_MS) };
    const uid = await insertEmail(t, tenant, { status: 'QUEUED', to: [maria], ...lease });
    await stopped.close();
    await untilStatus(t, tenant, uid, 'SENT');
    const { rows } = await t.app.pool.query('SELECT FROM process_heartbeat WHERE id = $1', [processId]);
    expect(rows).toEqual([]);
  });
});
