/** Notifications by which a stranger, or the mail server of a recipient, would do harm. */
import { beforeEach, describe, expect, it } from 'vitest';
import { useTenant, useTestApp } from '../support/harness.ts';
import { accepted, fetchSentCopy, fresh } from '../support/mail.ts';
import { arrive, arriveAsItIs, bouncesOf, notification } from '../support/notices.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

const DAEMON = 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>';
const LIMIT = 'You have reached a limit for sending mail. Your message was not sent.';
const recipients = [{ final: 'maria@acme.example' }];

async function sentToMaria() {
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, '', { to: ['maria@acme.example'] }));
  return fetchSentCopy(t, tenant, outboundEmail.uid);
}

/** Of that mail, as Google writes it. */
function fromGoogle(messageId: string | null, text: readonly string[], headers: readonly string[] = []): string {
  return [
    `From: ${DAEMON}`,
    'Subject: Delivery Status Notification (Failure)',
    'Auto-Submitted: auto-replied',
    'X-Failed-Recipients: maria@acme.example',
    `In-Reply-To: ${messageId}`,
    ...headers,
    '',
    ...text,
    '',
  ].join('\n');
}

/** Whether the account is paused, or a job is about to. */
async function isPaused(): Promise<boolean> {
  const { rows } = await t.app.pool.query<{ paused: boolean }>(
    `SELECT EXISTS (SELECT FROM graphile_worker.jobs WHERE key LIKE 'pause:' || $1 || '%')
       OR EXISTS (SELECT FROM account_rate_limit WHERE account_id = $1::uuid AND blocked_until IS NOT NULL) AS paused`,
    [tenant.accountId],
  );
  return rows[0]?.paused === true;
}

describe("the server of a recipient, in Google's notification", () => {
  it.each([
    ['as Google quotes it', ['** Message blocked **', 'Your message to maria@acme.example has been blocked.']],
    ['in the older words', ['Delivery to the following recipient failed permanently:', '     maria@acme.example']],
  ])('cannot pause the account with what it answers, %s', async (_, own) => {
    const { uid, messageId } = await sentToMaria();
    const text = [...own, 'The response from the remote server was:', LIMIT, `550 5.4.5 ${LIMIT}`];
    await arriveAsItIs(t, tenant, fromGoogle(messageId, text));
    expect((await bouncesOf(t, tenant, uid)).status).toBe('BOUNCED');
    expect(await isPaused()).toBe(false);
  });
});

describe('people who received an email', () => {
  it('cannot fill its record with reports on others', async () => {
    const { uid, messageId } = await sentToMaria();
    const delays = (round: number) =>
      Array.from({ length: 150 }, (_, n) => ({ final: `${round}.${n}@evil.example`, action: 'delayed' }));
    for (let round = 0; round < 4; round++) {
      const headers = [`In-Reply-To: ${messageId}`];
      await arrive(t, tenant, notification({ recipients: delays(round), headers }));
    }
    expect(await t.app.db.bounce.count({ where: { outboundEmailId: uid } })).toBe(200);
    expect((await bouncesOf(t, tenant, uid)).bounces).toHaveLength(100);
    // The failure itself still counts.
    await arrive(t, tenant, notification({ recipients, headers: [`In-Reply-To: ${messageId}`] }));
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({ status: 'BOUNCED' });
  });
});

describe("a stranger's mail from Google's address", () => {
  it.each([
    ['that Gmail judged by another author', [`dmarc=pass header.from=evil.example`]],
    ['that is signed for a domain which begins like Google', [`dkim=pass header.i=@google.com.evil.example`]],
    ['that passes for a domain which begins like Google', [`dmarc=pass header.from=googlemail.com.evil.example`]],
  ])('pauses nothing: %s', async (_, results) => {
    const { uid, messageId } = await sentToMaria();
    const verdict = `Authentication-Results: mx.google.com; ${results.join('; ')}`;
    await arriveAsItIs(t, tenant, fromGoogle(messageId, [LIMIT], [verdict]));
    expect((await bouncesOf(t, tenant, uid)).status).toBe('SENT');
    expect(await isPaused()).toBe(false);
  });

  it.each([
    ['in one field', `From: ${DAEMON}, Eve <eve@evil.example>`],
    ['in two fields', `From: ${DAEMON}\nFrom: Eve <eve@evil.example>`],
  ])('pauses nothing when it has another author beside: %s', async (_, from) => {
    const { uid, messageId } = await sentToMaria();
    const results = 'Authentication-Results: mx.google.com; dmarc=pass header.from=googlemail.com';
    const raw = fromGoogle(messageId, [LIMIT], [results]).replace(`From: ${DAEMON}`, from);
    await arriveAsItIs(t, tenant, raw);
    expect((await bouncesOf(t, tenant, uid)).status).toBe('SENT');
    expect(await isPaused()).toBe(false);
  });
});

it("the verdict on another mail system's notification does not void what it returns", async () => {
  const { uid } = await sentToMaria();
  const raw = notification({
    recipients,
    headers: ['Authentication-Results: mx.google.com; dkim=none; spf=none; dmarc=fail header.from=mx.acme.example'],
    returned: [`X-Epistle-Id: ${uid}`],
  });
  await arriveAsItIs(t, tenant, raw);
  expect((await bouncesOf(t, tenant, uid)).status).toBe('BOUNCED');
});

it('a Message-ID of ours on a mail of a stranger does not draw the bounces of ours to it, nor hide them', async () => {
  const { uid, messageId } = await sentToMaria();
  const raw = `From: Eve <eve@evil.example>\nSubject: Mine\nMessage-ID: ${messageId}\n\nThis is that mail.\n`;
  await arrive(t, tenant, raw, { envelopeFrom: 'eve@evil.example' });
  await arrive(t, tenant, notification({ recipients, returned: [`Message-ID: ${messageId}`] }));
  expect(await bouncesOf(t, tenant, uid)).toMatchObject({
    status: 'BOUNCED',
    bounces: [{ recipient: 'maria@acme.example' }],
  });
});

describe('what is written to be slow to read', () => {
  // Each has kept a whole process busy for half a minute and more: longer than a test may take.
  it.each<[string, readonly string[], string]>([
    ['a line of at signs', [], `<${'@'.repeat(200_000)}`],
    ['a line of addresses', [], `<${'a@'.repeat(100_000)}`],
    [
      'suppressed answers under a long subject',
      [`Subject: ${'=?utf-8?q?w?= '.repeat(10_000)}`, ...Array<string>(10_000).fill('X-Auto-Response-Suppress: x')],
      'x',
    ],
    [
      'a long verdict',
      [`From: ${DAEMON}`, `Authentication-Results: mx.google.com; ${'dkim=pass '.repeat(100_000)}`],
      'x',
    ],
  ])('is read like anything else: %s', async (_, headers, body) => {
    const raw = ['From: mailer-daemon@evil.example', 'Auto-Submitted: auto-replied', '', body, ''].join('\n');
    const from = headers.find((header) => header.startsWith('From:'));
    const all = [
      ...headers.filter((header) => header !== from),
      from === undefined ? raw : raw.replace(/^From.*/, from),
    ];
    const uid = await arriveAsItIs(t, tenant, all.join('\n'));
    const stored = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } });
    expect(stored).toMatchObject({ isAutomatic: true, deliveryNotice: null });
  });
});
