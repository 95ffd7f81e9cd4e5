/** `cancelWhen`: a reminder never leaves after the payment was recorded or the customer has answered. */
import { beforeEach, describe, expect, it } from 'vitest';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import type { SendFreshInput } from '../generated/graphql.ts';
import {
  createInvoice,
  createTenant,
  eventually,
  expectType,
  importMessage,
  lockAwaited,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  fresh,
  issuesOf,
  record,
  runNow,
  send,
  untilStatus,
  write,
} from '../support/mail.ts';
import { insertConversation, insertMessage, linkContext } from '../support/rows.ts';
import { DAY_MS, inMs, scheduling } from '../support/scheduling.ts';
import { UpdateDraft } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;
let invoiceId: string;
let customerId: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  ({ invoiceId, customerId } = await createInvoice(t, tenant, 'INV-1'));
});

const { expectNothingLeft, left, plan, updated } = scheduling(() => ({ t, tenant, maria }));

const invoice = () => ({ type: 'invoice', uid: invoiceId });
const messages = () => t.sandbox.admin.messages(maria).filter(({ labelIds }) => labelIds.includes('INBOX'));

function setInvoice(status: 'PAID' | 'VOID' | 'OPEN') {
  return upsertInvoice(t.app.pool, tenant.organizationId, {
    number: 'INV-1',
    customerUid: customerId,
    status,
    currency: 'USD',
    issueDate: '2026-01-01',
    dueDate: '2026-01-15',
    subtotalCents: '150000',
    totalCents: '150000',
  });
}

/** A reminder about the invoice for tomorrow. @returns its uid. */
async function remind(changes: Partial<SendFreshInput> = {}): Promise<string> {
  const input = { contexts: [invoice()], plannedSendAt: inMs(DAY_MS) };
  const { outboundEmail } = await accepted(
    t,
    tenant,
    fresh(tenant, maria, { ...input, cancelWhen: ['CONTEXT_CLOSED'], ...changes }),
  );
  return outboundEmail.uid;
}

/** Its time has come. */
async function comes(uid: string): Promise<void> {
  await t.app.pool.query(
    `UPDATE outbound_email SET planned_send_at = now() - interval '1 second' WHERE id = $1 AND status = 'SCHEDULED'`,
    [uid],
  );
  await runNow(t, tenant, uid, 'deliver');
}

async function expectCanceled(uid: string, because: 'REPLIED' | 'CONTEXT_CLOSED') {
  const email = await untilStatus(t, tenant, uid, 'CANCELED');
  expect(email).toMatchObject({ canceledBecause: because, nextAttemptAt: null });
  expect(email.events.edges.at(-1)?.node).toMatchObject({ type: 'CANCELED', actor: 'system', detail: { because } });
  expect(messages()).toEqual([]);
  await eventually(async () => (t.sandbox.admin.drafts(tenant.email).length === 0 ? true : null));
  expect(callsOf(t, tenant.email, 'drafts.send')).toBe(0);
}

describe('CONTEXT_CLOSED', () => {
  it.each(['PAID', 'VOID'] as const)('cancels a reminder about an invoice that is %s', async (status) => {
    const uid = await remind();
    await setInvoice(status);
    await comes(uid);
    await expectCanceled(uid, 'CONTEXT_CLOSED');
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
  });

  it('lets it leave while the invoice is open, and when it is about a customer or about nothing', async () => {
    const uids = [
      await remind(),
      await remind({ contexts: [{ type: 'customer', uid: customerId }] }),
      await remind({ contexts: null }),
    ];
    await setInvoice('PAID');
    await setInvoice('OPEN');
    for (const uid of uids) await comes(uid);
    await Promise.all(uids.map(left));
    expect(messages()).toHaveLength(3);
  });

  it('cancels what could not have left anyway: its alias is not accepted any more', async () => {
    const alias = 'sales@alias.example';
    const setAliases = (aliases: string[]) =>
      t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { aliases } });
    await setAliases([alias]);
    const uid = await remind({ fromAlias: alias });
    await setAliases([]);
    await setInvoice('PAID');
    await comes(uid);
    await expectCanceled(uid, 'CONTEXT_CLOSED');
  });

  it('is judged by what the conversation is about when the reply names nothing', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: letter.uid } });
    await linkContext(t, tenant, conversationId, { type: 'invoice', id: invoiceId });
    const { outboundEmail } = await accepted(t, tenant, {
      reply: {
        replyToMessageUid: letter.uid,
        to: [maria],
        subject: 'Re: A question',
        bodyText: 'Please pay.',
        plannedSendAt: inMs(DAY_MS),
        cancelWhen: ['CONTEXT_CLOSED'],
      },
    });
    await setInvoice('PAID');
    await comes(outboundEmail.uid);
    await expectCanceled(outboundEmail.uid, 'CONTEXT_CLOSED');
  });

  it('is void for a draft that a person sends now', async () => {
    const uid = await plan(DAY_MS, { contexts: [invoice()], cancelWhen: ['CONTEXT_CLOSED', 'REPLIED'] });
    await setInvoice('PAID');
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail.status).toBe('SENT');
    expect(await record(t, tenant, uid)).toMatchObject({ cancelWhen: [], canceledBecause: null });
  });
});

