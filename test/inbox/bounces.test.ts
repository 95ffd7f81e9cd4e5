import { beforeEach, describe, expect, it } from 'vitest';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { storeMessage } from '../../src/inbox/store-message.ts';
import { enqueue } from '../../src/jobs.ts';
import {
  createAccount,
  createTenant,
  eventually,
  expectType,
  query,
  useTenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, record, runNow, sentFrom } from '../support/mail.ts';
import { arrive, arriveAsItIs, bouncesOf, importInbound, notification } from '../support/notices.ts';
import { RetryOutboundEmail } from '../support/send-documents.ts';

const HOUR_MS = 3_600_000;

// What is reconciled is reconciled when a test says so.
const t = useTestApp({ env: { SETTLE_DELAYS_MS: '3600000' } });
const tenant = useTenant(t, beforeEach);

/** Sent and read back. */
async function sent(to: string | readonly string[], from = tenant) {
  const { outboundEmail } = await accepted(t, from, fresh(from, '', { to: typeof to === 'string' ? [to] : [...to] }));
  return fetchSentCopy(t, from, outboundEmail.uid);
}

/** What nobody has noticed anything of. */
async function expectUntouched(uid: string, of = tenant) {
  const email = await bouncesOf(t, of, uid);
  expect(email).toMatchObject({ status: 'SENT', bounces: [] });
  expect(email.events).not.toContain('BOUNCED');
}

describe('a notification of Gmail', () => {
  it('that nobody was reached makes the email BOUNCED, and is no reply', async () => {
    const { uid } = await sent('bounce@acme.example');
    const [notice] = await importInbound(t, tenant);
    const email = await bouncesOf(t, tenant, uid);
    expect(email).toMatchObject({
      status: 'BOUNCED',
      failure: null,
      conversation: { hasReply: false, messageCount: 2 },
      bounces: [
        {
          recipient: 'bounce@acme.example',
          status: '5.1.1',
          permanent: true,
          diagnostic: expect.stringContaining('550-5.1.1'),
        },
      ],
    });
    expect(email.detailOf('BOUNCED')).toEqual([
      { messageUid: notice, recipients: [{ recipient: 'bounce@acme.example', status: '5.1.1' }] },
    ]);
    expect(email.changes.at(-1)).toEqual(['BOUNCED', 'SENT', 'BOUNCED']);
    expect(email.events).not.toContain('REPLIED');
  });

  it('counts although its reason is cut within a character, or has characters that cannot be stored', async () => {
    const { uid } = await sent('late@acme.example');
    const notice = notification({ recipients: [{ final: 'late@acme.example' }], returned: [`X-Epistle-Id: ${uid}`] });
    const reason = `smtp; \0${'x'.repeat(992)}😀 and more`;
    const raw = notice.replace(/^Diagnostic-Code: .*\n .*$/m, `Diagnostic-Code: ${reason}`);
    await arrive(t, tenant, raw.replace('message/delivery-status', 'message/delivery-status; charset=utf-8'));
    const { bounces } = await bouncesOf(t, tenant, uid);
    expect(bounces).toMatchObject([{ diagnostic: expect.stringMatching(/^smtp; x{992}\ufffd$/) }]);
  });

  it('changes nothing when it is stored a second time', async () => {
    const { uid } = await sent('bounce@acme.example');
    await importInbound(t, tenant);
    const before = await bouncesOf(t, tenant, uid);
    await importInbound(t, tenant);
    expect(JSON.stringify(await bouncesOf(t, tenant, uid))).toBe(JSON.stringify(before));
  });

  it('that it is late leaves the email SENT', async () => {
    const { uid } = await sent('softbounce@acme.example');
    await importInbound(t, tenant);
    const email = await bouncesOf(t, tenant, uid);
    expect(email).toMatchObject({ status: 'SENT', bounces: [{ status: '4.4.1', permanent: false }] });
    expect(email.detailOf('DELAYED')).toMatchObject([{ recipients: [{ recipient: 'softbounce@acme.example' }] }]);
    expect(email.events).not.toContain('BOUNCED');
  });

  it.each([
    ['in words only', 'textbounce@acme.example'],
    ['in Spam', 'spambounce@acme.example'],
  ])('counts %s', async (_, to) => {
    const { uid } = await sent(to);
    await importInbound(t, tenant);
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({
      status: 'BOUNCED',
      bounces: [{ recipient: to, status: '5.1.1', permanent: true }],
    });
  });

  it('for each of several recipients is noted for each, and bounces the email once', async () => {
    const { uid } = await sent(['bounce@acme.example', 'bounce@other.example', 'softbounce@acme.example']);
    await importInbound(t, tenant);
    const email = await bouncesOf(t, tenant, uid);
    expect(email.bounces.map(({ recipient }) => recipient).toSorted()).toEqual([
      'bounce@acme.example',
      'bounce@other.example',
      'softbounce@acme.example',
    ]);
    expect(email.changes.filter(([type]) => type === 'BOUNCED')).toHaveLength(1);
    expect(email.events.filter((type) => type === 'BOUNCED' || type === 'DELAYED')).toHaveLength(3);
  });

  it('that comes before the sending is settled is kept until it is', async () => {
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, 'bounce@acme.example'));
    expect(outboundEmail.status).toBe('UNCONFIRMED');
    await importInbound(t, tenant);
    expect(await bouncesOf(t, tenant, outboundEmail.uid)).toMatchObject({ status: 'UNCONFIRMED', bounces: [] });
    await runNow(t, tenant, outboundEmail.uid, 'reconcile');
    const email = await eventually(async () => {
      const now = await bouncesOf(t, tenant, outboundEmail.uid);
      return now.status === 'BOUNCED' ? now : null;
    });
    expect(email.bounces).toHaveLength(1);
    expect(email.events.filter((type) => type === 'SENT' || type === 'BOUNCED')).toEqual(['SENT', 'BOUNCED']);
  });
});

