import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.ts';
import { schema } from '../../src/schema/index.ts';
import { createTenant, request, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app);
});
afterAll(() => app.close());

const SECRET = 'SECRET-tender-price';
const SEND = 'mutation($input: SendEmailInput!) { sendEmail(input: $input) { __typename } }';

/** A broken database in which this table is missing, for as long as `work` runs. */
async function without<Result>(table: string, work: () => Promise<Result>): Promise<Result> {
  await app.app.pool.query(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
  try {
    return await work();
  } finally {
    await app.app.pool.query(`ALTER TABLE ${table}_gone RENAME TO ${table}`);
  }
}

describe('an unexpected error', () => {
  const fresh = () => ({
    fromAccountUid: tenant.accountId,
    to: [`${SECRET}@acme.example`],
    subject: SECRET,
    bodyText: `${SECRET}\n    at ${SECRET} (the:1:1)`,
  });
  const operations: [string, string, () => object][] = [
    ['email_account', SEND, () => ({ input: { fresh: fresh() } })],
    ['outbound_email_search', SEND, () => ({ input: { fresh: fresh() } })],
    ['invoice', `{ invoice(number: "${SECRET}") { uid } }`, () => ({})],
    ['conversation_search', `{ conversations(filter: { search: "${SECRET}" }) { edges { cursor } } }`, () => ({})],
    ['api_key', `{ conversations(filter: { search: "${SECRET}" }) { edges { cursor } } }`, () => ({})],
  ];
  for (const [table, operation, variables] of operations) {
    it(`is masked and logged once, under one id, without a word of the request (${table})`, async () => {
      app.logged.splice(0);
      const answer = await without(table, () => request<unknown, object>(app, tenant.key, operation, variables()));
      expect(answer.errors).toHaveLength(1);
      const [error] = answer.errors;
      expect(error?.message).toBe('Unexpected error.');
      expect(error?.extensions).toEqual({
        code: 'INTERNAL_SERVER_ERROR',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      const lines = app.logged.filter((line) => line.includes('unexpected error'));
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 50, requestId: error?.extensions?.requestId });
      const told = app.logged.join('') + JSON.stringify(answer);
      for (const secret of [SECRET, tenant.key.slice(10), tenant.email, 'SELECT', 'does not exist']) {
        expect(told).not.toContain(secret);
      }
    });
  }

  it('of a download is masked and logged once', async () => {
    app.logged.splice(0);
    const url = `${app.url}/attachments/0199aa11-2b3c-7def-8123-456789abcdef`;
    const headers = { authorization: `Bearer ${tenant.key}` };
    const response = await without('attachment', () => fetch(url, { headers }));
    expect([response.status, await response.json()]).toEqual([500, { error: 'Unexpected error.' }]);
    expect(app.logged).toHaveLength(1);
    expect(app.logged[0]).not.toContain(tenant.key.slice(10));
  });
});

describe('input that does not fit the schema', () => {
  const secret = { deep: SECRET };
  const variables: [string, object, string][] = [
    ['a text for an object', { input: SECRET }, 'input'],
    [
      'an object for a text',
      { input: { fresh: { fromAccountUid: SECRET, to: [], subject: secret } } },
      'input.fresh.subject',
    ],
    ['an item of a list', { input: { reply: { to: ['a@b.example', secret] } } }, 'input.reply.to.1'],
    ['a uid that is none', { input: { draft: { draftUid: SECRET } } }, 'input.draft.draftUid'],
    ['a field that does not exist', { input: { draft: { body: SECRET } } }, 'input.draft'],
    ['no member of a @oneOf', { input: {} }, 'input'],
    ['a null member of a @oneOf', { input: { draft: null } }, 'input.draft'],
    ['two members of a @oneOf', { input: { draft: { draftUid: SECRET }, fresh: { subject: SECRET } } }, 'input'],
    ['no variable at all', {}, 'input'],
  ];
  for (const [what, values, path] of variables) {
    it(`is refused with its path and never repeated: ${what}`, async () => {
      app.logged.splice(0);
      const answer = await request<unknown, object>(app, tenant.key, SEND, values);
      expect(answer.data).toBeNull();
      const paths = answer.errors.flatMap(({ extensions }) => (extensions?.issues as { path: string }[]) ?? []);
      expect(paths.map((issue) => issue.path)).toContain(path);
      for (const { extensions } of answer.errors)
        expect(extensions).toMatchObject({ code: 'INVALID_INPUT', retry: 'NEVER' });
      expect(JSON.stringify(answer) + app.logged.join('')).not.toContain(SECRET);
    });
  }

  const literals = [
    `{ outboundEmails(first: "${SECRET}") { edges { cursor } } }`,
    `{ outboundEmails(filter: { mode: [${SECRET.replaceAll('-', '_')}] }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { mode: ["${SECRET}"] }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { search: ["${SECRET}"] }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { createdFrom: "${SECRET}" }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { context: { type: "${SECRET}" } }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { nothing: "${SECRET}" }) { edges { cursor } } }`,
    `{ outboundEmail(uid: "${SECRET}") { uid } }`,
    `{ node(id: "${SECRET}") { id } }`,
    `mutation { sendEmail(input: { fresh: "${SECRET}" }) { __typename } }`,
    `mutation { sendEmail(input: { draft: { draftUid: "${SECRET}" }, fresh: null }) { __typename } }`,
    `{ "${SECRET}" }`,
    `{ outboundEmails(filter: { search: """${SECRET}""" "${SECRET}" }) { edges { cursor } } }`,
  ];
  for (const operation of literals) {
    it(`is refused with its place and never repeated: ${operation.slice(0, 70)}`, async () => {
      const { errors: found } = await request(app, tenant.key, operation);
      expect(found.length).toBeGreaterThan(0);
      for (const error of found) expect(error.extensions?.code).not.toBe('INTERNAL_SERVER_ERROR');
      expect(JSON.stringify(found)).not.toMatch(/SECRET/);
    });
  }

  it('is refused before it is parsed when it has too many tokens', async () => {
    const { errors: found } = await request(app, tenant.key, `{ viewer { ${'actor '.repeat(6_000)} } }`);
    expect(found[0]?.message).toMatch(/more than \d+ tokens/);
  });

  it('is refused without a trace of it when it is no JSON', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` };
    const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: `{"query": "${SECRET}` });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain(SECRET);
  });
});

describe('errors.ts and the schema', () => {
  const classes = Object.entries(errors).filter(
    ([name, value]) =>
      typeof value === 'function' && name !== 'DomainError' && value.prototype instanceof errors.DomainError,
  );

  it('have the same errors: a type of its name for every class', () => {
    expect(classes.length).toBeGreaterThan(5);
    for (const [name] of classes) expect(schema.getType(name), name).toMatchObject({ name });
  });
});

describe('the HTTP server', () => {
  it('refuses a mutation over GET', async () => {
    const operation = encodeURIComponent(
      'mutation { revokeApiKey(uid: "0199aa11-2b3c-7def-8123-456789abcdef") { __typename } }',
    );
    const headers = { authorization: `Bearer ${tenant.key}` };
    const response = await fetch(`${app.url}/graphql?query=${operation}`, { headers });
    expect(response.status).toBe(405);
  });

  it('allows no other origin unless told to', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const preflight = await fetch(`${app.url}/graphql`, { method: 'OPTIONS', headers });
    const post = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
    });
    for (const response of [preflight, post]) expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('tells that it lives and that it is ready, and 404 for anything else', async () => {
    const ask = async (path: string) => (await fetch(`${app.url}${path}`)).status;
    expect([await ask('/health'), await ask('/ready'), await ask('/'), await ask('/attachments')]).toEqual([
      200, 200, 404, 404,
    ]);
  });

  it('survives a request whose path is no URL', async () => {
    for (const path of ['//', '/%', '///:@', '*', 'http://[']) {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect((await buffer(socket)).toString('latin1')).toMatch(/^HTTP\/1.1 4\d\d /);
    }
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });
});

