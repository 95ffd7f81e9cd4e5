/**
 * The demo of `npm start`: an organization with two connected accounts of the Gmail sandbox, customers, invoices, and a conversation
 * that waits for an answer. It is created through the same functions as real data.
 */
import { v7 as uuidv7 } from 'uuid';
import type { SandboxAdmin } from '../../sandbox/admin.ts';
import { findMailbox, mailboxAccess } from '../accounts/mailbox-access.ts';
import { connectAccount, startReading } from '../accounts/store-account.ts';
import type { App } from '../app.ts';
import { authenticateApiKey, type Identity, issueApiKey } from '../auth/keys.ts';
import { SCOPES } from '../auth/scopes.ts';
import { DAY_MS } from '../config/timing.ts';
import { upsertCustomer } from '../contexts/upsert-customers.ts';
import { upsertInvoice } from '../contexts/upsert-invoices.ts';
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import type { GraphiqlDemo } from '../http/graphiql.ts';
import { fetchSentCopy } from '../inbox/fetch-sent-copy.ts';
import { storeMessage } from '../inbox/store-message.ts';
import { createDraft } from '../outbound/drafts.ts';
import { sendFresh } from '../outbound/send.ts';
import { saveTemplate } from '../templates/save-template.ts';

const ACCOUNTS = [
  { email: 'billing@lumen.example', displayName: 'Lumen Billing' },
  { email: 'support@lumen.example', displayName: 'Lumen Support' },
] as const;

const CUSTOMERS = [
  {
    externalId: 'acme',
    name: 'Acme Corp',
    email: 'maria@acme.example',
    contact: 'María Núñez',
    locale: 'en-US',
    timeZone: 'America/New_York',
  },
  {
    externalId: 'globex',
    name: 'Globex GmbH',
    email: 'joerg@globex.example',
    contact: 'Jörg Weiß',
    locale: 'de-DE',
    timeZone: 'Europe/Berlin',
  },
];

const ORGANIZATION = 'Lumen (demo)';
const TEMPLATE = 'Payment reminder';

/** Finds the demo of an earlier start, and creates what is missing. */
export async function ensureDemo(app: App, sandbox: SandboxAdmin, apiKey: string): Promise<GraphiqlDemo> {
  for (const { email, displayName } of ACCOUNTS) sandbox.createMailbox({ email, displayName });
  for (const { email, contact } of CUSTOMERS) sandbox.createMailbox({ email, displayName: contact });
  const found = await findDemo(app.pool);
  const organizationId = found?.organizationId ?? (await createOrganization(app));
  // Looked up by the key itself: a new data folder has another key than the one in the database.
  if ((await authenticateApiKey(app.pool, apiKey, app.now())) === null) {
    await issueApiKey(app.db, { organizationId, name: 'demo', scopes: SCOPES, expiresAt: null }, apiKey);
  }
  const identity: Identity = { organizationId, actor: 'system', scopes: new Set(SCOPES), expiresAt: null };
  const accountId = found?.accountId ?? (await connectAccounts(app, sandbox, organizationId));
  const invoiceId = found?.invoiceId ?? (await createInvoices(app, organizationId));
  const messageId = found?.messageId ?? (await askQuestion(app, sandbox, identity, { accountId, invoiceId }));
  const draftId = found?.draftId ?? (await draftReminder(app, identity, accountId));
  const templateId = found?.templateId ?? (await createTemplate(app, identity));
  return { accountId, invoiceId, messageId, draftId, templateId };
}

type Found = { readonly [Key in keyof GraphiqlDemo]: GraphiqlDemo[Key] | null } & { readonly organizationId: string };

