import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { SendEmail } from '../support/documents.ts';
import { createAccount, expectType, query, request, useTenant, useTestApp } from '../support/harness.ts';
import { blockLargeWrites } from '../support/large-writes.ts';
import { accepted, countRows, createRecipient, fresh, issuesOf, onlyMail, parse } from '../support/mail.ts';
import { CreateDraft } from '../support/send-documents.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

const LARGE_BYTES = 3_000_000;

function fileOf(bytes: Buffer) {
  return { filename: 'statement.pdf', contentType: 'application/pdf', dataBase64: bytes.toString('base64') };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A request whose body is the test's to write. */
function open(headers: Record<string, string | number>, method = 'POST'): ClientRequest {
  const call = httpRequest(`${t.url}/graphql`, {
    method,
    headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json', ...headers },
  });
  // The server may stop reading before the end.
  call.on('error', () => undefined);
  return call;
}

async function answerTo(call: ClientRequest): Promise<{ status: number; codes: unknown[] }> {
  const [response]: IncomingMessage[] = await once(call, 'response');
  if (response === undefined) throw new Error('no response');
  const body = Object(await json(response));
  const errors: { extensions?: { code?: unknown } }[] = body.errors ?? [];
  return { status: response.statusCode ?? 0, codes: errors.map(({ extensions }) => extensions?.code) };
}

function bodyWith(bytes: Buffer): string {
  const input = fresh(tenant, createRecipient(t, tenant, 'body'), { attachments: [fileOf(bytes)] });
  return JSON.stringify({ query: SendEmail.toString(), variables: { input } });
}

describe('large requests', () => {
  it('at once all arrive with the bytes that they were given', async () => {
    const sends = Array.from({ length: 8 }, async (_, n) => {
      const bytes = randomBytes(LARGE_BYTES + n);
      const fromAccountUid = await createAccount(t, tenant.organizationId, `n${n}-${tenant.email}`);
      const to = createRecipient(t, tenant, `maria${n}`);
      const { outboundEmail } = await accepted(
        t,
        tenant,
        fresh(tenant, to, { fromAccountUid, attachments: [fileOf(bytes)] }),
      );
      expect(outboundEmail.status).toBe('SENT');
      const [file] = (await parse(onlyMail(t, to))).attachments;
      expect(sha256(Buffer.from(new Uint8Array(file?.content as ArrayBuffer)))).toBe(sha256(bytes));
      const stored = await t.app.db.attachmentContent.findMany({
        where: { organizationId: tenant.organizationId, sha256: sha256(bytes) },
      });
      expect(stored.map((content) => Buffer.from(content.bytes).equals(bytes))).toEqual([true]);
    });
    await Promise.all(sends);
  });

  it('that wait for their turn hold up no small one, and are sent then', async () => {
    const release = await blockLargeWrites(t);
    const to = createRecipient(t, tenant);
    let isAnswered = false;
    const large = accepted(t, tenant, fresh(tenant, to, { attachments: [fileOf(randomBytes(LARGE_BYTES))] })).then(
      (sent) => {
        isAnswered = true;
        return sent;
      },
    );
    for (let n = 0; n < 12; n++) {
      const small = fresh(tenant, createRecipient(t, tenant, `small${n}`), {
        attachments: [fileOf(randomBytes(1_000))],
      });
      expect((await accepted(t, tenant, small)).outboundEmail.status).toBe('SENT');
    }
    expect(isAnswered).toBe(false);
    release();
    expect((await large).outboundEmail.status).toBe('SENT');
  });

  it('that stall while they arrive hold up nobody', async () => {
    const body = bodyWith(randomBytes(LARGE_BYTES));
    const stalled = Array.from({ length: 12 }, () => {
      const call = open({ 'content-length': Buffer.byteLength(body) });
      call.write(body.slice(0, -100));
      return call;
    });
    await Promise.all(stalled.map((call) => once(call, 'socket')));
    const attachments = [fileOf(randomBytes(LARGE_BYTES))];
    const sent = await accepted(t, tenant, fresh(tenant, createRecipient(t, tenant), { attachments }));
    expect(sent.outboundEmail.status).toBe('SENT');
    const [first, ...others] = stalled;
    for (const call of others) call.destroy();
    first?.end(body.slice(-100));
    expect(first && (await answerTo(first))).toEqual({ status: 200, codes: [] });
    // The others never came to their end: nothing was sent for them.
    expect(await countRows(t, tenant)).toBe(2);
  });

  it('of a draft are sent with the bytes that were stored', async () => {
    const to = createRecipient(t, tenant);
    const bytes = randomBytes(LARGE_BYTES);
    const input = { fromAccountUid: tenant.accountId, to: [to], subject: 's', attachments: [fileOf(bytes)] };
    const created = expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload');
    const sent = await accepted(t, tenant, { draft: { draftUid: created.draft.uid } });
    expect(sent.outboundEmail.status).toBe('SENT');
    const [file] = (await parse(onlyMail(t, to))).attachments;
    expect(Buffer.from(new Uint8Array(file?.content as ArrayBuffer)).equals(bytes)).toBe(true);
  });

  it('with the same file twice in one operation use it twice', async () => {
    const [one, two] = [createRecipient(t, tenant, 'one'), createRecipient(t, tenant, 'two')];
    const operation = `mutation($from: UUID!, $files: [AttachmentInput!]) {
      one: sendEmail(input: { fresh: { fromAccountUid: $from, to: ["${one}"], subject: "s", attachments: $files } }) { __typename }
      two: sendEmail(input: { fresh: { fromAccountUid: $from, to: ["${two}"], subject: "s", attachments: $files } }) { __typename }
    }`;
    const bytes = randomBytes(LARGE_BYTES);
    const body = JSON.stringify({ query: operation, variables: { from: tenant.accountId, files: [fileOf(bytes)] } });
    const call = open({ 'content-length': Buffer.byteLength(body) });
    call.end(body);
    expect(await answerTo(call)).toEqual({ status: 200, codes: [] });
    for (const to of [one, two]) {
      const [file] = (await parse(onlyMail(t, to))).attachments;
      expect(Buffer.from(new Uint8Array(file?.content as ArrayBuffer)).equals(bytes)).toBe(true);
    }
  });
});

describe('mutations with files that were uploaded before', () => {
  it('hold the memory of one at a time, however many an operation has', async () => {
    const response = await fetch(`${t.url}/attachments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tenant.key}`,
        'content-type': 'application/pdf',
        'content-disposition': 'attachment; filename="a.pdf"',
      },
      body: randomBytes(25_000_000),
    });
    const { uid } = Object(await response.json());
    const create = 'createDraft(input: { fromAccountUid: $from, attachments: [{ uploadUid: $uid }] }) { __typename }';
    const mutations = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}: ${create}`).join('\n');
    const operation = `mutation($from: UUID!, $uid: UUID!) { ${mutations} }`;
    const answered = await request(t, tenant.key, operation, { from: tenant.accountId, uid });
    expect(answered.errors).toEqual([]);
  });
});

describe('a large request that is refused', () => {
  it('for its files names each that is wrong', async () => {
    const good = fileOf(randomBytes(LARGE_BYTES));
    const bad = { ...good, dataBase64: `${good.dataBase64.slice(0, 400_000)}*${good.dataBase64.slice(400_000)}` };
    const to = createRecipient(t, tenant);
    expect(
      await issuesOf(t, tenant, fresh(tenant, to, { attachments: [bad, good, { ...bad, filename: '' }] })),
    ).toEqual([
      'input.fresh.attachments.0.dataBase64: Must be base64 (RFC 4648 section 4), without line breaks.',
      'input.fresh.attachments.2.filename: Must be 1 to 255 characters.',
      'input.fresh.attachments.2.dataBase64: Must be base64 (RFC 4648 section 4), without line breaks.',
    ]);
    expect(await countRows(t, tenant)).toBe(0);
  });

  it('for what does not fit the schema repeats none of its bytes', async () => {
    const { dataBase64 } = fileOf(randomBytes(LARGE_BYTES));
    const variables = {
      input: { fresh: { fromAccountUid: tenant.accountId, to: [{ dataBase64 }], attachments: [{ dataBase64 }] } },
    };
    const response = await fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: SendEmail.toString(), variables }),
    });
    const text = await response.text();
    expect(text).toContain('INVALID_INPUT');
    expect(text.length).toBeLessThan(2_000);
    expect(text).not.toContain(dataBase64.slice(0, 8));
  });

  it.each<[string, Record<string, string | number>, number, string]>([
    ['announces more than is allowed', { 'content-length': 48_000_000 }, 413, 'INVALID_INPUT'],
    ['has no key', { 'content-length': 30_000_000, authorization: '' }, 401, 'UNAUTHENTICATED'],
  ])('because it %s is not read first', async (_what, headers, status, code) => {
    const call = open(headers);
    call.flushHeaders();
    expect(await answerTo(call)).toEqual({ status, codes: [code] });
    call.destroy();
  });

  it('because it turns out to be larger than is allowed', async () => {
    const call = open({ 'transfer-encoding': 'chunked' });
    const answer = answerTo(call);
    call.write('{"query":"{ viewer { __typename } }","variables":{"input":{"dataBase64":"');
    for (let n = 0; n < 48; n++) call.write('A'.repeat(1_000_000));
    call.end('"}}}');
    expect(await answer).toEqual({ status: 413, codes: ['INVALID_INPUT'] });
  });

  it.each<[string, (body: string) => string]>([
    ['is cut off', (body) => body.slice(0, -1)],
    ['is cut off in a file', (body) => body.slice(0, body.length / 2)],
    ['is no JSON', (body) => `${body}}`],
    ['is null', () => `null${' '.repeat(300_000)}`],
  ])('because its body %s', async (_what, change) => {
    const body = change(bodyWith(randomBytes(LARGE_BYTES)));
    const length: Record<string, string> = { 'content-length': String(Buffer.byteLength(body)) };
    for (const headers of [length, { 'transfer-encoding': 'chunked' }]) {
      const call = open(headers);
      call.end(body);
      expect((await answerTo(call)).status).toBe(400);
    }
    expect(await countRows(t, tenant)).toBe(0);
  });

  it('because it is of another content type', async () => {
    const body = bodyWith(randomBytes(LARGE_BYTES));
    const call = open({ 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
    call.end(body);
    const [response]: IncomingMessage[] = await once(call, 'response');
    response?.resume();
    expect(response?.statusCode).toBe(415);
  });
});
