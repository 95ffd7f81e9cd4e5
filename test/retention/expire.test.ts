/** Content that is older than it is kept: erased, while everything that a send, a reply or a repeated request needs stays. */
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import type { App } from '../../src/app.ts';
import { setRetention } from '../../src/cli/organization-retention.ts';
import { parseConfig } from '../../src/config/config.ts';
import { inTransaction } from '../../src/db/client.ts';
import { prepareMessage } from '../../src/inbox/prepare-message.ts';
import { storeMessageIn } from '../../src/inbox/store-message.ts';
import { expireContent } from '../../src/retention/expire.ts';
import { forgetMailbox } from '../../src/retention/forget-mailbox.ts';
import { failWrites } from '../support/failing-statements.ts';
import {
  createTenant,
  eventually,
  expectType,
  lockAwaited,
  query,
  receive,
  request,
  type Tenant,
  useTestApp,
  warnings,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, record } from '../support/mail.ts';
import { insertConversation, insertEmail, insertMessage } from '../support/rows.ts';
import { RetryOutboundEmail } from '../support/send-documents.ts';
import { syncWholly } from '../support/syncing.ts';

const DAY_MS = 86_400_000;

const t = useTestApp();

let tenant: Tenant;
let maria: string;
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

/** As the periodic task would do it, `days` from now, with 30 days for content and for events. */
function expireIn(
  days: number,
  options: {
    readonly isOver?: () => boolean;
    readonly retention?: App['config']['retention'];
    readonly health?: App['health'];
  } = {},
): Promise<void> {
  const { isOver = () => false, retention = { messagesDays: 30, eventsDays: 30 }, health = t.app.health } = options;
  const now = () => new Date(Date.now() + days * DAY_MS);
  return expireContent({ ...t.app, now, health, config: { ...t.app.config, retention } }, isOver);
}

/** Emails that were sent a minute apart. @returns the uid of the first. */
async function insertOldEmails(count: number): Promise<string> {
  const uids: string[] = [];
  for (let n = 0; n < count; n++) {
    uids.push(await insertEmail(t, tenant, { sentAt: new Date(Date.UTC(2026, 1, 1, 0, n)) }));
  }
  return uids[0] ?? expect.fail();
}

/** An email with a file, whose sent copy is stored. */
async function sent() {
  const file = { filename: 'invoice.txt', contentType: 'text/plain', dataBase64: 'c2VjcmV0' };
  const input = fresh(tenant, maria, { idempotencyKey: 'invoice-7', attachments: [file] });
  const { outboundEmail } = await accepted(t, tenant, input);
  return { input, ...(await fetchSentCopy(t, tenant, outboundEmail.uid)) };
}

const rowsOf = async (table: 'attachment' | 'attachment_content' | 'outbound_email_event') =>
  (await t.app.pool.query(`SELECT FROM ${table} WHERE organization_id = $1`, [tenant.organizationId])).rowCount;

async function search(filter: object): Promise<number> {
  const document = 'query Found($filter: OutboundEmailFilter) { outboundEmails(filter: $filter) { totalCount } }';
  const { data } = await request<{ outboundEmails: { totalCount: number } }, object>(t, tenant.key, document, {
    filter,
  });
  return data?.outboundEmails.totalCount ?? -1;
}

