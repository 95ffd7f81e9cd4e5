/** Processes that are told to stop while they send, or that pause for longer than anybody waits for them. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Hold } from '../../sandbox/faults.ts';
import { createTenant, eventually, expectType, query, type Tenant } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, fresh, onlyMail, record, send } from '../support/mail.ts';
import { type Fleet, type FleetOptions, QUICK, startFleet } from '../support/processes.ts';
import { CreateDraft } from '../support/send-documents.ts';

const fleets: Fleet[] = [];
afterAll(() => Promise.all(fleets.map((fleet) => fleet.close())));

/** A process that is in the middle of something, and as many others. */
async function startWithOthers(others: number, options: Pick<FleetOptions, 'env' | 'timing'> = {}) {
  const fleet = await startFleet({ processes: 1 + others, ...options });
  fleets.push(fleet);
  const [first, ...rest] = fleet.processes;
  if (first === undefined) throw new Error('there is no process');
  const maria = createRecipient(fleet, fleet.tenant);
  return { ...fleet, first, second: rest[0] ?? first, maria };
}

describe.concurrent('SIGTERM while emails are being sent', () => {
  it('lets those finish with their answers, starts nothing new, and ends with code 0', async () => {
    const fleet = await startWithOthers(0);
    const { first, sandbox, tenant, maria } = fleet;
    const gates = [0, 1, 2].map(() => sandbox.admin.hold('drafts.create', { mailbox: tenant.email }));
    const answers = gates.map((_, index) =>
      accepted(first, tenant, fresh(tenant, maria, { subject: `Mail ${index}` })),
    );
    await Promise.all(gates.map(({ arrived }) => arrived));
    // Due while the process is stopping: it is for whoever comes next. With time enough to tell it to stop.
    const plannedSendAt = new Date(Date.now() + 10_000).toISOString();
    const input = {
      fromAccountUid: tenant.accountId,
      to: [maria],
      subject: 'Later',
      bodyText: 'Later.',
      plannedSendAt,
    };
    const { createDraft } = await query(first, tenant.key, CreateDraft, { input });
    const { uid: scheduled } = expectType(createDraft, 'CreateDraftPayload').draft;

    first.signal('SIGTERM');
    await eventually(async () =>
      fetch(`${first.url}/health`).then(
        () => null,
        () => true,
      ),
    );
    await expect(send(first, tenant, fresh(tenant, maria))).rejects.toThrow();
    await eventually(async () => {
      const sql = `SELECT FROM outbound_email WHERE id = $1 AND planned_send_at < now() - interval '2 s'`;
      return (await fleet.app.pool.query(sql, [scheduled])).rowCount === 1 || null;
    });
    expect(first.isRunning).toBe(true);
    for (const gate of gates) gate.release();

    const results = await Promise.all(answers);
    expect(results.map(({ outboundEmail }) => outboundEmail.status)).toEqual(['SENT', 'SENT', 'SENT']);
    expect(await first.exit()).toEqual([0, null]);
    expect(await fleet.app.db.outboundEmail.findFirst({ where: { id: scheduled } })).toMatchObject({
      status: 'SCHEDULED',
    });
    const ids = sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(ids.sort()).toEqual(results.map(({ outboundEmail }) => outboundEmail.uid).sort());
    expect(callsOf(fleet, tenant.email, 'drafts.create')).toBe(3);
  });

  it('and again while it stops changes nothing', async () => {
    const { first, sandbox, tenant, maria } = await startWithOthers(0);
    const gate = sandbox.admin.hold('drafts.send', { mailbox: tenant.email, when: 'after' });
    const answer = accepted(first, tenant, fresh(tenant, maria));
    await gate.arrived;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) first.signal(signal);
    await eventually(async () =>
      fetch(`${first.url}/health`).then(
        () => null,
        () => true,
      ),
    );
    gate.release();
    expect((await answer).outboundEmail.status).toBe('SENT');
    expect(await first.exit()).toEqual([0, null]);
  });
});

/** An email that a process is sending, and its caller; the other process has only the database and Gmail to go by. */
interface Held {
  readonly tenant: Tenant;
  readonly maria: string;
  readonly gate: Hold;
  readonly answer: Promise<unknown>;
  readonly uid: string;
}

/** @param gmailTimeoutMs what may have been sent is sent again only once Gmail's answer cannot come any more. */
const startTwo = (gmailTimeoutMs: number) =>
  startWithOthers(1, { env: { GMAIL_TIMEOUT_MS: String(gmailTimeoutMs) }, timing: QUICK });
type Two = Awaited<ReturnType<typeof startTwo>>;

