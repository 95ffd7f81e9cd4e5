/** One person's address and content, erased on request. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { erase } from '../../src/cli/erase.ts';
import { parseConfig } from '../../src/config/config.ts';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { forgetMailbox } from '../../src/retention/forget-mailbox.ts';
import { createInvoice, createTenant, receive, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, record } from '../support/mail.ts';
import { arrive, bouncesOf, notification } from '../support/notices.ts';
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

const config = () =>
  parseConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: t.database.url,
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
const nameOf = async ({ organizationId }: Tenant) =>
  (await t.app.db.organization.findUniqueOrThrow({ where: { id: organizationId } })).name;
const eraseIn = async (of: Tenant, email = maria) => erase(config(), { organization: await nameOf(of) }, email);

async function sentTo(to: string, changes: Parameters<typeof fresh>[2] = {}) {
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, to, changes));
  return fetchSentCopy(t, tenant, outboundEmail.uid);
}

describe('admin -- erase', () => {
  it('leaves neither the address nor the words of mail with the person, anywhere', async () => {
    await createInvoice(t, tenant, 'INV-1');
    const customer = { externalId: 'customer-of-INV-1', email: maria, contacts: [{ email: maria }] };
    await upsertCustomer(t.app.pool, tenant.organizationId, customer);
    const file = { filename: 'xylophone.txt', contentType: 'text/plain', dataBase64: 'eHlsb3Bob25l' };
    const { messageId } = await sentTo(maria, { subject: 'Xylophone', bodyText: 'xylophone', attachments: [file] });
    const headers = `From: Maria <${maria}>\nTo: ${tenant.email}\nCc: ${bob}\nSubject: Xylophone\nIn-Reply-To: ${messageId}`;
    await receive(t, tenant, { from: maria, raw: `${headers}\n\nxylophone` });
    const lost = await sentTo(maria, { subject: 'Xylophone' });
    await arrive(
      t,
      tenant,
      notification({ recipients: [{ final: maria }], returned: [`Message-ID: ${lost.messageId}`] }),
    );
    expect(await tablesWith(t, maria)).toEqual(expect.arrayContaining(['outbound_email_event', 'context_search']));
    const { lines, problems } = await eraseIn(tenant);
    expect(problems).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(/ {2}2 emails {2}4 messages {2}1 customers$/)]);
    expect(await tablesWith(t, maria)).toEqual([]);
    expect(await tablesWith(t, 'xylophone')).toEqual([]);
    expect(await bouncesOf(t, tenant, lost.uid)).toMatchObject({ status: 'BOUNCED', bounces: [{ diagnostic: null }] });
  });

  it('leaves mail with others as it is', async () => {
    const { uid } = await sentTo(bob);
    const both = await sentTo('', { to: [bob, maria] });
    await eraseIn(tenant);
    expect(await record(t, tenant, uid)).toMatchObject({ to: [bob], bodyText: 'Please find it here.' });
    expect(await record(t, tenant, both.uid)).toMatchObject({ to: [bob, 'erased@erased.invalid'], bodyText: null });
  });

  it('leaves mail with addresses that only begin or end like it', async () => {
    const { organizationId } = tenant;
    const conversationId = await insertConversation(t, tenant);
    const ends = ['jo', 'jo.', 'jo+', 'jo-', 'jo_', "o'"].map((before) => `${before}${maria}`);
    for (const neighbour of [...ends, `${maria}.au`, `${maria}-inc.example`, `${maria}mple`]) {
      await insertEmail(t, tenant, { to: [neighbour] });
      await insertMessage(t, tenant, { conversationId, fromAddress: neighbour });
      await insertMessage(t, tenant, { conversationId, fromAddress: bob, to: [{ address: neighbour, name: null }] });
    }
    const { lines } = await eraseIn(tenant);
    expect(lines).toEqual([expect.stringMatching(/ {2}0 emails {2}0 messages /)]);
    expect(await t.app.db.outboundEmail.count({ where: { organizationId, bodyText: 'Dear Maria' } })).toBe(9);
  });

  it('finds the address however it is written', async () => {
    const conversationId = await insertConversation(t, tenant);
    const capitals = maria.replace('maria', 'MARIA');
    await insertEmail(t, tenant, { to: [bob, capitals] });
    await insertMessage(t, tenant, { conversationId, fromAddress: capitals });
    await insertMessage(t, tenant, { conversationId, fromAddress: bob, to: [{ address: bob, name: `M <${maria}>` }] });
    await insertMessage(t, tenant, { conversationId, fromAddress: bob, cc: [{ address: maria, name: null }] });
    const texts = [
      `550 <${maria}>: unknown`,
      `no mailbox ${maria}.`,
      `'${maria}' is away`,
      `rcpt=${maria};`,
      `550\n\t${maria}`,
    ];
    for (const diagnostic of texts) {
      const deliveryNotice = { recipients: [{ recipient: null, diagnostic }] };
      await insertMessage(t, tenant, { conversationId, fromAddress: bob, deliveryNotice });
    }
    const { lines } = await eraseIn(tenant);
    expect(lines).toEqual([expect.stringMatching(/ {2}1 emails {2}8 messages /)]);
    expect(await tablesWith(t, maria)).toEqual([]);
  });

  it('finds an address with a domain in any script, in either of its forms', async () => {
    const conversationId = await insertConversation(t, tenant);
    const [written, punycode] = ['zoe@müller.example', 'zoe@xn--mller-kva.example'];
    for (const fromAddress of [written, punycode]) await insertMessage(t, tenant, { conversationId, fromAddress });
    const { lines } = await eraseIn(tenant, written);
    expect(lines).toEqual([expect.stringMatching(/ {2}0 emails {2}2 messages /)]);
    expect([await tablesWith(t, written), await tablesWith(t, punycode)]).toEqual([[], []]);
  });

  it.each(['"maria s"@acme.example', 'jörg@acme.example', 'root@localhost'])(
    'finds what was received from %s, to which nothing can be sent',
    async (fromAddress) => {
      await insertMessage(t, tenant, { conversationId: await insertConversation(t, tenant), fromAddress });
      const { lines } = await eraseIn(tenant, fromAddress);
      expect(lines).toEqual([expect.stringMatching(/ {2}0 emails {2}1 messages /)]);
      expect(await tablesWith(t, fromAddress)).toEqual([]);
    },
  );

  it('leaves mail with another domain literal as it is', async () => {
    const conversationId = await insertConversation(t, tenant);
    for (const last of [1, 2]) await insertMessage(t, tenant, { conversationId, fromAddress: `root@[10.0.0.${last}]` });
    const { lines } = await eraseIn(tenant, 'root@[10.0.0.1]');
    expect(lines).toEqual([expect.stringMatching(/ {2}0 emails {2}1 messages /)]);
    expect(await tablesWith(t, 'root@[10.0.0.1]')).toEqual([]);
    expect(await tablesWith(t, 'root@[10.0.0.2]')).toEqual(['email_message']);
  });

  it.each([
    '@acme.example',
    'maria@',
    'Maria <maria@acme.example>',
    'maria@acme.example,',
    'maria@acme.example?subject=x',
    'maria@acme.example/x',
    '\u200bmaria@acme.example',
    'maria smith@acme.example',
    'a@b@acme.example',
  ])('refuses %s, which is not one address', async (email) => {
    await expect(eraseIn(tenant, email)).rejects.toThrow('EMAIL must be one address');
  });

  it('makes the next contact of a customer the primary one', async () => {
    const { organizationId } = tenant;
    const contacts = [{ email: maria, isPrimary: true }, { email: bob }, { email: 'carol@acme.example' }];
    const customerId = await upsertCustomer(t.app.pool, organizationId, { externalId: 'acme', name: 'Acme', contacts });
    await eraseIn(tenant);
    const left = await t.app.db.customerContact.findMany({ where: { customerId }, orderBy: { position: 'asc' } });
    expect(left.map(({ email, isPrimary }) => [email, isPrimary])).toEqual([
      [bob, true],
      ['carol@acme.example', false],
    ]);
  });

  it('answers a repeated request afterwards, and sends nothing', async () => {
    const { uid } = await sentTo(maria, { idempotencyKey: 'k' });
    await eraseIn(tenant);
    const repeated = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(repeated).toMatchObject({ replayed: true, outboundEmail: { uid, status: 'SENT' } });
    onlyMail(t, maria);
  });

  it('keeps the record that it was done, without the address', async () => {
    await sentTo(maria);
    await eraseIn(tenant);
    const [done] = await t.app.db.erasure.findMany({ where: { organizationId: tenant.organizationId } });
    expect(done).toMatchObject({ emails: 1, messages: 1, at: expect.any(Date) });
    expect(Buffer.from(done?.addressHash ?? []).toString('hex')).toBe(createHash('sha256').update(maria).digest('hex'));
  });

  it('names what is not finished, and leaves it', async () => {
    const uid = await insertEmail(t, tenant, { status: 'UNCONFIRMED', to: [maria] });
    const { problems } = await eraseIn(tenant);
    expect(problems).toEqual([expect.stringMatching(/: 1 emails with this address are drafts or not finished/)]);
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'UNCONFIRMED', to: [maria] });
  });

  it('finds the person among more emails and messages than one statement reads', async () => {
    const { organizationId } = tenant;
    const emailUid = await insertEmail(t, tenant, { to: [bob] });
    const messageUid = await insertMessage(t, tenant, { conversationId: await insertConversation(t, tenant) });
    for (const [table, uid, change] of [
      ['outbound_email', emailUid, '"to" = ARRAY[$2]'],
      ['email_message', messageUid, 'from_address = $2'],
    ]) {
      const { rows } = await t.app.pool.query(
        `SELECT string_agg(format('%I', attname), ', ') AS columns FROM pg_attribute
          WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
        [table],
      );
      const [{ columns }] = rows;
      await t.app.pool.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM (
          SELECT (json_populate_record(r, json_build_object('id', n, 'provider_message_id', n))).*
          FROM ${table} r, LATERAL (SELECT gen_random_uuid() AS n FROM generate_series(1, 5000) WHERE r.id IS NOT NULL) ids
          WHERE r.id = $1) copies`,
        [uid],
      );
      await t.app.pool.query(
        `UPDATE ${table} SET ${change} WHERE id IN (
          (SELECT id FROM ${table} WHERE organization_id = $1 ORDER BY id LIMIT 1) UNION ALL
          (SELECT id FROM ${table} WHERE organization_id = $1 ORDER BY id DESC LIMIT 1))`,
        [organizationId, maria],
      );
    }
    const { lines } = await eraseIn(tenant);
    expect(lines).toEqual([expect.stringMatching(/ {2}2 emails {2}2 messages /)]);
    expect(await tablesWith(t, maria)).toEqual([]);
  });

  it('erases in the named organization only, or in all', async () => {
    const other = await createTenant(t);
    const uid = await insertEmail(t, other, { to: [maria] });
    await eraseIn(tenant);
    expect(await record(t, other, uid)).toMatchObject({ to: [maria] });
    await erase(config(), {}, maria);
    expect(await record(t, other, uid)).toMatchObject({ to: ['erased@erased.invalid'] });
  });

  it('finds customers and contacts whose address has a domain in another script', async () => {
    const [written, other] = ['Zoe@Müller.example', 'zoe@muller.example'];
    await createInvoice(t, tenant, 'INV-1');
    const customer = {
      externalId: 'customer-of-INV-1',
      email: written,
      contacts: [{ email: written }, { email: other }],
    };
    await upsertCustomer(t.app.pool, tenant.organizationId, customer);
    const { lines } = await eraseIn(tenant, 'zoe@müller.example');
    expect(lines).toEqual([expect.stringMatching(/ {2}1 customers$/)]);
    const { organizationId } = tenant;
    expect(await t.app.db.customer.findMany({ where: { organizationId } })).toMatchObject([{ email: null }]);
    expect(await t.app.db.customerContact.findMany({ where: { organizationId } })).toMatchObject([{ email: other }]);
  });

  it('erases the holder of an account that was forgotten', async () => {
    const uid = await insertEmail(t, tenant, { to: [tenant.email] });
    await forgetMailbox(t.app, tenant.email, { organization: null, sent: false });
    const { lines, problems } = await eraseIn(tenant, tenant.email);
    expect(problems).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(/ {2}1 emails {2}0 messages /)]);
    expect(await record(t, tenant, uid)).toMatchObject({ to: ['erased@erased.invalid'], bodyText: null });
    // The account and what it sent keep the address.
    expect(await tablesWith(t, tenant.email)).toEqual(['email_account', 'outbound_email']);
  });

  it('refuses the address of an account, and what is no address', async () => {
    expect((await eraseIn(tenant, tenant.email)).problems).toEqual([
      expect.stringMatching(/ is the address of an account\. Use account forget\.$/),
    ]);
    await expect(erase(config(), {}, 'maria')).rejects.toThrow('EMAIL must be one address');
    await expect(erase(config(), { organization: 'none' }, maria)).rejects.toThrow('There is no organization "none".');
  });
});
