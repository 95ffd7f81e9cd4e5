import { Client } from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { enqueue } from '../src/jobs.ts';
import { createTenant, eventually, type Tenant, useTestApp, warnings } from './support/harness.ts';
import { accepted, createRecipient, fresh, quiet, record } from './support/mail.ts';

const t = useTestApp();

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(t);
});

/** As a restart of the database does it: every connection is cut. */
async function cutConnections(): Promise<void> {
  const { rows } = await t.app.pool.query<{ name: string }>('SELECT current_database() AS name');
  const other = new Client({ connectionString: inject('postgres').url });
  await other.connect();
  await other.query('SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1', [
    rows[0]?.name,
  ]);
  await other.end();
}

describe('when the database cuts every connection while a job runs', () => {
  it('goes on serving, and the job is done all the same', async () => {
    const maria = createRecipient(t, tenant);
    const reading = t.sandbox.admin.hold('messages.get');
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    await reading.arrived;
    await cutConnections();
    reading.release();
    const sent = await eventually(async () => {
      const email = await record(t, tenant, outboundEmail.uid).catch(() => null);
      return email?.messageId == null ? null : email;
    });
    expect(sent.status).toBe('SENT');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);

    const next = await accepted(t, tenant, fresh(tenant, maria));
    expect(next.outboundEmail.status).toBe('SENT');
  });
});

describe('when the failures of several jobs cannot be written', () => {
  const quick = useTestApp({ timing: { drainMs: 1_000 } });

  it('the queue begins again, with these jobs and later ones', async () => {
    const { pool } = quick.app;
    const tenants = await Promise.all(Array.from({ length: 3 }, () => createTenant(quick)));
    for (const each of tenants) await quiet(quick, each);
    const [first, second, third] = tenants;
    if (!first || !second || !third) throw new Error('three tenants');
    const locking = await pool.connect();
    await locking.query('BEGIN');
    for (const { organizationId, accountId } of [first, second]) {
      await locking.query('SELECT lock_rate_limit($1, $2)', [organizationId, accountId]);
    }
    for (const { organizationId, accountId } of [first, second]) {
      await enqueue(pool, 'pause', { organizationId, accountId, noticedAt: new Date().toISOString() }, 0);
    }
    const reading = quick.sandbox.admin.hold('history.list', { mailbox: third.email });
    await enqueue(pool, 'sync', { organizationId: third.organizationId, accountId: third.accountId }, 0);
    await reading.arrived;
    const waiting = async () => {
      const isWaiting = `wait_event_type = 'Lock' AND query LIKE '%block_sending%'`;
      return (await pool.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE ${isWaiting}`)).rows;
    };
    const pids = await eventually(async () => {
      const rows = await waiting();
      return rows.length === 2 ? rows.map(({ pid }) => pid) : null;
    });
    await pool.query('ALTER TABLE graphile_worker._private_jobs RENAME TO hidden');
    for (const pid of pids) {
      await pool.query('SELECT pg_cancel_backend($1)', [pid]);
      await eventually(async () => (await waiting()).every((each) => each.pid !== pid) || null);
      await eventually(async () => warnings(quick, 'the job queue gives up').length > 0 || null);
    }
    await locking.query('ROLLBACK');
    locking.release();
    await pool.query('ALTER TABLE graphile_worker.hidden RENAME TO _private_jobs');
    reading.release();
    const maria = createRecipient(quick, third);
    await enqueue(pool, 'sync', { organizationId: third.organizationId, accountId: third.accountId }, 0);
    for (const each of tenants) await quiet(quick, each);
    expect(quick.sandbox.admin.messages(maria)).toEqual([]);
  });
});
