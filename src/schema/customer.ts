import { countPerParent } from './batch.ts';
import { builder } from './builder.ts';
import { implementEntity } from './implement-entity.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { ISSUED_DESC } from './lists.ts';
import { Customer, Invoice, InvoiceConnection } from './refs.ts';

const CustomerContact = builder.prismaObject('CustomerContact', {
  description: 'A person at a customer.',
  fields: (t) => ({
    name: t.exposeString('name', { nullable: true, description: 'The name of the person. Null if none is stored.' }),
    email: t.expose('email', { type: 'EmailAddress', description: 'The email address of the person.' }),
    role: t.exposeString('role', {
      nullable: true,
      description: 'What the person does there, for example `Accounts payable`. Null if none is stored.',
    }),
    isPrimary: t.exposeBoolean('isPrimary', {
      description: 'True for the one person to write to. If there are contacts, exactly one is primary.',
    }),
  }),
});

implementEntity('Customer', { type: 'customer', entity: 'the customer', about: 'the customer and its invoices' });

builder.prismaObjectFields(Customer, (t) => ({
  label: t.exposeString('name', { description: 'The same as `name`.' }),
  externalId: t.exposeString('externalId', {
    description: 'The id of the customer in your own system, unique in the organization.',
  }),
  name: t.exposeString('name', { description: 'The name of the customer.' }),
  email: t.expose('email', {
    type: 'EmailAddress',
    nullable: true,
    description: 'The email address of the customer. Null if none is stored.',
  }),
  contacts: t.relation('contacts', {
    type: CustomerContact,
    description: 'The people at the customer, in the order in which they were stored.',
    query: { orderBy: { position: 'asc' } },
  }),
  locale: t.exposeString('locale', {
    nullable: true,
    description: 'The language and region of the customer, a BCP 47 tag such as `de-DE`. Null if none is stored.',
  }),
  timeZone: t.exposeString('timeZone', {
    nullable: true,
    description:
      'The time zone of the customer, a name of the IANA database such as `Europe/Berlin`. Null if none is stored.',
  }),
  invoices: t.connection(
    {
      type: Invoice,
      description: 'The invoices of the customer, last issued first.',
      select: (args, _context, nested) => ({
        invoices: nested({
          ...keysetQuery(parseKeyset(args, ISSUED_DESC)),
          select: { id: true, contextType: true, issueDate: true },
        }),
      }),
      resolve: ({ id, invoices }, args, { db, batches }, info) =>
        toConnection(
          parseKeyset(args, ISSUED_DESC),
          invoices,
          countPerParent(batches, info, { column: 'customerId', id }, (ids) =>
            db.invoice.groupBy({ by: 'customerId', where: { customerId: { in: ids } }, _count: true }),
          ),
        ),
    },
    InvoiceConnection,
  ),
}));
