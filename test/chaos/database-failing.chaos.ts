/** A database that answers and cannot work: no disk space, no memory, read-only, its statements cancelled. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { SendEmail } from '../support/documents.ts';
import { createTenant, eventually, request, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { createRecipient, fresh, onlyMail, statementSeen } from '../support/mail.ts';

const CODES = ['53000', '53100', '53200', '58030', '25006', '57014'];
const ENV = { GMAIL_TIMEOUT_MS: '10000', SETTLE_DELAYS_MS: '100,200,300' };
const SECRET = 'not to be told';
/** By default. */
const PRISMA_TRANSACTION_MS = 5_000;

let t: TestApp;
let tenant: Tenant;
let maria: string;
/** An operator's session, on another database of the same server: settings of ours do not reach it. */
let operator: Client;
/** The same on our database. */
let inside: Client;

beforeAll(async () => {
  t = await startTestApp({ env: ENV });
  operator = new Client({ connectionString: inject('postgres').url });
  inside = new Client({ connectionString: t.database.url });
  await Promise.all([operator.connect(), inside.connect()]);
});
afterAll(async () => {
  await Promise.all([operator.end(), inside.end()]);
  await t.close();
});
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

async function raises(code: string): Promise<void> {
  await inside.query(`CREATE OR REPLACE FUNCTION fail() RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION '${SECRET}' USING ERRCODE = '${code}'; END $$;
    CREATE OR REPLACE FUNCTION fail_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM fail(); RETURN NEW; END $$`);
}

/** Writing this table fails with `code` until the test ends, or until what is returned is called. */
async function breakWriting(table: string, event: string, code: string): Promise<() => Promise<unknown>> {
  await raises(code);
  await inside.query(`CREATE TRIGGER fails BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION fail_row()`);
  const mend = () => inside.query(`DROP TRIGGER IF EXISTS fails ON ${table}`);
  onTestFinished(async () => void (await mend()));
  return mend;
}

/** Reading this table fails with `code` until the test ends, where the statement holds `text`. */
async function breakReading(table: string, text: string, code: string): Promise<void> {
  await raises(code);
  await inside.query(`ALTER TABLE ${table} RENAME TO real_${table};
    CREATE VIEW ${table} AS SELECT * FROM real_${table} WHERE strpos(current_query(), '${text}') = 0 OR (SELECT fail())`);
  onTestFinished(async () => {
    await inside.query(`DROP VIEW ${table}; ALTER TABLE real_${table} RENAME TO ${table}`);
  });
}

function ask(document: string) {
  return request(t, tenant.key, document);
}

/** The same request each time: the subject is its key. */
function send(subject: string) {
  return request(t, tenant.key, SendEmail, { input: fresh(tenant, maria, { subject, idempotencyKey: subject }) });
}

function unavailable(retry: 'AFTER' | 'CHECK_FIRST') {
  const message = expect.not.stringContaining(SECRET);
  const extensions = { code: 'SERVICE_UNAVAILABLE', retry, requestId: expect.any(String) };
  return { status: 503, data: null, errors: [{ message, extensions }] };
}

/** Asks once more for what was answered with 503, and waits until it has left. */
async function sendAgain(subject: string): Promise<void> {
  expect(await send(subject)).toMatchObject({ status: 200, data: { sendEmail: { __typename: 'SendEmailPayload' } } });
  await untilSent(1);
}

function untilSent(count: number) {
  const where = { organizationId: tenant.organizationId, status: 'SENT' } as const;
  return eventually(async () => (await t.app.db.outboundEmail.count({ where })) === count || null, 60_000);
}

describe.each(CODES)('a statement that fails with SQLSTATE %s', (code) => {
  it.each([
    ['our own statement reads', 'email_account', 'email_account', '{ emailAccounts { uid } }'],
    ['Prisma reads', 'api_key', '"public"."api_key"', '{ apiKeys { edges { cursor } } }'],
  ])('is answered with 503 when %s', async (_name, table, text, document) => {
    await breakReading(table, text, code);
    expect(await ask(document)).toMatchObject(unavailable('AFTER'));
  });

  it('is answered with 503 when Prisma writes, and the mutation has to be looked after', async () => {
    await breakWriting('api_key', 'INSERT', code);
    const created = await ask('mutation { createApiKey(input: { name: "x", scopes: ["email:read"] }) { __typename } }');
    expect(created).toMatchObject(unavailable('CHECK_FIRST'));
  });

  it('lets an email leave once, when it could not be accepted at first', async () => {
    const mend = await breakWriting('outbound_email', 'INSERT', code);
    expect(await send('accepted-later')).toMatchObject(unavailable('CHECK_FIRST'));
    await mend();
    await sendAgain('accepted-later');
    expect(onlyMail(t, maria).header('Subject')).toBe('accepted-later');
  });

  it('loses no email whose states cannot be written for a while, and doubles none', async () => {
    const mend = await breakWriting('outbound_email', 'UPDATE', code);
    // Accepted: what becomes of it is for the worker, and its caller hears no error.
    expect(await send('accepted-before')).toMatchObject({
      status: 200,
      data: { sendEmail: { outboundEmail: { status: 'QUEUED' } } },
    });
    await mend();
    await sendAgain('accepted-before');
    expect(onlyMail(t, maria).header('Subject')).toBe('accepted-before');
    // What an attempt left behind that was broken off goes once the sent copy is here.
    await eventually(async () => t.sandbox.admin.drafts(tenant.email).length === 0 || null);
  });
});