describe('input that is made to be slow or to break something', () => {
  it('is refused in no time when its error would repeat megabytes', async () => {
    const subject = { [', but encountered error "'.repeat(80_000)]: 1 };
    const startedAt = performance.now();
    const variables = { input: { fresh: { fromAccountUid: tenant.accountId, to: [], subject } } };
    const { errors: refused } = await request(app, tenant.key, SEND, variables);
    expect(refused[0]?.message).toBe('input.fresh.subject: Must be a valid String.');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59.999-23:59'])(
    'refuses %s, which PostgreSQL would not read',
    async (createdFrom) => {
      const list =
        'query($createdFrom: DateTime) { outboundEmails(filter: { createdFrom: $createdFrom }) { totalCount } }';
      const { errors: refused } = await request(app, tenant.key, list, { createdFrom });
      expect(refused[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT' });
      const { errors: literal } = await request(
        app,
        tenant.key,
        list.replace('$createdFrom }', `"${createdFrom}" }`).replace(/\(\$.*?\)/, ''),
      );
      expect(literal[0]?.message).toBe('Expected an instant in the years 1 to 9999.');
    },
  );

  it.each([`a/b${';x=y'.repeat(1_000_000)}"`, 'text/plain;\r\n x=y'])(
    'refuses a media type of that kind',
    async (contentType) => {
      const file = { filename: 'f', contentType, dataBase64: '' };
      const fresh = { fromAccountUid: tenant.accountId, to: ['a@b.example'], subject: 's', attachments: [file] };
      const { data } = await request<object, object>(app, tenant.key, SEND, { input: { fresh } });
      expect(data).toEqual({ sendEmail: { __typename: 'InvalidInputError' } });
    },
  );
});
