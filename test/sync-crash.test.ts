/** Real processes on one mailbox, killed again and again while they import it and follow its changes. */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAccount, eventually, type Tenant } from './harness.ts';
import { type Fleet, startFleet } from './processes.ts';
import { deliver, gmailOf, mailboxHere, mailboxInGmail, wrongConversations } from './syncing.ts';

const PROCESSES = 2;
const MAILBOXES = 3;
const MAILS = 400;
/** SYNC_CRASH_KILLS=100 takes some minutes. */
const KILLS = Number(process.env.SYNC_CRASH_KILLS ?? 8);
const SETTLED_WITHIN_MS = 60_000;

let fleet: Fleet;
const owners: Tenant[] = [];

beforeAll(async () => {
  fleet = await startFleet({ processes: PROCESSES, env: { SYNC_INTERVAL_MS: '500' } });
  const { sandbox, app, tenant } = fleet;
  // Gmail takes its time, so that the kills fall on every stage.
  for (const call of ['messages.get', 'messages.list', 'history.list']) {
    sandbox.admin.fault({ call, times: 'always', effect: { kind: 'delay', ms: 15 } });
  }
  for (let n = 0; n < MAILBOXES; n++) {
    const email = `crash-${n}@${tenant.email.replace(/^.*@/, '')}`;
    sandbox.admin.createMailbox({ email });
    for (let mail = 0; mail < MAILS; mail++) {
      const headers = mail % 3 === 0 ? [] : [`References: <${n}-${mail - (mail % 3)}@acme.example>`];
      const subject = `Thread ${mail - (mail % 3)}`;
      deliver(fleet, { email }, { subject, headers: [`Message-ID: <${n}-${mail}@acme.example>`, ...headers] });
    }
    owners.push({ ...tenant, email, accountId: await createAccount({ app, sandbox }, tenant.organizationId, email) });
  }
});
afterAll(() => fleet.close());

/** What an owner does with a mailbox meanwhile, again and again. */
async function useMailbox(owner: Tenant, until: () => boolean): Promise<number> {
  const { messages } = gmailOf(fleet, owner);
  let changes = 0;
  for (; !until(); changes++) {
    const all = mailboxInGmail(fleet, owner);
    const id = all[randomInt(all.length)]?.id ?? '';
    const change = randomInt(5);
    if (change === 0) await messages.delete({ userId: 'me', id });
    else if (change === 1) await messages.trash({ userId: 'me', id });
    else if (change === 2) await messages.modify({ userId: 'me', id, requestBody: { removeLabelIds: ['UNREAD'] } });
    else if (change === 3)
      await messages.modify({ userId: 'me', id, requestBody: { addLabelIds: ['STARRED', 'UNREAD'] } });
    else deliver(fleet, owner, { subject: `Meanwhile ${changes}`, spam: randomInt(4) === 0 });
    if (randomInt(60) === 0) fleet.sandbox.admin.expireHistory(owner.email);
    await delay(randomInt(20, 60));
  }
  return changes;
}

async function storedCount(): Promise<number> {
  const { rows } = await fleet.app.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM email_message');
  return rows[0]?.count ?? 0;
}

it(`has every mailbox as Gmail has it after ${KILLS} kills, and no message twice`, async () => {
  let isOver = false;
  const using = Promise.all(owners.map((owner) => useMailbox(owner, () => isOver)));
  const atKill: number[] = [];
  const phases: Record<string, number> = {};
  for (let kills = 0; kills < KILLS; kills++) {
    await delay(randomInt(100, 900));
    atKill.push(await storedCount());
    const { rows } = await fleet.app.pool.query<{ phase: string }>(
      'SELECT phase FROM mailbox_sync WHERE lease_token IS NOT NULL',
    );
    for (const { phase } of rows) phases[phase] = (phases[phase] ?? 0) + 1;
    const victim = fleet.processes[randomInt(PROCESSES)];
    await victim?.kill();
    await victim?.start();
  }
  isOver = true;
  const changes = (await using).reduce((sum, each) => sum + each, 0);
  process.stdout.write(`sync crash test: ${JSON.stringify({ kills: KILLS, changes, phases, atKill })}\n`);
  for (const owner of owners) {
    const isSame = async () =>
      JSON.stringify(await mailboxHere(fleet, owner)) === JSON.stringify(mailboxInGmail(fleet, owner)) || null;
    // What differs is shown below.
    await eventually(isSame, SETTLED_WITHIN_MS).catch(() => undefined);
    const here = await mailboxHere(fleet, owner);
    const { rows } = await fleet.app.pool.query('SELECT * FROM mailbox_sync WHERE account_id = $1', [owner.accountId]);
    expect(here, JSON.stringify(rows)).toEqual(mailboxInGmail(fleet, owner));
    expect(new Set(here.map(({ id }) => id)).size).toBe(here.length);
    expect(await wrongConversations(fleet, owner)).toEqual([]);
  }
  // The kills did what they are for.
  expect(Object.values(phases).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
}, 1_200_000);
