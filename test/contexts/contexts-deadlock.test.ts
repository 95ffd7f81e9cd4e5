/** Transactions that need a conversation and what it is about in different orders. */
import { beforeEach, expect, it } from 'vitest';
import { linkConversation } from '../../src/contexts/link-conversation.ts';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import { inTransaction, type Sql } from '../../src/db/client.ts';
import { sql } from '../../src/db/statement.ts';
import { createInvoice, lockAwaited, useTenant, useTestApp } from '../support/harness.ts';
import { insertConversation, linkContext } from '../support/rows.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

let conversationId: string;
let customerUid: string;
let invoiceUid: string;
beforeEach(async () => {
  const { customerId, invoiceId } = await createInvoice(t, tenant, 'INV-1');
  [customerUid, invoiceUid] = [customerId, invoiceId];
  conversationId = await insertConversation(t, tenant);
  await linkContext(t, tenant, conversationId, { type: 'invoice', id: invoiceUid });
});

const link = () => {
  const context = { type: 'customer', uid: customerUid };
  return linkConversation(t.app.pool, { organizationId: tenant.organizationId, conversationId, context });
};

async function lockEntity(tx: Sql, uid: string): Promise<void> {
  await tx.query(sql`SELECT FROM context_entity WHERE id = ${uid} FOR NO KEY UPDATE`);
}

async function linkedContexts() {
  const { organizationId } = tenant;
  return t.app.db.conversationContext.findMany({ where: { organizationId, conversationId, position: { not: null } } });
}

it('linking a conversation begins anew', async () => {
  const { linking } = await inTransaction(t.app.pool, async (tx) => {
    // The other one is to be ended.
    await tx.query("SET LOCAL deadlock_timeout = '1min'");
    await lockEntity(tx, customerUid);
    const linking = link();
    await lockAwaited(t);
    await tx.query(sql`SELECT FROM conversation WHERE id = ${conversationId} FOR NO KEY UPDATE`);
    return { linking };
  });
  await linking;
  expect(await linkedContexts()).toHaveLength(2);
});

it('an invoice that gets another customer does not wait for its conversation', async () => {
  const { organizationId } = tenant;
  const other = await upsertCustomer(t.app.pool, organizationId, { externalId: 'other', name: 'Other' });
  const both = await inTransaction(t.app.pool, async (tx) => {
    await lockEntity(tx, invoiceUid);
    const moving = upsertInvoice(t.app.pool, organizationId, { number: 'INV-1', customerUid: other });
    // By now it has locked the customer, which comes first.
    await lockAwaited(t);
    const linking = link();
    await lockAwaited(t, 2);
    return [moving, linking];
  });
  await Promise.all(both);
  expect(await linkedContexts()).toHaveLength(2);
});