describe('a notification of another mail system', () => {
  const recipients = [{ final: 'maria@acme.example' }];

  it.each(['message/rfc822', 'text/rfc822-headers'] as const)(
    'is told by our id in what it returns (%s)',
    async (returnedAs) => {
      const { uid } = await sent('maria@acme.example');
      await arrive(
        t,
        tenant,
        notification({ recipients, returnedAs, returned: ['Subject: Invoice 7', `x-epistle-id: ${uid}`] }),
      );
      expect(await bouncesOf(t, tenant, uid)).toMatchObject({
        status: 'BOUNCED',
        bounces: [{ recipient: 'maria@acme.example', diagnostic: 'smtp; 550 5.1.1 no such user here' }],
      });
    },
  );

  it('is told by the Message-ID that Gmail gave the mail', async () => {
    const { uid, messageId } = await sent('maria@acme.example');
    await arrive(t, tenant, notification({ recipients, returned: [`Message-ID: ${messageId}`] }));
    expect((await bouncesOf(t, tenant, uid)).status).toBe('BOUNCED');
  });

  it.each(['In-Reply-To', 'References'])('is told by its %s', async (name) => {
    const { uid, messageId } = await sent('maria@acme.example');
    await arrive(t, tenant, notification({ recipients, headers: [`${name}: ${messageId}`] }));
    expect((await bouncesOf(t, tenant, uid)).status).toBe('BOUNCED');
  });

  it('in words only is told by what it quotes', async () => {
    const { uid } = await sent('maria@acme.example');
    const raw = `From: MAILER-DAEMON@mx.acme.example\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n<maria@acme.example>:\n550 5.7.1 refused\n\n--- Below this line is a copy of the message.\n\nX-Epistle-Id: ${uid}\n`;
    await arrive(t, tenant, raw);
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({
      status: 'BOUNCED',
      bounces: [{ recipient: 'maria@acme.example', status: '5.7.1' }],
    });
  });

  it('counts for those recipients that have bad news, not for the address that their mail is forwarded to', async () => {
    const { uid } = await sent(['maria@acme.example', 'joe@acme.example']);
    await arrive(
      t,
      tenant,
      notification({
        recipients: [
          { final: 'maria@acme.example', action: 'delivered', status: '2.0.0' },
          { final: 'joe@home.example', original: 'joe@acme.example', status: '5.2.2' },
          { final: 'late@acme.example', action: 'delayed', status: '4.4.1' },
        ],
        returned: [`X-Epistle-Id: ${uid}`],
      }),
    );
    const email = await bouncesOf(t, tenant, uid);
    expect(email.status).toBe('BOUNCED');
    expect(email.bounces.map(({ recipient, status, permanent }) => [recipient, status, permanent]).toSorted()).toEqual([
      ['joe@acme.example', '5.2.2', true],
      ['late@acme.example', '4.4.1', false],
    ]);
  });

  it('is final when it gives up after a temporary failure, and several may follow each other', async () => {
    const { uid } = await sent('maria@acme.example');
    const returned = [`X-Epistle-Id: ${uid}`];
    await arrive(
      t,
      tenant,
      notification({ recipients: [{ final: 'maria@acme.example', action: 'delayed', status: '4.4.1' }], returned }),
    );
    expect((await bouncesOf(t, tenant, uid)).status).toBe('SENT');
    await arrive(t, tenant, notification({ recipients: [{ final: 'maria@acme.example', status: '4.4.7' }], returned }));
    const email = await bouncesOf(t, tenant, uid);
    expect(email.status).toBe('BOUNCED');
    expect(email.bounces.map(({ permanent }) => permanent)).toEqual([false, true]);
  });
});

