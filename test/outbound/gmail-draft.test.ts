/** The draft that stands for an email in Gmail, which its owner can open, edit, delete or send before we do. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { reconcile } from '../../src/outbound/reconcile.ts';
import { createInvoice, createTenant, expectType, query, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  fresh,
  onlyMail,
  parse,
  record,
  runNow,
  sentFrom,
  untilStatus,
} from '../support/mail.ts';
import { operatorActions } from '../support/operator-actions.ts';
import { CreateDraft, DraftRecord, InvoiceContact, UpdateDraft } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

// Reconciles only when a test says so.
const t = useTestApp({ env: { SETTLE_DELAYS_MS: '3600000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { resolve } = operatorActions(() => ({ t, tenant, maria }));

function gmailDraft() {
  const [draft, ...others] = t.sandbox.admin.drafts(tenant.email);
  if (draft === undefined || others.length > 0) throw new Error(`there are ${others.length + (draft ? 1 : 0)} drafts`);
  return draft;
}

function gmailOfOwner() {
  return sandboxGmailClient(t.sandbox, tenant.email).users;
}

describe('between a 429 at its sending and the next try', () => {
  async function throttled(): Promise<string> {
    const effect = { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 600_000 } as const;
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { bodyText: 'As it was composed.' }));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'THROTTLED' } });
    return outboundEmail.uid;
  }

  it.each([
    ['with our header', true],
    ['without our header', false],
  ])('the owner edits it, %s: what was composed is sent, once, and not the edit', async (_name, withHeader) => {
    const uid = await throttled();
    const lines = [
      `From: ${tenant.email}`,
      `To: ${maria}`,
      'Subject: Edited',
      ...(withHeader ? [`X-Epistle-Id: ${uid}`] : []),
      '',
      'Edited in Gmail.',
      '',
    ];
    const raw = Buffer.from(lines.join('\r\n')).toString('base64url');
    await gmailOfOwner().drafts.update({ userId: 'me', id: gmailDraft().draftId, requestBody: { message: { raw } } });
    await runNow(t, tenant, uid, 'deliver');
    await untilStatus(t, tenant, uid, 'SENT');
    const mail = onlyMail(t, maria);
    expect(mail.header('X-Epistle-Id')).toBe(uid);
    expect(await parse(mail)).toMatchObject({ subject: 'Invoice 7', text: 'As it was composed.\n' });
    expect(sentFrom(t, tenant.email)).toHaveLength(1);
  });

  it('the owner deletes it: nobody knows whether it was sent, and a person decides', async () => {
    const uid = await throttled();
    await gmailOfOwner().drafts.delete({ userId: 'me', id: gmailDraft().draftId });
    await runNow(t, tenant, uid, 'deliver');
    await untilStatus(t, tenant, uid, 'UNCONFIRMED');
    await reconcile(t.app, { organizationId: tenant.organizationId, outboundEmailId: uid });
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'UNCONFIRMED', failure: { retry: 'CHECK_FIRST' } });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
    await untilStatus(t, tenant, uid, 'SENT');
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });

  it.each([
    ['', false],
    [', and Gmail keeps the draft around the sent message', true],
  ])('the owner sends it%s: it is found, and not sent again', async (_name, lingers) => {
    const uid = await throttled();
    t.sandbox.admin.setLingeringDrafts(lingers);
    await gmailOfOwner().drafts.send({ userId: 'me', requestBody: { id: gmailDraft().draftId } });
    await runNow(t, tenant, uid, 'deliver');
    await untilStatus(t, tenant, uid, 'UNCONFIRMED');
    t.sandbox.admin.setLingeringDrafts(false);
    await reconcile(t.app, { organizationId: tenant.organizationId, outboundEmailId: uid });
    const email = await untilStatus(t, tenant, uid, 'SENT');
    expect(email.providerMessageId).toBe(sentFrom(t, tenant.email)[0]?.id);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });
});

it('its event holds the digest and size of what was handed to Gmail, and the digest of each file', async () => {
  const files = [Buffer.from('%PDF-1.7 one'), Buffer.from('two')];
  const attachments = files.map((bytes, i) => ({
    filename: `${i}.pdf`,
    contentType: 'application/pdf',
    dataBase64: bytes.toString('base64'),
  }));
  const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
  const sending = accepted(t, tenant, fresh(tenant, maria, { attachments }));
  await gate.arrived;
  const { raw } = gmailDraft().message;
  gate.release();
  const { outboundEmail } = await sending;
  const { events } = await record(t, tenant, outboundEmail.uid);
  const [event, ...others] = events.edges.map(({ node }) => node).filter(({ type }) => type === 'SENDING');
  expect(others).toEqual([]);
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  // Gmail puts its own Message-ID and Date in the place of ours: the bytes are not those that it keeps.
  expect(event).toMatchObject({ fromStatus: 'QUEUED', toStatus: 'SENDING' });
  expect(event?.detail).toMatchObject({
    mimeSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    mimeBytes: expect.closeTo(raw.length, -2),
    attachmentsSha256: files.map(sha256),
  });
});

it('an answer that comes after another process has taken the email over is proved by the sent copy', async () => {
  const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
  const sending = accepted(t, tenant, fresh(tenant, maria));
  await gate.arrived;
  const { id: uid } = await t.app.db.outboundEmail.findFirstOrThrow({ where: { accountId: tenant.accountId } });
  const late = t.app.deliveries.get(uid);
  await t.app.pool.query(
    `UPDATE outbound_email SET lease_token = gen_random_uuid(), lease_expires_at = now() - interval '1 second' WHERE id = $1`,
    [uid],
  );
  await runNow(t, tenant, uid, 'deliver');
  await untilStatus(t, tenant, uid, 'UNCONFIRMED');
  gate.release();
  expect(await late).toEqual({ kind: 'superseded' });
  const { providerMessageId } = await untilStatus(t, tenant, uid, 'SENT');
  expect(providerMessageId).toBe(sentFrom(t, tenant.email)[0]?.id);
  await sending;
  onlyMail(t, maria);
});

it('a draft of Gmail that an earlier sending left behind is deleted when the email is sent', async () => {
  const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Reminder', bodyText: 'Soon.' };
  const { draft } = expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload');
  const fault = { call: 'drafts.create', mailbox: tenant.email } as const;
  t.sandbox.admin.fault({ ...fault, when: 'after', effect: { kind: 'reset' } });
  const lost = await accepted(t, tenant, { draft: { draftUid: draft.uid } });
  expect(lost.outboundEmail).toMatchObject({ status: 'QUEUED', attempts: 1 });
  t.sandbox.admin.fault({ ...fault, effect: { kind: 'status', status: 400 } });
  await runNow(t, tenant, draft.uid, 'deliver');
  await untilStatus(t, tenant, draft.uid, 'DRAFT');
  gmailDraft();
  const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: draft.uid } });
  expect(outboundEmail).toMatchObject({ status: 'SENT', attempts: 3 });
  const { events } = await record(t, tenant, draft.uid);
  const sent = events.edges.map(({ node }) => node).find(({ type }) => type === 'SENT');
  expect(sent?.detail).toMatchObject({ attempt: 3 });
  await expect.poll(() => t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  onlyMail(t, maria);
});

describe('a person who decides of an unconfirmed one', () => {
  async function unconfirmed(input: Parameters<typeof accepted>[2]): Promise<string> {
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'reset' } });
    const { outboundEmail } = await accepted(t, tenant, input);
    expect(outboundEmail.status).toBe('UNCONFIRMED');
    return outboundEmail.uid;
  }

  it('that it was sent, has contacted what it was about', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-9');
    const about = async () => (await query(t, tenant.key, InvoiceContact, { uid: invoiceId })).invoice;
    const uid = await unconfirmed(fresh(tenant, maria, { contexts: [{ type: 'invoice', uid: invoiceId }] }));
    expect(await about()).toMatchObject({ lastContactedAt: null, awaitingReply: false });
    const before = Date.now();
    await resolve(uid, 'SENT');
    const { sentAt } = await record(t, tenant, uid);
    expect(await about()).toMatchObject({ lastContactedAt: sentAt, awaitingReply: true });
    expect(Date.parse(String(sentAt))).toBeLessThanOrEqual(before);
  });

  it('that a draft is not to be sent, has a draft again, to edit and to send', async () => {
    const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Reminder', bodyText: 'Soon.' };
    const { draft } = expectType(
      (await query(t, tenant.key, CreateDraft, { input })).createDraft,
      'CreateDraftPayload',
    );
    await unconfirmed({ draft: { draftUid: draft.uid } });
    await resolve(draft.uid, 'NOT_SENT_DISCARD');
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
    expect((await query(t, tenant.key, DraftRecord, { uid: draft.uid })).draft).toMatchObject({
      status: 'DRAFT',
      plannedSendAt: null,
      lastFailure: { code: 'DISCARDED', retry: 'CHECK_FIRST' },
    });
    const edit = { draftUid: draft.uid, subject: 'Reminder, corrected' };
    expectType((await query(t, tenant.key, UpdateDraft, { input: edit })).updateDraft, 'UpdateDraftPayload');
    const { outboundEmail, replayed } = await accepted(t, tenant, { draft: { draftUid: draft.uid } });
    expect({ status: outboundEmail.status, replayed }).toEqual({ status: 'SENT', replayed: false });
    expect((await parse(onlyMail(t, maria))).subject).toBe('Reminder, corrected');
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(2);
  });
});
