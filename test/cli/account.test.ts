/** Accounts that move to another organization, or are forgotten, as an operator does it beside a running server. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectAccount } from '../../src/accounts/store-account.ts';
import { forgetAccount } from '../../src/cli/account-forget.ts';
import { moveAccount } from '../../src/cli/account-move.ts';
import { parseConfig } from '../../src/config/config.ts';
import { createTenant, expectType, query, receive, request, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, record, send, sentFrom } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { CreateDraft, RetryOutboundEmail, UpdateDraft } from '../support/send-documents.ts';
import { mailboxHere, mailboxInGmail, syncWholly, wrongConversations } from '../support/syncing.ts';

const t = useTestApp();

let tenant: Tenant;
let other: Tenant;
let maria: string;
beforeEach(async () => {
  tenant = await createTenant(t);
  other = await createTenant(t);
  maria = createRecipient(t, tenant);
});

/** As the command does it, in this process. */
function config() {
  return parseConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: t.database.url,
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    GOOGLE_CLIENT_ID: t.sandbox.clientId,
    GOOGLE_CLIENT_SECRET: t.sandbox.clientSecret,
    GOOGLE_BASE_URL: t.sandbox.url,
  });
}

const nameOf = async ({ organizationId }: Tenant) =>
  (await t.app.db.organization.findUniqueOrThrow({ where: { id: organizationId } })).name;
const accounts = () =>
  t.app.db.emailAccount.findMany({ where: { email: tenant.email }, orderBy: { createdAt: 'asc' } });
const messagesOf = ({ organizationId }: Tenant) => t.app.db.emailMessage.findMany({ where: { organizationId } });

async function move(to: Tenant): Promise<Tenant> {
  const { lines } = await moveAccount(config(), { organization: await nameOf(to) }, tenant.email);
  return { ...to, accountId: lines.at(-1) ?? '', email: tenant.email };
}

describe('admin -- account move', () => {
  it('lets the new organization send, keeps the history in the old one, and needs no new consent', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    const moved = await move(other);
    const again = await accepted(t, moved, fresh(moved, maria));
    expect(again.outboundEmail.status).toBe('SENT');
    expect(sentFrom(t, tenant.email)).toHaveLength(2);
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({ status: 'SENT', subject: 'Invoice 7' });
    expect(await accounts()).toMatchObject([
      { id: tenant.accountId, status: 'DISCONNECTED', sealedRefreshToken: null, releasedAt: expect.any(Date) },
      { id: moved.accountId, organizationId: other.organizationId, status: 'ACTIVE', releasedAt: null },
    ]);
    const refused = await send(t, tenant, fresh(tenant, maria));
    expect(refused).toMatchObject({ __typename: 'AccountNotReadyError' });
  });

  it('still answers a repeated request of the old organization, and sends nothing again', async () => {
    const input = fresh(tenant, maria, { idempotencyKey: 'invoice-7' });
    const { outboundEmail } = await accepted(t, tenant, input);
    await move(other);
    const repeated = await accepted(t, tenant, input);
    expect(repeated).toMatchObject({ replayed: true, outboundEmail: { uid: outboundEmail.uid, status: 'SENT' } });
    onlyMail(t, maria);
  });

  it('counts what was sent before the move for the limits of the mailbox', async () => {
    await accepted(t, tenant, fresh(tenant, maria));
    const moved = await move(other);
    const sends = async ({ organizationId, accountId }: Tenant) =>
      (await t.app.db.accountRateLimit.findFirstOrThrow({ where: { organizationId, accountId } })).sends;
    expect(await sends(moved)).toEqual(await sends(tenant));
  });

  it('continues with its history when it comes back', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    await move(other);
    const back = await move(tenant);
    expect(back.accountId).toBe(tenant.accountId);
    expect((await record(t, back, outboundEmail.uid)).status).toBe('SENT');
    expect((await accepted(t, back, fresh(back, maria))).outboundEmail.status).toBe('SENT');
  });

  it('refuses while an email is not finished, and changes nothing', async () => {
    await insertEmail(t, tenant, { status: 'UNCONFIRMED' });
    await expect(move(other)).rejects.toThrow(
      /^1 emails of .* are SCHEDULED, QUEUED, SENDING or UNCONFIRMED\. .*Nothing was changed\.$/,
    );
    expect(await accounts()).toMatchObject([{ status: 'ACTIVE', releasedAt: null }]);
  });

  it('says why else it cannot move', async () => {
    const name = await nameOf(tenant);
    const problem = (organization: string, email = tenant.email) =>
      moveAccount(config(), { organization }, email).then(
        () => null,
        ({ message }: Error) => message,
      );
    expect(await problem(' ')).toBe('EMAIL and --organization are required.');
    expect(await problem(name, 'nobody@x.example')).toBe('No account has nobody@x.example.');
    expect(await problem('none')).toBe('There is no organization "none".');
    expect(await problem(name)).toBe(`${tenant.email} belongs to "${name}" already.`);
    await t.app.db.emailAccount.updateMany({ where: { email: tenant.email }, data: { status: 'NEEDS_REAUTH' } });
    expect(await problem(await nameOf(other))).toBe(`${tenant.email} is NEEDS_REAUTH: connect it again, then move it.`);
  });
});

