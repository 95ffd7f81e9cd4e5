/** What a request may have, as a client is told over HTTP. Each limit by itself is in json-limits.test.ts. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SendEmail } from '../support/documents.ts';
import { expectType, request, startTestApp, useTenant, useTestApp } from '../support/harness.ts';
import { countRows, createRecipient, fresh, send } from '../support/mail.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

/** @returns status and the first error. */
async function post(body: string, contentType = 'application/json', path = '/graphql') {
  const response = await fetch(t.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.key}`, 'content-type': contentType },
    body,
  });
  return answerOf(response);
}

async function get(parameters: Record<string, string>) {
  const url = `${t.url}/graphql?${new URLSearchParams(parameters)}`;
  return answerOf(await fetch(url, { headers: { authorization: `Bearer ${tenant.key}` } }));
}

async function answerOf(response: Response) {
  const { data, errors = [] } = Object(await response.json());
  return {
    status: response.status,
    data: data ?? null,
    code: errors[0]?.extensions?.code,
    message: errors[0]?.message,
  };
}

const QUERY = '{ contextTypes }';

describe('JSON that is too much', () => {
  it('is refused whatever its size, and whether or not its length is announced', async () => {
    const nested = `{"query":"${QUERY}","variables":{"a":${'['.repeat(64)}${']'.repeat(64)}}}`;
    for (const chunked of [false, true]) {
      const call = httpRequest(`${t.url}/graphql`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.key}`,
          'content-type': 'application/json',
          ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': nested.length }),
        },
      });
      call.end(nested);
      const [response]: IncomingMessage[] = await once(call, 'response');
      expect(response?.statusCode).toBe(400);
      expect(response && (await text(response))).toContain('at most 64 levels');
    }
  });

  it('is refused in a URL and in a form, too', async () => {
    const deep = '['.repeat(65) + ']'.repeat(65);
    const long = JSON.stringify({ a: Array(1_001).fill(1) });
    for (const ask of [
      get,
      (parameters: Record<string, string>) =>
        post(String(new URLSearchParams(parameters)), 'application/x-www-form-urlencoded'),
    ]) {
      expect(await ask({ query: QUERY, variables: '{"a":1}' })).toMatchObject({ status: 200, data: expect.anything() });
      expect(await ask({ query: QUERY, extensions: deep })).toMatchObject({ status: 400, code: 'INVALID_INPUT' });
      expect(await ask({ query: QUERY, variables: long })).toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  it('is refused in a body that is not JSON from 256 KB on', async () => {
    const padded = (bytes: number) => `${QUERY}${' '.repeat(bytes - QUERY.length)}`;
    expect(await post(padded(262_144), 'application/graphql')).toMatchObject({ status: 200 });
    expect(await post(padded(262_145), 'application/graphql')).toMatchObject({
      status: 413,
      code: 'INVALID_INPUT',
      message: 'A request may have at most 262144 bytes.',
    });
  });
});

describe('JSON that is none', () => {
  it.each(['variables', 'extensions'])(
    "in %s of a URL or a form is the client's error, and not logged",
    async (name) => {
      t.logged.splice(0);
      const parameters = { query: QUERY, [name]: '{"a":' };
      const form = String(new URLSearchParams(parameters));
      for (const answer of [await get(parameters), await post(form, 'application/x-www-form-urlencoded')]) {
        expect(answer).toMatchObject({ status: 400, code: 'INVALID_INPUT', data: null });
      }
      expect(t.logged).toEqual([]);
    },
  );
});

describe('a list in an input', () => {
  const MESSAGE = 'At most 1000 entries are allowed; there are 1001.';

  it('of more than 1,000 entries is refused as a whole, with its path', async () => {
    const input = fresh(tenant, 'maria@acme.example', { cc: Array(1_001).fill('no address') });
    const { errors, data } = await request(t, tenant.key, SendEmail, { input });
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      {
        code: 'INVALID_INPUT',
        retry: 'NEVER',
        issues: [{ path: 'input.fresh.cc', message: MESSAGE }],
        requestId: expect.any(String),
      },
    ]);
  });

  it('is refused in the operation itself, too', async () => {
    const operation = (count: number) =>
      `mutation { sendEmail(input: { fresh: { to: [${'"@" '.repeat(count)}], fromAccountUid: "${tenant.accountId}", subject: "s" } }) {
        __typename ... on InvalidInputError { issues { path } } } }`;
    const { errors } = await request(t, tenant.key, operation(1_001));
    expect(errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'INVALID_INPUT', retry: 'NEVER', issues: [{ path: 'input.fresh.to', message: MESSAGE }] },
    ]);
    expect((await request(t, tenant.key, operation(1_000))).errors).toEqual([]);
  });

  it('with more than 100 issues has the first 100 reported and the others counted', async () => {
    const input = fresh(tenant, 'maria@acme.example', { cc: Array(1_000).fill('no address') });
    const { issues, message } = expectType(await send(t, tenant, input), 'InvalidInputError');
    expect(issues).toHaveLength(100);
    expect(issues[0]?.path).toBe('input.fresh.cc.0');
    // The thousand, and that they are more than the recipients that an email may have.
    expect(message).toMatch(/ And 901 more\.$/);
    expect(await countRows(t, tenant)).toBe(0);
  });

  it('with entries of the wrong type has the first 100 reported', async () => {
    const input = {
      fresh: { fromAccountUid: tenant.accountId, subject: 's', to: Array(1_000).fill({ address: 'a@b.c' }) },
    };
    const { issues } = expectType(await send(t, tenant, input), 'InvalidInputError');
    expect(issues).toHaveLength(100);
    expect(issues[99]?.path).toBe('input.fresh.to.99');
  });
});

