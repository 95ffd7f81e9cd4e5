/** Gmail's units for reading a mailbox: what is new comes before an import, and is read even while emails wait for theirs. */
import { beforeEach, describe, expect, it } from 'vitest';
import { enqueue } from '../../src/jobs.ts';
import { takeReadPermits } from '../../src/outbound/rate-limit.ts';
import { eventually, useTenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { deliver, mailboxHere, startReading } from '../support/syncing.ts';

const PERMITS = 46;
/** Of these, reading leaves two to the next emails, and an import one to what is new. */
const IMPORT_SLOTS = 44;
const MESSAGES = 300;
/** What an import reads from two permits, and for how long one permit keeps it waiting. */
const MEANWHILE = 13;
const MS_PER_PERMIT = 60_000 / PERMITS;

const t = useTestApp({ env: { GMAIL_UNITS_PER_MINUTE: String(PERMITS * 130) } });
const tenant = useTenant(t, beforeEach);

const take = (wanted: number, urgent: boolean) =>
  takeReadPermits(
    t.app,
    { organizationId: tenant.organizationId, id: tenant.accountId },
    { wanted, burst: 100, urgent },
  );

describe('permits for reading', () => {
  it('are all taken by an import but one, which is for what is new', async () => {
    expect(await take(100, false)).toMatchObject({ granted: IMPORT_SLOTS });
    expect(await take(1, false)).toMatchObject({ granted: 0 });
    expect(await take(5, true)).toMatchObject({ granted: 1 });
    const { granted, waitMs } = await take(1, true);
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(0);
  });

  it('do not wait until the daily limit of sending is over', async () => {
    const blocked = 'SELECT block_sending($1, $2, $3, 3600000, $4, 60000)';
    await t.app.pool.query(blocked, [tenant.organizationId, tenant.accountId, 'DAILY_LIMIT', PERMITS]);
    for (let reads = 0; reads < 3; reads++) expect(await take(1, true)).toEqual({ granted: 1, waitMs: 0 });
    const { granted, waitMs } = await take(100, true);
    expect(granted).toBeLessThan(100);
    expect(waitMs).toBeLessThan(60_000);
    const { rows } = await t.app.pool.query(
      'SELECT permits[1] > now() AS later FROM account_rate_limit WHERE account_id = $1',
      [tenant.accountId],
    );
    expect(rows).toEqual([{ later: true }]);
  });

  it('are none while emails wait, but now and then one for what is new', async () => {
    const maria = createRecipient(t, tenant);
    const sends = Array.from({ length: PERMITS + 1 }, () => accepted(t, tenant, fresh(tenant, maria)));
    const statuses = (await Promise.all(sends)).map(({ outboundEmail }) => outboundEmail.status);
    expect(statuses.filter((status) => status === 'QUEUED')).toHaveLength(1);
    // It waits for its account's job, which has not looked yet.
    await t.app.pool.query("DELETE FROM graphile_worker._private_jobs WHERE key = 'grant-permits:' || $1::text", [
      tenant.accountId,
    ]);
    const aged = `UPDATE account_rate_limit SET permits = ARRAY(SELECT at - interval '61 s' FROM unnest(permits) at) WHERE account_id = $1`;
    await t.app.pool.query(aged, [tenant.accountId]);
    expect(await take(1, false)).toMatchObject({ granted: 0 });
    const began = performance.now();
    expect(await take(5, true)).toMatchObject({ granted: 1 });
    const { granted, waitMs } = await take(5, true);
    expect(granted).toBe(0);
    expect(waitMs + performance.now() - began).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThan(6_000);
  });
});

it('a mailbox that is being imported gives way to what is new in it', async () => {
  for (let n = 0; n < MESSAGES; n++) deliver(t, tenant, { subject: `Old ${n}` });
  await startReading(t, tenant);
  const stored = async () => (await mailboxHere(t, tenant)).map(({ id }) => id);
  // Beyond what it may have at once: from here on the import waits for its permits.
  await eventually(async () => ((await stored()).length >= 60 ? true : null));
  for (let round = 0; round < 3; round++) {
    const before = (await stored()).length;
    const began = performance.now();
    const id = deliver(t, tenant, { subject: `New ${round}` });
    await enqueue(t.app.pool, 'sync', { organizationId: tenant.organizationId, accountId: tenant.accountId }, 0);
    const after = await eventually(async () => {
      const ids = await stored();
      return ids.includes(id) ? ids.length : null;
    });
    expect(after).toBeLessThan(MESSAGES);
    // On a busy machine it takes longer to be told of the mail.
    const permits = (performance.now() - began) / MS_PER_PERMIT;
    expect(after - before).toBeLessThanOrEqual(MEANWHILE + (permits * MEANWHILE) / 2);
  }
});
