/** Messages that cannot be stored: what PostgreSQL refuses of their data is left out, and everything else is tried again. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { graphql } from '../generated/gql.ts';
import { failWrites } from '../support/failing-statements.ts';
import { createTenant, query, request, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh } from '../support/mail.ts';
import { bouncesOf, notification } from '../support/notices.ts';
import { deliver, mailboxHere, mailboxInGmail, syncWholly, wrongConversations } from '../support/syncing.ts';

const Stored = graphql(`
  query StoredMessages($search: String!) {
    emailAccounts { sync { state error { code message } } }
    conversations(filter: { search: $search }, first: 10) {
      edges { node { hasReply messages(first: 20) { edges { node {
        subject bodyText problem attachments { filename size }
      } } } } }
    }
  }
`);

let tenant: Tenant;
const endings: (() => Promise<void>)[] = [];

// Runs are begun here only.
const t = useTestApp({ env: { WORKER: 'off' } });
beforeEach(async () => {
  for (const end of endings.splice(0)) await end();
  tenant = await createTenant(t);
});

const { signal } = new AbortController();
const sync = (app: App = t.app) => syncMailbox(app, tenant, { signal, withFullSync: true });

async function failing(table: string, options: Parameters<typeof failWrites>[2]): Promise<() => Promise<void>> {
  const end = await failWrites(t.app, table, options);
  endings.push(end);
  return async () => {
    endings.splice(endings.indexOf(end), 1);
    await end();
  };
}

/** A mail with a text and a file. @returns its id. */
function deliverWhole(subject: string, headers: readonly string[] = []): string {
  const lines = [`From: Maria <maria@acme.example>`, `To: ${tenant.email}`, `Subject: ${subject}`, ...headers];
  const raw = [
    ...lines,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    `${subject} in full`,
    '--b',
    'Content-Type: application/pdf',
    `Content-Disposition: attachment; filename="${subject}.pdf"`,
    '',
    'file',
    '--b--',
    '',
  ].join('\r\n');
  const [copy] = t.sandbox.admin.deliverExternal({ from: 'maria@acme.example', to: tenant.email, raw });
  if (copy === undefined) throw new Error('nothing was delivered');
  return copy.id;
}

/** The account's state, and the messages in the conversations that a word finds. */
async function read(search: string) {
  const { emailAccounts, conversations } = await query(t, tenant.key, Stored, { search });
  const messages = conversations.edges.flatMap(({ node }) => node.messages.edges.map((edge) => edge.node));
  return { sync: emailAccounts[0]?.sync, messages, hasReply: conversations.edges.map(({ node }) => node.hasReply) };
}

const whole = (subject: string) => ({
  subject,
  bodyText: expect.stringContaining(`${subject} in full`),
  problem: null,
  attachments: [{ filename: `${subject}.pdf`, size: expect.any(Number) }],
});

/** So much that what is not here whole is asked for again. */
async function passTime(): Promise<void> {
  await t.app.pool.query(`UPDATE mailbox_sync SET unreadable_retry_at = now() - interval '1 s' WHERE account_id = $1`, [
    tenant.accountId,
  ]);
}

describe('an error of the data of one message', () => {
  it.each(['22021', '23514', '54000'])('(%s) leaves out its content, and nothing of any other', async (code) => {
    for (const subject of ['One', 'Poison', 'Two']) deliverWhole(subject);
    await failing('email_message', { code, when: `NEW.body_text LIKE '%Poison in full%'` });
    await syncWholly(t, tenant);
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    expect(await read('one')).toMatchObject({ messages: [whole('One')], sync: { state: 'CURRENT', error: null } });
    expect((await read('two')).messages).toEqual([whole('Two')]);
    expect((await read('poison')).messages).toEqual([
      { subject: 'Poison', bodyText: null, problem: expect.stringContaining('stored whole'), attachments: [] },
    ]);
  });

  it('leaves out most of its headers when these are what is refused', async () => {
    deliverWhole('Poison', ['References: <poison@x>', 'Message-ID: <id@x>']);
    await failing('email_message', { code: '22021', when: `'<poison@x>' = ANY(NEW."references")` });
    await syncWholly(t, tenant);
    const stored = await t.app.db.emailMessage.findFirstOrThrow({ where: { accountId: tenant.accountId } });
    expect(stored).toMatchObject({ subject: 'Poison', messageId: '<id@x>', references: [], bodyText: null });
    expect(stored.problem).toContain('most of its headers');
  });

  it('takes nothing from what it proves: an email is BOUNCED by a notification without its text', async () => {
    await syncWholly(t, tenant);
    const maria = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const { messageId } = await fetchSentCopy(t, tenant, outboundEmail.uid);
    deliverRaw(notification({ recipients: [{ final: maria }], returned: [`Message-ID: ${messageId}`] }));
    await failing('email_message', { code: '22021', when: `NEW.body_text LIKE '%sorry to have to inform%'` });
    await syncWholly(t, tenant);
    expect(await bouncesOf(t, tenant, outboundEmail.uid)).toMatchObject({ status: 'BOUNCED', bounces: [{}] });
  });
});

