/** Whose turn it is in a conversation: the last message that a person wrote decides, in whatever order Gmail gives the messages. */
import { beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import { markNotSent } from '../../src/inbox/bounces.ts';
import { markMessageAutomatic } from '../../src/inbox/mark-automatic.ts';
import type { Mailbox } from '../../src/inbox/parse-message.ts';
import { relabelMessages, removeMessages } from '../../src/inbox/update-messages.ts';
import { createTenant, mailboxOf, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';
import { type Given, gmailMessage, permutations, store } from '../support/stored.ts';

let tenant: Tenant;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
});

const at = (minutes: number) => new Date(Date.parse('2026-05-01T00:00:00Z') + minutes * 60_000);
const message = (messageId: string, minutes: number, given: Partial<Given> = {}) =>
  gmailMessage(tenant, { messageId, threadId: 'thread', internalDate: at(minutes), ...given });
const theirs = (minutes: number, given: Partial<Given> = {}) => message(`theirs-${minutes}`, minutes, given);
const ours = (minutes: number, given: Partial<Given> = {}) =>
  message(`ours-${minutes}`, minutes, { labels: ['SENT'], from: tenant.email, to: 'maria@acme.example', ...given });
const AUTOMATIC = { headers: { 'Auto-Submitted': 'auto-replied' } };

/** The conversations that the filter finds, by thread, with their last messages. */
async function awaiting(awaitsOurAnswer = true): Promise<unknown[]> {
  const { data, errors } = await request<{ conversations: { nodes: unknown[] } }, object>(
    t,
    tenant.key,
    `{ conversations(filter: { awaitsOurAnswer: ${awaitsOurAnswer} }) {
      nodes { providerThreadId awaitsOurAnswer lastMessage { providerMessageId } } } }`,
  );
  expect(errors).toEqual([]);
  return data?.conversations.nodes ?? [];
}

const conversation = (awaitsOurAnswer: boolean, last: string) => ({
  providerThreadId: 'thread',
  awaitsOurAnswer,
  lastMessage: { providerMessageId: last },
});

async function expectAwaits(expected: boolean, last: string): Promise<void> {
  expect(await awaiting(expected)).toEqual([conversation(expected, last)]);
  expect(await awaiting(!expected)).toEqual([]);
}

describe('a conversation', () => {
  const cases: [string, () => ReturnType<typeof theirs>[], boolean, string][] = [
    ['that a customer began awaits our answer', () => [theirs(1)], true, 'theirs-1'],
    ['that we began does not', () => [ours(1)], false, 'ours-1'],
    ['that we have answered does not', () => [theirs(1), ours(2)], false, 'ours-2'],
    ['in which the customer wrote last does', () => [ours(1), theirs(2), ours(3), theirs(4)], true, 'theirs-4'],
    ['is not answered by a program of ours', () => [theirs(1), ours(2, AUTOMATIC)], true, 'ours-2'],
    ['is not begun by a program of theirs', () => [ours(1), theirs(2, AUTOMATIC)], false, 'theirs-2'],
    ['leaves out spam', () => [ours(1), theirs(2, { labels: ['SPAM'] })], false, 'ours-1'],
    ['leaves out the trash', () => [theirs(1), ours(2, { labels: ['SENT', 'TRASH'] })], true, 'theirs-1'],
  ];
  it.each(cases)('%s, in every order of arrival', async (_what, messages, expected, last) => {
    const ids = messages().map(({ messageId }) => messageId);
    for (const order of permutations(ids)) {
      tenant = await createTenant(t);
      // The addresses are those of this tenant.
      const here = new Map(messages().map((each) => [each.messageId, each]));
      for (const id of order) await store(t, tenant, here.get(id) ?? theirs(0));
      await expectAwaits(expected, last);
    }
  });

  it('is in neither list when all of it is in spam', async () => {
    await store(t, tenant, theirs(1, { labels: ['SPAM'] }));
    expect([await awaiting(true), await awaiting(false)]).toEqual([[], []]);
    const { rows } = await t.app.pool.query('SELECT awaits_our_answer FROM conversation WHERE organization_id = $1', [
      tenant.organizationId,
    ]);
    expect(rows).toEqual([{ awaits_our_answer: false }]);
  });
});

