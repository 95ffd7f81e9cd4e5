import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/auth/scopes.ts';
import * as errors from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { schema } from '../../src/schema/index.ts';
import { createKey, request, startServer, useTenant, useTestApp } from '../support/harness.ts';

const app = useTestApp();
const tenant = useTenant(app);

const SECRET = 'SECRET-tender-price';
const SEND = 'mutation($input: SendEmailInput!) { sendEmail(input: $input) { __typename } }';
const SEND_FOR_ISSUES = `mutation($input: SendEmailInput!) {
  sendEmail(input: $input) { ... on InvalidInputError { code retry issues { path message } } }
}`;

interface Refused {
  readonly sendEmail: {
    readonly code: string;
    readonly retry: string;
    readonly issues: readonly { path: string; message: string }[];
  };
}

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
    ['found_message', `{ conversations(filter: { search: "${SECRET}" }) { edges { cursor } } }`, () => ({})],
    ['api_key', `{ conversations(filter: { search: "${SECRET}" }) { edges { cursor } } }`, () => ({})],
  ];
  for (const [table, operation, variables] of operations) {
    it(`is masked and logged once, under one id, without a word of the request (${table})`, async () => {
      // One that was not looked up before: a key that was is known for five seconds.
      const key = await createKey(app, tenant.organizationId, SCOPES);
      app.logged.splice(0);
      const answer = await without(table, () => request<unknown, object>(app, key, operation, variables()));
      expect(answer.errors).toHaveLength(1);
      const [error] = answer.errors;
      expect(error?.message).toBe('Unexpected error.');
      expect(error?.extensions).toEqual({
        code: 'INTERNAL_SERVER_ERROR',
        // What failed at the key had not begun.
        retry: operation === SEND ? 'CHECK_FIRST' : 'SAFE',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      const lines = app.logged.filter((line) => line.includes('unexpected error'));
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 50, requestId: error?.extensions?.requestId });
      const told = app.logged.join('') + JSON.stringify(answer);
      for (const secret of [SECRET, key.slice(10), tenant.email, 'SELECT', 'does not exist']) {
        expect(told).not.toContain(secret);
      }
    });
  }

  it('of a download is masked and logged once', async () => {
    app.logged.splice(0);
    const url = `${app.url}/attachments/0199aa11-2b3c-7def-8123-456789abcdef`;
    const headers = { authorization: `Bearer ${tenant.key}` };
    const response = await without('attachment', () => fetch(url, { headers }));
    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const body = await response.json();
    expect([response.status, body]).toEqual([500, { error: 'Unexpected error.', requestId }]);
    expect(app.logged.map((line) => JSON.parse(line))).toMatchObject([
      { level: 50, ...body, error: { name: 'error' } },
    ]);
    expect(app.logged[0]).not.toContain(tenant.key.slice(10));
  });

  it('that is thrown outside of an operation is masked and logged by the last line of defence', async () => {
    const written: string[] = [];
    const log = createLogger('info', {
      write(line) {
        if (!line.includes('"pathname":"graphql"')) throw new Error(SECRET);
        written.push(line);
      },
    });
    const server = await startServer({ ...app.app, log });
    try {
      const url = `http://127.0.0.1:${server.port}/graphql?query={invoice(number:"1"){uid}}`;
      const headers = { authorization: `Bearer ${tenant.key}` };
      const response = await without('invoice', () => fetch(url, { headers }));
      const body = await response.json();
      expect([response.status, body]).toEqual([500, { error: 'Unexpected error.', requestId: expect.any(String) }]);
      expect(written.map((line) => JSON.parse(line))).toMatchObject([{ requestId: body.requestId, level: 50 }]);
      expect(written.join('')).not.toContain(SECRET);
    } finally {
      await server.close();
    }
  });
});

