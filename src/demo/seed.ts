/**
 * What `npm start` shows with nothing set: an organization with two connected accounts of the Gmail sandbox, customers,
 * invoices, and a conversation that waits for an answer. Everything goes the way that real data goes.
 */
import { v7 as uuidv7 } from 'uuid';
import type { SandboxAdmin } from '../../sandbox/admin.ts';
import type { App } from '../app.ts';
import { authenticateApiKey, type Identity, storeApiKey } from '../auth/keys.ts';
import { SCOPES } from '../auth/scopes.ts';
import { upsertCustomer } from '../contexts/customer.ts';
import { upsertInvoice } from '../contexts/invoice.ts';
import { connectAccount, startReading } from '../mail/account.ts';
import { createDraft } from '../outbound/drafts.ts';
import { sendFresh } from '../outbound/send.ts';
import { findMailbox, mailboxAccess } from '../accounts/mailbox-access.ts';
import { readBack } from '../inbox/fetch-sent-copy.ts';
import { storeMessage } from '../inbox/store-message.ts';

const DAY_MS = 86_400_000;

const ACCOUNTS = [
  { email: 'billing@lumen.example', displayName: 'Lumen Billing' },
  { email: 'support@lumen.example', displayName: 'Lumen Support' },
];

const CUSTOMERS = [
  { externalId: 'acme', name: 'Acme Corp', email: 'maria@acme.example', contact: 'María Núñez' },
  { externalId: 'globex', name: 'Globex GmbH', email: 'joerg@globex.example', contact: 'Jörg Weiß' },
];

/** What a newcomer's first requests name. */
export interface Demo {
  readonly accountId: string;
  readonly invoiceId: string;
  /** The customer's question, which waits for an answer. */
  readonly messageId: string;
  readonly draftId: string;
}

/** Finds the demo of an earlier start, or makes it. */
export async function ensureDemo(app: App, sandbox: SandboxAdmin, apiKey: string): Promise<Demo> {
  for (const { email, displayName } of ACCOUNTS) sandbox.createMailbox({ email, displayName });
  for (const { email, contact } of CUSTOMERS) sandbox.createMailbox({ email, displayName: contact });
  const organization = await app.db.organization.upsert({
    where: { name: 'Lumen (demo)' },
    create: { id: uuidv7(), name: 'Lumen (demo)' },
    update: {},
  });
  const organizationId = organization.id;
  // By the key itself: a data folder that was made anew has another one than the database knows.
  if ((await authenticateApiKey(app.pool, apiKey, app.now())) === null) {
    await storeApiKey(app.db, { organizationId, name: 'demo', scopes: SCOPES, expiresAt: null, key: apiKey });
  }
  const accountId = await ensureAccounts(app, sandbox, organizationId);
  const invoiceId = await ensureInvoices(app, organizationId);
  const identity: Identity = { organizationId, actor: 'system', scopes: new Set(SCOPES) };
  const messageId = await ensureQuestion(app, sandbox, identity, { accountId, invoiceId });
  return { accountId, invoiceId, messageId, draftId: await ensureDraft(app, identity, accountId) };
}

async function ensureAccounts(app: App, sandbox: SandboxAdmin, organizationId: string): Promise<string> {
  const ids: string[] = [];
  for (const { email, displayName } of ACCOUNTS) {
    const existing = await app.db.emailAccount.findUnique({ where: { email }, select: { id: true } });
    const connect = () =>
      connectAccount(
        app,
        organizationId,
        { email, displayName, aliases: [], refreshToken: sandbox.grant(email) },
        startReading,
      );
    ids.push(existing?.id ?? (await connect()));
  }
  return ids[0] ?? '';
}

