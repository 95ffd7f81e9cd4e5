/** What the tests of sending share: requests in one line, and what Epistle and the mailboxes have of them afterwards. */
import PostalMime, { type Email } from 'postal-mime';
import type { SandboxMessage } from '../../sandbox/admin.ts';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { enqueue } from '../../src/jobs.ts';
import type { OutboundRecordQuery, SendEmailInput, SendEmailMutation, SendFreshInput } from '../generated/graphql.ts';
import { SendEmail } from './documents.ts';
import { eventually, expectType, importMessage, query, type Tenant, type TestApp } from './harness.ts';
import { OutboundRecord } from './send-documents.ts';

export type SendResult = SendEmailMutation['sendEmail'];
export type OutboundEmailRecord = NonNullable<OutboundRecordQuery['outboundEmail']>;

/** A mailbox of the sandbox for a correspondent of this tenant alone. @returns its address. */
export function createRecipient({ sandbox }: Pick<TestApp, 'sandbox'>, tenant: Tenant, name = 'maria'): string {
  const email = `${name}@client-of-${tenant.email.replace(/^.*@/, '')}`;
  sandbox.admin.createMailbox({ email, displayName: name });
  return email;
}

/** A sound request, changed as the test needs it. */
export function fresh(tenant: Tenant, to: string, changes: Partial<SendFreshInput> = {}): SendEmailInput {
  const input = { fromAccountUid: tenant.accountId, to: [to], subject: 'Invoice 7', bodyText: 'Please find it here.' };
  return { fresh: { ...input, ...changes } };
}

export async function send(app: Pick<TestApp, 'url'>, tenant: Tenant, input: SendEmailInput): Promise<SendResult> {
  return (await query(app, tenant.key, SendEmail, { input })).sendEmail;
}

/** Sends what must be accepted. */
export async function accepted(app: Pick<TestApp, 'url'>, tenant: Tenant, input: SendEmailInput) {
  return expectType(await send(app, tenant, input), 'SendEmailPayload');
}

/** Sends what must be refused as it is. @returns its issues as `path: message`. */
export async function issuesOf(app: Pick<TestApp, 'url'>, tenant: Tenant, input: SendEmailInput): Promise<string[]> {
  const { issues } = expectType(await send(app, tenant, input), 'InvalidInputError');
  return issues.map(({ path, message }) => `${path}: ${message}`);
}

/** The record as a dashboard sees it. */
export async function record(app: Pick<TestApp, 'url'>, tenant: Tenant, uid: string): Promise<OutboundEmailRecord> {
  const { outboundEmail } = await query(app, tenant.key, OutboundRecord, { uid });
  if (outboundEmail === null || outboundEmail === undefined) throw new Error(`there is no outbound email ${uid}`);
  return outboundEmail;
}

/** The record once it has this status. */
export function untilStatus(app: Pick<TestApp, 'url'>, tenant: Tenant, uid: string, status: string) {
  return eventually(async () => {
    const email = await record(app, tenant, uid);
    return email.status === status ? email : null;
  });
}

/** Waits until no job of the email is left, and none is running. */
export function noJobLeft({ app }: Pick<TestApp, 'app'>, uid: string): Promise<true> {
  const sql = 'SELECT FROM graphile_worker.jobs WHERE key = ANY($1) OR locked_at IS NOT NULL';
  const keys = [`deliver:${uid}`, `reconcile:${uid}`];
  return eventually(async () => (await app.pool.query(sql, [keys])).rowCount === 0 || null);
}

/**
 * Until nothing of the tenant is being done, and nothing of it is due. A job that found no place among those of its account runs a
 * little later, although its email is due.
 */
export function quiet({ app }: Pick<TestApp, 'app'>, { organizationId }: Tenant): Promise<true> {
  return eventually(async () => {
    const { rows } = await app.pool.query<{ busy: number }>(
      `SELECT (SELECT count(*)::int FROM graphile_worker._private_jobs j
          LEFT JOIN outbound_email e ON j.key = 'deliver:' || e.id
          WHERE payload->>'organizationId' = $1
            AND (j.locked_at IS NOT NULL OR j.run_at <= now() OR coalesce(e.next_attempt_at, e.planned_send_at) <= now()))
        + (SELECT count(*)::int FROM outbound_email WHERE organization_id = $1::uuid AND lease_token IS NOT NULL) AS busy`,
      [organizationId],
    );
    return rows[0]?.busy === 0 || null;
  });
}

/** The record once its sent copy is stored. */
export function fetchSentCopy(app: Pick<TestApp, 'url'>, tenant: Tenant, uid: string) {
  return eventually(async () => {
    const email = await record(app, tenant, uid);
    const { message, messageId, conversation } = email;
    if (!message || !messageId || !conversation) return null;
    return { ...email, message, messageId, conversation };
  });
}

export function eventTypes({ events }: OutboundEmailRecord): string[] {
  return events.edges.map(({ node }) => node.type);
}