describe('what proves nothing', () => {
  const recipients = [{ final: 'maria@acme.example' }];

  it('is the address alone, from a stranger', async () => {
    const { uid } = await sent('maria@acme.example');
    await arrive(t, tenant, notification({ recipients }));
    await expectUntouched(uid);
  });

  it('is a stranger who writes as Google', async () => {
    const { uid, messageId } = await sent('maria@acme.example');
    const forged = { from: 'mailer-daemon@googlemail.com', recipients };
    const results = 'Authentication-Results: mx.google.com; dkim=pass header.i=@googlemail.com; dmarc=pass';
    await arrive(t, tenant, notification(forged), { envelopeFrom: 'eve@evil.example' });
    await arrive(t, tenant, notification({ ...forged, headers: [results] }), { envelopeFrom: 'eve@evil.example' });
    await arrive(t, tenant, notification({ ...forged, headers: [`References: ${messageId}`] }), {
      envelopeFrom: 'eve@evil.example',
    });
    await expectUntouched(uid);
  });

  it('is an ordinary mail that names ours, whoever wrote it', async () => {
    const { uid, messageId } = await sent('maria@acme.example');
    for (const from of ['maria@acme.example', 'postmaster@acme.example']) {
      await arrive(
        t,
        tenant,
        `From: ${from}\nSubject: Re: Invoice 7\nIn-Reply-To: ${messageId}\n\n<maria@acme.example>: 550 5.1.1 is what I got.\n`,
        { envelopeFrom: from },
      );
    }
    await expectUntouched(uid);
  });

  it('is the address when the mail returned is another one', async () => {
    const { uid } = await sent('maria@acme.example');
    const { conversation, messageId } = await record(t, tenant, uid);
    expect(conversation).not.toBeNull();
    await arrive(t, tenant, notification({ recipients, returned: ['Message-ID: <by-hand@mail.gmail.com>'] }));
    await arrive(
      t,
      tenant,
      notification({
        recipients,
        returned: ['X-Epistle-Id: 0199aa11-2b3c-7def-8123-456789abcdef', `Message-ID: ${messageId}`],
      }),
    );
    await expectUntouched(uid);
  });

  it("never reaches another organization's or account's email", async () => {
    const other = await createTenant(t);
    const theirs = await sent('maria@acme.example', other);
    const second = { ...tenant, email: `second@${tenant.email.split('@')[1]}` };
    const accountId = await createAccount(t, tenant.organizationId, second.email);
    const ours = await sent('maria@acme.example', { ...second, accountId });
    for (const { uid, messageId } of [theirs, ours]) {
      await arrive(
        t,
        tenant,
        notification({ recipients, returned: [`X-Epistle-Id: ${uid}`, `Message-ID: ${messageId}`] }),
      );
      await arrive(t, tenant, notification({ recipients, headers: [`References: ${messageId}`] }));
    }
    await expectUntouched(theirs.uid, other);
    await expectUntouched(ours.uid);
  });
});

describe("Google's own word for an address", () => {
  it('is enough for the last email that went there', async () => {
    const first = await sent('maria@acme.example');
    const last = await sent('maria@acme.example');
    const other = await sent('joe@acme.example');
    // As it is in a mailbox when it has not come from outside.
    const raw = notification({ from: 'mailer-daemon@googlemail.com', recipients: [{ final: 'maria@acme.example' }] });
    await arriveAsItIs(t, tenant, raw);
    expect((await bouncesOf(t, tenant, last.uid)).status).toBe('BOUNCED');
    await expectUntouched(first.uid);
    await expectUntouched(other.uid);
  });
});

