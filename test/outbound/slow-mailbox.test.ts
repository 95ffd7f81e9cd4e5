/** A mailbox for which Gmail does not answer, and whose emails are all due. */
import { beforeEach, expect, it } from 'vitest';
import { enqueue } from '../../src/jobs.ts';
import { createTenant, eventually, useTenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, eventTypes, fresh, sentFrom, untilStatus } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { inMs, SOON_MS } from '../support/scheduling.ts';

const DUE = 46;
/** Of one account. */
const CALLS_AT_ONCE = 4;

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

it.each([
  ['deliver', 'QUEUED', 'drafts.create'],
  ['reconcile', 'UNCONFIRMED', 'threads.get'],
] as const)('keeps no other mailbox waiting (%s)', async (job, status, call) => {
  const { organizationId, email } = tenant;
  const maria = createRecipient(t, tenant, job);
  const other = await createTenant(t);
  const joan = createRecipient(t, other);
  const holds = Array.from({ length: DUE }, () => t.sandbox.admin.hold(call, { mailbox: email }));
  const uids: string[] = [];
  for (const _email of holds) uids.push(await insertEmail(t, tenant, { status, to: [maria] }));
  for (const uid of uids) await enqueue(t.app.pool, job, { organizationId, outboundEmailId: uid }, 0);
  await Promise.all(holds.slice(0, CALLS_AT_ONCE).map(({ arrived }) => arrived));

  await accepted(t, other, fresh(other, joan, { plannedSendAt: inMs(SOON_MS) }));
  await eventually(async () => t.sandbox.admin.messages(joan)[0]);
  expect(sentFrom(t, email)).toEqual([]);
  if (job === 'reconcile') return;

  t.sandbox.admin.clearFaults();
  await eventually(async () => t.sandbox.admin.messages(maria).length === DUE || null);
  for (const uid of uids) {
    const email = await untilStatus(t, tenant, uid, 'SENT');
    expect([email.attempts, eventTypes(email)]).toEqual([1, ['SENDING', 'SENT']]);
  }
});