describe('what happens to messages later', () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await mailboxOf(t, tenant);
  });
  const relabel = (messageId: string, added: string[], removed: string[]) =>
    inTransaction(t.app.pool, (tx) => relabelMessages(tx, mailbox, [{ messageId, added, removed }]));

  it('counts: labels', async () => {
    for (const each of [theirs(1), ours(2), theirs(3)]) await store(t, tenant, each);
    await expectAwaits(true, 'theirs-3');
    await relabel('theirs-3', ['SPAM'], ['INBOX']);
    await expectAwaits(false, 'ours-2');
    await relabel('ours-2', ['TRASH'], []);
    await expectAwaits(true, 'theirs-1');
    await relabel('theirs-3', ['INBOX'], ['SPAM']);
    await relabel('ours-2', [], ['TRASH']);
    await expectAwaits(true, 'theirs-3');
  });

  it('counts: deletion', async () => {
    for (const each of [theirs(1), ours(2), theirs(3)]) await store(t, tenant, each);
    await inTransaction(t.app.pool, (tx) => removeMessages(tx, mailbox, ['theirs-3']));
    await expectAwaits(false, 'ours-2');
    await inTransaction(t.app.pool, (tx) => removeMessages(tx, mailbox, ['ours-2']));
    await expectAwaits(true, 'theirs-1');
  });

  it('counts: deletion of a message that stays as a record because we answer it', async () => {
    const uid = await store(t, tenant, theirs(1));
    const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } });
    await insertEmail(t, tenant, { replyToMessageId: uid, conversationId, mode: 'REPLY' });
    await inTransaction(t.app.pool, (tx) => removeMessages(tx, mailbox, ['theirs-1']));
    expect([await awaiting(true), await awaiting(false)]).toEqual([[], []]);
    await store(t, tenant, ours(2));
    await expectAwaits(false, 'ours-2');
  });

  it('counts: what a person says of a message', async () => {
    await store(t, tenant, ours(1));
    const uid = await store(t, tenant, theirs(2));
    await markMessageAutomatic(t.app, tenant.organizationId, uid, true);
    await expectAwaits(false, 'theirs-2');
    await markMessageAutomatic(t.app, tenant.organizationId, uid, false);
    await expectAwaits(true, 'theirs-2');
  });

  it('counts: an answer that Gmail accepted and did not send', async () => {
    await store(t, tenant, theirs(1));
    const id = await insertEmail(t, tenant, {
      providerMessageId: 'ours-2',
      providerThreadId: 'thread',
      sentAt: at(2),
    });
    await store(t, tenant, ours(2), id);
    await expectAwaits(false, 'ours-2');
    const email = { organizationId: tenant.organizationId, outboundEmailId: id, notificationId: id };
    const notice = (noticedAt: Date) => inTransaction(t.app.pool, (tx) => markNotSent(tx, email, noticedAt));
    // That of an earlier attempt, which comes late.
    expect(await notice(at(1))).toBe(false);
    await expectAwaits(false, 'ours-2');
    expect(await notice(at(2))).toBe(true);
    await expectAwaits(true, 'ours-2');
  });
});

it('is not awaited after an email of ours that began the thread, until its answer comes', async () => {
  const id = await insertEmail(t, tenant, { providerMessageId: 'ours-1', providerThreadId: 'thread', sentAt: at(1) });
  await store(t, tenant, ours(1), id);
  await expectAwaits(false, 'ours-1');
  await store(t, tenant, theirs(2));
  await expectAwaits(true, 'theirs-2');
});
