import { beforeEach, expect, it } from 'vitest';
import { createTenant, request, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { SETTLE_DELAYS_MS: '60000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

async function jobsOf(uid: string): Promise<string[]> {
  const { rows } = await t.app.pool.query<{ key: string }>(
    'SELECT key FROM graphile_worker.jobs WHERE key IN ($1, $2) ORDER BY key',
    [`deliver:${uid}`, `reconcile:${uid}`],
  );
  return rows.map(({ key }) => key.replace(`:${uid}`, ''));
}

async function decide(mutation: string): Promise<string> {
  const { data } = await request<Record<string, { __typename: string }>, object>(
    t,
    tenant.key,
    `mutation { decided: ${mutation} { __typename } }`,
    {},
  );
  return data?.decided?.__typename ?? 'none';
}

it('keeps the delivery of an email that waits when somebody retries it', async () => {
  t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail.status).toBe('QUEUED');
  expect(await decide(`retryOutboundEmail(uid: "${outboundEmail.uid}")`)).toBe('InvalidStateError');
  expect(await jobsOf(outboundEmail.uid)).toEqual(['deliver']);
});

it('keeps the reconciling of an UNCONFIRMED email when somebody cancels it', async () => {
  t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'reset' } });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail.status).toBe('UNCONFIRMED');
  expect(await decide(`cancelOutboundEmail(uid: "${outboundEmail.uid}")`)).toBe('InvalidStateError');
  expect(await jobsOf(outboundEmail.uid)).toEqual(['reconcile']);
});

it('answers the record of an email whose delivery breaks off after it was accepted', async () => {
  await t.app.pool.query(`UPDATE email_account SET sealed_refresh_token = 'v1.other.AAAA' WHERE id = $1`, [
    tenant.accountId,
  ]);
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE', retry: 'AFTER' } });
});