describe('admin -- account forget', () => {
  const forget = async (options: { sent?: boolean } = {}) =>
    (await forgetAccount(config(), options, tenant.email)).lines;
  const reply = () => ({ from: maria, raw: `From: ${maria}\nTo: ${tenant.email}\nSubject: Question\n\nSecret words.` });

  it('deletes the mailbox, revokes the consent, and keeps the record of what was sent', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    await receive(t, tenant, reply());
    t.sandbox.admin.resetCalls();
    expect(await forget()).toEqual([
      `${tenant.email} of "${await nameOf(tenant)}" is forgotten: 2 messages and 0 drafts were deleted.`,
      'The record of what it sent stays.',
      'Google has revoked its consent.',
    ]);
    expect(t.sandbox.admin.calls().filter(({ call }) => call === 'revoke')).toHaveLength(1);
    expect(await messagesOf(tenant)).toEqual([]);
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({
      status: 'SENT',
      subject: 'Invoice 7',
      to: [maria],
      bodyText: 'Please find it here.',
    });
    const repeated = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(repeated.outboundEmail.uid).toBe(outboundEmail.uid);
    expect(await accounts()).toMatchObject([{ status: 'DISCONNECTED', sealedRefreshToken: null, sendAs: [] }]);
  });

  it('reports a consent that was not revoked as a problem, after its work', async () => {
    await receive(t, tenant, reply());
    t.sandbox.admin.fault({ call: 'revoke', times: 'always', effect: { kind: 'status', status: 503 } });
    onTestFinished(() => t.sandbox.admin.clearFaults());
    const { lines, problems } = await forgetAccount(config(), {}, tenant.email);
    expect([lines.length, problems]).toEqual([
      2,
      ['Google did not confirm that its consent has ended: revoke it at https://myaccount.google.com/connections.'],
    ]);
    expect(await messagesOf(tenant)).toEqual([]);
  });

  it('with --sent erases what was sent too; its record, its state and its key stay', async () => {
    const file = { filename: 'secret.txt', contentType: 'text/plain', dataBase64: 'c2VjcmV0' };
    const input = fresh(tenant, maria, { idempotencyKey: 'k', attachments: [file] });
    const { outboundEmail } = await accepted(t, tenant, input);
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    expect(await forget({ sent: true })).toContain('The content of 1 sent emails was erased; their record stays.');
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({
      status: 'SENT',
      subject: '',
      to: ['erased@erased.invalid'],
      bodyText: null,
      attachments: [],
    });
    const { organizationId } = tenant;
    expect(await t.app.db.attachmentContent.count({ where: { organizationId } })).toBe(0);
    const rows = await t.app.pool.query(
      `SELECT e::text FROM outbound_email e WHERE organization_id = $1
       UNION ALL SELECT s::text FROM outbound_email_search s WHERE organization_id = $1`,
      [organizationId],
    );
    expect(JSON.stringify(rows.rows)).not.toMatch(/maria|invoice 7|please/i);
    expect((await accepted(t, tenant, input)).outboundEmail.uid).toBe(outboundEmail.uid);
    onlyMail(t, maria);
  });

  it('keeps a message that an email replies to, without its content, and can be repeated', async () => {
    const messageUid = await receive(t, tenant, reply());
    const answer = await accepted(t, tenant, { reply: { replyToMessageUid: messageUid, bodyText: 'Yes.' } });
    await fetchSentCopy(t, tenant, answer.outboundEmail.uid);
    expect((await forget())[0]).toMatch(/ 2 messages and 0 drafts were deleted\.$/);
    expect(await messagesOf(tenant)).toMatchObject([
      { id: messageUid, subject: '', bodyText: null, deletedAt: expect.any(Date) },
    ]);
    const again = await forget();
    expect([again[0], again[2]]).toEqual([expect.stringContaining(' 0 messages'), 'It had no consent to revoke.']);
  });

  it('has all of the mailbox again, also what an email replies to, once it is connected again', async () => {
    const messageUid = await receive(t, tenant, reply());
    const answer = await accepted(t, tenant, { reply: { replyToMessageUid: messageUid, bodyText: 'Yes.' } });
    await fetchSentCopy(t, tenant, answer.outboundEmail.uid);
    await accepted(t, tenant, { reply: { replyToOutboundEmailUid: answer.outboundEmail.uid, bodyText: 'And no.' } });
    await syncWholly(t, tenant);
    const before = await messagesOf(tenant);
    await forget();
    const refreshToken = t.sandbox.admin.grant(tenant.email);
    const profile = { email: tenant.email, displayName: null, aliases: [], refreshToken };
    expect(await connectAccount(t.app, tenant.organizationId, profile)).toBe(tenant.accountId);
    await syncWholly(t, tenant);
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    expect(await wrongConversations(t, tenant)).toEqual([]);
    const content = (messages: typeof before) =>
      messages
        .map(({ subject, snippet, bodyText, outboundEmailId, to }) => ({
          subject,
          snippet,
          bodyText,
          outboundEmailId,
          to,
        }))
        .toSorted((a, b) => (a.snippet < b.snippet ? -1 : 1));
    const after = await messagesOf(tenant);
    expect(content(after)).toEqual(content(before));
    expect(after.map(({ deletedAt, contentErasedAt }) => deletedAt ?? contentErasedAt)).toEqual([null, null, null]);
    expect(after.find(({ id }) => id === messageUid)).toMatchObject({ bodyText: expect.stringContaining('Secret') });
    const found = await request(t, tenant.key, '{ conversations(filter: { search: "secret" }) { nodes { subject } } }');
    expect(found.data).toEqual({ conversations: { nodes: [{ subject: 'Question' }] } });
  });

  it('lets any organization connect the mailbox afterwards, and reads it from the beginning', async () => {
    await receive(t, tenant, reply());
    await forget();
    const { organizationId } = other;
    const refreshToken = t.sandbox.admin.grant(tenant.email);
    const profile = { email: tenant.email, displayName: null, aliases: [], refreshToken };
    const accountId = await connectAccount(t.app, organizationId, profile);
    expect(await t.app.db.mailboxSync.findFirst({ where: { accountId } })).toMatchObject({ historyId: null });
  });

  it('lets nothing wait for the account any more', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    const { outboundEmail } = expectType(await send(t, tenant, fresh(tenant, maria)), 'SendRejectedError');
    await forget();
    const message = 'The account is DISCONNECTED, not ACTIVE. Nothing was sent or changed.';
    const refused = { __typename: 'AccountNotReadyError', message };
    const retry = await query(t, tenant.key, RetryOutboundEmail, { uid: outboundEmail.uid });
    expect(retry.retryOutboundEmail).toMatchObject(refused);
    const plannedSendAt = new Date(Date.now() + 3_600_000).toISOString();
    const draft = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Later', bodyText: 'Hello' };
    const planned = await query(t, tenant.key, CreateDraft, { input: { ...draft, plannedSendAt } });
    expect(planned.createDraft).toMatchObject(refused);
    const { createDraft } = await query(t, tenant.key, CreateDraft, { input: draft });
    const { uid: draftUid } = expectType(createDraft, 'CreateDraftPayload').draft;
    const { updateDraft } = await query(t, tenant.key, UpdateDraft, { input: { draftUid, plannedSendAt } });
    expect(updateDraft).toMatchObject(refused);
  });

  it('refuses while an email is not finished', async () => {
    await insertEmail(t, tenant, { status: 'SCHEDULED' });
    await expect(forget()).rejects.toThrow(/^1 emails of/);
    expect(await accounts()).toMatchObject([{ status: 'ACTIVE' }]);
    await expect(forgetAccount(config(), {}, 'nobody@x.example')).rejects.toThrow('No account has nobody@x.example.');
  });
});
