/** What goes wrong, and that the metrics tell it within 15 s. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { createMetrics } from '../../src/metrics/registry.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { createTenant, request, startTestApp, type TestApp, type TestAppOptions } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { type Fleet, startFleet } from '../support/processes.ts';
import { insertEmail } from '../support/rows.ts';

const TOLD_WITHIN_MS = 15_000;

let app: TestApp;
let metrics: ReturnType<typeof createMetrics>;
let network: { readonly proxy: DatabaseProxy; readonly database: TestDatabase; readonly sandbox: Sandbox } | undefined;

async function start(options: TestAppOptions = {}): Promise<void> {
  app = await startTestApp(options);
  metrics = createMetrics(app.app);
}
beforeEach(() => {
  network = undefined;
});
afterEach(async () => {
  metrics.close();
  network?.proxy.speakAgain();
  await app.close();
  network?.proxy.close();
  await network?.sandbox.close();
  await network?.database.drop();
});

/** The sum of the samples with these labels. Null: there are none. */
async function sample(metric: string, labels = ''): Promise<number | null> {
  const lines = (await metrics.render()).split('\n');
  const matching = lines.filter((line) => /[{ ]/.exec(line)?.index === metric.length && line.startsWith(metric));
  const values = matching.filter((line) => line.includes(labels)).map((line) => Number(line.split(' ').at(-1)));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

/** Between two looks at most a quarter of a second counts: in a longer pause of this process the product does not run either. */
async function tells(metric: string, labels: string, holds: (value: number) => boolean): Promise<void> {
  for (let tookMs = 0; tookMs < TOLD_WITHIN_MS; ) {
    const began = performance.now();
    const value = await sample(metric, labels);
    if (value !== null && holds(value)) return;
    await delay(20);
    tookMs += Math.min(250, performance.now() - began);
  }
  throw new Error(`${metric} did not tell it within ${TOLD_WITHIN_MS / 1_000} s`);
}

describe('the metrics tell', () => {
  it('that Gmail is away', async () => {
    await start();
    const tenant = await createTenant(app);
    app.sandbox.admin.fault({ call: 'drafts.create', times: 'always', effect: { kind: 'status', status: 503 } });
    await accepted(app, tenant, fresh(tenant, createRecipient(app, tenant)));
    await tells('epistle_google_call_seconds_count', 'status="503"', (count) => count > 0);
    await tells('epistle_emails_waiting', 'status="QUEUED",reason="retry"', (count) => count === 1);
  });

  it('that Google refuses a token, and the account needs its owner', async () => {
    await start();
    const tenant = await createTenant(app);
    app.sandbox.admin.revoke(tenant.email);
    await accepted(app, tenant, fresh(tenant, createRecipient(app, tenant)));
    await tells('epistle_accounts', 'status="NEEDS_REAUTH"', (count) => count === 1);
    await tells('epistle_google_call_seconds_count', 'call="POST token",status="400"', (count) => count > 0);
  });

  it('that answers were lost, and that a person has to decide', async () => {
    await start({ env: { SETTLE_DELAYS_MS: '60000' } });
    const tenant = await createTenant(app);
    app.sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect: { kind: 'reset' } });
    await accepted(app, tenant, fresh(tenant, createRecipient(app, tenant)));
    await tells('epistle_email_transitions_total', 'transition="unconfirmed"', (count) => count === 1);
    await tells('epistle_emails_unconfirmed_for_person', '', (count) => count === 0);
    await insertEmail(app, tenant, { status: 'UNCONFIRMED' });
    await tells('epistle_emails_unconfirmed_for_person', '', (count) => count === 1);
  });

  it.each(['cut', 'fallSilent'] as const)('that the database is away: %s', async (fault) => {
    const database = await createTestDatabase();
    const proxy = await startDatabaseProxy(() => database.url);
    const sandbox = await startSandbox();
    network = { proxy, database, sandbox };
    await start({ beside: { database: { ...database, url: proxy.url }, sandbox } });
    await tells('epistle_database_up', '', (up) => up === 1);
    // In both cases nothing comes back.
    proxy.fallSilent();
    if (fault === 'cut') proxy.cut();
    await tells('epistle_database_up', '', (up) => up === 0);
    expect(await sample('epistle_processes')).toBeNull();
  });

  it('that requests fail meanwhile', async () => {
    await start();
    const tenant = await createTenant(app);
    const { pool } = app.app;
    await pool.query('ALTER TABLE outbound_email RENAME TO away');
    const { errors } = await request(app, tenant.key, '{ outboundEmails(first: 1) { edges { node { uid } } } }');
    await pool.query('ALTER TABLE away RENAME TO outbound_email');
    expect(errors).toHaveLength(1);
    await tells('epistle_graphql_operation_seconds_count', 'code="INTERNAL_SERVER_ERROR"', (count) => count === 1);
  });

  it('that the only process which runs jobs was killed', async () => {
    await start({ env: { WORKER: 'off' } });
    const fleet: Fleet = await startFleet({ processes: 1, databaseUrl: app.database.url, env: { WORKER: 'only' } });
    try {
      await tells('epistle_processes', 'worker="only"', (count) => count === 1);
      await fleet.processes[0]?.kill();
      await tells('epistle_processes', 'worker="only"', (count) => count === 0);
      expect(await sample('epistle_processes', 'worker="on"')).toBe(0);
    } finally {
      await fleet.close();
    }
  });

  it('that the clock has jumped', async () => {
    let offsetMs = 0;
    await start({ now: () => new Date(Date.now() + offsetMs) });
    await tells('epistle_clock_offset_seconds', '', (seconds) => seconds === 0);
    offsetMs = 60_000;
    await tells('epistle_clock_offset_seconds', '', (seconds) => Math.abs(seconds - 60) < 5);
  });
});
