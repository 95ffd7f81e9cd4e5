import { expect, it } from 'vitest';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { useTenant, useTestApp } from '../support/harness.ts';

const t = useTestApp();
const tenant = useTenant(t);

it('upserts of one organization that wait for each other leave connections to others', async () => {
  const { pool } = t.app;
  const { organizationId } = tenant;
  const locking = await pool.connect();
  await locking.query('BEGIN');
  await locking.query(`SELECT pg_advisory_xact_lock(hashtextextended('upsert ' || $1, 0))`, [organizationId]);
  let done = 0;
  const upserts = Array.from({ length: 12 }, async (_, n) => {
    await upsertCustomer(pool, organizationId, { externalId: `c${n}`, name: `Customer ${n}` });
    done++;
  });
  try {
    // Without a free connection, it fails after `databaseConnectMs`.
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(done).toBe(0);
  } finally {
    await locking.query('COMMIT');
    locking.release();
  }
  await Promise.all(upserts);
  expect(await t.app.db.customer.count({ where: { organizationId } })).toBe(12);
});