describe('the mail that a limit was reached', () => {
  async function refusedByMail(to: string) {
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'refused-by-mail' } });
    return sent(to);
  }

  async function isPaused(): Promise<boolean> {
    const { rowCount } = await t.app.pool.query(
      `SELECT FROM account_rate_limit WHERE account_id = $1 AND blocked_code = 'DAILY_LIMIT' AND blocked_until > now()`,
      [tenant.accountId],
    );
    return rowCount === 1;
  }

  it('makes the email FAILED, pauses the account, and is no reply', async () => {
    const maria = createRecipient(t, tenant);
    const { uid, conversation } = await refusedByMail(maria);
    const [notice] = await importInbound(t, tenant);
    const email = await bouncesOf(t, tenant, uid);
    expect(email).toMatchObject({
      status: 'FAILED',
      failure: { code: 'DAILY_LIMIT', retry: 'AFTER' },
      bounces: [],
      providerMessageId: null,
      messageId: null,
    });
    expect(email.detailOf('REFUSED')).toEqual([{ code: 'DAILY_LIMIT', messageUid: notice }]);
    expect(email.changes.at(-1)).toEqual(['REFUSED', 'SENT', 'FAILED']);
    expect(email.events).not.toContain('REPLIED');
    const { hasReply } = await t.app.db.conversation.findFirstOrThrow({ where: { id: conversation.uid } });
    expect(hasReply).toBe(false);
    await eventually(async () => {
      return (await isPaused()) || null;
    });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it('lets it be sent again, once, with a sent copy of its own', async () => {
    const maria = createRecipient(t, tenant);
    const { uid } = await refusedByMail(maria);
    await importInbound(t, tenant);
    await eventually(async () => (await isPaused()) || null);
    const retried = expectType(
      (await query(t, tenant.key, RetryOutboundEmail, { uid })).retryOutboundEmail,
      'SendEmailPayload',
    );
    // The account is paused: it waits.
    expect(retried.outboundEmail.status).toBe('QUEUED');
    await t.app.pool.query(`UPDATE account_rate_limit SET blocked_until = NULL, permits = '{}' WHERE account_id = $1`, [
      tenant.accountId,
    ]);
    await t.app.pool.query(`SELECT graphile_worker.add_job('grant-permits', payload => $1::json, job_key => $2)`, [
      JSON.stringify({ organizationId: tenant.organizationId, accountId: tenant.accountId }),
      `grant-permits:${tenant.accountId}`,
    ]);
    const again = await eventually(async () => {
      const email = await bouncesOf(t, tenant, uid);
      return email.message ? email : null;
    });
    expect(again).toMatchObject({ status: 'SENT', failure: null });
    expect(sentFrom(t, tenant.email)).toHaveLength(2);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    // The notice and the copy that was not sent are there still, and are seen again by every import.
    await importInbound(t, tenant);
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({ status: 'SENT', message: again.message });
  });

  it('of last month does not take the place of one of today that is still to be acted on', async () => {
    const { organizationId, accountId } = tenant;
    await refusedByMail(createRecipient(t, tenant));
    const notice = t.sandbox.admin.messages(tenant.email).find(({ labelIds }) => labelIds.includes('INBOX'));
    const mailbox = (await findMailbox(t.app.pool, organizationId, accountId)) ?? expect.fail();
    const message = await t.app.gmail.getMessage(mailboxAccess(t.app, mailbox), notice?.id ?? '');
    if (message === null) throw new Error('there is no notice');
    await enqueue(t.app.pool, 'pause', { organizationId, accountId, noticedAt: new Date().toISOString() }, HOUR_MS);
    const internalDate = new Date(Date.now() - 30 * 24 * HOUR_MS);
    await storeMessage(t.app.pool, mailbox, { ...message, internalDate }, null);
    const jobs = await t.app.pool.query(`SELECT FROM graphile_worker.jobs WHERE key = $1 AND run_at > now()`, [
      `pause:${accountId}`,
    ]);
    expect(jobs.rowCount).toBe(1);
  });

  it('is believed from Google only', async () => {
    const { uid, messageId } = await sent('maria@acme.example');
    const raw = `From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\nX-Failed-Recipients: maria@acme.example\nIn-Reply-To: ${messageId}\n\nYou have reached a limit for sending mail. Your message was not sent.\n`;
    await arrive(t, tenant, raw, { envelopeFrom: 'eve@evil.example' });
    await arrive(t, tenant, raw.replace('mailer-daemon@googlemail.com', 'mailer-daemon@evil.example'), {
      envelopeFrom: 'eve@evil.example',
    });
    await expectUntouched(uid);
    const jobs = await t.app.pool.query(`SELECT FROM graphile_worker.jobs WHERE key = $1`, [
      `pause:${tenant.accountId}`,
    ]);
    expect(jobs.rowCount).toBe(0);
    const limits = await t.app.pool.query('SELECT blocked_until FROM account_rate_limit WHERE account_id = $1', [
      tenant.accountId,
    ]);
    expect(limits.rows).toEqual([{ blocked_until: null }]);
  });
});
