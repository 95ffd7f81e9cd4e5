import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/harness.ts';
import { type Fleet, startFleet } from '../support/processes.ts';
import { deliver, mailboxHere, mailboxInGmail, startReading, whenCurrent } from '../support/syncing.ts';

const MAILS = 300;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ processes: 1 });
});
afterAll(() => fleet.close());

it('breaks an import off when it is told to stop, and another process goes on without being asked', async () => {
  const { app, sandbox, tenant, processes } = fleet;
  sandbox.admin.fault({ call: 'messages.get', nth: 101, times: 'always', effect: { kind: 'delay', ms: 3_000 } });
  for (let n = 0; n < MAILS; n++) deliver(fleet, tenant, { subject: `Mail ${n}` });
  await startReading({ app }, tenant);
  await eventually(async () => (await mailboxHere(fleet, tenant)).length > 60 || null);
  const [first] = processes;
  first?.signal('SIGTERM');
  expect(await first?.exit()).toEqual([0, null]);
  sandbox.admin.clearFaults();
  expect((await mailboxHere(fleet, tenant)).length).toBeLessThan(MAILS);
  const { rows } = await app.pool.query('SELECT FROM mailbox_sync WHERE lease_token IS NOT NULL');
  expect(rows).toEqual([]);
  await first?.start();
  await whenCurrent(fleet, tenant);
  expect(await mailboxHere(fleet, tenant)).toEqual(mailboxInGmail(fleet, tenant));
});
