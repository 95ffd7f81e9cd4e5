/** One request made many times at once, at several processes: one email, and one answer that says it is the first. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SendEmailInput } from '../generated/graphql.ts';
import { SendEmail } from '../support/documents.ts';
import { createTenant, eventually, expectType, query, type Tenant } from '../support/harness.ts';
import { accepted, callsOf, countRows, createRecipient, fresh, onlyMail, untilStatus } from '../support/mail.ts';
import { type EpistleProcess, type Fleet, startFleet } from '../support/processes.ts';
import { CreateDraft } from '../support/send-documents.ts';

const TWINS = 100;

let fleet: Fleet;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  fleet = await startFleet({ processes: 3 });
});
afterAll(() => fleet.close());
beforeEach(async () => {
  tenant = await createTenant(fleet);
  maria = createRecipient(fleet, tenant);
});
afterEach(() => fleet.sandbox.admin.clearFaults());

function processAt(index: number): EpistleProcess {
  const found = fleet.processes[index % fleet.processes.length];
  if (found === undefined) throw new Error('there is no process');
  return found;
}

async function createDraft(): Promise<string> {
  const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Reminder', bodyText: 'Soon.' };
  const { createDraft: result } = await query(processAt(0), tenant.key, CreateDraft, { input });
  return expectType(result, 'CreateDraftPayload').draft.uid;
}

/** Asks for the same many times at once, at every process. */
async function sendTwins(input: SendEmailInput) {
  return Promise.all(Array.from({ length: TWINS }, (_, index) => accepted(processAt(index), tenant, input)));
}

function expectOneFirst(answers: Awaited<ReturnType<typeof sendTwins>>): void {
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(answers.filter(({ replayed }) => replayed)).toHaveLength(TWINS - 1);
  expect(new Set(answers.map(({ outboundEmail }) => outboundEmail.uid)).size).toBe(1);
  expect(answers.map(({ outboundEmail }) => outboundEmail.status)).toEqual(Array(TWINS).fill('SENT'));
}

describe('100 requests at once, through three processes', () => {
  it('with one idempotency key are one email', async () => {
    const answers = await sendTwins(fresh(tenant, maria, { idempotencyKey: 'one' }));
    expectOneFirst(answers);
    expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(answers[0]?.outboundEmail.uid);
    expect(await countRows(fleet, tenant)).toBe(1);
    expect(callsOf(fleet, tenant.email, 'drafts.send')).toBe(1);
  });

  it('for one draft are one email', async () => {
    const draftUid = await createDraft();
    const answers = await sendTwins({ draft: { draftUid } });
    expectOneFirst(answers);
    expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(draftUid);
    expect(callsOf(fleet, tenant.email, 'drafts.send')).toBe(1);
  });

  it('that Gmail refuses are all told so, and nothing is left of it', async () => {
    const effect = { kind: 'status', status: 413 } as const;
    fleet.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, times: 'always', effect });
    const input = fresh(tenant, maria, { idempotencyKey: 'refused' });
    const answers = await Promise.all(
      Array.from({ length: TWINS }, (_, index) => query(processAt(index), tenant.key, SendEmail, { input })),
    );
    const uids = answers.map(({ sendEmail }) => expectType(sendEmail, 'SendRejectedError').outboundEmail.uid);
    expect(new Set(uids).size).toBe(1);
    expect(fleet.sandbox.admin.messages(maria)).toEqual([]);
    expect(callsOf(fleet, tenant.email, 'drafts.create')).toBe(1);
  });
});

/** A client that writes its whole request, and goes away when `until` has happened. */
async function sendAndLeave({ url }: EpistleProcess, input: SendEmailInput, until: () => Promise<unknown>) {
  const body = JSON.stringify({ query: SendEmail.toString(), variables: { input } });
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [
    'POST /graphql HTTP/1.1',
    `Host: ${hostname}:${port}`,
    'Content-Type: application/json',
    `Authorization: Bearer ${tenant.key}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, resolve));
  await until();
  socket.destroy();
}

describe('a client that goes away in the middle and asks again', () => {
  /** Where it goes away; what it awaits there lets the call go on afterwards. */
  const moments: readonly [string, () => () => Promise<unknown>][] = [
    ['as soon as the request is written', () => async () => undefined],
    ['when the email has just been accepted', () => () => eventually(isAccepted)],
    ...(['drafts.create', 'drafts.send'] as const).flatMap((call) =>
      (['before', 'after'] as const).map((when): [string, () => () => Promise<unknown>] => [
        `${when} the effect of ${call}`,
        () => {
          const gate = fleet.sandbox.admin.hold(call, { mailbox: tenant.email, when });
          return () => gate.arrived.then(() => setImmediate(gate.release));
        },
      ]),
    ),
  ];

  async function isAccepted(): Promise<true | null> {
    const where = { organizationId: tenant.organizationId, status: { not: 'DRAFT' } } as const;
    return (await fleet.app.db.outboundEmail.count({ where })) > 0 || null;
  }

  it.each(moments)('%s, with its key, gets that email', async (_name, arm) => {
    const input = fresh(tenant, maria, { idempotencyKey: 'mine' });
    await sendAndLeave(processAt(0), input, arm());
    const answers = [await accepted(processAt(1), tenant, input), await accepted(processAt(0), tenant, input)];
    const [first, second] = answers.map(({ outboundEmail }) => outboundEmail.uid);
    expect(first).toBe(second);
    expect(answers.map(({ outboundEmail }) => outboundEmail.status)).toEqual(['SENT', 'SENT']);
    expect(answers[1]?.replayed).toBe(true);
    expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(first);
    expect(await countRows(fleet, tenant)).toBe(1);
  });

  it.each(moments)('%s, with its draft, gets that email', async (_name, arm) => {
    const draftUid = await createDraft();
    await sendAndLeave(processAt(0), { draft: { draftUid } }, arm());
    const answer = await accepted(processAt(1), tenant, { draft: { draftUid } });
    expect(answer.outboundEmail).toMatchObject({ uid: draftUid, status: 'SENT' });
    expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(draftUid);
  });

  it('for ever, is sent its email all the same', async () => {
    const gate = fleet.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    await sendAndLeave(processAt(0), fresh(tenant, maria), () => gate.arrived);
    gate.release();
    const uid = await eventually(async () => fleet.sandbox.admin.messages(maria)[0]?.header('X-Epistle-Id'));
    await untilStatus(processAt(1), tenant, uid, 'SENT');
    expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(uid);
  });
});
