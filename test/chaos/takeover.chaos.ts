/** Real processes on one database, really killed while they send: nothing is lost, nothing leaves twice. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SendEmail } from '../support/documents.ts';
import { query } from '../support/harness.ts';
import { fresh } from '../support/mail.ts';
import { eventCounts, type Fleet, QUICK, startFleet, statusCounts } from '../support/processes.ts';
import { seededRandom } from '../support/random.ts';

const PROCESSES = 3;
const SENDS = 300;
/** Kills go on until the last request has been answered, but there are so many at least. */
const MIN_KILLS = 9;
/** Of one process; with three of them 24 requests are always under way. */
const CLIENTS_PER_PROCESS = 8;
const DONE_WITHIN_MS = 60_000;
const MARIA = 'maria@acme.example';

const random = seededRandom('takeover');
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ processes: PROCESSES, env: { GMAIL_TIMEOUT_MS: '8000' }, timing: QUICK });
  fleet.sandbox.admin.createMailbox({ email: MARIA });
});
afterAll(() => fleet.close());

/** Repeats one request with its key, at whichever process answers, until one does. */
async function sendStubbornly(index: number): Promise<{ uid: string; tries: number }> {
  const { processes, tenant } = fleet;
  const input = fresh(tenant, MARIA, { subject: subjectOf(index), idempotencyKey: `send-${index}` });
  for (let tries = 1; ; tries++) {
    const server = processes[(index + tries) % processes.length];
    if (server === undefined) throw new Error('there is no process');
    try {
      const { sendEmail } = await query(server, tenant.key, SendEmail, { input });
      if (sendEmail.__typename === 'SendEmailPayload') return { uid: sendEmail.outboundEmail.uid, tries };
      throw new Error(`refused: ${JSON.stringify(sendEmail)}`);
    } catch (error) {
      // Only a lost connection is a reason to ask again.
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      await delay(20);
    }
  }
}

function subjectOf(index: number): string {
  return `Crash test ${index}`;
}

/** Those that are there more than once. */
function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

describe('processes that are killed at any moment', () => {
  it('lose no email and send none twice, and what they left behind is reconciled within a minute', async () => {
    const { sandbox, processes, tenant } = fleet;
    // Gmail takes its time, so that the kills fall on every stage: before and after the effect of both calls.
    for (const [call, when, ms] of [
      ['drafts.create', 'before', 60],
      ['drafts.create', 'after', 60],
      ['drafts.send', 'before', 80],
      ['drafts.send', 'after', 120],
    ] as const) {
      sandbox.admin.fault({ call, when, times: 'always', effect: { kind: 'delay', ms } });
    }

    let next = 0;
    const answers: { uid: string; tries: number }[] = [];
    const clients = Array.from({ length: PROCESSES * CLIENTS_PER_PROCESS }, async () => {
      while (next < SENDS) answers.push(await sendStubbornly(next++));
    });
    const sending = Promise.all(clients);
    const atKill = { accepted: 0, sending: 0 };
    let kills = 0;
    while (kills < MIN_KILLS || next < SENDS) {
      await delay(random.int(80, 400));
      const before = await statusCounts(fleet);
      atKill.accepted += before.QUEUED ?? 0;
      atKill.sending += before.SENDING ?? 0;
      const victim = processes[random.int(PROCESSES)];
      await victim?.kill();
      await victim?.start();
      kills++;
    }
    const lastRestart = performance.now();
    await sending;

    const deadline = lastRestart + DONE_WITHIN_MS;
    let counts = await statusCounts(fleet);
    while (counts.SENT !== SENDS && performance.now() < deadline) {
      await delay(100);
      counts = await statusCounts(fleet);
    }
    const doneMs = Math.round(performance.now() - lastRestart);

    const arrived = sandbox.admin.messages(MARIA);
    const ids = arrived.map((message) => message.header('X-Epistle-Id') ?? 'none');
    const subjects = arrived.map((message) => message.header('Subject') ?? 'none');
    const asked = answers.filter(({ tries }) => tries > 1).length;
    const events = await eventCounts(fleet);
    const tickets = sandbox.admin.drafts(tenant.email).length;
    process.stdout.write(
      `crash test: ${JSON.stringify({ sends: SENDS, kills, doneMs, askedAgain: asked, atKill, events, arrived: arrived.length, tickets })}\n`,
    );

    expect(counts).toEqual({ SENT: SENDS });
    expect(repeated(subjects)).toEqual([]);
    expect(repeated(ids)).toEqual([]);
    expect(subjects.sort()).toEqual(Array.from({ length: SENDS }, (_, index) => subjectOf(index)).sort());
    expect(ids.sort()).toEqual(answers.map(({ uid }) => uid).sort());
    // The kills did what they are for.
    expect(asked).toBeGreaterThan(0);
    expect(events.UNCONFIRMED).toBeGreaterThan(0);
  });
});
