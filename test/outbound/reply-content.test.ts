/** What the server fills in of a reply and of a follow-up: recipients, subject, quote and signature. */
import { beforeEach, describe, expect, it } from 'vitest';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { readProfile } from '../../src/accounts/send-as.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import type { SendReplyInput } from '../generated/graphql.ts';
import { createTenant, expectType, query, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  createRecipient,
  fetchSentCopy,
  fresh,
  issuesOf,
  parse,
  record,
  runNow,
  send,
  sentFrom,
  untilStatus,
  write,
} from '../support/mail.ts';
import { DAY_MS, inMs } from '../support/scheduling.ts';
import { CreateDraft } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;
let alias: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  alias = `sales@${tenant.email.split('@')[1]}`;
  t.sandbox.admin.createMailbox({
    email: tenant.email,
    displayName: 'Billing',
    signature: '<b>Billing</b> team',
    aliases: [{ email: alias, signature: '<i>Sales</i> team', accepted: true }],
  });
  const { organizationId, accountId, email } = tenant;
  const mailbox = await findMailbox(t.app.pool, organizationId, accountId);
  if (mailbox === null) throw new Error('there is no account');
  const profile = await readProfile(t.app.gmail, mailboxAccess(t.app, mailbox));
  await connectAccount(t.app, organizationId, { ...profile, refreshToken: t.sandbox.admin.grant(email) });
});

const question = () => write(t, tenant, { from: maria, subject: 'A question' });
const reply = (changes: Partial<SendReplyInput>) => ({ reply: { bodyText: 'Yes.', ...changes } });
const sent = async (changes: Partial<SendReplyInput>) => {
  const { outboundEmail } = await accepted(t, tenant, reply(changes));
  return record(t, tenant, outboundEmail.uid);
};

describe('a reply', () => {
  it('without recipients and subject goes to whom the suggestion names', async () => {
    const { uid } = await question();
    expect(await sent({ replyToMessageUid: uid })).toMatchObject({
      to: [maria],
      cc: [],
      subject: 'Re: A question',
      threading: 'NATIVE',
    });
    const other = createRecipient(t, tenant, 'joe');
    expect(await sent({ replyToMessageUid: uid, to: [other], subject: 'Another' })).toMatchObject({
      to: [other],
      subject: 'Another',
    });
    expect(await issuesOf(t, tenant, reply({ replyToMessageUid: uid, to: [] }))).toHaveLength(1);
  });

  it('to all keeps the other recipients in Cc, unless cc is given', async () => {
    const { uid } = await question();
    const others = [`ann@elsewhere.example`, `bob@elsewhere.example`].map((address) => ({ address, name: null }));
    await t.app.db.emailMessage.updateMany({ where: { id: uid }, data: { cc: others } });
    expect(await sent({ replyToMessageUid: uid, replyAll: true })).toMatchObject({
      to: [maria],
      cc: ['ann@elsewhere.example', 'bob@elsewhere.example'],
    });
    expect(await sent({ replyToMessageUid: uid, replyAll: true, cc: [alias] })).toMatchObject({ cc: [alias] });
    expect(await sent({ replyToMessageUid: uid, replyAll: true, cc: [] })).toMatchObject({ to: [maria], cc: [] });
    const idempotencyKey = 'to-all';
    await sent({ replyToMessageUid: uid, replyAll: true, cc: [], idempotencyKey });
    const other = await send(t, tenant, reply({ replyToMessageUid: uid, replyAll: true, idempotencyKey }));
    expect(other).toMatchObject({ __typename: 'IdempotencyConflictError', differingFields: ['cc'] });
    expect(await sent({ replyToMessageUid: uid, replyAll: false })).toMatchObject({ cc: [] });
  });

  it('quotes the message below both bodies, and has the signature once above it', async () => {
    const { uid } = await question();
    const input = { replyToMessageUid: uid, bodyHtml: '<html><body><p>Yes.</p></body></html>', quote: true };
    const email = await sent({ ...input, appendSignature: true });
    expect(email.bodyText).toMatch(/^Yes\.\n\n-- \nBilling team\n\nOn .* wrote:\n> Hello\.$/s);
    expect(email.bodyHtml).toMatch(
      /^<html><body><p>Yes\.<\/p>.*<b>Billing<\/b> team.*<blockquote .*Hello\..*<\/body><\/html>$/s,
    );
    const mail = await parse(sentFrom(t, tenant.email)[0] ?? { raw: Buffer.alloc(0) });
    expect(mail.text?.match(/Billing team/g)).toHaveLength(1);
    expect(mail.html?.match(/Billing<\/b> team/g)).toHaveLength(1);
  });

  it('of a file alone has the signature and the quote as its text', async () => {
    const { uid } = await question();
    const attachments = [{ filename: 'a.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' }];
    const input = { replyToMessageUid: uid, bodyText: null, attachments, quote: true, appendSignature: true };
    const email = await sent(input);
    expect(email.bodyText).toMatch(/^-- \nBilling team\n\nOn .* wrote:\n> Hello\.$/s);
    expect(email.bodyHtml).toBeNull();
  });

  it('from an alias has the signature of the alias', async () => {
    const { uid } = await question();
    const email = await sent({ replyToMessageUid: uid, fromAlias: alias, appendSignature: true });
    expect(email).toMatchObject({ fromEmail: alias, bodyText: 'Yes.\n\n-- \nSales team' });
    expect(await issuesOf(t, tenant, reply({ replyToMessageUid: uid, fromAlias: maria }))).toMatchObject([
      expect.stringMatching(/^input\.reply\.fromAlias: Must be an accepted address/),
    ]);
  });

  it('names exactly one mail that it answers', async () => {
    for (const both of [{}, { replyToMessageUid: tenant.accountId, replyToOutboundEmailUid: tenant.accountId }]) {
      expect(await issuesOf(t, tenant, reply(both))).toEqual([
        'input.reply.replyToMessageUid: Give exactly one of replyToMessageUid and replyToOutboundEmailUid.',
      ]);
    }
  });
});

