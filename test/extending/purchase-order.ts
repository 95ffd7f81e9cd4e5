/** Run by extending.test.ts in a copy of the project that has purchase orders. */
import { expect, it } from 'vitest';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { createTenant, eventually, request, useTestApp } from '../support/harness.ts';
import { createRecipient, onlyMail, parse, runNow } from '../support/mail.ts';

const t = useTestApp();

it('is what emails, drafts, conversations and templates can be about', async () => {
  // Not in the program that this file is checked with.
  const module: string = '../../src/contexts/purchase-order.ts';
  const { storePurchaseOrder } = await import(module);
  const tenant = await createTenant(t, 'orders');
  const maria = createRecipient(t, tenant);
  const { pool } = t.app;
  const order = { number: 'PO-7', supplier: 'Steel & Sons', currency: 'EUR', totalCents: '123450' };
  const uid: string = await storePurchaseOrder(pool, tenant.organizationId, order);
  const other: string = await storePurchaseOrder(pool, tenant.organizationId, { ...order, number: 'PO-8' });
  await upsertCustomer(pool, tenant.organizationId, { externalId: 'acme', name: 'Acme' });
  const ask = async (operation: string) => {
    const { data, errors } = await request<Record<string, object>, object>(t, tenant.key, operation);
    expect(errors).toEqual([]);
    return data;
  };

  expect(await ask('{ contextTypes dynamicFields(contextType: "purchase_order") { token type } }')).toEqual({
    contextTypes: ['invoice', 'customer', 'purchase_order'],
    dynamicFields: [
      { token: '{order_number}', type: 'str' },
      { token: '{supplier_name}', type: 'str' },
      { token: '{order_total}', type: 'currency' },
      { token: '{organization_name}', type: 'str' },
      { token: '{current_date}', type: 'date' },
    ],
  });
  expect(
    await ask(`{
      previewEmail(input: { contextType: "purchase_order", bodyText: "{order_number} {order_total}" }) {
        ... on RenderedEmail { bodyText }
      }
      prepareEmail(input: { context: { type: "purchase_order", externalId: "PO-7" }, subject: "{order_total}", bodyText: "{supplier_name}" }) {
        ... on RenderedEmail { subject bodyHtml problems { token } }
      }
    }`),
  ).toEqual({
    previewEmail: { bodyText: 'PO-2024-001 $500.00' },
    prepareEmail: { subject: '€1,234.50', bodyHtml: '<p>Steel &amp; Sons</p>', problems: [] },
  });

  const saved = await ask(`mutation { saveTemplate(input: {
    name: "Order", contextType: "purchase_order", subject: "Order {order_number}", bodyText: "Dear {supplier_name}"
  }) { ... on SaveTemplatePayload { template { uid } } } }`);
  const template = JSON.stringify(saved).match(/[0-9a-f-]{36}/)?.[0];
  const fresh = (more: string, about = uid) => `mutation { sendEmail(input: { fresh: {
    fromAccountUid: "${tenant.accountId}", to: ["${maria}"], contexts: [{ type: "purchase_order", uid: "${about}" }], ${more}
  } }) { ... on SendEmailPayload { outboundEmail { uid status } } ... on UnresolvedTokensError { problems { token } } } }`;
  expect(await ask(fresh('subject: "{order_number}", bodyText: "{supplier_nam}"'))).toEqual({
    sendEmail: { problems: [{ token: '{order_number}' }, { token: '{supplier_nam}' }] },
  });
  expect(await ask(fresh(`template: { uid: "${template}" }`))).toMatchObject({
    sendEmail: { outboundEmail: { status: 'SENT' } },
  });
  expect(await parse(onlyMail(t, maria))).toMatchObject({ subject: 'Order PO-7', text: 'Dear Steel & Sons\n' });

  // The entity leads to the email, and the email to the entity.
  await ask(`mutation { createDraft(input: { fromAccountUid: "${tenant.accountId}",
    contexts: [{ type: "purchase_order", externalId: "PO-7" }, { type: "customer", externalId: "acme" }] }) { __typename } }`);
  const entity = await eventually(async () => {
    const answer = await ask(`{ node(id: "PurchaseOrder_${uid}") {
      __typename ... on ContextEntity {
        label contextType awaitingReply
        outboundEmails { totalCount nodes { subject contexts { label } } }
        drafts { totalCount nodes { contexts { __typename label ... on PurchaseOrder { supplier } } } }
        conversations { totalCount nodes { contexts { label } } }
      }
    } }`);
    // The count is read after the page.
    return JSON.stringify(answer).includes('"conversations":{"totalCount":1,"nodes":[{') ? answer?.node : null;
  });
  expect(entity).toEqual({
    __typename: 'PurchaseOrder',
    label: 'PO-7',
    contextType: 'purchase_order',
    awaitingReply: true,
    outboundEmails: { totalCount: 1, nodes: [{ subject: 'Order PO-7', contexts: [{ label: 'PO-7' }] }] },
    drafts: {
      totalCount: 1,
      nodes: [
        {
          contexts: [
            { __typename: 'PurchaseOrder', label: 'PO-7', supplier: 'Steel & Sons' },
            { __typename: 'Customer', label: 'Acme' },
          ],
        },
      ],
    },
    conversations: { totalCount: 1, nodes: [{ contexts: [{ label: 'PO-7' }] }] },
  });

  // Delivered: what was scheduled about it does not leave.
  const later = new Date(Date.now() + 86_400_000).toISOString();
  const planned = `plannedSendAt: "${later}", cancelWhen: [CONTEXT_CLOSED], template: { uid: "${template}" }`;
  const scheduled = JSON.stringify(await ask(fresh(planned, other))).match(/[0-9a-f-]{36}/)?.[0] ?? '';
  await pool.query('UPDATE purchase_order SET is_delivered = true WHERE id = $1', [other]);
  await pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [scheduled]);
  await runNow(t, tenant, scheduled, 'deliver');
  await expect
    .poll(() => ask(`{ outboundEmail(uid: "${scheduled}") { status canceledBecause } }`))
    .toEqual({ outboundEmail: { status: 'CANCELED', canceledBecause: 'CONTEXT_CLOSED' } });
});