/** Mails that left a mailbox, oldest first. */
export function sentFrom({ sandbox }: Pick<TestApp, 'sandbox'>, email: string): SandboxMessage[] {
  return sandbox.admin.messages(email).filter(({ labelIds }) => labelIds.includes('SENT'));
}

/** The only mail of a mailbox. @throws when it has none or several. */
export function onlyMail({ sandbox }: Pick<TestApp, 'sandbox'>, email: string): SandboxMessage {
  const [message, ...others] = sandbox.admin.messages(email);
  if (message === undefined || others.length > 0)
    throw new Error(`${email} has ${others.length + (message ? 1 : 0)} mails`);
  return message;
}

/** Read by a parser that is not ours. */
export function parse({ raw }: Pick<SandboxMessage, 'raw'>): Promise<Email> {
  return PostalMime.parse(raw);
}

/** How often a kind of call was made for a mailbox. */
export function callsOf({ sandbox }: Pick<TestApp, 'sandbox'>, email: string, call: string): number {
  return sandbox.admin.calls().filter((made) => made.mailbox === email && made.call === call).length;
}

export async function countRows({ app }: Pick<TestApp, 'app'>, { organizationId }: Tenant): Promise<number> {
  return app.db.outboundEmail.count({ where: { organizationId } });
}

/** Waits until the app has asked the database something so often since the last `resetStatements`. */
export function statementSeen({ statements }: TestApp, fragment: string, times = 1): Promise<true> {
  return eventually(async () => statements().filter((text) => text.includes(fragment)).length >= times || null);
}

/** Lets a job of an email run now, instead of when its pause is over. */
export async function runNow(
  { app }: Pick<TestApp, 'app'>,
  { organizationId }: Tenant,
  uid: string,
  name: 'deliver' | 'reconcile' | 'fetch-sent-copy',
): Promise<void> {
  const { rows } = await app.pool.query<{ accountId: string; permit: string | null }>(
    `UPDATE outbound_email SET next_attempt_at = CASE WHEN next_attempt_at > now() THEN now() ELSE next_attempt_at END WHERE organization_id = $1 AND id = $2
     RETURNING account_id AS "accountId", permit`,
    [organizationId, uid],
  );
  const [email] = rows;
  if (email?.permit === 'PENDING') {
    const { accountId } = email;
    await app.pool.query(`UPDATE account_rate_limit SET blocked_until = NULL, permits = '{}' WHERE account_id = $1`, [
      accountId,
    ]);
    await enqueue(app.pool, 'grant-permits', { organizationId, accountId }, 0);
    return;
  }
  await enqueue(app.pool, name, { organizationId, outboundEmailId: uid }, 0);
}

/** Makes the permits of the tenant's account older by `ms`, and runs its `grant-permits` job now. */
export async function agePermits({ app }: TestApp, { organizationId, accountId }: Tenant, ms: number): Promise<void> {
  await app.pool.query(
    `UPDATE account_rate_limit SET sends_from = sends_from - $2 * interval '1 ms', blocked_until = blocked_until - $2 * interval '1 ms',
       permits = ARRAY(SELECT at - $2 * interval '1 ms' FROM unnest(permits) WITH ORDINALITY permit (at, n) ORDER BY n)
     WHERE account_id = $1`,
    [accountId, ms],
  );
  await enqueue(app.pool, 'grant-permits', { organizationId, accountId }, 0);
}

/** A mail written in another mailbox of the sandbox, in Gmail's own way. */
export interface Letter {
  readonly from: string;
  readonly subject: string;
  /** The mail that it answers, as it is in the writer's mailbox. */
  readonly answers?: SandboxMessage | undefined;
}

/** Sends it to the tenant and stores it as a sync would. @returns its uid, and the writer's own copy. */
export async function write(t: TestApp, tenant: Tenant, { from, subject, answers }: Letter) {
  const { data } = await sandboxGmailClient(t.sandbox, from).users.messages.send({
    userId: 'me',
    requestBody: {
      ...(answers === undefined ? {} : { threadId: answers.threadId }),
      raw: Buffer.from([...letterHeaders(tenant, { from, subject, answers }), '', 'Hello.', ''].join('\r\n')).toString(
        'base64url',
      ),
    },
  });
  const copy = t.sandbox.admin.messages(from).find(({ id }) => id === data.id);
  const received = t.sandbox.admin.messages(tenant.email).at(-1);
  if (copy === undefined || received === undefined) throw new Error('the mail is nowhere');
  return { uid: await importMessage(t, tenant, received.id), copy, received };
}

function letterHeaders(tenant: Tenant, { from, subject, answers }: Letter): string[] {
  const parent = answers?.header('Message-ID');
  const references = [answers?.header('References'), parent].filter(Boolean).join(' ');
  return [
    `From: ${from}`,
    `To: ${tenant.email}`,
    `Subject: ${subject}`,
    ...(parent ? [`In-Reply-To: ${parent}`, `References: ${references}`] : []),
  ];
}
