import { expect, it } from 'vitest';
import type { GmailMessage } from '../../src/gmail/gateway.ts';
import { storeMessage } from '../../src/inbox/store-message.ts';
import { mailboxOf, useTenant, useTestApp } from '../support/harness.ts';

const app = useTestApp();
const tenant = useTenant(app);

function message(id: string, given: Partial<GmailMessage> = {}): GmailMessage {
  return {
    messageId: id,
    threadId: `thread-of-${id}`,
    labels: ['INBOX', 'UNREAD'],
    snippet: 'Hello',
    internalDate: new Date('2026-05-01T00:00:00Z'),
    headers: [
      { name: 'From', value: 'Maria <maria@acme.example>' },
      { name: 'To', value: tenant.email },
      { name: 'Subject', value: 'Hello' },
      { name: 'Message-ID', value: `<${id}@acme.example>` },
    ],
    bodyText: 'Hello',
    bodyHtml: null,
    parts: [],
    report: null,
    problems: [],
    ...given,
  };
}

async function store(given: GmailMessage): Promise<string> {
  return storeMessage(app.app.pool, await mailboxOf(app, tenant), given, null);
}

/** Every row that storing writes, as text. */
async function everything(): Promise<string> {
  const tables = ['conversation', 'email_message', 'attachment', 'message_search', 'context_entity'];
  const dumps = await Promise.all(
    tables.map((table) => app.app.pool.query(`SELECT t::text FROM ${table} t ORDER BY 1`)),
  );
  return JSON.stringify(dumps.map(({ rows }) => rows));
}

it('changes nothing when a message is stored a second time', async () => {
  const id = await store(message('twice'));
  const before = await everything();
  expect(await store(message('twice'))).toBe(id);
  expect(await everything()).toBe(before);
});

it('leaves a message where it is, and no empty conversation, when Gmail has put it into another thread', async () => {
  const id = await store(message('moving'));
  const before = await everything();
  expect(await store(message('moving', { threadId: 'another-thread' }))).toBe(id);
  expect(await everything()).toBe(before);
});

it('stores a message once that is stored many times at once', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => store(message('racing'))));
  expect(new Set(ids).size).toBe(1);
  const conversation = await app.app.db.conversation.findFirstOrThrow({
    where: { providerThreadId: 'thread-of-racing' },
    include: { messages: true },
  });
  expect(conversation).toMatchObject({ messageCount: 1, messages: [{ id: ids[0] }] });
});

it('counts each message of a thread that comes in all at once', async () => {
  const threadId = 'one-thread';
  await Promise.all(Array.from({ length: 8 }, (_, n) => store(message(`part-${n}`, { threadId }))));
  const conversation = await app.app.db.conversation.findFirstOrThrow({ where: { providerThreadId: threadId } });
  expect(conversation).toMatchObject({ messageCount: 8, participants: ['maria@acme.example'], isRead: false });
});

it('keeps what a stranger sends without what PostgreSQL cannot hold', async () => {
  const nul = 'a\0b\ud800';
  const headers = [
    { name: 'From', value: `"a\0b" <ma\0ria@acme.example>` },
    { name: 'Subject', value: nul },
    { name: 'Message-ID', value: '<a\0b@acme.example>' },
    { name: 'References', value: '<c\0d@acme.example> <e@acme.example>' },
  ];
  const part = { filename: nul, contentType: 'text/plain', size: 1, contentId: null, partId: '1', attachmentId: null };
  const parts = [{ ...part, data: Buffer.from('x') }];
  const id = await store(message('nul', { headers, snippet: nul, bodyText: nul, bodyHtml: nul, parts }));
  const stored = await app.app.db.emailMessage.findFirstOrThrow({ where: { id }, include: { attachments: true } });
  expect(stored).toMatchObject({ subject: 'ab\ufffd', bodyText: 'ab\ufffd', attachments: [{ filename: 'ab\ufffd' }] });
});