/** The first process is sending it, and does not come past `call`. */
async function holdAt(two: Two, call: 'drafts.create' | 'drafts.send', when: 'before' | 'after'): Promise<Held> {
  const tenant = await createTenant(two);
  const maria = createRecipient(two, tenant);
  const gate = two.sandbox.admin.hold(call, { mailbox: tenant.email, when });
  const answer = send(two.first, tenant, fresh(tenant, maria)).catch((error: unknown) => error);
  await gate.arrived;
  const { organizationId } = tenant;
  const { id } = await two.app.db.outboundEmail.findFirstOrThrow({ where: { organizationId } });
  return { tenant, maria, gate, answer, uid: id };
}

/** A dead or paused process is noticed after 3 s, and the emails it was sending are read first. */
function takenOver({ second }: Two, { tenant, uid }: Held) {
  return eventually(async () => {
    const email = await record(second, tenant, uid);
    return email.status === 'SENT' ? email : null;
  }, 80_000);
}

async function expectOneCopy({ second, sandbox }: Two, { tenant, maria, uid }: Held, types: readonly string[]) {
  await eventually(async () => sandbox.admin.drafts(tenant.email).length === 0 || null);
  expect(onlyMail({ sandbox }, maria).header('X-Epistle-Id')).toBe(uid);
  const email = await record(second, tenant, uid);
  expect(email).toMatchObject({ status: 'SENT', failure: null, nextAttemptAt: null });
  expect(eventTypes(email)).toEqual(types);
}

const RESENT = ['ACCEPTED', 'SENDING', 'UNCONFIRMED', 'READ', 'RESEND', 'SENDING', 'SENT'];
const FOUND = ['ACCEPTED', 'SENDING', 'UNCONFIRMED', 'SENT'];

describe.concurrent('SIGTERM while emails take longer than a process may take to stop', () => {
  it('ends it when its time is over, before or after the effect, and another process settles them', async () => {
    const two = await startTwo(20_000);
    const [before, after] = await Promise.all([
      holdAt(two, 'drafts.send', 'before'),
      holdAt(two, 'drafts.send', 'after'),
    ]);
    two.first.signal('SIGTERM');
    expect(await two.first.exit()).toEqual([1, null]);
    await Promise.all([takenOver(two, before), takenOver(two, after)]);
    for (const { gate } of [before, after]) gate.release();
    await expectOneCopy(two, before, RESENT);
    await expectOneCopy(two, after, FOUND);
  });
});

/** The first process is paused already: the other one does its work, and then it goes on. */
async function overtake(two: Two, held: readonly Held[]): Promise<void> {
  await Promise.all(held.map((each) => takenOver(two, each)));
  for (const { gate } of held) gate.release();
  two.first.signal('SIGCONT');
  for (const { answer, uid } of held) expect(await answer).toMatchObject({ outboundEmail: { uid, status: 'SENT' } });
}

describe.concurrent('a process that pauses for longer than anybody waits for it, and goes on', () => {
  it('before and after the effect of drafts.create: its caller is told the truth, and its own draft goes', async () => {
    const two = await startTwo(60_000);
    const held = await Promise.all([holdAt(two, 'drafts.create', 'before'), holdAt(two, 'drafts.create', 'after')]);
    two.first.signal('SIGSTOP');
    await overtake(two, held);
    for (const each of held) await expectOneCopy(two, each, ['ACCEPTED', 'SENDING', 'SENT']);
  });

  it('before and after the effect of drafts.send, and between the last look at its lease and it: one copy', async () => {
    const two = await startTwo(8_000);
    const { app, sandbox, first } = two;
    const [before, after, between] = await Promise.all([
      holdAt(two, 'drafts.send', 'before'),
      holdAt(two, 'drafts.send', 'after'),
      holdAt(two, 'drafts.create', 'after'),
    ]);
    const lock = await app.pool.connect();
    try {
      // Whoever holds the row keeps it from becoming SENDING, until the process is paused.
      await lock.query('BEGIN');
      await lock.query('SELECT FROM outbound_email WHERE id = $1 FOR UPDATE', [between.uid]);
      between.gate.release();
      await eventually(async () => {
        const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          AND query LIKE '%SENDING%'`;
        return (await app.pool.query(sql)).rowCount === 1 || null;
      });
      first.signal('SIGSTOP');
      await lock.query('COMMIT');
    } finally {
      lock.release();
    }
    await overtake(two, [before, after, between]);
    await expectOneCopy(two, before, RESENT);
    await expectOneCopy(two, after, FOUND);
    // It does not try to send its draft, which has been used.
    const { email } = between.tenant;
    const sendings = () =>
      sandbox.admin.calls().filter(({ call, mailbox }) => call === 'drafts.send' && mailbox === email);
    await expectOneCopy(two, between, RESENT);
    expect(sendings()).toMatchObject([{ status: 200 }]);
  });
});
