import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreateDraftInput, SendFreshInput } from '../generated/graphql.ts';
import { SendEmail } from '../support/documents.ts';
import {
  createAccount,
  createInvoice,
  createTenant,
  eventually,
  expectType,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
} from '../support/harness.ts';
import {
  accepted,
  callsOf,
  countRows,
  createRecipient,
  fresh,
  onlyMail,
  record,
  send,
  statementSeen,
  untilStatus,
  write,
} from '../support/mail.ts';
import { CreateDraft, UpdateDraft } from '../support/send-documents.ts';

let t: TestApp;
/** A second process on the same database. */
let other: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  t = await startTestApp();
  other = await startTestApp({ beside: t });
});
afterAll(async () => {
  await other.close();
  await t.close();
});
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});
afterEach(() => t.sandbox.admin.clearFaults());

const LOOK_UP = '"earlierId"';

function keyed(changes: Partial<SendFreshInput> = {}) {
  return fresh(tenant, maria, { idempotencyKey: 'invoice-7', ...changes });
}

async function expectOneMail() {
  expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  expect(await countRows(t, tenant)).toBe(1);
  expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
}

describe('the same key with the same request', () => {
  it('answers the first result and sends nothing', async () => {
    const first = await accepted(t, tenant, keyed());
    const second = await accepted(t, tenant, keyed());
    expect(first.replayed).toBe(false);
    expect(second).toEqual({ ...first, replayed: true });
    expect((await record(t, tenant, first.outboundEmail.uid)).idempotencyKey).toBe('invoice-7');
    await expectOneMail();
  });

  it('answers a repeated follow-up although its sent copy is gone', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const reply = { replyToOutboundEmailUid: outboundEmail.uid, bodyText: 'Again', idempotencyKey: 'follow-up' };
    const first = await accepted(t, tenant, { reply });
    await t.app.db.emailMessage.updateMany({
      where: { outboundEmailId: outboundEmail.uid },
      data: { outboundEmailId: null },
    });
    const failure = {
      failureCode: 'REJECTED',
      failureMessage: '',
      failureRetry: 'NEVER',
      failedAt: new Date(),
    } as const;
    await t.app.db.outboundEmail.updateMany({
      where: { id: outboundEmail.uid },
      data: { status: 'FAILED', ...failure },
    });
    expect(await accepted(t, tenant, { reply })).toMatchObject({
      replayed: true,
      outboundEmail: { uid: first.outboundEmail.uid },
    });
  });

  it('is the same request however null, an empty list, a domain and base64 are written', async () => {
    const file = { filename: 'a.bin', contentType: 'application/octet-stream' };
    const first = await accepted(t, tenant, keyed({ attachments: [{ ...file, dataBase64: 'YWI=' }] }));
    const again = keyed({
      to: [maria.replace('client', 'CLIENT')],
      cc: [],
      bodyHtml: null,
      contexts: null,
      attachments: [{ ...file, dataBase64: 'YWI', contentId: null }],
    });
    expect(await accepted(t, tenant, again)).toEqual({ ...first, replayed: true });
    await expectOneMail();
  });

  it('answers when the account can no longer send', async () => {
    const first = await accepted(t, tenant, keyed());
    for (const status of ['NEEDS_REAUTH', 'DISCONNECTED'] as const) {
      await t.app.db.emailAccount.updateMany({ where: { organizationId: tenant.organizationId }, data: { status } });
      expect(await accepted(t, tenant, keyed())).toEqual({ ...first, replayed: true });
      expectType(await send(t, tenant, keyed({ idempotencyKey: 'another' })), 'AccountNotReadyError');
    }
    await expectOneMail();
  });

  it('is refused again as the first was, and is not sent', async () => {
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    const first = expectType(await send(t, tenant, keyed()), 'SendRejectedError');
    expect(first).toMatchObject({ providerStatus: 400, outboundEmail: { status: 'FAILED' } });
    expect(await send(t, tenant, keyed())).toEqual(first);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(await countRows(t, tenant)).toBe(1);
  });

  it('of a reply answers the first result', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const input = {
      reply: {
        replyToMessageUid: question.uid,
        to: [maria],
        subject: 'Re: A question',
        bodyText: 'Yes.',
        idempotencyKey: 'reply-1',
      },
    };
    const first = await accepted(t, tenant, input);
    // What is ignored is no part of the request.
    const again = { reply: { ...input.reply, fromAccountUid: tenant.accountId } };
    expect(await accepted(t, tenant, again)).toEqual({ ...first, replayed: true });
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
  });
});