function deliverRaw(raw: string): void {
  t.sandbox.admin.deliverExternal({ from: '', to: tenant.email, raw: raw.replace(/\r?\n/g, '\r\n') });
}

describe('a message that cannot be stored in any form', () => {
  it('holds nothing up, is named, and comes when it can be stored', async () => {
    const ids = ['One', 'Poison', 'Two'].map((subject) => deliverWhole(subject));
    const poison = `NEW.provider_message_id = '${ids[1]}'`;
    const end = await failing('email_message', { code: '23514', when: poison });
    expect(await sync()).toMatchObject({ outcome: 'current' });
    deliverWhole('Three');
    expect(await sync()).toMatchObject({ outcome: 'current' });
    const others = mailboxInGmail(t, tenant).filter(({ id }) => id !== ids[1]);
    expect(await mailboxHere(t, tenant)).toEqual(others);
    expect((await read('one')).sync).toEqual({
      state: 'CURRENT',
      error: { code: 'UNREADABLE', message: expect.stringContaining('1 of its messages') },
    });
    await end();
    await passTime();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    expect(await read('poison')).toMatchObject({ messages: [whole('Poison')], sync: { error: null } });
  });

  it('is not it when more than a hundred fail: then nothing is passed over', async () => {
    for (let n = 0; n < 105; n++) deliver(t, tenant, { subject: `Mail ${n}` });
    const end = await failing('email_message', { code: '23514' });
    await expect(sync()).rejects.toThrow('refused by a test');
    await end();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    await passTime();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
  });
});

it('whose parts cannot be understood by our own code is stored without them', async () => {
  deliverWhole('One');
  deliverWhole('Poison');
  const { getSmallMessage } = t.app.gmail;
  const gmail: App['gmail'] = {
    ...t.app.gmail,
    async getSmallMessage(...args) {
      const message = await getSmallMessage(...args);
      if (message === null || message === 'large' || message.bodyText?.includes('Poison') !== true) return message;
      // As no answer of Gmail's is: what is computed of its files throws.
      return { ...message, parts: message.parts.map((part) => Object.defineProperty({ ...part }, 'filename', BROKEN)) };
    },
  };
  expect(await sync({ ...t.app, gmail })).toMatchObject({ outcome: 'current' });
  expect((await read('one')).messages).toEqual([whole('One')]);
  expect((await read('poison')).messages).toMatchObject([{ subject: 'Poison', attachments: [] }]);
});

it('whose content cannot be understood by our own code is stored by its headers, after some tries', async () => {
  const poison = deliverWhole('Poison');
  deliverWhole('One');
  const { getSmallMessage } = t.app.gmail;
  const gmail: App['gmail'] = {
    ...t.app.gmail,
    async getSmallMessage(...args) {
      if (args[1] === poison) throw new RangeError('Invalid string length');
      return getSmallMessage(...args);
    },
  };
  for (let tries = 0; tries < 3; tries++) await expect(sync({ ...t.app, gmail })).rejects.toThrow(RangeError);
  expect(await sync({ ...t.app, gmail })).toMatchObject({ outcome: 'current' });
  expect((await read('one')).messages).toEqual([whole('One')]);
  expect((await read('poison')).messages).toMatchObject([{ subject: 'Poison', bodyText: null }]);
  await passTime();
  expect(await sync({ ...t.app, gmail })).toMatchObject({ outcome: 'current' });
  expect((await read('poison')).sync).toMatchObject({ state: 'CURRENT', error: { code: 'UNREADABLE' } });
  await passTime();
  await syncWholly(t, tenant);
  expect(await read('full')).toMatchObject({ sync: { error: null } });
  expect((await read('poison')).messages).toEqual([whole('Poison')]);
});

const BROKEN: PropertyDescriptor = {
  get() {
    throw new TypeError('it cannot be computed');
  },
};

describe('an error that is not about the data', () => {
  it.each(['08006', '53100', '40001', '57014', 'XX000', 'P0001'])('(%s) takes nothing from a message', async (code) => {
    for (const subject of ['One', 'Poison', 'Two']) deliverWhole(subject);
    const end = await failing('email_message', { code, when: `NEW.subject = 'Poison'` });
    for (let tries = 0; tries < 6; tries++) await expect(sync()).rejects.toMatchObject({ code });
    await end();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    for (const subject of ['One', 'Poison', 'Two']) {
      expect((await read(subject)).messages).toEqual([whole(subject)]);
    }
  });
});

