/** How often a mailbox is looked at when nobody asks: 15 s while it is in use, up to 5 minutes when it is quiet. */
import { beforeEach, expect, it } from 'vitest';
import { pollMailbox } from '../../src/sync/poll.ts';
import { createTenant, eventually, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { deliver, syncWholly } from '../support/syncing.ts';

let tenant: Tenant;

const t = useTestApp({ env: { SYNC_INTERVAL_MS: '' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  await syncWholly(t, tenant);
});

async function quietFor(interval: string): Promise<void> {
  await t.app.pool.query('UPDATE mailbox_sync SET active_at = now() - $2::interval WHERE account_id = $1', [
    tenant.accountId,
    interval,
  ]);
}

/** Seconds from a look to the next one. */
async function secondsToNext(): Promise<number> {
  await pollMailbox(t.app, tenant);
  const { rows } = await t.app.pool.query<{ seconds: number }>(
    `SELECT round(extract(epoch FROM next_run_at - last_synced_at))::int AS seconds FROM mailbox_sync WHERE account_id = $1`,
    [tenant.accountId],
  );
  return rows[0]?.seconds ?? Number.NaN;
}

it.each([
  ['0 s', 15],
  ['10 minutes', 15],
  ['1 hour', 90],
  ['3 hours', 270],
  ['4 hours', 300],
  ['1 year', 300],
])('a mailbox that was quiet for %s', async (quiet, expected) => {
  await quietFor(quiet);
  expect(await secondsToNext()).toBe(expected);
});

it('one that has just sent an email is looked at as often as one that has just received one', async () => {
  await quietFor('1 day');
  expect(await secondsToNext()).toBe(300);
  await accepted(t, tenant, fresh(tenant, createRecipient(t, tenant)));
  expect(await secondsToNext()).toBe(15);
  await t.app.pool.query(`UPDATE outbound_email SET created_at = now() - interval '1 day' WHERE account_id = $1`, [
    tenant.accountId,
  ]);
  await quietFor('1 day');
  expect(await secondsToNext()).toBe(300);
  deliver(t, tenant, { subject: 'Hello' });
  await syncWholly(t, tenant);
  expect(await secondsToNext()).toBe(15);
});

it('looks at hundreds of mailboxes one after the other when their time has come at once', async () => {
  const { organizationId } = tenant;
  // Their grants cannot be opened, which is as good as any answer.
  await t.app.pool.query(
    `INSERT INTO email_account (organization_id, id, email, aliases, status, sealed_refresh_token, grant_kind, connected_at)
     SELECT $1, gen_random_uuid(), 'many-' || n || '@many.example', '{}', 'ACTIVE', 'v1.other.AAAA', 'CONSENT', now()
     FROM generate_series(1, 400) n`,
    [organizationId],
  );
  await eventually(async () => {
    const { rows } = await t.app.pool.query<{ due: number }>(
      `SELECT count(*)::int AS due FROM mailbox_sync WHERE organization_id = $1 AND failures = 0 AND account_id <> $2`,
      [organizationId, tenant.accountId],
    );
    return rows[0]?.due === 0 || null;
  });
  await t.app.pool.query(`DELETE FROM email_account WHERE email LIKE 'many-%'`);
});
