/** What stays of an account that is forgotten: no words and no addresses of the people who wrote to it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { findMailbox } from '../../src/accounts/mailbox-access.ts';
import { inTransaction } from '../../src/db/client.ts';
import { removeMessages } from '../../src/inbox/update-messages.ts';
import { erasePerson } from '../../src/retention/erase-person.ts';
import { forgetMailbox } from '../../src/retention/forget-mailbox.ts';
import { createTenant, receive, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh } from '../support/mail.ts';
import { insertConversation, insertEmail, insertMessage } from '../support/rows.ts';
import { tablesWith } from '../support/tables.ts';

const t = useTestApp();

let tenant: Tenant;
let maria: string;
let bob: string;
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant, 'maria');
  bob = createRecipient(t, tenant, 'bob');
});

const forget = (options: { sent: boolean }) => forgetMailbox(t.app, tenant.email, { organization: null, ...options });

async function sentTo(to: readonly string[]) {
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, '', { to: [...to], subject: 'Xylophone' }));
  return fetchSentCopy(t, tenant, outboundEmail.uid);
}

/** A message from a person, answered through Epistle. */
async function answered(from: string): Promise<void> {
  const raw = `From: ${from}\nTo: ${tenant.email}\nCc: ${bob}\nSubject: Xylophone\n\nQuestion`;
  const replyToMessageUid = await receive(t, tenant, { from, raw });
  const reply = { replyToMessageUid, to: [tenant.email], subject: 'Re: X', bodyText: 'Yes.' };
  const { outboundEmail } = await accepted(t, tenant, { reply });
  await fetchSentCopy(t, tenant, outboundEmail.uid);
}

describe('forgetting an account', () => {
  it('leaves no sender, subject or recipient of a message that an email replies to', async () => {
    await answered(maria);
    await forget({ sent: false });
    expect([await tablesWith(t, maria), await tablesWith(t, bob), await tablesWith(t, 'xylophone')]).toEqual([
      [],
      [],
      [],
    ]);
    const { organizationId } = tenant;
    const left = await t.app.db.emailMessage.findMany({ where: { organizationId } });
    expect(left).toMatchObject([{ fromAddress: 'erased@erased.invalid', deletedAt: expect.any(Date) }]);
  });

  it('deletes a draft of which a delivery report is known', async () => {
    const { organizationId } = tenant;
    const draft = await insertEmail(t, tenant, { status: 'DRAFT', mode: 'DRAFT' });
    await insertMessage(t, tenant, { conversationId: await insertConversation(t, tenant), answersEmailId: draft });
    expect(await forget({ sent: false })).toMatchObject({ drafts: 1, messages: 1 });
    expect(await t.app.db.outboundEmail.count({ where: { organizationId } })).toBe(0);
  });

  it('empties a conversation whose messages were deleted in Gmail before', async () => {
    await answered(maria);
    const { organizationId, accountId } = tenant;
    const mailbox = (await findMailbox(t.app.pool, organizationId, accountId)) ?? expect.fail();
    const messages = await t.app.db.emailMessage.findMany({ where: { organizationId } });
    const ids = messages.map(({ providerMessageId }) => providerMessageId);
    await inTransaction(t.app.pool, (tx) => removeMessages(tx, mailbox, ids));
    expect(await tablesWith(t, 'xylophone')).toEqual(['conversation', 'email_message']);
    expect(await forget({ sent: false })).toMatchObject({ messages: 0 });
    expect([await tablesWith(t, maria), await tablesWith(t, bob), await tablesWith(t, 'xylophone')]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it('erases the other recipients of what was erased for one person before, and who answered it', async () => {
    await sentTo([maria, bob]);
    const { messageId } = await sentTo([maria]);
    const raw = `From: ${bob}\nTo: ${tenant.email}\nSubject: Xylophone\nIn-Reply-To: ${messageId}\n\nI answer for her.`;
    await receive(t, tenant, { from: bob, raw });
    await erasePerson(t.app, tenant.organizationId, maria);
    expect(await tablesWith(t, bob)).toEqual(
      expect.arrayContaining(['email_message', 'outbound_email', 'outbound_email_event']),
    );
    await forget({ sent: true });
    expect(await tablesWith(t, bob)).toEqual([]);
  });
});