describe('a message that was stored without its content', () => {
  const text = 'It could not be stored whole: its content was left out.';

  /** Has such messages read again. */
  async function readAgain(): Promise<void> {
    await t.app.pool.query(
      `UPDATE mailbox_sync SET unreadable_retry_at = now(), next_run_at = now(), unreadable_ids = unreadable_ids || ARRAY(
         SELECT provider_message_id FROM email_message WHERE account_id = $1 AND starts_with(problem, 'It could not be stored')
       ) WHERE account_id = $1`,
      [tenant.accountId],
    );
  }

  /** Imports the mailbox while nothing with a content can be stored, as it was stored then. */
  async function importInPart(): Promise<void> {
    const end = await failing('email_message', { code: '22021', when: `NEW.body_text IS NOT NULL` });
    await syncWholly(t, tenant);
    await end();
    await t.app.pool.query(
      `UPDATE email_message SET problem = $2, delivery_notice = NULL, named_ids = '{}', is_automatic = false
       WHERE account_id = $1 AND problem IS NOT NULL`,
      [tenant.accountId, text],
    );
  }

  it('is read again once, in place', async () => {
    deliverWhole('One');
    await importInPart();
    const [before] = await t.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    expect(await read('one')).toMatchObject({ messages: [{ bodyText: null, problem: text }] });
    await readAgain();
    await syncWholly(t, tenant);
    // By a word of its text.
    expect(await read('full')).toMatchObject({ messages: [whole('One')], sync: { state: 'CURRENT', error: null } });
    const after = await t.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    expect(after).toMatchObject([{ id: before?.id, conversationId: before?.conversationId }]);
    expect(await wrongConversations(t, tenant)).toEqual([]);
    t.sandbox.admin.resetCalls();
    await syncWholly(t, tenant);
    expect(t.sandbox.admin.calls().map(({ call }) => call)).toEqual(['history.list']);
  });

  it('proves its bounce, and is not taken for an answer any more', async () => {
    await syncWholly(t, tenant);
    const recipient = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, recipient));
    const { messageId } = await fetchSentCopy(t, tenant, outboundEmail.uid);
    deliverRaw(notification({ recipients: [{ final: recipient }], returned: [`Message-ID: ${messageId}`] }));
    await importInPart();
    // Then it could be taken for an answer, and its email did not bounce.
    const where = { accountId: tenant.accountId, direction: 'INBOUND' } as const;
    await t.app.db.emailMessage.updateMany({ where, data: { answersEmailId: null } });
    await t.app.pool.query('DELETE FROM bounce WHERE outbound_email_id = $1', [outboundEmail.uid]);
    await t.app.pool.query(`UPDATE outbound_email SET status = 'SENT' WHERE id = $1`, [outboundEmail.uid]);
    expect(await bouncesOf(t, tenant, outboundEmail.uid)).toMatchObject({ status: 'SENT', bounces: [] });
    await readAgain();
    await syncWholly(t, tenant);
    expect(await bouncesOf(t, tenant, outboundEmail.uid)).toMatchObject({
      status: 'BOUNCED',
      bounces: [{ recipient, permanent: true }],
      conversation: { hasReply: false },
    });
    expect(await t.app.db.emailMessage.findFirstOrThrow({ where })).toMatchObject({
      answersEmailId: outboundEmail.uid,
      problem: null,
      isAutomatic: true,
    });
  });
});

describe('a message whose content Gmail gives only later', () => {
  it('is not stored without it when there are more than a hundred: then the run fails', async () => {
    for (let n = 0; n < 105; n++) {
      const id = deliver(t, tenant, { subject: `Mail ${n}` });
      // Of each message the whole is broken, and then its headers are not.
      t.sandbox.admin.fault({ call: 'messages.get', id, effect: { kind: 'invalid-json' } });
    }
    expect(await sync()).toMatchObject({ outcome: 'later' });
    expect((await mailboxHere(t, tenant)).length).toBeLessThanOrEqual(100);
    t.sandbox.admin.clearFaults();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    await passTime();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await t.app.db.emailMessage.count({ where: { accountId: tenant.accountId, bodyText: null } })).toBe(0);
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
  });

  it('is stored by its headers, and whole when it comes', async () => {
    const id = deliverWhole('One');
    t.sandbox.admin.fault({ call: 'messages.get', id, effect: { kind: 'invalid-json' } });
    await syncWholly(t, tenant);
    expect(await read('one')).toMatchObject({
      messages: [{ subject: 'One', bodyText: null, problem: expect.stringContaining('could not be read from Gmail') }],
      sync: { state: 'CURRENT', error: { code: 'UNREADABLE' } },
    });
    await passTime();
    await syncWholly(t, tenant);
    expect(await read('full')).toMatchObject({ messages: [whole('One')], sync: { error: null } });
  });
});

it('other requests are answered within a second while a message fails again and again', async () => {
  for (let n = 0; n < 20; n++) deliverWhole(`Mail ${n}`);
  await failing('email_message', { code: '53100', when: `NEW.subject = 'Mail 7'` });
  let isOver = false;
  const syncing = (async () => {
    for (let tries = 0; tries < 20; tries++) await expect(sync()).rejects.toMatchObject({ code: '53100' });
    isOver = true;
  })();
  const tookMs: number[] = [];
  while (!isOver) {
    const began = performance.now();
    const { data } = await request(t, tenant.key, '{ viewer { __typename } }');
    expect(data).not.toBeNull();
    tookMs.push(performance.now() - began);
  }
  await syncing;
  // What the message itself costs comes back with each of the 20 tries; a pause of the machine does not.
  const [tenthSlowestMs] = tookMs.toSorted((a, b) => b - a).slice(9);
  expect(tenthSlowestMs).toBeLessThan(1_000);
});
