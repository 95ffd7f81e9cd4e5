/** Transactions that need the same rows in another order: they begin anew when PostgreSQL ends them, or do not meet. */
import { beforeEach, expect, it } from 'vitest';
import { moveMailbox } from '../../src/accounts/move-mailbox.ts';
import { inTransaction, type Sql } from '../../src/db/client.ts';
import { markConversationRead } from '../../src/inbox/mark-read.ts';
import { forgetMailbox } from '../../src/retention/forget-mailbox.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { createAccount, createTenant, lockAwaited, useTenant, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';
import { deliver, gmailOf, mailboxHere, mailboxInGmail, syncWholly, wrongConversations } from '../support/syncing.ts';

const app = useTestApp();
const tenant = useTenant(app, beforeEach);

/** Of two conversations, the first in the order in which they are locked, and then the other. */
async function twoConversations() {
  deliver(app, tenant, { subject: 'One' });
  deliver(app, tenant, { subject: 'Two' });
  await syncWholly(app, tenant);
  const [first, second] = await app.app.db.conversation.findMany({
    where: { accountId: tenant.accountId },
    orderBy: { id: 'asc' },
  });
  if (first === undefined || second === undefined) throw new Error('there are not two conversations');
  return { first: first.id, second: second.id };
}

async function lock(tx: Sql, id: string): Promise<void> {
  await tx.query('SELECT FROM conversation WHERE organization_id = $1 AND id = $2 FOR UPDATE', [
    tenant.organizationId,
    id,
  ]);
}

/** Locks the second, begins `work`, and when that waits for it asks for the first, too. */
async function crossing<Result>(first: string, second: string, work: () => Promise<Result>): Promise<Result> {
  const { working } = await inTransaction(app.app.pool, async (tx) => {
    // The other one is to be ended.
    await tx.query("SET LOCAL deadlock_timeout = '1min'");
    await lock(tx, second);
    const working = work();
    await lockAwaited(app);
    await lock(tx, first);
    return { working };
  });
  return working;
}

it('changes of labels begin anew', async () => {
  const { first, second } = await twoConversations();
  const { messages } = gmailOf(app, tenant);
  for (const { id } of mailboxInGmail(app, tenant)) {
    await messages.modify({ userId: 'me', id, requestBody: { addLabelIds: ['STARRED'] } });
  }
  const { signal } = new AbortController();
  const sync = () => syncMailbox(app.app, tenant, { signal, withFullSync: true });
  expect(await crossing(first, second, sync)).toMatchObject({ outcome: 'current' });
  expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
});

it('marking a conversation read begins anew', async () => {
  const { first, second } = await twoConversations();
  // A message of the one answers an email of the other: both are locked.
  const emailId = await insertEmail(app, tenant, { conversationId: second });
  await app.app.db.emailMessage.updateMany({ where: { conversationId: first }, data: { answersEmailId: emailId } });
  await crossing(first, second, () => markConversationRead(app.app, tenant.organizationId, first, true));
  const { isRead } = await app.app.db.conversation.findFirstOrThrow({ where: { id: first } });
  expect(isRead).toBe(true);
  expect(await wrongConversations(app, tenant)).toEqual([]);
});

it('connecting an account again waits for what is being stored in it, and is not waited for', async () => {
  const { connecting } = await inTransaction(app.app.pool, async (tx) => {
    await tx.query("SET LOCAL deadlock_timeout = '1min'");
    await tx.query('SELECT FROM mailbox_sync WHERE account_id = $1 FOR SHARE', [tenant.accountId]);
    const connecting = createAccount(app, tenant.organizationId, tenant.email);
    await lockAwaited(app);
    // As the foreign key of a conversation does it.
    await tx.query('SELECT FROM email_account WHERE id = $1 FOR KEY SHARE', [tenant.accountId]);
    return { connecting };
  });
  expect(await connecting).toBe(tenant.accountId);
});

it.each(['move', 'forget'] as const)('the %s of an account begins anew', async (command) => {
  const other = await createTenant(app);
  const { working } = await inTransaction(app.app.pool, async (tx) => {
    await tx.query("SET LOCAL deadlock_timeout = '1min'");
    await tx.query('SELECT FROM mailbox_sync WHERE account_id = $1 FOR SHARE', [tenant.accountId]);
    const working =
      command === 'move'
        ? moveMailbox(app.app, tenant.email, { organizationId: other.organizationId, organization: 'other' })
        : forgetMailbox(app.app, tenant.email, { organization: null, sent: false });
    await lockAwaited(app);
    // As the foreign key of a conversation does it.
    await tx.query('SELECT FROM email_account WHERE id = $1 FOR KEY SHARE', [tenant.accountId]);
    return { working };
  });
  await working;
  const account = await app.app.db.emailAccount.findFirstOrThrow({ where: { id: tenant.accountId } });
  expect(account.status).toBe('DISCONNECTED');
});
