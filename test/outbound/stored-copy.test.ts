/** A stored sent copy proves that its email was sent, whatever Epistle knew of it before. */
import { beforeEach, describe, expect, it } from 'vitest';
import { forgetMailbox } from '../../src/retention/forget-mailbox.ts';
import { createTenant, eventually, expectType, query, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  createRecipient,
  eventTypes,
  fresh,
  onlyMail,
  record,
  runNow,
  send,
  sentFrom,
  untilStatus,
  write,
} from '../support/mail.ts';
import { operatorActions } from '../support/operator-actions.ts';
import { CreateDraft, DeleteDraft, UpdateDraft } from '../support/send-documents.ts';
import { syncWholly } from '../support/syncing.ts';

let tenant: Tenant;
let maria: string;

// Reconciles only when a test says so.
const t = useTestApp({ env: { SETTLE_DELAYS_MS: '3600000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  await syncWholly(t, tenant);
});

const { cancel, fault, noJobLeft, resolve, retry, runEverything, unconfirmed } = operatorActions(() => ({
  t,
  tenant,
  maria,
}));

/** Reads Gmail, which shows neither the sent copy nor the draft, until the readings are used up. */
async function useUpReadings(uid: string): Promise<void> {
  for (const call of ['threads.get', 'messages.get']) fault(call, { kind: 'status', status: 404 }, 'before', 'always');
  await runEverything(uid);
  expect(eventTypes(await record(t, tenant, uid)).at(-1)).toBe('UNRESOLVED');
  t.sandbox.admin.clearFaults();
}

async function expectSentOnce(uid: string) {
  const email = await record(t, tenant, uid);
  expect(email).toMatchObject({ status: 'SENT', threading: 'NEW_THREAD', failure: null, nextAttemptAt: null });
  const [copy] = sentFrom(t, tenant.email);
  expect(email).toMatchObject({ providerMessageId: copy?.id, message: expect.anything() });
  expect(email.sentAt).toBe(copy?.internalDate.toISOString());
  expect(eventTypes(email).filter((type) => type === 'SENT')).toHaveLength(1);
  expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  return email;
}

describe('a stored sent copy', () => {
  it.each(['NOT_SENT_RESEND', 'NOT_SENT_DISCARD'] as const)(
    'makes an email SENT that waits for a person, who can no longer say %s',
    async (outcome) => {
      const uid = await unconfirmed('after');
      await useUpReadings(uid);
      await syncWholly(t, tenant);
      expect(expectType(await resolve(uid, outcome), 'InvalidStateError').status).toBe('SENT');
      await runEverything(uid);
      await expectSentOnce(uid);
    },
  );

  it('makes an email SENT before it is read', async () => {
    const uid = await unconfirmed('after');
    await syncWholly(t, tenant);
    await noJobLeft(uid);
    await expectSentOnce(uid);
  });

  it.each([
    ['is lost', true],
    ['comes later', false],
  ])('makes an email SENT while it is handed to Gmail, whose answer %s', async (_, isLost) => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email, when: 'after' });
    if (isLost) fault('drafts.send', { kind: 'reset' }, 'after');
    const sending = accepted(t, tenant, fresh(tenant, maria));
    await gate.arrived;
    await syncWholly(t, tenant);
    gate.release();
    const { outboundEmail } = await sending;
    expect(outboundEmail.status).toBe('SENT');
    await runEverything(outboundEmail.uid);
    await expectSentOnce(outboundEmail.uid);
  });

  it('is followed by the deletion of the Gmail draft that an earlier attempt left behind', async () => {
    fault('drafts.create', { kind: 'reset' }, 'after');
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(t.sandbox.admin.drafts(tenant.email)).toHaveLength(1);
    fault('drafts.send', { kind: 'reset' }, 'after');
    await runNow(t, tenant, outboundEmail.uid, 'deliver');
    await untilStatus(t, tenant, outboundEmail.uid, 'UNCONFIRMED');
    await syncWholly(t, tenant);
    await expectSentOnce(outboundEmail.uid);
    await eventually(async () => t.sandbox.admin.drafts(tenant.email).length === 0 || null);
  });

  it.each(['FAILED', 'CANCELED', 'QUEUED'] as const)(
    'makes an email SENT that became %s because a person decided wrongly',
    async (status) => {
      const uid = await unconfirmed('after');
      await useUpReadings(uid);
      for (const call of ['threads.get', 'messages.get'])
        fault(call, { kind: 'status', status: 503 }, 'before', 'always');
      fault('drafts.send', { kind: 'status', status: 429 }, 'before', 'always');
      await resolve(uid, status === 'FAILED' ? 'NOT_SENT_DISCARD' : 'NOT_SENT_RESEND');
      if (status === 'CANCELED') await cancel(uid);
      await untilStatus(t, tenant, uid, status);
      t.sandbox.admin.clearFaults();
      await syncWholly(t, tenant);
      await expectSentOnce(uid);
      expectType(await retry(uid), 'InvalidStateError');
      await runEverything(uid);
      const email = await expectSentOnce(uid);
      expect(email.canceledBecause).toBeNull();
    },
  );

  describe('of a draft that a person took for not sent', () => {
    async function discarded(replyToMessageUid?: string): Promise<string> {
      const from = replyToMessageUid === undefined ? { fromAccountUid: tenant.accountId } : { replyToMessageUid };
      const input = { ...from, to: [maria], subject: 'Re: A question', bodyText: 'Hello.' };
      const { createDraft } = await query(t, tenant.key, CreateDraft, { input });
      const { uid } = expectType(createDraft, 'CreateDraftPayload').draft;
      fault('drafts.send', { kind: 'reset' }, 'after');
      await accepted(t, tenant, { draft: { draftUid: uid } });
      await useUpReadings(uid);
      for (const call of ['threads.get', 'messages.get'])
        fault(call, { kind: 'status', status: 503 }, 'before', 'always');
      await resolve(uid, 'NOT_SENT_DISCARD');
      await untilStatus(t, tenant, uid, 'DRAFT');
      t.sandbox.admin.clearFaults();
      return uid;
    }

    it('makes it SENT', async () => {
      const uid = await discarded();
      await syncWholly(t, tenant);
      await expectSentOnce(uid);
    });

    it('leaves it a draft that was edited since: it is another email', async () => {
      const uid = await discarded();
      const input = { draftUid: uid, expectedRevision: 1, subject: 'Another draft' };
      expectType((await query(t, tenant.key, UpdateDraft, { input })).updateDraft, 'UpdateDraftPayload');
      await syncWholly(t, tenant);
      expect(await record(t, tenant, uid)).toMatchObject({ status: 'DRAFT', subject: 'Another draft', message: null });
    });

    it.each([
      ['is stored', true],
      ['is found in Gmail', false],
    ])('does not prove that the edited draft was sent, when it %s while that is being sent', async (_, isStored) => {
      // A reply, so that both are in one thread.
      const letter = await write(t, tenant, { from: maria, subject: 'A question' });
      const uid = await discarded(letter.uid);
      const input = { draftUid: uid, expectedRevision: 1, bodyText: 'Edited.' };
      expectType((await query(t, tenant.key, UpdateDraft, { input })).updateDraft, 'UpdateDraftPayload');
      fault('drafts.send', { kind: 'reset' }, 'before');
      await accepted(t, tenant, { draft: { draftUid: uid } });
      if (isStored) await syncWholly(t, tenant);
      else {
        await runNow(t, tenant, uid, 'reconcile');
        await eventually(async () => eventTypes(await record(t, tenant, uid)).includes('READ') || null);
      }
      expect(await record(t, tenant, uid)).toMatchObject({ status: 'UNCONFIRMED', message: null });
      expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
      await untilStatus(t, tenant, uid, 'SENT');
      const received = t.sandbox.admin.messages(maria).filter((mail) => mail.header('X-Epistle-Id') === uid);
      expect(received.map((mail) => mail.header('X-Epistle-Revision'))).toEqual([null, '2']);
      await syncWholly(t, tenant);
      expect((await record(t, tenant, uid)).providerMessageId).toBe(sentFrom(t, tenant.email).at(-1)?.id);
    });
  });

  it('keeps an email that was a draft from becoming one again', async () => {
    const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Draft', bodyText: 'Hello.' };
    const { draft } = expectType(
      (await query(t, tenant.key, CreateDraft, { input })).createDraft,
      'CreateDraftPayload',
    );
    fault('drafts.send', { kind: 'reset' }, 'after');
    expectType(await send(t, tenant, { draft: { draftUid: draft.uid } }), 'SendEmailPayload');
    await useUpReadings(draft.uid);
    await syncWholly(t, tenant);
    expectType(await resolve(draft.uid, 'NOT_SENT_DISCARD'), 'InvalidStateError');
    const { deleteDraft } = await query(t, tenant.key, DeleteDraft, { uid: draft.uid });
    expectType(deleteDraft, 'DraftConflictError');
    await expectSentOnce(draft.uid);
    expect(await forgetMailbox(t.app, tenant.email, { organization: null, sent: false })).toMatchObject({
      drafts: 0,
      messages: 1,
    });
  });
});