describe('REPLIED', () => {
  it('cancels what a person has answered in its conversation since it was written', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const reply = { replyToMessageUid: letter.uid, to: [maria], subject: 'Re: A question', bodyText: 'Any news?' };
    const scheduled = {
      reply: { ...reply, plannedSendAt: inMs(DAY_MS), cancelWhen: ['REPLIED' as const], idempotencyKey: 'k' },
    };
    const { outboundEmail } = await accepted(t, tenant, scheduled);
    await write(t, tenant, { from: maria, subject: 'Re: A question', answers: letter.copy });
    await comes(outboundEmail.uid);
    await expectCanceled(outboundEmail.uid, 'REPLIED');
    expect(await accepted(t, tenant, scheduled)).toMatchObject({
      replayed: true,
      outboundEmail: { uid: outboundEmail.uid, status: 'CANCELED' },
    });
  });

  it('cancels what a person has answered about one of its contexts, in another conversation', async () => {
    const uid = await remind({ cancelWhen: ['REPLIED'] });
    const conversationId = await insertConversation(t, tenant);
    await linkContext(t, tenant, conversationId, { type: 'invoice', id: invoiceId });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date() });
    await comes(uid);
    await expectCanceled(uid, 'REPLIED');
  });

  it('counts neither what came in before, nor old mail that is imported, nor programs, spam and other conversations', async () => {
    const conversationId = await insertConversation(t, tenant);
    await linkContext(t, tenant, conversationId, { type: 'invoice', id: invoiceId });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date() });
    const uid = await remind({ cancelWhen: ['REPLIED', 'CONTEXT_CLOSED'] });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date(Date.now() - DAY_MS) });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date(), isAutomatic: true });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date(), labels: ['SPAM'] });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date(), direction: 'OUTBOUND' });
    await insertMessage(t, tenant, { conversationId: await insertConversation(t, tenant), sentAt: new Date() });
    await comes(uid);
    await left(uid);
    expect(messages()).toHaveLength(1);
  });

  it('counts from the last edit of a draft', async () => {
    const conversationId = await insertConversation(t, tenant);
    await linkContext(t, tenant, conversationId, { type: 'invoice', id: invoiceId });
    const edited = await plan(DAY_MS, { contexts: [invoice()], cancelWhen: ['REPLIED'] });
    const unedited = await plan(DAY_MS, { contexts: [invoice()], cancelWhen: ['REPLIED'], subject: 'Unedited' });
    await insertMessage(t, tenant, { conversationId, sentAt: new Date() });
    await updated({ draftUid: edited, bodyText: 'Thank you for your answer.' });
    await comes(edited);
    await left(edited);
    await comes(unedited);
    const canceled = await untilStatus(t, tenant, unedited, 'CANCELED');
    expect(canceled.canceledBecause).toBe('REPLIED');
    expect(messages()).toHaveLength(1);
  });
});