async function ensureInvoices(app: App, organizationId: string): Promise<string> {
  const first = await app.db.invoice.findFirst({
    where: { organizationId, number: 'INV-2026-001' },
    select: { id: true },
  });
  if (first !== null) return first.id;
  const now = app.now().getTime();
  const ids: string[] = [];
  for (const [index, { externalId, name, email }] of CUSTOMERS.entries()) {
    const customerUid = await upsertCustomer(app.pool, organizationId, { externalId, name, email });
    for (const step of [1, 2]) {
      const number = `INV-2026-00${index * 2 + step}`;
      const issued = now - (50 - 20 * step) * DAY_MS;
      const total = 150_000 * step + 25_000 * index;
      ids.push(
        await upsertInvoice(app.pool, organizationId, {
          number,
          customerUid,
          status: step === 1 ? 'OVERDUE' : 'OPEN',
          currency: index === 0 ? 'USD' : 'EUR',
          issueDate: new Date(issued),
          dueDate: new Date(issued + 14 * DAY_MS),
          subtotalCents: String(total),
          totalCents: String(total),
          paymentLink: `https://pay.lumen.example/${number}`,
        }),
      );
    }
  }
  return ids[0] ?? '';
}

/** Our invoice, and the customer's question about it. @returns the uid of the question. */
async function ensureQuestion(
  app: App,
  sandbox: SandboxAdmin,
  identity: Identity,
  { accountId, invoiceId }: Pick<Demo, 'accountId' | 'invoiceId'>,
): Promise<string> {
  const { organizationId } = identity;
  const asked = await app.db.emailMessage.findFirst({
    where: { organizationId, direction: 'INBOUND' },
    orderBy: { createdAt: 'asc' },
    select: { id: true },
  });
  if (asked !== null) return asked.id;
  const { outboundEmailId } = await sendFresh(app, identity, {
    fromAccountUid: accountId,
    to: ['maria@acme.example'],
    subject: 'Invoice INV-2026-001',
    bodyText: 'Dear María,\n\nplease find our invoice over $1,500.00.\n\nKind regards\nLumen',
    context: { type: 'invoice', uid: invoiceId },
    idempotencyKey: 'demo-invoice',
  });
  await readBack(app, { organizationId, outboundEmailId });
  const { messageId } = await app.db.outboundEmail.findUniqueOrThrow({
    where: { organizationId_id: { organizationId, id: outboundEmailId } },
    select: { messageId: true },
  });
  const [copy] = sandbox.deliverExternal({
    from: 'maria@acme.example',
    to: 'billing@lumen.example',
    raw: [
      'From: =?UTF-8?Q?Mar=C3=ADa_N=C3=BA=C3=B1ez?= <maria@acme.example>',
      'To: Lumen Billing <billing@lumen.example>',
      'Subject: Re: Invoice INV-2026-001',
      'Message-ID: <question-1@acme.example>',
      `In-Reply-To: ${messageId}`,
      `References: ${messageId}`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Hello,',
      '',
      'may we pay this invoice at the end of the month?',
      '',
      'María',
    ].join('\r\n'),
  });
  const mailbox = await findMailbox(app.pool, organizationId, accountId);
  if (copy === undefined || mailbox === null) throw new Error('the demo could not be set up');
  const message = await app.gmail.getMessage(mailboxAccess(app, mailbox), copy.id);
  if (message === null) throw new Error('the demo could not be set up');
  return storeMessage(app.pool, mailbox, message, null);
}

async function ensureDraft(app: App, identity: Identity, accountId: string): Promise<string> {
  const { organizationId } = identity;
  const drafted = await app.db.outboundEmail.findFirst({
    where: { organizationId, mode: 'DRAFT' },
    orderBy: { createdAt: 'asc' },
    select: { id: true },
  });
  if (drafted !== null) return drafted.id;
  const invoice = await app.db.invoice.findFirst({
    where: { organizationId, number: 'INV-2026-003' },
    select: { id: true },
  });
  return createDraft(app, identity, {
    fromAccountUid: accountId,
    to: ['joerg@globex.example'],
    subject: 'Reminder: invoice INV-2026-003',
    bodyText: 'Dear Jörg,\n\nour invoice is still open. Could you have a look?\n\nKind regards\nLumen',
    context: invoice && { type: 'invoice', uid: invoice.id },
  });
}