describe('the same key with another request', () => {
  it('is a conflict that names the fields and the first email', async () => {
    const { outboundEmail } = await accepted(t, tenant, keyed());
    const file = { filename: 'a.txt', contentType: 'text/plain', dataBase64: 'YQ' };
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const fromAccountUid = await createAccount(t, tenant.organizationId, `other-${tenant.email}`);
    const cases: [Partial<SendFreshInput>, string[]][] = [
      [{ subject: 'Invoice 8' }, ['subject']],
      [{ bodyText: 'Please find it there.' }, ['bodyText']],
      [{ to: [maria, 'second@example.com'], cc: ['third@example.com'] }, ['cc', 'to']],
      [{ attachments: [file] }, ['attachments']],
      [{ contexts: [{ type: 'invoice', uid: invoiceId }] }, ['contexts']],
      [{ fromAccountUid, fromAlias: `other-${tenant.email}` }, ['fromAccountUid', 'fromAlias']],
    ];
    for (const [changes, differingFields] of cases) {
      const conflict = expectType(await send(t, tenant, keyed(changes)), 'IdempotencyConflictError');
      expect(conflict).toMatchObject({ retry: 'NEVER', differingFields, existing: { uid: outboundEmail.uid } });
    }
    await expectOneMail();
  });

  it('is a conflict for a reply when it was a fresh email', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    await accepted(t, tenant, keyed());
    const reply = { replyToMessageUid: question.uid, to: [maria], subject: 'Invoice 7', idempotencyKey: 'invoice-7' };
    const input = { reply: { ...reply, bodyText: 'Please find it here.' } };
    const conflict = expectType(await send(t, tenant, input), 'IdempotencyConflictError');
    expect(conflict.differingFields).toEqual(['fromAccountUid', 'mode', 'replyToMessageUid']);
    expect(await countRows(t, tenant)).toBe(1);
  });

  it('is a conflict while the first is still being sent', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const first = accepted(t, tenant, keyed());
    await gate.arrived;
    expectType(await send(t, tenant, keyed({ subject: 'Invoice 8' })), 'IdempotencyConflictError');
    gate.release();
    expect((await first).outboundEmail.status).toBe('SENT');
    await expectOneMail();
  });

  it('means nothing to another organization', async () => {
    await accepted(t, tenant, keyed());
    const stranger = await createTenant(t);
    const { replayed } = await accepted(t, stranger, fresh(stranger, maria, { idempotencyKey: 'invoice-7' }));
    expect(replayed).toBe(false);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(2);
  });
});

describe('twins', () => {
  it('twenty at once are one mail and nineteen replays', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => accepted(t, tenant, keyed())));
    expect(results.filter(({ replayed }) => replayed)).toHaveLength(19);
    const [first] = results;
    for (const { outboundEmail } of results) expect(outboundEmail).toEqual(first?.outboundEmail);
    expect(first?.outboundEmail.status).toBe('SENT');
    await expectOneMail();
  });

  it('with files, over two processes, are one mail as well', async () => {
    const attachments = [{ filename: 'a.txt', contentType: 'text/plain', dataBase64: 'YWJj' }];
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) => accepted(index % 2 ? t : other, tenant, keyed({ attachments }))),
    );
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(results.map(({ outboundEmail }) => outboundEmail.providerMessageId)).size).toBe(1);
    await expectOneMail();
  });

  it('in another process wait for the first to come to something', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const first = accepted(t, tenant, keyed());
    await gate.arrived;
    other.resetStatements();
    const twin = accepted(other, tenant, keyed());
    await statementSeen(other, 'AS leased');
    gate.release();
    expect(await twin).toEqual({ ...(await first), replayed: true });
    expect((await twin).outboundEmail.status).toBe('SENT');
    await expectOneMail();
  });
});