describe('a signature', () => {
  it('stands once in an email that is tried again', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
    const input = fresh(tenant, maria, { appendSignature: true, bodyText: 'Hello', idempotencyKey: 'k' });
    const { outboundEmail } = await accepted(t, tenant, input);
    await runNow(t, tenant, outboundEmail.uid, 'deliver');
    await untilStatus(t, tenant, outboundEmail.uid, 'SENT');
    expect(await accepted(t, tenant, input)).toMatchObject({ replayed: true });
    expect((await record(t, tenant, outboundEmail.uid)).bodyText).toBe('Hello\n\n-- \nBilling team');
    const mail = await parse(sentFrom(t, tenant.email)[0] ?? { raw: Buffer.alloc(0) });
    expect(mail.text?.match(/Billing team/g)).toHaveLength(1);
  });

  it('is part of what the idempotency key stands for', async () => {
    const input = { idempotencyKey: 'k', bodyText: 'Hello' };
    await accepted(t, tenant, fresh(tenant, maria, input));
    const other = await send(t, tenant, fresh(tenant, maria, { ...input, appendSignature: true }));
    expect(expectType(other, 'IdempotencyConflictError').differingFields).toEqual(['appendSignature']);
  });
});

describe('a follow-up to our own email', () => {
  it('goes to its recipients, in its thread, whether its sent copy is stored or not', async () => {
    const { outboundEmail: first } = await accepted(t, tenant, fresh(tenant, maria));
    const { conversation, messageId } = await fetchSentCopy(t, tenant, first.uid);
    const stored = await sent({ replyToOutboundEmailUid: first.uid });
    expect(stored).toMatchObject({ to: [maria], subject: 'Re: Invoice 7', threading: 'NATIVE' });
    expect((await fetchSentCopy(t, tenant, stored.uid)).message).toMatchObject({ inReplyTo: messageId });
    expect((await fetchSentCopy(t, tenant, stored.uid)).conversation.uid).toBe(conversation.uid);

    const gate = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const { outboundEmail: second } = await accepted(t, tenant, fresh(tenant, maria, { subject: 'Invoice 8' }));
    await gate.arrived;
    expect(await record(t, tenant, second.uid)).toMatchObject({ message: null, messageId: null });
    const early = await sent({ replyToOutboundEmailUid: second.uid, idempotencyKey: 'follow-up' });
    expect(early).toMatchObject({ to: [maria], subject: 'Re: Invoice 8', threading: 'NATIVE' });
    gate.release();
    const again = await accepted(
      t,
      tenant,
      reply({ replyToOutboundEmailUid: second.uid, idempotencyKey: 'follow-up' }),
    );
    expect(again).toMatchObject({ replayed: true, outboundEmail: { uid: early.uid } });
  });

  it('is refused while the email itself waits, with its state', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { plannedSendAt: inMs(DAY_MS) }));
    const { uid } = outboundEmail;
    const error = expectType(await send(t, tenant, reply({ replyToOutboundEmailUid: uid })), 'InvalidStateError');
    expect(error).toMatchObject({ code: 'INVALID_STATE', retry: 'AFTER', status: 'SCHEDULED' });
    const input = { replyToOutboundEmailUid: uid, bodyText: 'Any news?' };
    const draft = (await query(t, tenant.key, CreateDraft, { input })).createDraft;
    expect(expectType(draft, 'InvalidStateError')).toMatchObject({ retry: 'AFTER' });
    expect(sentFrom(t, tenant.email)).toEqual([]);
  });

  it('is refused with a hint when Gmail does not give its sent copy just now', async () => {
    t.sandbox.admin.fault({
      call: 'messages.get',
      mailbox: tenant.email,
      times: 'always',
      effect: { kind: 'status', status: 403 },
    });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const answer = await send(t, tenant, reply({ replyToOutboundEmailUid: outboundEmail.uid }));
    expect(expectType(answer, 'InvalidStateError')).toMatchObject({ retry: 'AFTER', status: 'SENT' });
    expect(sentFrom(t, tenant.email)).toHaveLength(1);
  });

  it('as a draft leaves in its thread', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const { conversation } = await fetchSentCopy(t, tenant, outboundEmail.uid);
    const input = {
      replyToOutboundEmailUid: outboundEmail.uid,
      to: [maria],
      subject: 'Re: Invoice 7',
      bodyText: 'And?',
    };
    const { draft } = expectType(
      (await query(t, tenant.key, CreateDraft, { input })).createDraft,
      'CreateDraftPayload',
    );
    const result = await accepted(t, tenant, { draft: { draftUid: draft.uid } });
    expect(await record(t, tenant, result.outboundEmail.uid)).toMatchObject({
      threading: 'NATIVE',
      providerThreadId: conversation.providerThreadId,
    });
  });
});