describe('a lost answer whose reconciling cannot be written at first', () => {
  it('is reconciled as soon as it can be, not when the lease of whoever tried ends', async () => {
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
    const reading = t.sandbox.admin.hold('threads.get', { mailbox: tenant.email });
    expect(await send('settled-later')).toMatchObject({
      data: { sendEmail: { outboundEmail: { status: 'UNCONFIRMED' } } },
    });
    await reading.arrived;
    const mend = await breakWriting('outbound_email', 'UPDATE', '53100');
    t.resetStatements();
    reading.release();
    await statementSeen(t, 'UPDATE outbound_email e SET status = e.status');
    await mend();
    await untilSent(1);
    expect(onlyMail(t, maria).header('Subject')).toBe('settled-later');
  });
});

describe('a disk that is full for five seconds', () => {
  it('lets everything accepted leave once, whatever its state was', async () => {
    const count = 40;
    for (const call of ['drafts.create', 'drafts.send']) {
      t.sandbox.admin.fault({ call, times: 'always', effect: { kind: 'delay', ms: 300 } });
    }
    const subjects = Array.from({ length: count }, (_, index) => `mail-${index}`);
    const answers = Promise.all(subjects.map((subject) => send(subject)));
    await eventually(async () => t.sandbox.admin.messages(maria).length >= 3 || null);
    const mend = await breakWriting('outbound_email', 'INSERT OR UPDATE', '53100');
    const begun = performance.now();
    for (const { status, errors } of await answers) {
      if (status !== 200) expect([status, errors[0]?.extensions?.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    }
    const health = await fetch(`${t.url}/health`);
    expect(health.status).toBe(200);
    await eventually(async () => performance.now() - begun > 5_000 || null);
    await mend();
    t.sandbox.admin.clearFaults();
    for (const answer of await Promise.all(subjects.map((subject) => send(subject)))) expect(answer.status).toBe(200);
    await untilSent(count);
    const arrived = t.sandbox.admin.messages(maria).map((message) => message.header('Subject') ?? '');
    expect(arrived.sort()).toEqual(subjects.sort());
  });
});

describe('a database that an operator has made read-only', () => {
  it('is answered with 503 where something has to be written, and goes on afterwards', async () => {
    const setReadOnly = async (value: 'on' | 'off') => {
      await operator.query(`ALTER DATABASE ${inside.database} SET default_transaction_read_only = ${value}`);
      // The setting is for new sessions.
      await operator.query(
        'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2',
        [inside.database, await pidOf(inside)],
      );
    };
    onTestFinished(() => setReadOnly('off'));
    await ask('{ viewer { actor } }');
    await setReadOnly('on');
    // A connection that was just cut is answered with 503 too.
    await eventually(async () => ((await ask('{ emailAccounts { uid } }')).status === 200 ? true : null));
    expect(await send('read-only')).toMatchObject(unavailable('CHECK_FIRST'));
    await setReadOnly('off');
    await eventually(async () => ((await send('read-only')).status === 200 ? true : null));
    await untilSent(1);
    expect(onlyMail(t, maria).header('Subject')).toBe('read-only');
  });
});

describe('a search that takes longer than Prisma gives a transaction', () => {
  it('is answered all the same', async () => {
    await inside.query('BEGIN; LOCK TABLE outbound_email_search, message_search');
    const searching = [
      ask('{ outboundEmails(filter: { search: "nothing" }) { totalCount } }'),
      ask('{ conversations(filter: { search: "nothing" }) { totalCount } }'),
    ];
    await delay(PRISMA_TRANSACTION_MS + 500);
    await inside.query('COMMIT');
    for (const { errors } of await Promise.all(searching)) expect(errors).toEqual([]);
  });
});

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}
