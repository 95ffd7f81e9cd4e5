/** Gmail accepted an email and did not send it. Its copy among the sent mail proves nothing of the email that is then sent again. */
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, expectType, importMessage, useTenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  agePermits,
  createRecipient,
  fetchSentCopy,
  fresh,
  record,
  sentFrom,
  untilStatus,
  write,
} from '../support/mail.ts';
import { importInbound } from '../support/notices.ts';
import { operatorActions } from '../support/operator-actions.ts';
import { syncWholly } from '../support/syncing.ts';

const t = useTestApp({ env: { SETTLE_DELAYS_MS: '30,60,90', GMAIL_TIMEOUT_MS: '10000' } });
const tenant = useTenant(t, beforeEach);
let maria: string;
beforeEach(() => {
  maria = createRecipient(t, tenant);
});

const { fault, retry } = operatorActions(() => ({ t, tenant, maria }));

function untilPaused() {
  const where = { blockedCode: 'DAILY_LIMIT', accountId: tenant.accountId };
  return eventually(() => t.app.db.accountRateLimit.findFirst({ where }));
}

/** A reply that Gmail did not send, which is being tried again. */
async function retriedReply(): Promise<string> {
  const letter = await write(t, tenant, { from: maria, subject: 'A question' });
  fault('drafts.send', { kind: 'refused-by-mail' });
  const reply = { replyToMessageUid: letter.uid, bodyText: 'An answer.' };
  const { outboundEmail } = await accepted(t, tenant, { reply });
  const { uid } = outboundEmail;
  await fetchSentCopy(t, tenant, uid);
  await importInbound(t, tenant);
  await untilStatus(t, tenant, uid, 'FAILED');
  await untilPaused();
  expectType(await retry(uid), 'SendEmailPayload');
  return uid;
}

describe('an email that is sent again', () => {
  it('is not taken for sent because of the copy that was not sent, when its answer is lost', async () => {
    const uid = await retriedReply();
    fault('drafts.send', { kind: 'reset' });
    await agePermits(t, tenant, 86_400_000);
    await untilStatus(t, tenant, uid, 'SENT');
    expect(sentFrom(t, tenant.email)).toHaveLength(2);
    const inbox = t.sandbox.admin.messages(maria).filter(({ labelIds }) => labelIds.includes('INBOX'));
    expect(inbox.map((mail) => mail.header('X-Epistle-Id'))).toEqual([uid]);
    await syncWholly(t, tenant);
    const linked = await t.app.db.emailMessage.findFirstOrThrow({ where: { outboundEmailId: uid } });
    expect(linked.providerMessageId).toBe(sentFrom(t, tenant.email).at(-1)?.id);
  });

  it('is not taken for sent because of the copy that was not sent, when that is stored again', async () => {
    const uid = await retriedReply();
    const [unsent] = sentFrom(t, tenant.email);
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email, when: 'before' });
    await agePermits(t, tenant, 86_400_000);
    await gate.arrived;
    await importMessage(t, tenant, unsent?.id ?? '', uid);
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'SENDING', message: null });
    gate.release();
    const { message } = await fetchSentCopy(t, tenant, uid);
    expect(message.providerMessageId).not.toBe(unsent?.id);
  });
});

it('proves nothing and does not count as a contact when the copy that was not sent is stored after the notice', async () => {
  fault('messages.get', { kind: 'status', status: 503 }, 'before', 'always');
  fault('drafts.send', { kind: 'refused-by-mail' });
  const { uid } = (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail;
  await eventually(async () =>
    t.sandbox.admin.messages(tenant.email).find(({ labelIds }) => labelIds.includes('INBOX')),
  );
  t.sandbox.admin.clearFaults();
  await importInbound(t, tenant);
  await untilStatus(t, tenant, uid, 'FAILED');
  const storedCopies = () =>
    t.app.db.emailMessage.findMany({
      where: { accountId: tenant.accountId, direction: 'OUTBOUND' },
      orderBy: { sentAt: 'asc' },
    });
  const [unsent] = sentFrom(t, tenant.email);
  await importMessage(t, tenant, unsent?.id ?? '', uid);
  expect(await record(t, tenant, uid)).toMatchObject({ status: 'FAILED', message: null });
  expect(await storedCopies()).toMatchObject([{ isAutomatic: true, outboundEmailId: null }]);

  await untilPaused();
  expectType(await retry(uid), 'SendEmailPayload');
  await agePermits(t, tenant, 86_400_000);
  await fetchSentCopy(t, tenant, uid);
  await t.app.db.emailMessage.deleteMany({ where: { accountId: tenant.accountId, outboundEmailId: null } });
  await syncWholly(t, tenant);
  expect(await storedCopies()).toMatchObject([
    { isAutomatic: true, outboundEmailId: null },
    { isAutomatic: false, outboundEmailId: uid },
  ]);
});
