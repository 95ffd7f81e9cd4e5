import { daysOverdue } from '../contexts/invoice.ts';
import { formatMoney, type Money as MoneyValue } from '../contexts/money.ts';
import { conversationLinkPage, conversationsAbout, emailPage, emailsAbout, LINKED_CONVERSATION } from './entity-connections.ts';
import { builder } from './builder.ts';
import { Conversation, ConversationConnection } from './conversation.ts';
import { Draft, DraftConnection } from './draft.ts';
import { InvoiceStatus } from './enums.ts';
import { A_DRAFT, NOT_A_DRAFT, OutboundEmail, OutboundEmailConnection } from './outbound-email.ts';

const Money = builder.objectRef<MoneyValue>('Money').implement({
  description: 'An amount of money, exact.',
  fields: (t) => ({
    cents: t.string({
      description: "In the currency's smallest unit, as a string of digits: `150000`.",
      resolve: ({ cents }) => String(cents),
    }),
    currency: t.exposeString('currency', { description: 'ISO 4217: `USD`.' }),
    formatted: t.string({ description: 'As an invoice shows it: `$1,500.00`.', resolve: formatMoney }),
  }),
});

export const Invoice = builder.prismaNode('Invoice', {
  description: 'An invoice that emails can be about.',
  // Who writes contexts may read back what was written.
  authScopes: { anyScope: ['email:read', 'contexts:write'] },
  select: { id: true, contextType: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'For `ContextRefInput.uid`, with the type `invoice`.' }),
    number: t.exposeString('number', { description: 'Its number, unique in the organization.' }),
    customer: t.relation('customer', { description: 'Who owes it.' }),
    status: t.expose('status', { type: InvoiceStatus, description: 'Where it stands.' }),
    currency: t.exposeString('currency', { description: 'ISO 4217.' }),
    issueDate: t.expose('issueDate', { type: 'DateTime', description: 'When it was issued.' }),
    dueDate: t.expose('dueDate', { type: 'DateTime', description: 'When it is due.' }),
    paidDate: t.expose('paidDate', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was paid. Null: not paid.',
    }),
    subtotal: t.field({
      type: Money,
      description: 'Before discounts and tax.',
      select: { subtotalCents: true, currency: true },
      resolve: ({ subtotalCents: cents, currency }) => ({ cents, currency }),
    }),
    discounts: t.field({
      type: Money,
      description: 'What is taken off.',
      select: { discountsCents: true, currency: true },
      resolve: ({ discountsCents: cents, currency }) => ({ cents, currency }),
    }),
    tax: t.field({
      type: Money,
      description: 'Tax.',
      select: { taxCents: true, currency: true },
      resolve: ({ taxCents: cents, currency }) => ({ cents, currency }),
    }),
    total: t.field({
      type: Money,
      description: 'What is asked for.',
      select: { totalCents: true, currency: true },
      resolve: ({ totalCents: cents, currency }) => ({ cents, currency }),
    }),
    amountPaid: t.field({
      type: Money,
      description: 'What was paid so far.',
      select: { amountPaidCents: true, currency: true },
      resolve: ({ amountPaidCents: cents, currency }) => ({ cents, currency }),
    }),
    amountDue: t.field({
      type: Money,
      description: 'What is still owed.',
      select: { amountDueCents: true, currency: true },
      resolve: ({ amountDueCents: cents, currency }) => ({ cents, currency }),
    }),
    paymentLink: t.expose('paymentLink', { type: 'HttpUrl', nullable: true, description: 'Where it can be paid.' }),
    daysOverdue: t.int({
      description: 'Whole days past `dueDate`. 0 when it is not due, paid or void.',
      select: { status: true, dueDate: true },
      resolve: (invoice, _args, { app }) => daysOverdue(invoice, app.now()),
    }),
    lastContactedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last email about it was sent. Null: never.',
      select: { entity: { select: { lastContactedAt: true } } },
      resolve: ({ entity }) => entity.lastContactedAt,
    }),
    awaitingReply: t.boolean({
      description:
        'True when an email about it was sent and nothing has come in on its conversations since. Automatic answers do not count.',
      select: { entity: { select: { awaitingReply: true } } },
      resolve: ({ entity }) => entity.awaitingReply,
    }),
  }),
});

builder.prismaObjectFields(Invoice, (t) => ({
  outboundEmails: t.connection(
    {
      type: OutboundEmail,
      authScopes: { scope: 'email:read' },
      description: 'The emails about it, newest first. Drafts are in `drafts`.',
      select: (args, _context, nested) => ({
        entity: { select: { outboundEmails: nested(emailPage(args, NOT_A_DRAFT), ['edges', 'node']) } },
      }),
      resolve: (entity, args, context, info) => emailsAbout(entity, args, context, info, NOT_A_DRAFT),
    },
    OutboundEmailConnection,
  ),
  drafts: t.connection(
    {
      type: Draft,
      authScopes: { scope: 'email:read' },
      description: 'The drafts about it, newest first.',
      select: (args, _context, nested) => ({
        entity: { select: { outboundEmails: nested(emailPage(args, A_DRAFT), ['edges', 'node']) } },
      }),
      resolve: (entity, args, context, info) => emailsAbout(entity, args, context, info, A_DRAFT),
    },
    DraftConnection,
  ),
  conversations: t.connection(
    {
      type: Conversation,
      authScopes: { scope: 'email:read' },
      description: 'The conversations about it, the last touched one first, without those in trash or spam alone.',
      select: (args, _context, nested) => ({
        entity: {
          select: { conversations: conversationLinkPage(args, nested(LINKED_CONVERSATION, ['edges', 'node'])) },
        },
      }),
      resolve: conversationsAbout,
    },
    ConversationConnection,
  ),
}));

export const InvoiceConnection = builder.connectionObject(
  { type: Invoice, name: 'InvoiceConnection', description: 'A page of invoices.' },
  { name: 'InvoiceEdge', description: 'An invoice and its place.' },
);
