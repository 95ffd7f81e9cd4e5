import { Client } from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { createTenant, eventually, type Tenant, useTestApp } from './support/harness.ts';
import { accepted, createRecipient, fresh, record } from './support/mail.ts';

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
