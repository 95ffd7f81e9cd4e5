/** A cursor that Gmail has forgotten: all ids are listed and compared, then the labels. */
import { beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import { removeMessages } from '../../src/inbox/update-messages.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { mailboxOf, useTenant, useTestApp } from '../support/harness.ts';
import { callsOf } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { deliver, expectMailboxesEqual, gmailOf, mailboxHere, syncWholly } from '../support/syncing.ts';

const app = useTestApp({ env: { WORKER: 'off' } });
const tenant = useTenant(app, beforeEach);

const me = { userId: 'me' };

const expectSame = () => expectMailboxesEqual(app, tenant);

describe('a cursor that Gmail has forgotten', () => {
  it('has everything listed again and compared', async () => {
    const ids = Array.from({ length: 8 }, (_, n) => deliver(app, tenant, { subject: `Mail ${n}` }));
    await syncWholly(app, tenant);
    const { messages } = gmailOf(app, tenant);
    const [read = '', trashed = '', deleted = '', starred = ''] = ids;
    await messages.modify({ ...me, id: read, requestBody: { removeLabelIds: ['UNREAD'] } });
    await messages.trash({ ...me, id: trashed });
    await messages.delete({ ...me, id: deleted });
    await messages.modify({ ...me, id: starred, requestBody: { addLabelIds: ['STARRED'] } });
    deliver(app, tenant, { subject: 'New' });
    deliver(app, tenant, { subject: 'New spam', spam: true });
    app.sandbox.admin.expireHistory(tenant.email);
    deliver(app, tenant, { subject: 'Newer' });
    app.sandbox.admin.resetCalls();
    await syncWholly(app, tenant);
    await expectSame();
    // The new ones, and the deleted one, which is asked for before it is deleted here.
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(4);
    expect(await app.app.db.fullSyncMessage.count()).toBe(0);
  });

  it('brings back a message that counted as deleted and is in the mailbox', async () => {
    const id = deliver(app, tenant, { subject: 'Question' });
    await syncWholly(app, tenant);
    const where = { accountId: tenant.accountId };
    const stored = await app.app.db.emailMessage.findFirstOrThrow({ where });
    const { id: replyToMessageId, conversationId } = stored;
    await insertEmail(app, tenant, { mode: 'REPLY', replyToMessageId, conversationId });
    const mailbox = await mailboxOf(app, tenant);
    await inTransaction(app.app.pool, (tx) => removeMessages(tx, mailbox, [id]));
    expect(await mailboxHere(app, tenant)).toEqual([]);
    deliver(app, tenant, { subject: 'New' });
    app.sandbox.admin.expireHistory(tenant.email);
    await syncWholly(app, tenant);
    await expectSame();
    expect(await app.app.db.emailMessage.findMany({ where: { ...where, id: stored.id } })).toEqual([stored]);
  });

  it('is taken anew when it is forgotten while that goes on', async () => {
    for (let n = 0; n < 60; n++) deliver(app, tenant, { subject: `Mail ${n}` });
    const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const syncing = syncWholly(app, tenant);
    await held.arrived;
    deliver(app, tenant, { subject: 'Meanwhile' });
    app.sandbox.admin.expireHistory(tenant.email);
    held.release();
    await syncing;
    await expectSame();
  });

  it('brings back no label that was removed while a long list of it was compared', async () => {
    // With one more than Gmail lists at once. The newest come first.
    for (let n = 0; n < 499; n++) deliver(app, tenant, { subject: `Mail ${n}` });
    const id = deliver(app, tenant, { subject: 'Archived meanwhile' });
    await syncWholly(app, tenant);
    deliver(app, tenant, { subject: 'New' });
    app.sandbox.admin.expireHistory(tenant.email);
    // After two lists of all messages, six labels before INBOX, and the first list of INBOX.
    const effect = { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 60_000 } as const;
    app.sandbox.admin.fault({ call: 'messages.list', mailbox: tenant.email, nth: 10, effect });
    const { signal } = new AbortController();
    expect(await syncMailbox(app.app, tenant, { signal, withFullSync: true })).toMatchObject({ outcome: 'later' });
    const where = { accountId: tenant.accountId };
    expect(await app.app.db.mailboxSync.findFirst({ where })).toMatchObject({
      phase: 'LABELS',
      pageToken: expect.stringMatching(/^INBOX\n/),
    });
    await gmailOf(app, tenant).messages.modify({ ...me, id, requestBody: { removeLabelIds: ['INBOX'] } });
    await syncWholly(app, tenant);
    await expectSame();
  });
});