describe('input that does not fit the schema', () => {
  const secret = { deep: SECRET };
  const UID = '0199aa11-2b3c-7def-8123-456789abcdef';
  const variables: [string, object, string][] = [
    ['a text for an object', { input: SECRET }, 'input'],
    [
      'an object for a text',
      { input: { fresh: { fromAccountUid: SECRET, to: [], subject: secret } } },
      'input.fresh.subject',
    ],
    ['an item of a list', { input: { reply: { to: ['a@b.example', secret] } } }, 'input.reply.to.1'],
    ['a uid that is none', { input: { draft: { draftUid: SECRET } } }, 'input.draft.draftUid'],
    ['a field that does not exist', { input: { draft: { body: SECRET } } }, 'input.draft.body'],
    ['a field that is missing', { input: { draft: { body: SECRET } } }, 'input.draft.draftUid'],
    ['a field whose name is no name', { input: { draft: { draftUid: UID, [SECRET]: 1 } } }, 'input.draft'],
    ['no member of a @oneOf', { input: {} }, 'input'],
    ['a null member of a @oneOf', { input: { draft: null } }, 'input.draft'],
    ['two members of a @oneOf', { input: { draft: { draftUid: SECRET }, fresh: { subject: SECRET } } }, 'input'],
    ['no variable at all', {}, 'input'],
  ];
  for (const [what, values, path] of variables) {
    it(`is refused with its path and never repeated: ${what}`, async () => {
      app.logged.splice(0);
      const answer = await request<Refused, object>(app, tenant.key, SEND_FOR_ISSUES, values);
      expect(answer.errors).toEqual([]);
      expect(answer.data?.sendEmail).toMatchObject({ code: 'INVALID_INPUT', retry: 'NEVER' });
      expect(answer.data?.sendEmail.issues.map((issue) => issue.path)).toContain(path);
      expect(JSON.stringify(answer) + app.logged.join('')).not.toContain(SECRET);
    });
  }

  const literals = [
    `{ outboundEmails(first: "${SECRET}") { edges { cursor } } }`,
    `{ outboundEmails(filter: { mode: [${SECRET.replaceAll('-', '_')}] }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { mode: ["${SECRET}"] }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { search: ["${SECRET}"] }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { created: { gte: "${SECRET}" } }) { edges { cursor } } }`,
    `{ outboundEmails(filter: { context: { type: "${SECRET}", uid: [] } }) { edges { cursor } } }`,
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

  it('is refused with the header that is missing when it is not sent as JSON', async () => {
    const headers = { 'content-type': 'text/plain', authorization: `Bearer ${tenant.key}` };
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query": "{ viewer { actor } }"}',
    });
    expect([response.status, await response.json()]).toMatchObject([
      415,
      {
        errors: [
          { message: expect.stringContaining('Content-Type: application/json'), extensions: { code: 'INVALID_INPUT' } },
        ],
      },
    ]);
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
    expect([await ask('/health'), await ask('/ready'), await ask('/nothing'), await ask('/attachments')]).toEqual([
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
    const before = process.cpuUsage();
    const variables = { input: { fresh: { fromAccountUid: tenant.accountId, to: [], subject } } };
    const { data } = await request<Refused, object>(app, tenant.key, SEND_FOR_ISSUES, variables);
    expect(data?.sendEmail.issues).toContainEqual({
      path: 'input.fresh.subject',
      message: 'Must be a string such as "text".',
    });
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(10_000);
  });

  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59.999-23:59'])(
    'refuses %s, which PostgreSQL would not read',
    async (gte) => {
      const list = 'query($gte: DateTime) { outboundEmails(filter: { created: { gte: $gte } }) { totalCount } }';
      const { errors: refused } = await request(app, tenant.key, list, { gte });
      expect(refused[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT' });
      const { errors: literal } = await request(
        app,
        tenant.key,
        list.replace('$gte }', `"${gte}" }`).replace(/\(\$.*?\)/, ''),
      );
      expect(literal[0]?.message).toMatch(/^Must be an instant with a zone in the years 1 to 9999, such as /);
    },
  );

  it.each([
    ['UPDATED_ASC', 'created: { gte: "0001-01-01T00:00:00Z" }'],
    ['CREATED_DESC', 'updated: { lt: "9999-12-31T23:59:59.999Z" }'],
  ])('the first and the last instant that there are limit nothing, in the order %s', async (order, range) => {
    const list = `{ outboundEmails(orderBy: ${order}, filter: { ${range} }) { totalCount nodes { uid } } }`;
    expect((await request(app, tenant.key, list)).errors).toEqual([]);
  });

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

describe('what the schema or the server refuses', () => {
  const errorsOf = async (operation: string, key: string | null = tenant.key) =>
    (await request<unknown, object>(app, key, operation)).errors;

  it.each([
    ['a syntax error', '{ viewer {'],
    ['an unknown field', '{ viewer { nothing } }'],
    ['a missing argument', '{ node { id } }'],
    [
      'a value of another type',
      '{ invoices(first: "ten") { totalCount } }',
      /^Must be a whole number .* such as 20\.$/,
    ],
    ['a bad uid', '{ invoice(uid: "1") { uid } }', /Must be a UUID such as /],
    [
      'an unknown value of an enum',
      '{ invoices(filter: { status: LATE }) { totalCount } }',
      /^Must be one of DRAFT, OPEN, /,
    ],
    ['a bad page size', '{ invoices(first: 1000) { totalCount } }'],
    ['an empty operation', ''],
  ])('has a code of ErrorCode and a retry: %s', async (_what, operation, message = /./) => {
    const [error] = await errorsOf(operation);
    expect(error?.message).toMatch(message);
    expect(error?.extensions).toMatchObject({ code: 'INVALID_INPUT', retry: 'NEVER' });
  });

  it('says that a key is wrong, or that there is none', async () => {
    const [wrong] = await errorsOf('{ viewer { actor } }', 'epk_wrong');
    expect(wrong?.message).toMatch(/^The API key is wrong, expired or revoked\./);
    const [missing] = await errorsOf('{ viewer { actor } }', null);
    expect(missing?.message).toBe('Send an API key: Authorization: Bearer epk_…');
    for (const error of [wrong, missing]) expect(error?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('tells what is too deep from what is too much, with the figures', async () => {
    const below = (levels: number): string =>
      levels === 0 ? 'uid' : `messages(first: 1) { edges { node { conversation { ${below(levels - 1)} } } } }`;
    const [deep] = await errorsOf(`{ conversations(first: 1) { edges { node { ${below(4)} } } } }`);
    expect(deep?.message).toMatch(/^The operation has \d+ levels\. At most 16 are allowed/);
    const page = 'first: 100';
    const [wide] = await errorsOf(
      `{ conversations(${page}) { edges { node { messages(${page}) { edges { node { uid subject snippet labels sentAt } } } } } } }`,
    );
    expect(wide?.message).toMatch(/^The operation asks for about \d+ values\. At most 50000 are allowed/);
    const nested = (levels: number): string =>
      levels === 0 ? 'uid' : `contexts { outboundEmails(${page}) { nodes { ${nested(levels - 1)} } } }`;
    const [hidden] = await errorsOf(`{ outboundEmails(first: 1) { nodes { ${nested(2)} } } }`);
    const ids = Array.from({ length: 100 }, () => 'EmailAccount_x');
    const [many] = await errorsOf(
      `{ nodes(ids: ${JSON.stringify(ids)}) { ... on Conversation { messages(${page}) { nodes { uid subject snippet labels sentAt } } } } }`,
    );
    const preview = 'previewEmail(input: { contextType: "invoice", bodyText: "" }) { __typename }';
    const [fills] = await errorsOf(`{ ${Array.from({ length: 30 }, (_, n) => `p${n}: ${preview}`).join(' ')} }`);
    for (const error of [hidden, many, fills])
      expect(error?.message).toBe(wide?.message.replace(/\d+/, String(error?.extensions?.complexity)));
    for (const error of [deep, wide]) {
      const figures = {
        complexity: expect.any(Number),
        maxComplexity: 50_000,
        depth: expect.any(Number),
        maxDepth: 16,
      };
      expect(error?.extensions).toMatchObject({ code: 'INVALID_INPUT', ...figures });
    }
  });

  it('gives the other nodes beside one bad id, with an error at its index', async () => {
    const ids = [`EmailAccount_${tenant.accountId}`, 'nonsense', `EmailAccount_${tenant.organizationId}`];
    const operation = `{ nodes(ids: ${JSON.stringify(ids)}) { id } }`;
    const { data, errors } = await request<{ nodes: unknown[] }, object>(app, tenant.key, operation);
    expect(data?.nodes).toEqual([{ id: ids[0] }, null, null]);
    const extensions = { code: 'INVALID_INPUT', retry: 'NEVER', issues: [{ path: 'ids.1' }] };
    expect(errors).toMatchObject([{ path: ['nodes', 1], extensions }]);
  });
});

it('gives an API key by its id to keys that may manage keys, and to no other', async () => {
  const key = await createKey(app, tenant.organizationId, ['email:read']);
  const { id } = await app.app.db.apiKey.findFirstOrThrow({ where: { prefix: key.slice(0, 10) } });
  const operation = `{ node(id: "ApiKey_${id}") { id ... on ApiKey { uid name scopes } } }`;
  const { data } = await request<object, object>(app, tenant.key, operation);
  expect(data).toEqual({ node: { id: `ApiKey_${id}`, uid: id, name: 'limited', scopes: ['email:read'] } });
  const refused = await request<object, object>(app, key, operation);
  expect(refused.data).toEqual({ node: null });
  expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});
