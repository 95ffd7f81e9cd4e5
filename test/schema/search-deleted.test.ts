/** What was deleted in Gmail finds its conversation no more; what is still there does. */
import { beforeEach, expect, it } from 'vitest';
import { removeMessages } from '../../src/inbox/update-messages.ts';
import { graphql } from '../generated/gql.ts';
import { mailboxOf, query, useTenant, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';
import { type Given, gmailMessage, store } from '../support/stored.ts';

const FoundConversations = graphql(`
  query FoundConversations($search: String!) {
    conversations(filter: { search: $search }) { totalCount }
  }
`);

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

const threadId = 'thread';
const KEPT: Given = {
  messageId: 'kept',
  threadId,
  headers: { Cc: 'Zoë <zoe@kept.example>' },
  bodyText: null,
  bodyHtml: '<p>The giraffe waits &amp; shares</p>',
};
const GONE: Given = {
  messageId: 'gone',
  threadId,
  from: 'joe@gone.example',
  headers: { Subject: 'Okapi' },
  bodyText: 'It shares nothing with the elephant',
  parts: [
    {
      partId: '1',
      filename: 'walrus.pdf',
      contentType: 'application/pdf',
      contentId: null,
      size: 1,
      attachmentId: null,
      data: null,
    },
  ],
};

async function remove(...messageIds: string[]): Promise<void> {
  const mailbox = await mailboxOf(t, tenant);
  expect(await removeMessages(t.app.pool, mailbox, messageIds)).toBe(messageIds.length);
}

async function finds(search: string): Promise<boolean> {
  return (await query(t, tenant.key, FoundConversations, { search })).conversations.totalCount === 1;
}

/** Every term of the tenant's conversations. */
async function terms(): Promise<string[]> {
  const { rows } = await t.app.pool.query<{ terms: string[] }>(
    'SELECT tsvector_to_array(terms) AS terms FROM message_search WHERE organization_id = $1',
    [tenant.organizationId],
  );
  return rows.flatMap((row) => row.terms).toSorted();
}

it('leaves the words of the messages that are still there, as if it had never been', async () => {
  await store(t, tenant, gmailMessage(tenant, KEPT));
  const before = await terms();
  await store(t, tenant, gmailMessage(tenant, GONE));
  for (const word of ['elephant', 'okapi', 'joe@gone.example', 'walrus', 'giraffe'])
    expect(await finds(word)).toBe(true);
  await remove('gone');
  for (const word of ['elephant', 'okapi', 'joe@gone.example', 'walrus']) expect(await finds(word)).toBe(false);
  for (const word of ['giraffe', 'shares', 'zoe@kept.example']) expect(await finds(word)).toBe(true);
  expect(await terms()).toEqual(before);
});

it('leaves none when nothing is left but the record of what was answered', async () => {
  const replyToMessageId = await store(t, tenant, gmailMessage(tenant, GONE));
  const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: replyToMessageId } });
  await insertEmail(t, tenant, { mode: 'REPLY', replyToMessageId, conversationId });
  await remove('gone');
  expect(await terms()).toEqual([]);
});

it('goes through a conversation of any length', async () => {
  for (let n = 0; n < 45; n++) {
    await store(t, tenant, gmailMessage(tenant, { messageId: `m${n}`, threadId, bodyText: `number${n}` }));
  }
  await remove('m0', 'm30');
  expect((await terms()).filter((term) => /^number\d/.test(term))).toHaveLength(43);
  expect(await finds('number30')).toBe(false);
  expect(await finds('number44')).toBe(true);
});
