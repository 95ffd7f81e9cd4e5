import { conversationLinkPage, conversationsAbout, emailPage, emailsAbout, LINKED_CONVERSATION } from './entity-connections.ts';
import { countPerParent } from './batch.ts';
import { builder } from './builder.ts';
import { Conversation, ConversationConnection } from './conversation.ts';
import { Invoice, InvoiceConnection } from './invoice.ts';
import { CREATED_DESC, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { NOT_A_DRAFT, OutboundEmail, OutboundEmailConnection } from './outbound-email.ts';

export const Customer = builder.prismaNode('Customer', {
  description: 'A customer that emails can be about.',
  // Who writes contexts may read back what was written.
  authScopes: { anyScope: ['email:read', 'contexts:write'] },
  select: { id: true, contextType: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'For `ContextRefInput.uid`, with the type `customer`.' }),
    externalId: t.exposeString('externalId', { description: 'Its id in your own system, unique in the organization.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    email: t.expose('email', {
      type: 'EmailAddress',
      nullable: true,
      description: 'Where it is written to. Null: unknown.',
    }),
  }),
});

builder.prismaObjectFields(Customer, (t) => ({
  invoices: t.connection(
    {
      type: Invoice,
      description: 'Its invoices, newest first.',
      select: (args, _context, nested) => ({
        invoices: nested(
          { ...keysetQuery(parseKeyset(args, CREATED_DESC)), select: { id: true, contextType: true, createdAt: true } },
          ['edges', 'node'],
        ),
      }),
      resolve: ({ id, invoices }, args, { db, batches }, info) =>
        toConnection(
          parseKeyset(args, CREATED_DESC),
          invoices,
          countPerParent(batches, info, { column: 'customerId', id }, (ids) =>
            db.invoice.groupBy({ by: 'customerId', where: { customerId: { in: ids } }, _count: true }),
          ),
        ),
    },
    InvoiceConnection,
  ),
  outboundEmails: t.connection(
    {
      type: OutboundEmail,
      authScopes: { scope: 'email:read' },
      description: 'The emails about the customer itself, newest first; those about its invoices are at the invoices.',
      select: (args, _context, nested) => ({
        entity: { select: { outboundEmails: nested(emailPage(args, NOT_A_DRAFT), ['edges', 'node']) } },
      }),
      resolve: (entity, args, context, info) => emailsAbout(entity, args, context, info, NOT_A_DRAFT),
    },
    OutboundEmailConnection,
  ),
  conversations: t.connection(
    {
      type: Conversation,
      authScopes: { scope: 'email:read' },
      description:
        'The conversations about the customer itself, the last touched one first, without those in trash or spam alone; those about its invoices are at the invoices.',
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

export const CustomerConnection = builder.connectionObject(
  { type: Customer, name: 'CustomerConnection', description: 'A page of customers.' },
  { name: 'CustomerEdge', description: 'A customer and its place.' },
);