describe('mutations', () => {
  const revoke = (name: string) => `${name}: revokeApiKey(uid: "0199aa11-2b3c-7def-8123-456789abcdef") { __typename }`;
  const some = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, n) => revoke(`${prefix}${n}`)).join();

  it('are twenty at most in one operation, those of fragments included', async () => {
    const operation = (count: number) =>
      `mutation { ${some(count - 19, 'a')} ...b ... on Mutation { ${some(9, 'c')} } ...b }
       fragment b on Mutation { ${some(5, 'b')} ...d }
       fragment d on Mutation { ${some(5, 'd')} }`;
    const allowed = await request<Record<string, unknown>, never>(t, tenant.key, operation(20));
    expect(allowed.errors).toEqual([]);
    expect(Object.keys(allowed.data ?? {})).toHaveLength(20);
    const refused = await request(t, tenant.key, operation(21));
    expect(refused.data).toBeNull();
    expect(refused.errors).toMatchObject([
      {
        message: 'An operation may have at most 20 mutations; this one has 21.',
        extensions: { code: 'INVALID_INPUT' },
      },
    ]);
  });

  it('are twenty of the operation that is asked for: queries may have more fields', async () => {
    const fields = Array.from({ length: 30 }, (_, n) => `q${n}: contextTypes`).join();
    expect((await request(t, tenant.key, `{ ${fields} }`)).errors).toEqual([]);
  });
});

describe('a body', () => {
  const HEADERS = `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;

  /** What was answered. The server does not read what is written after that: the connection may end with a reset. */
  async function untilClosed(socket: Socket): Promise<string> {
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk))).on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  }

  function open(head: string, { url } = t) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(head);
    return socket;
  }

  it.each([
    ['Content-Length: 100', ' '],
    ['Content-Length: 40000000', ' '],
    ['Transfer-Encoding: chunked', '1\r\n \r\n'],
  ])('that does not come to its end ends after a while, whoever sends it (%s)', async (length, piece) => {
    const hasty = await startTestApp({ beside: t, timing: { requestMs: 1_000 } });
    onTestFinished(() => hasty.close());
    const socket = open(`${HEADERS}Authorization: Bearer ${tenant.key}\r\n${length}\r\n\r\n${piece}`, hasty);
    const trickle = setInterval(() => socket.write(piece), 100);
    const answer = await untilClosed(socket).finally(() => clearInterval(trickle));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect((await request(hasty, tenant.key, QUERY)).errors).toEqual([]);
  });

  it('is not waited for without a key', async () => {
    const socket = open(`${HEADERS}Authorization: Bearer epk_wrong\r\nContent-Length: 100\r\n\r\n`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it('of many pieces arrives whole', async () => {
    const to = createRecipient(t, tenant);
    const input = fresh(tenant, to, { bodyText: 'x'.repeat(700_000) });
    const body = JSON.stringify({ query: SendEmail.toString(), variables: { input } });
    const socket = open(
      `${HEADERS}Authorization: Bearer ${tenant.key}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let from = 0; from < body.length; from += 1_000) {
      const piece = body.slice(from, from + 1_000);
      socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    }
    socket.write('0\r\n\r\n');
    expect(await text(socket)).toContain('"status":"SENT"');
    const { bodyText } = await t.app.db.outboundEmail.findFirstOrThrow({
      where: { organizationId: tenant.organizationId },
    });
    expect(bodyText).toHaveLength(700_000);
  });
});
