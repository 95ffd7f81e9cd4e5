/** A Gmail that throttles, for long: the account waits as a whole, asks seldom, and goes on by itself. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../sandbox/faults.ts';
import { createTenant, eventually, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  agePermits,
  callsOf,
  createRecipient,
  eventTypes,
  fresh,
  quiet,
  record,
  runNow,
} from '../support/mail.ts';

/** At Gmail's own pace: 46 emails in 61 seconds. */
let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { GMAIL_UNITS_PER_MINUTE: '6000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

async function sendNow() {
  return (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail;
}

function countOf(status: 'SENT' | 'QUEUED'): Promise<number> {
  return t.app.db.outboundEmail.count({ where: { organizationId: tenant.organizationId, status } });
}

/** How long the account is blocked still, and by what. */
async function block() {
  const { rows } = await t.app.pool.query<{ forMs: number; code: string; throttles: number }>(
    `SELECT extract(epoch FROM blocked_until - now())::float8 * 1000 AS "forMs", blocked_code AS code, throttles
     FROM account_rate_limit WHERE account_id = $1`,
    [tenant.accountId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('nothing was sent yet');
  return row;
}

const TOO_MANY = { kind: 'refusal', name: 'too-many-concurrent' } as const;
const REFUSALS: [string, FaultEffect][] = [
  ['403 rateLimitExceeded', { kind: 'refusal', name: 'rateLimitExceeded' }],
  ['403 userRateLimitExceeded', { kind: 'refusal', name: 'userRateLimitExceeded' }],
  ['429 without a time', TOO_MANY],
];

it.each(REFUSALS)(
  '%s holds the account with growing pauses; it asks once in each, and then all leave',
  async (_name, effect) => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, times: 'always', effect });
    const first = await sendNow();
    expect(first).toMatchObject({ status: 'QUEUED', attempts: 1, failure: { code: 'THROTTLED', retry: 'AFTER' } });
    const others = await Promise.all(Array.from({ length: 30 }, () => sendNow()));
    expect(others.every(({ status, attempts }) => status === 'QUEUED' && attempts === 0)).toBe(true);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);

    const pauses: { readonly leftMs: number; readonly sinceAskedMs: number }[] = [];
    for (let step = 0; step < 10; step++) {
      const { forMs, code, throttles } = await block();
      expect({ code, throttles }).toEqual({ code: 'THROTTLED', throttles: step + 1 });
      const lastAsked = t.sandbox.admin
        .calls()
        .findLast(({ call, mailbox }) => call === 'drafts.create' && mailbox === tenant.email);
      pauses.push({ leftMs: forMs, sinceAskedMs: Date.now() - Number(lastAsked?.at) });
      const asked = callsOf(t, tenant.email, 'drafts.create');
      // The account's pause is over, and the time of one email after it.
      await agePermits(t, tenant, forMs + 1_400);
      await eventually(async () => (callsOf(t, tenant.email, 'drafts.create') > asked ? true : null));
      await quiet(t, tenant);
      expect(callsOf(t, tenant.email, 'drafts.create') - asked).toBeLessThanOrEqual(2);
    }
    // 5 s, doubled up to half an hour, each a quarter more or less.
    for (const [step, { leftMs, sinceAskedMs }] of pauses.entries()) {
      const full = Math.min(5_000 * 2 ** step, 1_800_000);
      expect(leftMs).toBeLessThanOrEqual(1.25 * full);
      expect(leftMs + sinceAskedMs).toBeGreaterThan(0.7 * full - 2_000);
    }
    expect(t.sandbox.admin.messages(maria)).toEqual([]);

    t.sandbox.admin.clearFaults();
    await agePermits(t, tenant, 2 * 3_600_000);
    await eventually(async () => ((await countOf('SENT')) === 31 ? true : null));
    expect(await countOf('QUEUED')).toBe(0);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(31);
  },
);

it('begins evenly after a pause, with one email and not with all that have waited', async () => {
  t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: TOO_MANY });
  await sendNow();
  await Promise.all(Array.from({ length: 10 }, () => sendNow()));
  await agePermits(t, tenant, (await block()).forMs + 1_350);
  await eventually(async () => ((await countOf('SENT')) > 0 ? true : null));
  const { rows } = await t.app.pool.query<{ early: number }>(
    `SELECT count(*)::int AS early FROM (
       SELECT sent_at - lag(sent_at) OVER (ORDER BY sent_at) AS gap FROM outbound_email WHERE organization_id = $1 AND status = 'SENT'
     ) sent WHERE gap < interval '0.5 s'`,
    [tenant.organizationId],
  );
  expect(rows).toEqual([{ early: 0 }]);
  expect(await countOf('SENT')).toBeLessThan(4);
});

it('holds the account until the time that Gmail names', async () => {
  const refusal = { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 30_000 } as const;
  const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
  const both = [sendNow(), sendNow()];
  await gate.arrived;
  t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, times: 2, effect: refusal });
  gate.release();
  await Promise.all(both);
  const { forMs } = await block();
  expect(forMs).toBeLessThanOrEqual(30_000);
  expect(forMs).toBeGreaterThan(15_000);
  expect(await sendNow()).toMatchObject({ status: 'QUEUED', attempts: 0 });
});

describe('a Gmail that is away', () => {
  it('is tried for about a day, more and more seldom; then the email has failed, with the reason', async () => {
    t.sandbox.admin.fault({
      call: 'drafts.create',
      mailbox: tenant.email,
      times: 'always',
      effect: { kind: 'status', status: 503 },
    });
    const { uid, nextAttemptAt } = await sendNow();
    let waitedMs = Date.parse(String(nextAttemptAt)) - Date.now();
    let tries = 1;
    for (;;) {
      // In truth its tries are spread over a day: each finds a permit.
      await agePermits(t, tenant, 61_000);
      await runNow(t, tenant, uid, 'deliver');
      const email = await eventually(async () => {
        const now = await record(t, tenant, uid);
        return now.attempts > tries && (now.status === 'FAILED' || now.nextAttemptAt != null) ? now : null;
      });
      tries = email.attempts;
      if (email.status === 'FAILED') break;
      waitedMs += Date.parse(String(email.nextAttemptAt)) - Date.now();
    }
    expect(tries).toBe(57);
    expect(waitedMs / 3_600_000).toBeGreaterThan(20);
    expect(waitedMs / 3_600_000).toBeLessThan(28);
    const email = await record(t, tenant, uid);
    expect(email).toMatchObject({
      nextAttemptAt: null,
      failure: { code: 'UNREACHABLE', retry: 'AFTER', message: expect.stringContaining('Backend Error') },
    });
    expect(eventTypes(email).at(-1)).not.toBe('SENT');
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });
});
