/** What a colleague writes is no answer of the customer, whichever mailbox of the organization it is read in. */
import { beforeEach, expect, it } from 'vitest';
import {
  createAccount,
  createInvoice,
  createTenant,
  deliverTo,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, runNow, untilStatus } from '../support/mail.ts';
import { DAY_MS, inMs } from '../support/scheduling.ts';
import { InvoiceContact } from '../support/send-documents.ts';
import { gmailOf, syncWholly } from '../support/syncing.ts';

const ALIAS = 'sales@alias.example';
let tenant: Tenant;
let ada: Tenant;
let maria: string;
let contexts: { type: string; uid: string }[];
/** The Message-ID of an email about the invoice, which Ada has in Cc. */
let sentId: string;
let reminder: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  const email = tenant.email.replace('billing', 'ada');
  ada = { ...tenant, email, accountId: await createAccount(t, tenant.organizationId, email, { aliases: [ALIAS] }) };
  const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
  contexts = [{ type: 'invoice', uid: invoiceId }];
  maria = createRecipient(t, tenant);
  const first = await accepted(t, tenant, fresh(tenant, maria, { subject: 'Invoice', cc: [ada.email], contexts }));
  await fetchSentCopy(t, tenant, first.outboundEmail.uid);
  sentId = onlyMail(t, maria).header('Message-ID') ?? '';
  const later = { subject: 'Reminder', contexts, plannedSendAt: inMs(DAY_MS), cancelWhen: ['REPLIED' as const] };
  reminder = (await accepted(t, tenant, fresh(tenant, maria, later))).outboundEmail.uid;
});

const linesOf = (from: string) =>
  [`From: ${from}`, `To: ${maria}`, `Cc: ${tenant.email}`, 'Subject: Re: Invoice', `In-Reply-To: ${sentId}`].concat(
    `References: ${sentId}`,
    '',
    'What Ada adds.',
  );

async function answerAllByHand(from = ada.email): Promise<void> {
  const raw = Buffer.from(linesOf(from).join('\r\n')).toString('base64url');
  await gmailOf(t, ada).messages.send({ userId: 'me', requestBody: { raw } });
}

function answerFromOutside(from: string): void {
  deliverTo(t, tenant, { from, raw: linesOf(from).join('\n') });
}

async function state() {
  const { organizationId, accountId } = tenant;
  const conversations = await t.app.db.conversation.findMany({ where: { organizationId, accountId } });
  const { invoice } = await query(t, tenant.key, InvoiceContact, { uid: contexts[0]?.uid ?? '' });
  return {
    awaitingReply: invoice?.awaitingReply,
    hasReply: conversations.some(({ hasReply }) => hasReply),
    awaitsOurAnswer: conversations.some(({ awaitsOurAnswer }) => awaitsOurAnswer),
    replies: await t.app.db.outboundEmailEvent.count({ where: { organizationId, type: 'REPLIED' } }),
    messages: conversations.map(({ messageCount }) => messageCount),
  };
}

const UNANSWERED = { awaitingReply: true, hasReply: false, awaitsOurAnswer: false, replies: 0, messages: [2] };
const ANSWERED = { awaitingReply: false, hasReply: true, awaitsOurAnswer: true, replies: 1, messages: [2] };

async function expectReminder(status: 'SENT' | 'CANCELED'): Promise<void> {
  await t.app.pool.query(`UPDATE outbound_email SET planned_send_at = now() - interval '1 second' WHERE id = $1`, [
    reminder,
  ]);
  await runNow(t, tenant, reminder, 'deliver');
  await untilStatus(t, tenant, reminder, status);
}

it.each([
  ['by hand', () => answerAllByHand()],
  ['by hand, from an alias', () => answerAllByHand(ALIAS)],
  ['by hand, from a tagged address', async () => answerFromOutside(ada.email.replace('@', '+eu@'))],
  ['from another program, or in a forger’s words', async () => answerFromOutside(ada.email)],
  [
    'through Epistle',
    async () => {
      await syncWholly(t, ada);
      const where = { organizationId: tenant.organizationId, accountId: ada.accountId };
      const { id } = await t.app.db.emailMessage.findFirstOrThrow({ where });
      await accepted(t, ada, {
        reply: {
          replyToMessageUid: id,
          to: [maria],
          cc: [tenant.email],
          subject: 'Re: Invoice',
          bodyText: 'Ada adds.',
        },
      });
    },
  ],
])('an answer to all that a colleague writes %s leaves the customer’s answer awaited', async (_, answer) => {
  await answer();
  for (const mailbox of [tenant, ada]) await syncWholly(t, mailbox);
  expect(await state()).toEqual(UNANSWERED);
  await expectReminder('SENT');
});

it('a colleague of an account that is disconnected is one', async () => {
  await t.app.db.emailAccount.updateMany({ where: { id: ada.accountId }, data: { status: 'DISCONNECTED' } });
  answerFromOutside(ada.email);
  await syncWholly(t, tenant);
  expect(await state()).toEqual(UNANSWERED);
});

it.each([
  ['the customer', async () => maria],
  [
    'the owner of an account of another organization',
    async () => {
      return (await createTenant(t)).email;
    },
  ],
  [
    'the former owner of a released account',
    async () => {
      const data = { status: 'DISCONNECTED', releasedAt: new Date(), sealedRefreshToken: null } as const;
      await t.app.db.emailAccount.updateMany({ where: { id: ada.accountId }, data });
      return ada.email;
    },
  ],
])('an answer of %s counts', async (_, from) => {
  answerFromOutside(await from());
  await syncWholly(t, tenant);
  expect(await state()).toEqual(ANSWERED);
  await expectReminder('CANCELED');
});
