/** Gmail's units for reading a mailbox: what is new comes before an import, and is read even while emails wait for theirs. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeReadSlots } from '../../src/outbound/rate-limit.ts';
import { enqueueIn, job } from '../../src/jobs.ts';
import { createTenant, eventually, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { deliver, mailboxHere, startReading } from '../support/syncing.ts';

const SLOTS = 46;
/** Of these, reading leaves two to the next emails, and an import one to what is new. */
const IMPORT_SLOTS = 44;
const MESSAGES = 300;
/** What an import reads from two slots. */
const MEANWHILE = 13;

let t: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  t = await startTestApp({ env: { GMAIL_UNITS_PER_MINUTE: String(SLOTS * 130) } });
});
afterAll(() => t.close());
beforeEach(async () => {
  tenant = await createTenant(t);
});

const take = (wanted: number, urgent: boolean) =>
  takeReadSlots(t.app, { organizationId: tenant.organizationId, id: tenant.accountId }, { wanted, burst: 100, urgent });

describe('slots for reading', () => {
  it('are all taken by an import but one, which is for what is new', async () => {
    expect(await take(100, false)).toMatchObject({ granted: IMPORT_SLOTS });
    expect(await take(1, false)).toMatchObject({ granted: 0 });
    expect(await take(5, true)).toMatchObject({ granted: 1 });
    const { granted, waitMs } = await take(1, true);
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(0);
  });

  it('are none while emails wait, but now and then one for what is new', async () => {
    const maria = createRecipient(t, tenant);
    const sends = Array.from({ length: SLOTS + 1 }, () => accepted(t, tenant, fresh(tenant, maria)));
    const statuses = (await Promise.all(sends)).map(({ outboundEmail }) => outboundEmail.status);
    expect(statuses.filter((status) => status === 'QUEUED')).toHaveLength(1);
    // It waits for its account's job, which has not looked yet.
    await t.app.pool.query("DELETE FROM graphile_worker._private_jobs WHERE key = 'pace:' || $1::text", [
      tenant.accountId,
    ]);
    const aged = `UPDATE account_pace SET slots = ARRAY(SELECT at - interval '61 s' FROM unnest(slots) at) WHERE account_id = $1`;
    await t.app.pool.query(aged, [tenant.accountId]);
    expect(await take(1, false)).toMatchObject({ granted: 0 });
    expect(await take(5, true)).toMatchObject({ granted: 1 });
    const { granted, waitMs } = await take(5, true);
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThan(6_000);
  });
});

it('a mailbox that is being imported gives way to what is new in it', async () => {
  for (let n = 0; n < MESSAGES; n++) deliver(t, tenant, { subject: `Old ${n}` });
  await startReading(t, tenant);
  const stored = async () => (await mailboxHere(t, tenant)).map(({ id }) => id);
  // Beyond what it may have at once: from here on the import waits for its slots.
  await eventually(async () => ((await stored()).length >= 60 ? true : null));
  for (let round = 0; round < 3; round++) {
    const before = (await stored()).length;
    const id = deliver(t, tenant, { subject: `New ${round}` });
    await enqueueIn(t.app.pool, job('sync', { organizationId: tenant.organizationId, accountId: tenant.accountId }), 0);
    const after = await eventually(async () => {
      const ids = await stored();
      return ids.includes(id) ? ids.length : null;
    });
    expect(after).toBeLessThan(MESSAGES);
    expect(after - before).toBeLessThanOrEqual(MEANWHILE);
  }
});
