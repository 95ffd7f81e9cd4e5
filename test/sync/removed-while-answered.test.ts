/** A message is deleted in Gmail while a reply to it is being written: the reply keeps it, or no longer finds it. */
import { beforeEach, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import { removeMessages } from '../../src/inbox/update-messages.ts';
import { holdInserts } from '../support/failing-statements.ts';
import { expectType, lockAwaited, mailboxOf, query, useTenant, useTestApp } from '../support/harness.ts';
import { send } from '../support/mail.ts';
import { CreateDraft } from '../support/send-documents.ts';
import { deliver, gmailOf, syncWholly } from '../support/syncing.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

/** @returns its uid, and its id in Gmail. */
async function received() {
  const id = deliver(t, tenant, { subject: 'A question' });
  await syncWholly(t, tenant);
  const { accountId } = tenant;
  return { id, uid: (await t.app.db.emailMessage.findFirstOrThrow({ where: { accountId } })).id };
}

async function replyAsDraft(replyToMessageUid: string) {
  const attachments = [{ filename: 'a.txt', contentType: 'text/plain', dataBase64: 'YQ==' }];
  const input = { replyToMessageUid, to: ['maria@acme.example'], bodyText: 'An answer.', attachments };
  return (await query(t, tenant.key, CreateDraft, { input })).createDraft;
}

it('keeps the message for a reply that is written first', async () => {
  const { id, uid } = await received();
  const goOn = await holdInserts(t.app, 'attachment');
  const replying = replyAsDraft(uid);
  await lockAwaited(t);
  await gmailOf(t, tenant).messages.delete({ userId: 'me', id });
  const syncing = syncWholly(t, tenant);
  await lockAwaited(t, 2);
  await goOn();
  expectType(await replying, 'CreateDraftPayload');
  await syncing;
  const { deletedAt } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } });
  expect(deletedAt).not.toBeNull();
});

it.each([
  [
    'a reply',
    (uid: string) =>
      send(t, tenant, { reply: { replyToMessageUid: uid, to: ['maria@acme.example'], bodyText: 'An answer.' } }),
  ],
  ['a draft', replyAsDraft],
] as const)('does not find the message for %s that is written later', async (_, reply) => {
  const { id, uid } = await received();
  const mailbox = await mailboxOf(t, tenant);
  const { replying } = await inTransaction(t.app.pool, async (tx) => {
    expect(await removeMessages(tx, mailbox, [id])).toBe(1);
    const replying = reply(uid);
    await lockAwaited(t);
    return { replying };
  });
  expect(await replying).toMatchObject({ __typename: 'NotFoundError', entity: 'EmailMessage', uid });
});