describe('a client that goes away', () => {
  const leave = async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const client = new AbortController();
    const request = fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` },
      body: JSON.stringify({ query: SendEmail.toString(), variables: { input: keyed() } }),
      signal: client.signal,
    }).catch((error: unknown) => error);
    await gate.arrived;
    client.abort();
    expect(await request).toMatchObject({ name: 'AbortError' });
    return gate;
  };

  it('and repeats its request gets the result of the first', async () => {
    const gate = await leave();
    t.resetStatements();
    const repeated = accepted(t, tenant, keyed());
    await statementSeen(t, LOOK_UP);
    gate.release();
    expect(await repeated).toMatchObject({ replayed: true, outboundEmail: { status: 'SENT' } });
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe((await repeated).outboundEmail.uid);
    await expectOneMail();
  });

  it('and never comes back has its email sent and recorded', async () => {
    const gate = await leave();
    gate.release();
    const row = await eventually(() =>
      t.app.db.outboundEmail.findFirst({ where: { organizationId: tenant.organizationId, status: 'SENT' } }),
    );
    expect(row.providerMessageId).not.toBeNull();
    await expectOneMail();
  });
});

describe('a key of createDraft', () => {
  const draftInput = (changes: Partial<CreateDraftInput> = {}): CreateDraftInput => ({
    fromAccountUid: tenant.accountId,
    to: [maria],
    subject: 'Invoice 7',
    bodyText: 'Soon.',
    idempotencyKey: 'draft-7',
    ...changes,
  });
  const create = async (changes?: Partial<CreateDraftInput>, app = t) =>
    (await query(app, tenant.key, CreateDraft, { input: draftInput(changes) })).createDraft;

  it('answers the same draft as it is by now, whether it was edited or sent', async () => {
    const first = expectType(await create(), 'CreateDraftPayload').draft;
    expect(expectType(await create(), 'CreateDraftPayload').draft).toEqual(first);
    const edit = { draftUid: first.uid, subject: 'Invoice 8' };
    await query(t, tenant.key, UpdateDraft, { input: edit });
    expect(expectType(await create(), 'CreateDraftPayload').draft).toEqual({ ...first, revision: 2 });
    await accepted(t, tenant, { draft: { draftUid: first.uid } });
    expect(expectType(await create(), 'CreateDraftPayload').draft).toMatchObject({ uid: first.uid, status: 'SENT' });
    await expectOneMail();
  });

  it('with another request is a conflict that names the fields, with sendEmail too', async () => {
    const { uid } = expectType(await create(), 'CreateDraftPayload').draft;
    const other = await create({ subject: 'Invoice 8', plannedSendAt: new Date(Date.now() + 60_000).toISOString() });
    expect(expectType(other, 'IdempotencyConflictError')).toMatchObject({
      existing: { uid },
      differingFields: ['plannedSendAt', 'subject'],
    });
    const sent = expectType(
      await send(t, tenant, fresh(tenant, maria, { bodyText: 'Soon.', idempotencyKey: 'draft-7' })),
      'IdempotencyConflictError',
    );
    expect(sent).toMatchObject({ existing: { uid }, differingFields: ['mode'] });
    expect(await countRows(t, tenant)).toBe(1);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it('answers a scheduled draft although its time has passed', async () => {
    const plannedSendAt = new Date(Date.now() + 3_000).toISOString();
    const { uid } = expectType(await create({ plannedSendAt }), 'CreateDraftPayload').draft;
    await untilStatus(t, tenant, uid, 'SENT');
    expect(expectType(await create({ plannedSendAt }), 'CreateDraftPayload').draft.uid).toBe(uid);
    await expectOneMail();
  });

  it('of twins in two processes is one draft', async () => {
    const results = await Promise.all([t, other, t, other, t, other].map((app) => create({}, app)));
    const uids = new Set(results.map((result) => expectType(result, 'CreateDraftPayload').draft.uid));
    expect(uids.size).toBe(1);
    expect(await countRows(t, tenant)).toBe(1);
  });

  it('must be visible characters', async () => {
    const { issues } = expectType(await create({ idempotencyKey: ' ', to: ['nobody'] }), 'InvalidInputError');
    expect(issues.map(({ path }) => path)).toEqual(['input.to.0', 'input.idempotencyKey']);
  });
});
