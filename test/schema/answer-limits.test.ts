/** How much an answer may hold: bodies are refused before they are read, everything else before it is written. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createTenant, request, startTestApp, type Tenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, insertMessage } from '../support/rows.ts';

const MB = 1024 * 1024;
const ALLOWED = 16 * MB;

let tenant: Tenant;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
});

/** A message with bodies of this many bytes, in a conversation of its own unless told otherwise. */
async function receive(text: number | null, html: number | null, conversation?: string) {
  const conversationId = conversation ?? (await insertConversation(t, tenant));
  const uid = await insertMessage(t, tenant, { conversationId });
  await t.app.pool.query(
    `UPDATE email_message SET body_text = repeat('t', $2), body_html = repeat('h', $3) WHERE id = $1`,
    [uid, text, html],
  );
  return { uid, conversationId, id: `EmailMessage_${uid}` };
}

async function write(status: 'SENT' | 'DRAFT', text: number): Promise<string> {
  const mode = status === 'DRAFT' ? 'DRAFT' : 'FRESH';
  const uid = await insertEmail(t, tenant, { status, mode });
  await t.app.pool.query(`UPDATE outbound_email SET body_text = repeat('t', $2) WHERE id = $1`, [uid, text]);
  return uid;
}

/** With the statements that have read bodies. */
async function ask(operation: string, variables: object = {}) {
  t.resetStatements();
  const answer = await request<Record<string, unknown>, object>(t, tenant.key, operation, variables);
  const readBodies = t.statements().filter((text) => /body_(text|html)(?!_bytes)/.test(text));
  return { ...answer, readBodies };
}

/** @param allowedReads what fields beside each other read before the one that is too much, at most. */
async function expectRefused(operation: string, asked: number, allowedReads = 0): Promise<void> {
  const { data, errors, readBodies } = await ask(operation);
  expect(data === null).toBe(true);
  expect(errors.map(({ extensions }) => extensions)).toEqual([
    { code: 'INVALID_INPUT', retry: 'NEVER', asked, allowed: ALLOWED, requestId: expect.any(String) },
  ]);
  expect(errors[0]?.message).toContain(
    `The operation asks for ${asked} bytes of message bodies. At most ${ALLOWED} are allowed.`,
  );
  expect(readBodies.length).toBeLessThanOrEqual(allowedReads);
}

describe('bodies of more than 16 MB', () => {
  describe('are refused before one of them is read, however they are asked for', () => {
    let messages: Awaited<ReturnType<typeof receive>>[];
    let owner: Tenant;
    beforeAll(async () => {
      tenant = await createTenant(t);
      owner = tenant;
      messages = [await receive(null, 10 * MB), await receive(null, 10 * MB)];
    });

    it.each<[string, (ids: string[], uids: string[]) => string, number?]>([
      ['in nodes', (ids) => `{ nodes(ids: ${JSON.stringify(ids)}) { ... on EmailMessage { bodyHtml } } }`],
      ['in a nested list', () => '{ conversations { edges { node { messages { edges { node { bodyHtml } } } } } } }'],
      [
        'in fields beside each other',
        (_ids, [a, b]) => `{ a: emailMessage(uid: "${a}") { bodyHtml } b: emailMessage(uid: "${b}") { bodyHtml } }`,
        1,
      ],
      ['through aliases of one field', (_ids, [a]) => `{ emailMessage(uid: "${a}") { a: bodyHtml b: bodyHtml } }`],
      [
        'through fragments and aliases of one message',
        (_ids, [a]) => `{ a: emailMessage(uid: "${a}") { ...m } b: emailMessage(uid: "${a}") { ...m } }
        fragment m on EmailMessage { bodyHtml }`,
        1,
      ],
      [
        'through quotes',
        () =>
          '{ conversations { edges { node { messages { edges { node { replySuggestion { quotedHtml quotedText } } } } } } } }',
      ],
      [
        'through other quotes of one message',
        (_ids, [a]) =>
          `{ emailMessage(uid: "${a}") { a: replySuggestion { quotedText } b: replySuggestion(all: true) { quotedHtml } } }`,
      ],
    ])('%s', async (_how, operation, allowedReads) => {
      tenant = owner;
      const [ids, uids] = [messages.map(({ id }) => id), messages.map(({ uid }) => uid)];
      await expectRefused(operation(ids, uids), 20 * MB, allowedReads);
    });
  });

  it('are read when they are those of one message', async () => {
    const { uid, id } = await receive(10 * MB, 12 * MB);
    const fields = 'bodyText bodyHtml replySuggestion { to quotedText quotedHtml }';
    for (const operation of [
      `{ message: emailMessage(uid: "${uid}") { ${fields} } }`,
      `{ message: node(id: "${id}") { ... on EmailMessage { ${fields} } } }`,
    ]) {
      const { data, errors, readBodies } = await ask(operation);
      expect(errors).toEqual([]);
      expect(data?.message).toEqual({
        bodyText: 't'.repeat(10 * MB),
        bodyHtml: 'h'.repeat(12 * MB),
        replySuggestion: {
          to: ['maria@acme.example'],
          quotedText: expect.stringMatching(/^On .*\n> t{100000}$/),
          quotedHtml: expect.stringMatching(/t{100000}<\/blockquote>$/),
        },
      });
      expect(readBodies).toHaveLength(2);
    }
  });

  it('are refused of emails and of drafts', async () => {
    for (const status of ['SENT', 'DRAFT'] as const) for (let n = 0; n < 9; n++) await write(status, 2 * MB);
    await expectRefused('{ outboundEmails { edges { node { bodyText } } } }', 18 * MB);
    await expectRefused('{ drafts { edges { node { bodyText } } } }', 18 * MB);
    await expectRefused(
      '{ drafts(first: 4) { edges { node { bodyText } } } outboundEmails(first: 5) { edges { node { a: bodyText } } } }',
      18 * MB,
      1,
    );
  });

  it('are missing from the answer of a mutation, which does its work', async () => {
    const { conversationId } = await receive(200_000, null);
    for (let n = 0; n < 119; n++) await receive(200_000, null, conversationId);
    await t.app.pool.query('UPDATE email_message SET is_read = false WHERE conversation_id = $1', [conversationId]);
    const { data, errors } = await ask(
      `mutation($uid: UUID!) { markConversationRead(uid: $uid) { ... on MarkConversationReadPayload { conversation {
        isRead a: messages(first: 100) { edges { node { subject bodyText } } } b: messages(last: 20) { edges { node { bodyText } } } } } } }`,
      { uid: conversationId },
    );
    const payload = Object(data).markConversationRead.conversation;
    expect(payload).toMatchObject({
      isRead: true,
      a: { edges: expect.arrayContaining([{ node: { subject: 'Invoice', bodyText: null } }]) },
    });
    expect(errors).toHaveLength(101);
    expect(errors[0]).toMatchObject({ message: expect.stringMatching(/asks for 2[04]000000 bytes of message bodies/) });
    expect(errors[100]).toMatchObject({ message: 'And 20 more errors.', extensions: { code: 'INVALID_INPUT' } });
  });
});