describe('retention', () => {
  it('erases an email with a word that is cut within a character', async () => {
    const subject = `x${'𐌰'.repeat(40)}`;
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { subject }));
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    await expireIn(31);
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({ subject, bodyText: null });
    expect(await search({ search: subject })).toBe(1);
  });

  it('erases nothing by a clock that differs from that of the database', async () => {
    const { uid } = await sent();
    const health = { ...t.app.health, clockOffsetMs: 40 * DAY_MS };
    await expireIn(40, { health });
    expect((await record(t, tenant, uid)).bodyText).not.toBeNull();
    await expireIn(40);
    expect((await record(t, tenant, uid)).bodyText).toBeNull();
  });

  it('erases bodies and files, and keeps who was written to, about what, and what became of it', async () => {
    const { uid } = await sent();
    await expireIn(31);
    expect(await record(t, tenant, uid)).toMatchObject({
      status: 'SENT',
      to: [maria],
      subject: 'Invoice 7',
      bodyText: null,
      attachments: [],
      idempotencyKey: 'invoice-7',
    });
    const messages = await t.app.db.emailMessage.findMany({ where: { organizationId: tenant.organizationId } });
    expect(messages).toMatchObject([{ subject: 'Invoice 7', bodyText: null, bodyHtml: null, snippet: '' }]);
    expect([messages[0]?.contentErasedAt, messages[0]?.deletedAt]).toEqual([expect.any(Date), null]);
    expect([await rowsOf('attachment'), await rowsOf('attachment_content')]).toEqual([0, 0]);
    expect([await search({ search: 'find' }), await search({ search: 'invoice' })]).toEqual([0, 1]);
    expect(await search({ recipient: maria })).toBe(1);
  });

  it('answers a repeated request afterwards, and sends nothing', async () => {
    const { uid, input } = await sent();
    await expireIn(31);
    const repeated = await accepted(t, tenant, input);
    expect(repeated).toMatchObject({ replayed: true, outboundEmail: { uid, status: 'SENT' } });
    onlyMail(t, maria);
  });

  it('still finds the email that a late reply answers', async () => {
    const { uid, messageId } = await sent();
    await expireIn(31);
    const headers = `From: ${maria}\nTo: ${tenant.email}\nSubject: Re: Invoice 7\nIn-Reply-To: ${messageId}`;
    await receive(t, tenant, { from: maria, raw: `${headers}\n\nPaid.` });
    expect((await record(t, tenant, uid)).conversation).toMatchObject({ hasReply: true });
  });

  it('does not come back when Gmail gives the message again', async () => {
    await receive(t, tenant, { from: maria, raw: `From: ${maria}\nTo: ${tenant.email}\nSubject: Hello\n\nSecret.` });
    await expireIn(31);
    const { organizationId, accountId } = tenant;
    const mailbox = (await findMailbox(t.app.pool, organizationId, accountId)) ?? expect.fail();
    const stored = await t.app.db.emailMessage.findFirstOrThrow({ where: { organizationId } });
    const message = await t.app.gmail.getMessage(mailboxAccess(t.app, mailbox), stored.providerMessageId);
    const prepared = await prepareMessage(mailbox, message ?? expect.fail());
    await inTransaction(t.app.pool, (tx) => storeMessageIn(tx, mailbox, prepared, null, { replaces: true }));
    expect(await t.app.db.emailMessage.findMany({ where: { organizationId } })).toMatchObject([{ bodyText: null }]);
  });

  it('erases what came back with a mailbox that was forgotten meanwhile', async () => {
    const raw = `From: ${maria}\nTo: ${tenant.email}\nSubject: Hello\n\nSecret.`;
    const replyToMessageUid = await receive(t, tenant, { from: maria, raw });
    await accepted(t, tenant, { reply: { replyToMessageUid, bodyText: 'Yes.' } });
    await forgetMailbox(t.app, tenant.email, { organization: null, sent: false });
    await expireIn(31);
    const refreshToken = t.sandbox.admin.grant(tenant.email);
    await connectAccount(t.app, tenant.organizationId, {
      email: tenant.email,
      displayName: null,
      aliases: [],
      refreshToken,
    });
    await syncWholly(t, tenant);
    const message = () => t.app.db.emailMessage.findFirst({ where: { id: replyToMessageUid } });
    expect(await message()).toMatchObject({ bodyText: expect.stringContaining('Secret'), contentErasedAt: null });
    await expireIn(31);
    expect(await message()).toMatchObject({ bodyText: null, contentErasedAt: expect.any(Date) });
  });

  it('looks again at what came back while it was at its end', async () => {
    const raw = `From: ${maria}\nTo: ${tenant.email}\nSubject: Hello\n\nSecret.`;
    const id = await receive(t, tenant, { from: maria, raw });
    const [message, progress] = [await t.app.directPool.connect(), await t.app.directPool.connect()];
    onTestFinished(() => {
      message.release(true);
      progress.release(true);
    });
    // Longer than a session may be idle in a transaction.
    for (const session of [message, progress]) await session.query('SET idle_in_transaction_session_timeout = 0');
    await message.query('BEGIN');
    await message.query('SELECT FROM email_message WHERE id = $1 FOR UPDATE', [id]);
    const running = expireIn(31);
    await lockAwaited(t);
    await progress.query('BEGIN');
    await progress.query('SELECT FROM retention WHERE organization_id = $1 FOR UPDATE', [tenant.organizationId]);
    await message.query('COMMIT');
    // After the batch comes a pause, which is longer the longer the batch took.
    await lockAwaited(t, 1, 100_000);
    await progress.query('UPDATE retention SET messages_until = NULL WHERE organization_id = $1', [
      tenant.organizationId,
    ]);
    await progress.query('COMMIT');
    await running;
    const retention = await t.app.db.retention.findFirst({ where: { organizationId: tenant.organizationId } });
    expect(retention).toMatchObject({ emailsUntil: expect.any(Date), messagesUntil: null });
  });

  it('ends within its pause, keeps how far it got, and continues there', async () => {
    const { organizationId } = tenant;
    const firstId = await insertOldEmails(60);
    const message = await t.app.directPool.connect();
    onTestFinished(() => message.release(true));
    await message.query('BEGIN');
    await message.query('SELECT FROM outbound_email WHERE id = $1 FOR UPDATE', [firstId]);
    let isOver = false;
    const running = expireIn(31, { isOver: () => isOver });
    await lockAwaited(t);
    // The pause is nineteen times as long.
    await delay(3_000);
    await message.query('COMMIT');
    const progress = () => t.app.db.retention.findFirstOrThrow({ where: { organizationId } });
    const where = { organizationId, contentErasedAt: { not: null } };
    const { emailsUntil } = await eventually(async () => {
      const found = await progress();
      return (found.emailsUntil ?? new Date(0)) > new Date(0) ? found : null;
    });
    const begunAt = performance.now();
    isOver = true;
    await running;
    expect(performance.now() - begunAt).toBeLessThan(30_000);
    const { _max, _count } = await t.app.db.outboundEmail.aggregate({ where, _max: { sentAt: true }, _count: true });
    expect([_count, emailsUntil]).toEqual([50, _max.sentAt]);
    // Nothing that it has passed is looked at again.
    await t.app.db.outboundEmail.updateMany({ where: { id: firstId }, data: { contentErasedAt: null } });
    await expireIn(31);
    expect(await t.app.db.outboundEmail.count({ where })).toBe(59);
    expect((await progress()).emailsUntil?.getTime()).toBeGreaterThan(Date.now());
  });

  it('looks again at what was found to be sent while it ran', async () => {
    const { organizationId } = tenant;
    await insertOldEmails(60);
    const emailsUntil = new Date('2026-01-01T00:00:00Z');
    const running = expireIn(31);
    const isSetBack = { where: { organizationId, emailsUntil: { gt: new Date(0) } }, data: { emailsUntil } };
    await eventually(async () => (await t.app.db.retention.updateMany(isSetBack)).count || null);
    await running;
    const where = { organizationId, contentErasedAt: null };
    expect(await t.app.db.outboundEmail.count({ where })).toBe(0);
    expect(await t.app.db.retention.findFirst({ where: { organizationId } })).toMatchObject({ emailsUntil });
  });

  it('finds what is due beyond many rows that are erased', async () => {
    const { organizationId, accountId } = tenant;
    const conversationId = await insertConversation(t, tenant);
    const erased = Array.from({ length: 1_001 }, () => {
      const id = uuidv7();
      const empty = { to: [], cc: [], replyTo: [], subject: '', snippet: '', isRead: true };
      const at = { sentAt: new Date(), contentErasedAt: new Date() };
      const ids = { organizationId, id, providerMessageId: id, accountId, conversationId };
      return { ...ids, ...empty, ...at, direction: 'INBOUND' as const, fromAddress: maria };
    });
    await t.app.db.emailMessage.createMany({ data: erased });
    const id = await insertMessage(t, tenant, { conversationId, bodyText: 'Secret' });
    await expireIn(31);
    expect(await t.app.db.emailMessage.findFirst({ where: { id } })).toMatchObject({ bodyText: null });
  });

  it('continues with the other organizations when one fails', async () => {
    const other = await createTenant(t);
    const uids = [await insertEmail(t, tenant), await insertEmail(t, other)];
    const when = `NEW.organization_id = '${tenant.organizationId}'`;
    onTestFinished(await failWrites(t.app, 'retention', { code: '57014', when }));
    await expireIn(31);
    const bodies = await t.app.db.outboundEmail.findMany({
      where: { id: { in: uids } },
      orderBy: { createdAt: 'asc' },
    });
    expect(bodies.map(({ bodyText }) => bodyText)).toEqual(['Dear Maria', null]);
    expect(warnings(t, 'the old content of an organization could not be erased')).toMatchObject([
      { organizationId: tenant.organizationId },
    ]);
  });

  it('keeps what is younger, and what is not finished', async () => {
    const { uid } = await sent();
    const unfinished = ['DRAFT', 'SCHEDULED', 'QUEUED', 'UNCONFIRMED'] as const;
    // None of them is due, so that none is delivered meanwhile.
    const nextAttemptAt = new Date('2100-01-01');
    const uids = await Promise.all(unfinished.map((status) => insertEmail(t, tenant, { status, nextAttemptAt })));
    await expireIn(29);
    expect((await record(t, tenant, uid)).bodyText).toBe('Please find it here.');
    await expireIn(31);
    const bodies = await t.app.db.outboundEmail.findMany({ where: { id: { in: uids } }, select: { bodyText: true } });
    expect(bodies).toEqual(unfinished.map(() => ({ bodyText: 'Dear Maria' })));
  });

  it('erases FAILED emails, which then cannot be retried', async () => {
    const uid = await insertEmail(t, tenant, { status: 'FAILED' });
    await expireIn(31);
    const { retryOutboundEmail } = await query(t, tenant.key, RetryOutboundEmail, { uid });
    expect(expectType(retryOutboundEmail, 'InvalidStateError').message).toMatch(/content of the email was erased/);
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'FAILED', bodyText: null });
  });

  it('deletes events of finished emails only, and nothing else may', async () => {
    await sent();
    expect(await rowsOf('outbound_email_event')).toBeGreaterThan(2);
    await expireIn(29);
    expect(await rowsOf('outbound_email_event')).toBeGreaterThan(2);
    await expireIn(31);
    expect(await rowsOf('outbound_email_event')).toBe(0);
    const other = await accepted(t, tenant, fresh(tenant, maria));
    await expect(
      t.app.pool.query('DELETE FROM outbound_email_event WHERE outbound_email_id = $1', [other.outboundEmail.uid]),
    ).rejects.toThrow('append-only');
  });

  it('deletes the events of an email that is finished late', async () => {
    const { uid } = await sent();
    await t.app.pool.query(
      `UPDATE outbound_email SET lease_token = gen_random_uuid(), lease_owner = gen_random_uuid(), lease_expires_at = now()
        WHERE id = $1`,
      [uid],
    );
    await expireIn(31);
    expect(await rowsOf('outbound_email_event')).toBeGreaterThan(2);
    await t.app.pool.query(
      'UPDATE outbound_email SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL WHERE id = $1',
      [uid],
    );
    await expireIn(32);
    expect(await rowsOf('outbound_email_event')).toBe(0);
  });

  it('is off unless it is set', async () => {
    const { uid } = await sent();
    await expireIn(40_000, { retention: t.app.config.retention });
    expect((await record(t, tenant, uid)).bodyText).toBe('Please find it here.');
  });
});

