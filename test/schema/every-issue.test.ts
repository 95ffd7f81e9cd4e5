/** What is wrong with an input is found at once, whichever check finds it. */
import { describe, expect, it } from 'vitest';
import { request, useTenant, useTestApp } from '../support/harness.ts';

const app = useTestApp();
const tenant = useTenant(app);

describe('every issue', () => {
  it('of an invoice is found at once: amounts, dates and the rest', async () => {
    const input = `{ number: "", customerUid: "${tenant.accountId}", status: OPEN, currency: "usd", issueDate: "2026-02-01",
      dueDate: "2026-01-01", subtotalCents: "-1", totalCents: "-5" }`;
    const operation = `mutation { upsertInvoice(input: ${input}) { ... on InvalidInputError { issues { path message } } } }`;
    const { data } = await request<{ upsertInvoice: { issues: { path: string }[] } }, object>(
      app,
      tenant.key,
      operation,
    );
    expect(data?.upsertInvoice.issues.map(({ path }) => path)).toEqual([
      'input.number',
      'input.currency',
      'input.subtotalCents',
      'input.totalCents',
      'input.dueDate',
      'input.customerUid',
    ]);
  });

  it('of an API key is found at once: its name, its scopes and its expiry', async () => {
    const input = '{ name: "", scopes: ["email:read", "nothing"], expiresAt: "2020-01-01T00:00:00Z" }';
    const operation = `mutation { createApiKey(input: ${input}) { ... on InvalidInputError { issues { path } } } }`;
    const { data } = await request<{ createApiKey: { issues: { path: string }[] } }, object>(
      app,
      tenant.key,
      operation,
    );
    expect(data?.createApiKey.issues.map(({ path }) => path)).toEqual([
      'input.name',
      'input.scopes.1',
      'input.expiresAt',
    ]);
  });
});
