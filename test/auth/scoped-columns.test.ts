/** A field that exposes a column of a row is resolved by a short cut, which must not lead past the check of its scope. */
import SchemaBuilder from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import { graphql } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/auth/scopes.ts';
import { scopeToOrganization } from '../../src/db/tenant.ts';
import { createBatchLoaders } from '../../src/schema/batch.ts';
import { createBodies } from '../../src/schema/bodies.ts';
import { builder, type SchemaTypes } from '../../src/schema/builder.ts';
import type { Context } from '../../src/schema/context.ts';
import { createInvoice, createTenant, type Tenant, useTestApp } from '../support/harness.ts';

const app = useTestApp();

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(app);
  for (const number of ['INV-1', 'INV-2']) await createInvoice(app, tenant, number);
});

const { plugins = [] } = builder.options;

/** Customers and invoices whose columns need scopes: of a field, and of a type. */
function schemaWith(order: typeof plugins) {
  const other = new SchemaBuilder<SchemaTypes>({ ...builder.options, plugins: order });
  other.prismaObject('Customer', {
    select: { id: true },
    authScopes: { scope: 'contexts:write' },
    fields: (t) => ({ name: t.exposeString('name') }),
  });
  const Invoice = other.prismaObject('Invoice', {
    // As all of ours: only then does a field select its column, and is resolved by the short cut.
    select: { id: true },
    fields: (t) => ({
      number: t.exposeString('number', { authScopes: { scope: 'email:read' } }),
      currency: t.exposeString('currency'),
      customer: t.relation('customer'),
      debtor: t.relation('customer', { authScopes: { scope: 'email:read' } }),
    }),
  });
  other.queryType({
    fields: (t) => ({
      one: t.prismaField({
        type: Invoice,
        resolve: (query, _root, _args, { db }) => db.invoice.findFirstOrThrow(query),
      }),
      list: t.prismaField({ type: [Invoice], resolve: (query, _root, _args, { db }) => db.invoice.findMany(query) }),
      whole: t.field({
        type: [Invoice],
        // Rows with more columns than the operation asks for.
        resolve: (_root, _args, context, info) => {
          queryFromInfo({ context, info });
          return context.db.invoice.findMany({ include: { customer: true } });
        },
      }),
    }),
  });
  return other.toSchema();
}

function contextWith(scopes: readonly Scope[]): Context {
  const { organizationId } = tenant;
  const db = scopeToOrganization(app.app.db, organizationId);
  return {
    app: app.app,
    identity: { organizationId, actor: 'key:test', scopes: new Set(scopes), expiresAt: null },
    db,
    batches: createBatchLoaders(),
    bodies: createBodies(db, async () => undefined),
    bodiesOn: (client) => createBodies(client, async () => undefined),
    holdFiles: async () => undefined,
    given: new Set(),
  };
}

describe.each([
  ['in the order of the builder', plugins],
  ['in the reverse order', plugins.toReversed()],
])('with the plugins %s', (_what, order) => {
  const ask = async (source: string, scopes: readonly Scope[]) => {
    const result = await graphql({ schema: schemaWith(order), source, contextValue: contextWith(scopes) });
    return {
      data: JSON.parse(JSON.stringify(result.data)),
      errors: result.errors?.map((error) => error.originalError),
    };
  };

  for (const field of ['one', 'list', 'whole']) {
    const missing: [string, Scope[]][] = [
      ['number', ['contexts:write']],
      ['debtor { name }', ['contexts:write']],
      ['customer { name }', ['email:read']],
    ];
    it.each(missing)(`${field} { %s } is FORBIDDEN to a key without its scope`, async (selection, scopes) => {
      const { data, errors } = await ask(`{ ${field} { currency ${selection} } }`, scopes);
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ code: 'FORBIDDEN', retry: 'NEVER' }]);
    });

    it(`${field} gives everything to a key with the scopes`, async () => {
      const { data, errors } = await ask(`{ ${field} { currency number debtor { name } customer { name } } }`, [
        ...(['email:read', 'contexts:write'] as const),
      ]);
      expect(errors).toBeUndefined();
      const invoice = { currency: 'USD', number: expect.any(String), debtor: { name: 'Acme Corp' } };
      expect([data[field]].flat()[0]).toEqual({ ...invoice, customer: { name: 'Acme Corp' } });
    });

    it(`${field} gives what needs no scope to a key without any`, async () => {
      const { data, errors } = await ask(`{ ${field} { currency } }`, []);
      expect([errors, [data[field]].flat()[0]]).toEqual([undefined, { currency: 'USD' }]);
    });
  }
});
