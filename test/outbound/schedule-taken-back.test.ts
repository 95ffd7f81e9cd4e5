/** A scheduled draft that is taken back before its time never leaves; the answer says so, or that it came too late. */
import { beforeEach, describe, expect, it } from 'vitest';
import { enqueue } from '../../src/jobs.ts';
import {
  createTenant,
  eventually,
  expectType,
  lockAwaited,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { createRecipient, record, runNow } from '../support/mail.ts';
import { DAY_MS, inMs, SOON_MS, scheduling } from '../support/scheduling.ts';
import { CancelOutboundEmail, DeleteDraft } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { draftOf, expectNothingLeft, left, noJobLeft, plan, planForNow, runToItsEnd, update, updated } = scheduling(
  () => ({
    t,
    tenant,
    maria,
  }),
);

describe('what is taken back', () => {
  it('because its time is cleared never leaves', async () => {
    const uid = await plan(DAY_MS);
    expect(await updated({ draftUid: uid, plannedSendAt: null })).toMatchObject({
      status: 'DRAFT',
      plannedSendAt: null,
    });
    await noJobLeft(uid);
    await runToItsEnd(uid);
    expectNothingLeft();
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 2 });
  });

  it('because it is deleted never leaves', async () => {
    const uid = await plan(DAY_MS);
    const { deleteDraft } = await query(t, tenant.key, DeleteDraft, { uid });
    expectType(deleteDraft, 'DeleteDraftPayload');
    await noJobLeft(uid);
    await runToItsEnd(uid);
    expectNothingLeft();
    expect(await draftOf(uid)).toBeNull();
  });

  it('because its time is moved leaves at the new one only', async () => {
    const uid = await plan(DAY_MS);
    const plannedSendAt = inMs(SOON_MS);
    await updated({ draftUid: uid, plannedSendAt });
    await runNow(t, tenant, uid, 'deliver');
    const email = await left(uid);
    expect(Date.parse(String(email.sentAt))).toBeGreaterThanOrEqual(Date.parse(plannedSendAt));
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('keeps its time when anything else is edited', async () => {
    const plannedSendAt = inMs(DAY_MS);
    const uid = await plan(0, { plannedSendAt });
    expect(await updated({ draftUid: uid, subject: 'Other' })).toMatchObject({ status: 'SCHEDULED', plannedSendAt });
  });

  /** Whatever wins, the answer is the truth: what was taken back never leaves, what could not be leaves once. */
  it.each([
    ['cleared', async (uid: string) => (await update({ draftUid: uid, plannedSendAt: null })).__typename],
    ['moved', async (uid: string) => (await update({ draftUid: uid, plannedSendAt: inMs(DAY_MS) })).__typename],
    ['deleted', async (uid: string) => (await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft.__typename],
    [
      'cancelled',
      async (uid: string) => (await query(t, tenant.key, CancelOutboundEmail, { uid })).cancelOutboundEmail.__typename,
    ],
  ] as const)('%s at the very moment of its time, leaves only when the answer says so', async (_name, takeBack) => {
    // Time enough to plan them all.
    const plannedSendAt = inMs(4_000);
    const emails = await Promise.all(Array.from({ length: 12 }, () => plan(0, { plannedSendAt })));
    const at = Date.parse(plannedSendAt);
    const answers = await Promise.all(
      emails.map(async (uid, index) => {
        // Spread around the moment: from 30 ms before it to 80 ms after.
        await eventually(async () => Date.now() >= at - 30 + index * 10 || null);
        return { uid, taken: (await takeBack(uid))?.endsWith('Payload') ?? false };
      }),
    );
    for (const { uid, taken } of answers) {
      if (!taken) await left(uid);
      else await noJobOrLater(uid);
    }
    const arrived = t.sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(arrived.sort()).toEqual(
      answers
        .filter(({ taken }) => !taken)
        .map(({ uid }) => uid)
        .sort(),
    );
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  /** No job of it is due or running. */
  function noJobOrLater(uid: string) {
    const sql = `SELECT FROM graphile_worker.jobs
      WHERE locked_at IS NOT NULL OR key = $1 AND run_at < now() + interval '1 hour'`;
    return eventually(async () => (await t.app.pool.query(sql, [`deliver:${uid}`])).rowCount === 0 || null);
  }

  it('because its time is cleared after the job has read it, before it was accepted, never leaves', async () => {
    const uid = await plan(DAY_MS);
    const editor = await t.app.pool.connect();
    try {
      await t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [uid]);
      // Holds the row as `updateDraft` does: the job reads the draft as it was, and waits to accept it.
      await editor.query('BEGIN');
      await editor.query(
        `UPDATE outbound_email SET status = 'DRAFT', planned_send_at = NULL, revision = revision + 1 WHERE id = $1`,
        [uid],
      );
      await enqueue(t.app.pool, 'deliver', { organizationId: tenant.organizationId, outboundEmailId: uid }, 0);
      await lockAwaited(t);
      await editor.query('COMMIT');
    } finally {
      editor.release();
    }
    await noJobLeft(uid);
    expectNothingLeft();
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 2 });
  });

  it.each([
    ['clearing', async (uid: string) => update({ draftUid: uid, plannedSendAt: null })],
    ['deleting', async (uid: string) => (await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft],
  ] as const)('comes too late for %s once the job delivers it, and the answer says so', async (_name, takeBack) => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const uid = await planForNow();
    await gate.arrived;
    expect(await takeBack(uid)).toMatchObject({ __typename: 'DraftConflictError' });
    gate.release();
    await left(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('is in time for cancelling while the job delivers it: it does not leave, nor stay among the drafts', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const uid = await planForNow();
    await gate.arrived;
    const { cancelOutboundEmail } = await query(t, tenant.key, CancelOutboundEmail, { uid });
    expect(expectType(cancelOutboundEmail, 'CancelOutboundEmailPayload').outboundEmail.status).toBe('CANCELED');
    const late = t.app.deliveries.get(uid);
    gate.release();
    expect(await late).toEqual({ kind: 'superseded' });
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'CANCELED', sentAt: null });
    expectNothingLeft();
  });
});
