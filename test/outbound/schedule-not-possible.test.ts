/** A scheduled draft that cannot be sent at its time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { enqueue } from '../../src/jobs.ts';
import { createTenant, eventually, lockAwaited, query, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  eventTypes,
  onlyMail,
  quiet,
  record,
  runNow,
  write,
} from '../support/mail.ts';
import { DAY_MS, inMs, SOON_MS, scheduling } from '../support/scheduling.ts';
import { CancelOutboundEmail } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { draftOf, drafts, expectNothingLeft, left, noJobLeft, plan, planForNow, runToItsEnd, updated } = scheduling(
  () => ({
    t,
    tenant,
    maria,
  }),
);

describe('an account that cannot send at the time', () => {
  async function setAccount(status: 'NEEDS_REAUTH' | 'ACTIVE') {
    await t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { status } });
  }

  async function waiting(uid: string) {
    return eventually(async () => {
      const row = await t.app.db.outboundEmail.findFirstOrThrow({ where: { id: uid } });
      return row.nextAttemptAt === null ? null : row;
    });
  }

  it('lets it wait where everybody sees it, and it leaves when the account is back', async () => {
    await setAccount('NEEDS_REAUTH');
    const uid = await planForNow();
    const row = await waiting(uid);
    expect(row).toMatchObject({ status: 'SCHEDULED', failureCode: 'ACCOUNT_NOT_ACTIVE', failureRetry: 'AFTER' });
    expect(Number(row.nextAttemptAt) - Date.now()).toBeGreaterThan(1_000);
    expect(await drafts(true)).toMatchObject([{ uid, status: 'SCHEDULED' }]);
    expect(await draftOf(uid)).toMatchObject({ lastFailure: { code: 'ACCOUNT_NOT_ACTIVE' } });
    expectNothingLeft();
    await runNow(t, tenant, uid, 'deliver');
    await quiet(t, tenant);
    expect(Number((await waiting(uid)).nextAttemptAt)).toBeGreaterThan(Number(row.nextAttemptAt));

    await setAccount('ACTIVE');
    await runNow(t, tenant, uid, 'deliver');
    const email = await left(uid);
    expect(email).toMatchObject({ failure: null, nextAttemptAt: null });
    expect(eventTypes(email)).toEqual(['CREATED', 'DEFERRED', 'ACCEPTED', 'SENDING', 'SENT']);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('does not keep it from being sent by hand, changed or cancelled meanwhile', async () => {
    await setAccount('NEEDS_REAUTH');
    const [byHand, cleared, cancelled] = [await planForNow(), await planForNow(), await planForNow()];
    await Promise.all([byHand, cleared, cancelled].map(waiting));
    await updated({ draftUid: cleared, plannedSendAt: null });
    await query(t, tenant.key, CancelOutboundEmail, { uid: cancelled });
    await setAccount('ACTIVE');
    await accepted(t, tenant, { draft: { draftUid: byHand } });
    for (const uid of [byHand, cleared, cancelled]) await runToItsEnd(uid);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(byHand);
    expect(await draftOf(cleared)).toMatchObject({ status: 'DRAFT', lastFailure: null });
  });

  it('does not move the time that it is given while it is looked at', async () => {
    await setAccount('NEEDS_REAUTH');
    const uid = await planForNow();
    await waiting(uid);
    await setAccount('ACTIVE');
    await updated({ draftUid: uid, plannedSendAt: inMs(SOON_MS) });
    await left(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});

describe('a scheduled reply that cannot be sent at its time', () => {
  async function planReply(): Promise<{ uid: string; letterUid: string }> {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const changes = { fromAccountUid: null, replyToMessageUid: letter.uid, subject: 'Re: A question' };
    return { uid: await plan(DAY_MS, changes), letterUid: letter.uid };
  }

  /** As its time had come: what the job does is seen on the row. */
  async function letTimeCome(uid: string) {
    await t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [uid]);
    await runToItsEnd(uid);
  }

  const CAUSES: readonly [string, (letterUid: string) => Promise<unknown>][] = [
    [
      'its thread is not known to Gmail',
      (letterUid) =>
        t.app.pool.query(
          `UPDATE conversation v SET provider_thread_id = '' FROM email_message m
           WHERE m.id = $1 AND v.organization_id = m.organization_id AND v.id = m.conversation_id`,
          [letterUid],
        ),
    ],
    [
      'the message that it answers has no Message-ID',
      (letterUid) => t.app.db.emailMessage.updateMany({ where: { id: letterUid }, data: { messageId: null } }),
    ],
  ];

  it.each(CAUSES)('because %s is a draft again, with the reason', async (_name, breakIt) => {
    const { uid, letterUid } = await planReply();
    await breakIt(letterUid);
    await letTimeCome(uid);
    expect(await draftOf(uid)).toMatchObject({
      status: 'DRAFT',
      plannedSendAt: null,
      revision: 1,
      subject: 'Re: A question',
      lastFailure: { code: 'REPLY_NOT_POSSIBLE', retry: 'NEVER' },
    });
    const { events, nextAttemptAt } = await record(t, tenant, uid);
    expect(nextAttemptAt).toBeNull();
    expect(events.edges.map(({ node }) => [node.type, node.actor === 'system', node.toStatus, node.detail])).toEqual([
      ['CREATED', false, 'SCHEDULED', expect.anything()],
      ['REFUSED', true, 'DRAFT', { code: 'REPLY_NOT_POSSIBLE' }],
    ]);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
  });

  it('waits while its account is disconnected', async () => {
    const { uid } = await planReply();
    await t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { status: 'DISCONNECTED' } });
    await t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [uid]);
    await runNow(t, tenant, uid, 'deliver');
    const waiting = await eventually(async () => {
      const draft = await draftOf(uid);
      return draft?.lastFailure == null ? null : draft;
    });
    expect(waiting).toMatchObject({ status: 'SCHEDULED', lastFailure: { code: 'ACCOUNT_NOT_ACTIVE', retry: 'AFTER' } });
    expect((await record(t, tenant, uid)).nextAttemptAt).not.toBeNull();
  });

  it('keeps the time that an editor gives it while the job looks at it', async () => {
    const { uid, letterUid } = await planReply();
    await t.app.db.emailMessage.updateMany({ where: { id: letterUid }, data: { messageId: null } });
    await t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [uid]);
    const editor = await t.app.pool.connect();
    try {
      // Holds the row as `updateDraft` does: the job has read the draft as it was, and waits to take its time away.
      await editor.query('BEGIN');
      await editor.query(
        `UPDATE outbound_email SET planned_send_at = now() + interval '1 day', revision = revision + 1 WHERE id = $1`,
        [uid],
      );
      const { organizationId } = tenant;
      await enqueue(t.app.pool, 'deliver', { organizationId, outboundEmailId: uid }, 0);
      await lockAwaited(t);
      await editor.query('COMMIT');
    } finally {
      editor.release();
    }
    await noJobLeft(uid);
    expect(await draftOf(uid)).toMatchObject({ status: 'SCHEDULED', revision: 2, lastFailure: null });
    expect((await record(t, tenant, uid)).events.edges.map(({ node }) => node.type)).toEqual(['CREATED']);
  });
});
