import { afterAll, beforeAll, expect, it } from 'vitest';
import { SendEmail } from './documents.ts';
import { createTenant, expectType, query, startTestApp, type Tenant, type TestApp } from './harness.ts';

let epistle: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  epistle = await startTestApp();
  tenant = await createTenant(epistle);
});
afterAll(() => epistle.close());

it('sends a fresh email', async () => {
  epistle.sandbox.admin.createMailbox({ email: 'maria@acme.example' });
  epistle.resetStatements();
  const { sendEmail } = await query(epistle, tenant.key, SendEmail, {
    input: { fresh: { fromAccountUid: tenant.accountId, to: ['maria@acme.example'], subject: 'Hi', bodyText: 'x' } },
  });
  const { outboundEmail } = expectType(sendEmail, 'SendEmailPayload');
  console.log(epistle.statements().map(s=>s.slice(0,100)));
  expect(outboundEmail.status).toBe('SENT');
  expect(epistle.sandbox.admin.messages('maria@acme.example')).toHaveLength(1);
});
