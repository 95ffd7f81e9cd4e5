/** Processes that are told to stop while they send, or that pause for longer than anybody waits for them. */
import { afterAll, describe, expect, it } from 'vitest';
import { eventually, expectType, query } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, fresh, onlyMail, record, send } from '../support/mail.ts';
import { type Fleet, startFleet } from '../support/processes.ts';
import { CreateDraft } from '../support/send-documents.ts';

const fleets: Fleet[] = [];
afterAll(() => Promise.all(fleets.map((fleet) => fleet.close())));

/** A process that is in the middle of something, and as many others. */
async function startWithOthers(others: number, env: Record<string, string> = {}) {
  const fleet = await startFleet({ processes: 1 + others, env });
  fleets.push(fleet);
  const [first, ...rest] = fleet.processes;
  if (first === undefined) throw new Error('there is no process');
  const maria = createRecipient(fleet, fleet.tenant);
  return { ...fleet, first, second: rest[0] ?? first, maria };
}

describe('SIGTERM while emails are being sent', () => {
  it('lets those finish with their answers, starts nothing new, and ends with code 0', async () => {
    const fleet = await startWithOthers(0);
    const { first, sandbox, tenant, maria } = fleet;
    const gates = [0, 1, 2].map(() => sandbox.admin.hold('drafts.create', { mailbox: tenant.email }));
    const answers = gates.map((_, index) =>
      accepted(first, tenant, fresh(tenant, maria, { subject: `Mail ${index}` })),
    );
    await Promise.all(gates.map(({ arrived }) => arrived));
    // Due while the process is stopping: it is for whoever comes next.
    const plannedSendAt = new Date(Date.now() + 1_000).toISOString();
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
  }, 60_000);

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
  }, 60_000);
});

/** Who was sending at `call`, and what its caller is told; the other process has only the database and Gmail to go by. */
async function heldAt(
  call: 'drafts.create' | 'drafts.send',
  when: 'before' | 'after',
  env: Record<string, string> = {},
) {
  const fleet = await startWithOthers(1, env);
  const gate = fleet.sandbox.admin.hold(call, { mailbox: fleet.tenant.email, when });
  const answer = send(fleet.first, fleet.tenant, fresh(fleet.tenant, fleet.maria)).catch((error: unknown) => error);
  await gate.arrived;
  const { id } = await fleet.app.db.outboundEmail.findFirstOrThrow();
  return { ...fleet, gate, answer, uid: id };
}

type Held = Awaited<ReturnType<typeof heldAt>>;

/** A dead or paused process is noticed after 12 s, looked for every 3 s, and the emails it was sending are read first. */
function takenOver({ second, tenant, uid }: Held) {
  return eventually(async () => {
    const email = await record(second, tenant, uid);
    return email.status === 'SENT' ? email : null;
  }, 80_000);
}

async function expectOneCopy({ second, sandbox, tenant, maria, uid }: Held, types: readonly string[]) {
  await eventually(async () => sandbox.admin.drafts(tenant.email).length === 0 || null);
  expect(onlyMail({ sandbox }, maria).header('X-Epistle-Id')).toBe(uid);
  const email = await record(second, tenant, uid);
  expect(email).toMatchObject({ status: 'SENT', failure: null, nextAttemptAt: null });
  expect(eventTypes(email)).toEqual(types);
}

const RESENT = ['accepted', 'sending', 'unconfirmed', 'read', 'resend', 'sending', 'sent'];

describe.concurrent('SIGTERM while an email takes longer than a process may take to stop', () => {
  it.each([
    ['before', RESENT],
    ['after', ['accepted', 'sending', 'unconfirmed', 'sent']],
  ] as const)(
    'ends it after 30 s, %s the effect, and another process settles the email',
    async (when, types) => {
      const held = await heldAt('drafts.send', when);
      const { first, gate } = held;
      first.signal('SIGTERM');
      expect(await first.exit()).toEqual([1, null]);
      await takenOver(held);
      gate.release();
      await expectOneCopy(held, types);
    },
    180_000,
  );
});

describe.concurrent('a process that pauses for longer than anybody waits for it, and goes on', () => {
  it.each([
    ['before', RESENT],
    ['after', ['accepted', 'sending', 'unconfirmed', 'sent']],
  ] as const)(
    '%s the effect of drafts.send: one copy, and its caller is told the truth',
    async (when, types) => {
      const held = await heldAt('drafts.send', when);
      held.first.signal('SIGSTOP');
      await takenOver(held);
      held.gate.release();
      held.first.signal('SIGCONT');
      expect(await held.answer).toMatchObject({ outboundEmail: { uid: held.uid, status: 'SENT' } });
      await expectOneCopy(held, types);
    },
    180_000,
  );

  it.each(['before', 'after'] as const)(
    '%s the effect of drafts.create: its own draft goes',
    async (when) => {
      const held = await heldAt('drafts.create', when);
      held.first.signal('SIGSTOP');
      await takenOver(held);
      held.gate.release();
      held.first.signal('SIGCONT');
      expect(await held.answer).toMatchObject({ outboundEmail: { uid: held.uid, status: 'SENT' } });
      await expectOneCopy(held, ['accepted', 'sending', 'sent']);
    },
    180_000,
  );

  it('between the last look at its lease and the sending: what it then sends is a ticket that is used', async () => {
    const held = await heldAt('drafts.create', 'after');
    const { first, app, gate, uid, sandbox, tenant } = held;
    const lock = await app.pool.connect();
    try {
      // Whoever holds the row keeps it from becoming SENDING, until the process is paused.
      await lock.query('BEGIN');
      await lock.query('SELECT FROM outbound_email WHERE id = $1 FOR UPDATE', [uid]);
      gate.release();
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
    await takenOver(held);
    expect(callsOf(held, tenant.email, 'drafts.send')).toBe(1);
    first.signal('SIGCONT');
    expect(await held.answer).toMatchObject({ outboundEmail: { uid, status: 'SENT' } });
    // It does try.
    const sendings = () => sandbox.admin.calls().filter(({ call }) => call === 'drafts.send');
    await eventually(async () => sendings().length === 2 || null);
    expect(sendings()).toMatchObject([{ status: 200 }, { status: 404 }]);
    await expectOneCopy(held, RESENT);
  }, 180_000);
});