/** Without Prisma, which takes a tenth of a second for its first query. Null: there is no demo. */
async function findDemo(connection: Sql): Promise<Found | null> {
  const { rows } = await connection.query<Found>(
    sql`SELECT o.id AS "organizationId",
        (SELECT a.id FROM email_account a JOIN email_account b USING (organization_id)
          WHERE organization_id = o.id AND a.email = ${ACCOUNTS[0].email} AND b.email = ${ACCOUNTS[1].email}) AS "accountId",
        (SELECT id FROM invoice WHERE organization_id = o.id AND number = 'INV-2026-001') AS "invoiceId",
        (SELECT id FROM email_message WHERE organization_id = o.id AND direction = 'INBOUND' ORDER BY created_at LIMIT 1) AS "messageId",
        (SELECT id FROM outbound_email WHERE organization_id = o.id AND mode = 'DRAFT' ORDER BY created_at LIMIT 1) AS "draftId",
        (SELECT id FROM template WHERE organization_id = o.id AND name = ${TEMPLATE} AND deleted_at IS NULL) AS "templateId"
      FROM organization o WHERE o.name = ${ORGANIZATION}`,
  );
  return rows[0] ?? null;
}

async function createOrganization(app: App): Promise<string> {
  const { id } = await app.db.organization.create({ data: { id: uuidv7(), name: ORGANIZATION } });
  return id;
}

/** @returns the id of the first one. */
async function connectAccounts(app: App, sandbox: SandboxAdmin, organizationId: string): Promise<string> {
  const ids: string[] = [];
  for (const { email, displayName } of ACCOUNTS) {
    const profile = { email, displayName, aliases: [], refreshToken: sandbox.grant(email) };
    ids.push(await connectAccount(app, organizationId, profile, startReading));
  }
  return ids[0] ?? '';
}

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);

async function createInvoices(app: App, organizationId: string): Promise<string> {
  const now = app.now().getTime();
  const ids: string[] = [];
  for (const [index, { contact, ...customer }] of CUSTOMERS.entries()) {
    const contacts = [{ name: contact, email: customer.email, role: 'Accounts payable' }];
    const customerUid = await upsertCustomer(app.pool, organizationId, { ...customer, contacts });
    for (const step of [1, 2]) {
      const number = `INV-2026-00${index * 2 + step}`;
      const issued = now - (50 - 20 * step) * DAY_MS;
      const total = 150_000 * step + 25_000 * index;
      ids.push(
        await upsertInvoice(app.pool, organizationId, {
          number,
          customerUid,
          status: 'OPEN',
          currency: index === 0 ? 'USD' : 'EUR',
          issueDate: dateOf(issued),
          dueDate: dateOf(issued + 14 * DAY_MS),
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
async function askQuestion(
  app: App,
  sandbox: SandboxAdmin,
  identity: Identity,
  { accountId, invoiceId }: Pick<GraphiqlDemo, 'accountId' | 'invoiceId'>,
): Promise<string> {
  const { organizationId } = identity;
  const { outboundEmailId } = await sendFresh(app, identity, {
    fromAccountUid: accountId,
    to: ['maria@acme.example'],
    subject: 'Invoice INV-2026-001',
    bodyText: 'Dear María,\n\nplease find our invoice over $1,500.00.\n\nKind regards\nLumen',
    contexts: [{ type: 'invoice', uid: invoiceId }],
    idempotencyKey: 'demo-invoice',
  });
  await fetchSentCopy(app, { organizationId, outboundEmailId });
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

async function draftReminder(app: App, identity: Identity, accountId: string): Promise<string> {
  const { draftId } = await createDraft(app, identity, {
    fromAccountUid: accountId,
    to: ['joerg@globex.example'],
    subject: 'Reminder: invoice INV-2026-003',
    bodyText: 'Dear Jörg,\n\nour invoice is still open. Could you have a look?\n\nKind regards\nLumen',
    contexts: [{ type: 'invoice', externalId: 'INV-2026-003' }],
  });
  return draftId;
}

async function createTemplate(app: App, identity: Identity): Promise<string> {
  const { versionId: id } = await saveTemplate(app, identity, {
    name: TEMPLATE,
    contextType: 'invoice',
    subject: 'Reminder: invoice {invoice_number}',
    bodyText: `Dear {contact_name},

our invoice {invoice_number} over {amount_due} was due on {due_date}, {days_overdue} days ago. You can pay it here:
{payment_link}

Kind regards
{organization_name}`,
  });
  const { templateId } = await app.db.templateVersion.findUniqueOrThrow({
    where: { organizationId_id: { organizationId: identity.organizationId, id } },
    select: { templateId: true },
  });
  return templateId;
}