describe('clients that take nothing of their large answers', () => {
  it('keep others from theirs for a while only', async () => {
    const hasty = await startTestApp({ beside: t, timing: { requestMs: 3_000 } });
    onTestFinished(() => hasty.close());
    const { uid } = await receive(10 * MB, 10 * MB);
    const operation = `{ emailMessage(uid: "${uid}") { bodyText bodyHtml } }`;
    const body = JSON.stringify({ query: operation });
    const sockets = Array.from({ length: 5 }, () => {
      const socket = connect(Number(new URL(hasty.url).port), '127.0.0.1').pause();
      socket.write(`POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tenant.key}\r\n`);
      socket.write(`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      return socket;
    });
    // The first of them have begun to be answered, and hold what there is.
    await Promise.any(sockets.map((socket) => once(socket, 'readable')));
    const { data, errors } = await request(hasty, tenant.key, operation);
    expect(errors).toEqual([]);
    expect(Object(data).emailMessage.bodyText).toHaveLength(10 * MB);
    for (const socket of sockets) socket.destroy();
  });
});

describe('bodies of less', () => {
  it('are read in one statement for each of the two, and apart from their rows', async () => {
    const { conversationId } = await receive(100_000, 50_000);
    for (let n = 1; n < 100; n++) await receive(100_000, n % 2 === 0 ? 50_000 : null, conversationId);
    const { data, errors, readBodies } = await ask(
      `{ conversation(uid: "${conversationId}") { messages(first: 100) { edges { node { bodyText bodyHtml } } } } }`,
    );
    expect(errors).toEqual([]);
    const messages = Object(data).conversation.messages.edges.map(({ node }: { node: object }) => node);
    expect(messages).toHaveLength(100);
    expect(messages[0]).toEqual({ bodyText: 't'.repeat(100_000), bodyHtml: 'h'.repeat(50_000) });
    expect(messages[1]).toEqual({ bodyText: 't'.repeat(100_000), bodyHtml: null });
    expect(readBodies).toHaveLength(2);
  });

  it('are not read when nothing needs them', async () => {
    const { uid } = await receive(null, 0);
    await receive(5_000, null);
    const { data, readBodies } = await ask(
      `{ emailMessage(uid: "${uid}") { bodyText replySuggestion { to cc subject } } conversations { edges { node { messages { edges { node { subject snippet } } } } } } }`,
    );
    expect(data?.emailMessage).toMatchObject({ bodyText: null, replySuggestion: { subject: 'Re: Invoice' } });
    expect(readBodies).toEqual([]);
    expect((await ask(`{ emailMessage(uid: "${uid}") { bodyHtml } }`)).data).toEqual({
      emailMessage: { bodyHtml: '' },
    });
  });

  it('belong to the organization that asks', async () => {
    const { id } = await receive(5, null);
    tenant = await createTenant(t);
    expect((await ask(`{ node(id: "${id}") { ... on EmailMessage { bodyText } } }`)).data).toEqual({ node: null });
  });
});

describe('the rest of an answer', () => {
  it('may have 16 million characters', async () => {
    const { uid } = await receive(5, null);
    await t.app.pool.query(`UPDATE email_message SET subject = repeat('s', $2) WHERE id = $1`, [uid, MB]);
    const subjects = (count: number) => Array.from({ length: count }, (_, n) => `s${n}: subject`).join(' ');
    const most = await ask(`{ emailMessage(uid: "${uid}") { ${subjects(15)} bodyText } }`);
    expect(most.errors).toEqual([]);
    const { data, errors } = await ask(`{ emailMessage(uid: "${uid}") { ${subjects(17)} bodyText } }`);
    expect(data === null).toBe(true);
    expect(errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'INVALID_INPUT', retry: 'NEVER', allowed: ALLOWED },
    ]);
  });
});