describe('what changes while it is about to leave', () => {
  it('cancels it when the invoice is paid after it was claimed, and takes its Gmail draft back', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const uid = await remind();
    await comes(uid);
    await gate.arrived;
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED' });
    await setInvoice('PAID');
    gate.release();
    await expectCanceled(uid, 'CONTEXT_CLOSED');
    const { sendBudget } = await sentToday();
    expect(sendBudget).toBe(0);
  });

  it('cancels it when an answer is stored after it was claimed', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const reply = { replyToMessageUid: letter.uid, to: [maria], subject: 'Re: A question', bodyText: 'Any news?' };
    const { outboundEmail } = await accepted(t, tenant, {
      reply: { ...reply, plannedSendAt: inMs(DAY_MS), cancelWhen: ['REPLIED'] },
    });
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    await comes(outboundEmail.uid);
    await gate.arrived;
    await write(t, tenant, { from: maria, subject: 'Re: A question', answers: letter.copy });
    gate.release();
    await expectCanceled(outboundEmail.uid, 'REPLIED');
  });

  it.each(['claimed', 'handed to Gmail'])('waits for a payment that is being recorded when it is %s', async (when) => {
    const uid = await remind();
    const payment = await t.app.pool.connect();
    try {
      const gate = when === 'claimed' ? null : t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
      if (gate !== null) {
        await comes(uid);
        await gate.arrived;
      }
      await payment.query('BEGIN');
      await payment.query(`UPDATE invoice SET status = 'PAID' WHERE id = $1`, [invoiceId]);
      if (gate === null) await comes(uid);
      else gate.release();
      await lockAwaited(t);
      await payment.query('COMMIT');
    } finally {
      payment.release();
    }
    await expectCanceled(uid, 'CONTEXT_CLOSED');
  });

  it('waits for an answer that is being stored', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: letter.uid } });
    const reply = { replyToMessageUid: letter.uid, to: [maria], subject: 'Re: A question', bodyText: 'Any news?' };
    const { outboundEmail } = await accepted(t, tenant, {
      reply: { ...reply, plannedSendAt: inMs(DAY_MS), cancelWhen: ['REPLIED'] },
    });
    const storing = await t.app.pool.connect();
    try {
      await storing.query('BEGIN');
      await storing.query('SELECT FROM conversation WHERE id = $1 FOR UPDATE', [conversationId]);
      await storing.query(
        `INSERT INTO email_message (organization_id, id, conversation_id, account_id, provider_message_id, direction, from_address,
           "to", cc, reply_to, subject, snippet, sent_at, is_read, labels, "references", named_ids)
         SELECT organization_id, gen_random_uuid(), conversation_id, account_id, 'answer', direction, from_address, "to", cc,
           reply_to, subject, snippet, now(), false, '{}', '{}', '{}' FROM email_message WHERE id = $1`,
        [letter.uid],
      );
      await comes(outboundEmail.uid);
      await lockAwaited(t);
      await storing.query('COMMIT');
    } finally {
      storing.release();
    }
    await expectCanceled(outboundEmail.uid, 'REPLIED');
  });

  it('changes nothing once Gmail was asked to send it', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const uid = await remind();
    await comes(uid);
    await gate.arrived;
    await setInvoice('PAID');
    gate.release();
    expect(await left(uid)).toMatchObject({ canceledBecause: null, cancelWhen: ['CONTEXT_CLOSED'] });
    expect(messages()).toHaveLength(1);
  });

  it('cancels it when the invoice is paid while Gmail cannot take it', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
    const uid = await remind();
    await comes(uid);
    await eventually(async () => ((await record(t, tenant, uid)).failure === null ? null : true));
    await setInvoice('PAID');
    await runNow(t, tenant, uid, 'deliver');
    await expectCanceled(uid, 'CONTEXT_CLOSED');
  });

  it('is judged by the letter that came in through Gmail', async () => {
    const uid = await remind({ cancelWhen: ['REPLIED'] });
    const conversation = await write(t, tenant, { from: maria, subject: 'About your invoice' });
    const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: conversation.uid } });
    await linkContext(t, tenant, conversationId, { type: 'invoice', id: invoiceId });
    expect(await importMessage(t, tenant, conversation.received.id)).toBe(conversation.uid);
    await comes(uid);
    await expectCanceled(uid, 'REPLIED');
  });
});

async function sentToday() {
  const { rows } = await t.app.pool.query<{ sends: number[] }>(
    'SELECT sends FROM account_rate_limit WHERE account_id = $1',
    [tenant.accountId],
  );
  return { sendBudget: (rows[0]?.sends ?? []).reduce((sum, n) => sum + n, 0) };
}

describe('conditions without a time', () => {
  it('are an issue', async () => {
    expect(await issuesOf(t, tenant, fresh(tenant, maria, { cancelWhen: ['REPLIED'] }))).toEqual([
      'input.fresh.cancelWhen: Give plannedSendAt too: the conditions are judged at that time.',
    ]);
    const uid = await plan(DAY_MS, { cancelWhen: ['REPLIED'] });
    await updated({ draftUid: uid, plannedSendAt: null });
    const input = { draftUid: uid, cancelWhen: ['REPLIED' as const] };
    const error = expectType((await query(t, tenant.key, UpdateDraft, { input })).updateDraft, 'InvalidInputError');
    expect(error.issues.map(({ path }) => path)).toEqual(['input.cancelWhen']);
    expectNothingLeft();
  });

  it('are part of what the idempotency key stands for', async () => {
    const plannedSendAt = inMs(DAY_MS);
    const input = { plannedSendAt, idempotencyKey: 'k' };
    await accepted(t, tenant, fresh(tenant, maria, { ...input, cancelWhen: ['REPLIED', 'CONTEXT_CLOSED'] }));
    const same = await accepted(
      t,
      tenant,
      fresh(tenant, maria, { ...input, cancelWhen: ['CONTEXT_CLOSED', 'REPLIED'] }),
    );
    expect(same.replayed).toBe(true);
    const other = await send(t, tenant, fresh(tenant, maria, { ...input, cancelWhen: ['REPLIED'] }));
    expect(expectType(other, 'IdempotencyConflictError').differingFields).toEqual(['cancelWhen']);
  });
});
