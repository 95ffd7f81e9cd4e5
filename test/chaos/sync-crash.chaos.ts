/** Real processes on one mailbox, killed again and again while they import it and follow its changes. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAccount, eventually, type Tenant } from '../support/harness.ts';
import { type EpistleProcess, type Fleet, QUICK, startFleet } from '../support/processes.ts';
import { seededRandom } from '../support/random.ts';
import { deliver, gmailOf, mailboxHere, mailboxInGmail, wrongConversations } from '../support/syncing.ts';

const PROCESSES = 2;
/** Many: those that a killed process was reading are left alone until it is noticed, and the others are read meanwhile. */
const MAILBOXES = 12;
const MAILS = 150;
/** SYNC_CRASH_KILLS=100 takes some minutes. */
const KILLS = Number(process.env.SYNC_CRASH_KILLS ?? 8);
const NOTICED_WITHIN_MS = 30_000;
const DONE_WITHIN_MS = 60_000;

const random = seededRandom('sync-crash');
let fleet: Fleet;
/** The processes by their ids in the database, dead ones too. */
const byId = new Map<string, EpistleProcess>();
const owners: Tenant[] = [];

beforeAll(async () => {
  fleet = await startFleet({ processes: PROCESSES, env: { SYNC_INTERVAL_MS: '500' }, timing: QUICK });
  const { sandbox, app, tenant } = fleet;
  for (const process of fleet.processes) await process.kill();
  for (const process of fleet.processes) await startKnown(process);
  // Gmail takes its time, so that the kills fall on every stage.
  for (const call of ['messages.get', 'messages.list', 'history.list']) {
    sandbox.admin.fault({ call, times: 'always', effect: { kind: 'delay', ms: 40 } });
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
    const id = all[random.int(all.length)]?.id ?? '';
    const change = random.int(5);
    if (change === 0) await messages.delete({ userId: 'me', id });
    else if (change === 1) await messages.trash({ userId: 'me', id });
    else if (change === 2) await messages.modify({ userId: 'me', id, requestBody: { removeLabelIds: ['UNREAD'] } });
    else if (change === 3)
      await messages.modify({ userId: 'me', id, requestBody: { addLabelIds: ['STARRED', 'UNREAD'] } });
    else deliver(fleet, owner, { subject: `Meanwhile ${changes}`, spam: random.int(4) === 0 });
    if (random.int(150) === 0) fleet.sandbox.admin.expireHistory(owner.email);
    await delay(random.int(200, 700));
  }
  return changes;
}

interface Reading {
  readonly token: string;
  readonly owner: string;
  readonly phase: string;
}

/** The mailboxes that are being read, by processes that were alive when it was last looked. */
async function readings(dead: ReadonlySet<string>): Promise<Reading[]> {
  const { rows } = await fleet.app.pool.query<Reading>(
    `SELECT lease_token AS token, lease_owner AS owner, phase FROM mailbox_sync
     WHERE lease_token IS NOT NULL AND lease_owner <> ALL($1)`,
    [[...dead]],
  );
  return rows;
}

async function processIds(): Promise<string[]> {
  const { rows } = await fleet.app.pool.query<{ id: string }>('SELECT id FROM process_heartbeat');
  return rows.map(({ id }) => id);
}

async function startKnown(process: EpistleProcess): Promise<void> {
  const before = new Set(await processIds());
  await process.start();
  const id = (await processIds()).find((each) => !before.has(each));
  if (id === undefined) throw new Error('a process has no heartbeat');
  byId.set(id, process);
}

it(`has every mailbox as Gmail has it after ${KILLS} kills, and no message twice`, async () => {
  let isOver = false;
  const using = Promise.all(owners.map((owner) => useMailbox(owner, () => isOver)));
  const phases: Record<string, number> = {};
  const dead = new Set<string>();
  for (let kills = 0; kills < KILLS; kills++) {
    // Every kill falls on a process that is reading.
    await eventually(async () => (await readings(dead))[0] ?? null, NOTICED_WITHIN_MS);
    await delay(random.int(0, 250));
    const all = await readings(dead);
    const reading = all[random.int(all.length)];
    const victim = byId.get(reading?.owner ?? '');
    if (reading === undefined || victim === undefined) {
      kills--;
      continue;
    }
    await victim.kill();
    dead.add(reading.owner);
    for (const { owner, phase } of await readings(new Set())) {
      if (owner === reading.owner) phases[phase] = (phases[phase] ?? 0) + 1;
    }
    await startKnown(victim);
  }
  isOver = true;
  const changes = (await using).reduce((sum, each) => sum + each, 0);
  process.stdout.write(`sync crash test: ${JSON.stringify({ kills: KILLS, changes, phases })}\n`);
  for (const owner of owners) {
    const isSame = async () =>
      JSON.stringify(await mailboxHere(fleet, owner)) === JSON.stringify(mailboxInGmail(fleet, owner)) || null;
    // What differs is shown below.
    await eventually(isSame, DONE_WITHIN_MS).catch(() => undefined);
    const here = await mailboxHere(fleet, owner);
    const { rows } = await fleet.app.pool.query('SELECT * FROM mailbox_sync WHERE account_id = $1', [owner.accountId]);
    expect(here, JSON.stringify(rows)).toEqual(mailboxInGmail(fleet, owner));
    expect(new Set(here.map(({ id }) => id)).size).toBe(here.length);
    expect(await wrongConversations(fleet, owner)).toEqual([]);
  }
  // The kills did what they are for: as good as every one broke something off.
  expect(Object.values(phases).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(KILLS / 2);
}, 1_200_000);