describe('admin -- organization retention', () => {
  const config = () =>
    parseConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      DATABASE_URL: t.database.url,
      RETENTION_MESSAGES_DAYS: '365',
    });
  const nameOf = async () =>
    (await t.app.db.organization.findUniqueOrThrow({ where: { id: tenant.organizationId } })).name;

  it('sets what one organization keeps, apart from the others', async () => {
    const name = await nameOf();
    expect((await setRetention(config(), {}, name)).lines).toEqual([
      'messages  365 days (default)',
      'events  without limit (default)',
    ]);
    const set = await setRetention(config(), { messages: '0', events: '30' }, name);
    expect(set.lines).toEqual(['messages  without limit', 'events  30 days']);
    const { uid } = await sent();
    await expireIn(400);
    expect((await record(t, tenant, uid)).bodyText).toBe('Please find it here.');
    expect(await rowsOf('outbound_email_event')).toBe(0);
    const back = await setRetention(config(), { messages: 'default' }, name);
    expect(back.lines).toEqual(['messages  365 days (default)', 'events  30 days']);
  });

  it('refuses days that are too few', async () => {
    expect(() => setRetention(config(), { messages: '29' }, 'x')).toThrow(
      '--messages must be 0, or whole days from 30 to 36500.',
    );
    await expect(setRetention(config(), {}, 'none')).rejects.toThrow('There is no organization "none".');
  });
});
