/** The id under which a client and the operator find the same request: in the answer, in its errors and in the log. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createTenant, eventually, type Tenant, useTestApp } from '../support/harness.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

let tenant: Tenant;
const t = useTestApp({ env: { LOG_REQUESTS: 'on' } });
beforeAll(async () => {
  tenant = await createTenant(t);
});

function ask(query: string, requestId?: string) {
  return fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.key}`,
      'content-type': 'application/json',
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    },
    body: JSON.stringify({ query }),
  });
}

/** The line of LOG_REQUESTS, which is written when the answer has left. */
function lineOf(requestId: string) {
  return eventually(async () => {
    const line = t.logged.find((each) => each.includes('"msg":"request"') && each.includes(requestId));
    return line === undefined ? null : JSON.parse(line);
  });
}

describe('X-Request-Id', () => {
  it('is the client’s, and in the line of the request', async () => {
    const answer = await ask('query Who { viewer { organization { name } } }', 'billing-app:42');
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, 'billing-app:42']);
    expect(await lineOf('billing-app:42')).toMatchObject({
      level: 30,
      route: 'graphql',
      status: 200,
      operation: 'Who',
      seconds: expect.any(Number),
    });
  });

  it.each(['', 'with a space', 'x'.repeat(129), '"quoted"'])(
    'is made when the client’s cannot be logged: %j',
    async (given) => {
      const answer = await ask('{ viewer { organization { name } } }', given);
      expect(answer.headers.get('x-request-id')).toMatch(UUID);
    },
  );

  it.each([
    ['of validation', '{ nothing }'],
    ['of an input', '{ outboundEmails(first: 1000) { totalCount } }'],
  ])('is in every error %s', async (_kind, query) => {
    const answer = await ask(query, 'of-an-error');
    const { errors } = await answer.json();
    expect(errors.length).toBeGreaterThan(0);
    for (const { extensions } of errors) expect(extensions.requestId).toBe('of-an-error');
  });

  it('is in the error of a request without a key, and in those that are not GraphQL’s', async () => {
    const headers = { 'x-request-id': 'stranger', 'content-type': 'application/json' };
    const unauthenticated = await fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query":"{__typename}"}',
    });
    expect((await unauthenticated.json()).errors[0].extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      requestId: 'stranger',
    });
    for (const target of ['/nothing', '/attachments/0199aa11-2b3c-7def-8123-456789abcdef']) {
      const answer = await fetch(`${t.url}${target}`, { headers });
      expect((await answer.json()).requestId).toBe('stranger');
    }
  });

  it('is in the lines that are logged while the request is answered', async () => {
    await t.app.pool.query('ALTER TABLE invoice RENAME TO hidden');
    const answer = await ask('{ invoice(number: "1") { uid } }', 'of-a-bug').finally(() =>
      t.app.pool.query('ALTER TABLE hidden RENAME TO invoice'),
    );
    expect((await answer.json()).errors[0].extensions).toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
      requestId: 'of-a-bug',
    });
    const line = t.logged.find((each) => each.includes('unexpected error'));
    expect(JSON.parse(line ?? '')).toMatchObject({ requestId: 'of-a-bug' });
  });
});
