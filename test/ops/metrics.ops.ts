/** The metrics under load, as Prometheus reads them: with Debian's `promtool`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { type EpistleProcess, type Fleet, freePort, ROOT, startFleet } from '../support/processes.ts';

const EMAILS = 40;

let fleet: Fleet | undefined;
let metricsUrl = '';
beforeAll(async () => {
  const port = await freePort();
  metricsUrl = `http://127.0.0.1:${port}/metrics`;
  fleet = await startFleet({ processes: 1, env: { METRICS_PORT: String(port), INSTANCE: 'web-1' } });
});
afterAll(() => fleet?.close());

function running(): { fleet: Fleet; server: EpistleProcess } {
  const [server] = fleet?.processes ?? [];
  if (fleet === undefined || server === undefined) throw new Error('there is no process');
  return { fleet, server };
}

async function scrape(): Promise<string> {
  const answer = await fetch(metricsUrl);
  expect(answer.status).toBe(200);
  return answer.text();
}

/** The sum of all samples of a metric whose labels contain `labels`. */
function sample(text: string, metric: string, labels = ''): number | null {
  const samples = text.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  const matching = samples.filter((line) => line.includes(labels));
  if (matching.length === 0) return null;
  return matching.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('GET /metrics', () => {
  it('counts what happens under load, while it is scraped', async () => {
    const { fleet, server } = running();
    const to = createRecipient(fleet, fleet.tenant);
    const sends = Array.from({ length: EMAILS }, () => accepted(server, fleet.tenant, fresh(fleet.tenant, to)));
    const during = await Promise.all([scrape(), scrape(), scrape()]);
    for (const text of during) expect(sample(text, 'epistle_database_up')).toBe(1);
    await Promise.all(sends);
    const text = await eventually(async () => {
      const now = await scrape();
      return sample(now, 'epistle_email_transitions_total', 'transition="sent"') === EMAILS ? now : null;
    });
    expect(sample(text, 'epistle_email_sent_seconds_count')).toBe(EMAILS);
    expect(sample(text, 'epistle_http_request_seconds_count', 'route="graphql",status="200"')).toBe(EMAILS);
    expect(sample(text, 'epistle_graphql_operation_seconds_count', 'operation="SendEmail",code="OK"')).toBe(EMAILS);
    expect(sample(text, 'epistle_google_call_seconds_count', 'call="POST drafts/send",status="200"')).toBe(EMAILS);
    expect(sample(text, 'epistle_google_call_seconds_count', 'call="POST token",status="200"')).toBe(1);
    expect(sample(text, 'epistle_accounts', 'status="ACTIVE"')).toBe(1);
    expect(sample(text, 'epistle_processes', 'worker="on"')).toBe(1);
    expect(sample(text, 'epistle_info', 'process="web-1",worker="on"')).toBe(1);
    expect(sample(text, 'epistle_recover_age_seconds')).toBeGreaterThanOrEqual(-1);
    expect(sample(text, 'epistle_emails_oldest_due_seconds')).toBe(0);
    expect(sample(text, 'epistle_emails_oldest_retry_seconds')).toBe(0);
    expect(sample(text, 'epistle_mailboxes_behind')).toBe(0);
    // So that `increase` counts the first one.
    expect(sample(text, 'epistle_email_transitions_total', 'transition="neverSent"')).toBe(0);
    expect(sample(text, 'nodejs_heap_size_used_bytes')).toBeGreaterThan(0);
    expect(text).not.toContain('@');
    // Prometheus would rename them: it sets these labels itself.
    expect(text).not.toMatch(/^epistle_.*[{,](?:instance|job)=/m);
  });

  it('is what promtool takes without a complaint', async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await scrape(),
      encoding: 'utf8',
    });
    // It would have prom-client's own gauges named otherwise.
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('epistle_'));
    expect([complaints, status === null]).toEqual([[], false]);
  });

  it('tells within a scrape that an account is NEEDS_REAUTH, and that secrets do not open', async () => {
    const { fleet } = running();
    const { accountId } = fleet.tenant;
    await fleet.app.pool.query(
      `UPDATE email_account SET status = 'NEEDS_REAUTH', sealed_refresh_token = 'v1.00000000.x' WHERE id = $1`,
      [accountId],
    );
    const text = await scrape();
    expect(sample(text, 'epistle_accounts', 'status="NEEDS_REAUTH"')).toBe(1);
    expect(sample(text, 'epistle_secrets_unopenable')).toBe(1);
  });

  it('answers nothing else', async () => {
    expect((await fetch(metricsUrl.replace('/metrics', '/'))).status).toBe(404);
    expect((await fetch(`${running().server.url}/metrics`)).status).toBe(404);
  });
});

describe('ops/alerts.yml', () => {
  const file = path.join(ROOT, 'ops', 'alerts.yml');

  it('has the eleven alerts, and promtool accepts them', () => {
    expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toMatch(/SUCCESS: 11 rules found/);
  });

  it.each([
    ['EpistleEmailDue', 'epistle_emails_oldest_due_seconds', '601'],
    ['EpistleEmailRetried', 'epistle_emails_oldest_retry_seconds', '901'],
    ['EpistleEmailsFail', 'epistle_email_transitions_total{transition="refused"}', '0 1'],
    ['EpistleEmailsFail', 'epistle_email_transitions_total{transition="scheduledReturned"}', '0 1'],
    ['EpistleMailboxBehind', 'epistle_mailboxes_behind', '1'],
    ['EpistleUnconfirmedForPerson', 'epistle_emails_unconfirmed_for_person', '1'],
    ['EpistleNeedsReauth', 'epistle_accounts{status="NEEDS_REAUTH"}', '1'],
    ['EpistleRecoverStale', 'epistle_recover_age_seconds', '301'],
    ['EpistleSecretsDoNotOpen', 'epistle_secrets_unopenable', '1'],
    ['EpistleClockOffset', 'epistle_clock_offset_seconds{instance="web-1"}', '-6'],
    ['EpistleErrorRate', 'epistle_database_up', '0'],
    ['EpistleNoWorker', 'epistle_info', '_'],
  ])('%s fires at its limit, and not below', async (alert, series, value) => {
    const calm = value === '0' || value === '_' ? '1x40' : '0x40';
    const bad = value === '_' ? '_x40' : `${value}x40`;
    await expectAlert(alert, [
      { series, values: bad, fires: true },
      { series, values: calm, fires: false },
    ]);
  });

  it.each([
    ['epistle_http_request_seconds_count', 'route="graphql",status="500"'],
    ['epistle_graphql_operation_seconds_count', 'operation="Send",code="INTERNAL_SERVER_ERROR"'],
  ])('EpistleErrorRate needs more than five failures within five minutes: %s', async (metric, labels) => {
    const series = `${metric}{${labels}}`;
    await expectAlert('EpistleErrorRate', [
      { series, values: '0 1x40', fires: false },
      { series, values: '0 1 2 3 4 5 6 7 8x40', fires: true },
    ]);
  });

  it.each(['health', 'ready', 'oauth'])('EpistleErrorRate leaves the route %s out', async (route) => {
    const series = `epistle_http_request_seconds_count{route="${route}",status="503"}`;
    await expectAlert('EpistleErrorRate', [{ series, values: '0+1x40', fires: false }]);
  });

  async function expectAlert(alert: string, cases: readonly { series: string; values: string; fires: boolean }[]) {
    const folder = await mkdtemp(path.join(inject('temporaryFolder'), 'rules-'));
    const written = cases.map(
      ({ series, values, fires }) => `  - interval: 15s
    input_series: [{ series: '${series}', values: '${values}' }]
    promql_expr_test:
      - expr: count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)
        eval_time: 4m
        exp_samples: [{ value: ${fires ? 1 : 0} }]
`,
    );
    const tests = path.join(folder, 'tests.yml');
    await writeFile(tests, `rule_files: [${file}]\ntests:\n${written.join('')}`);
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', tests], { encoding: 'utf8' });
    expect([status, `${stdout}${stderr}`.match(/FAILED.*/s)?.[0]]).toEqual([0, undefined]);
  }
});

describe('ops/grafana.json', () => {
  it('asks only for metrics that there are, in expressions that promtool parses', async () => {
    const dashboard = JSON.parse(await readFile(path.join(ROOT, 'ops', 'grafana.json'), 'utf8'));
    const queries: string[] = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) =>
      panel.targets.map(({ expr }) => expr),
    );
    const alerts = await readFile(path.join(ROOT, 'ops', 'alerts.yml'), 'utf8');
    const text = await scrape();
    const known = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    const used = [...`${queries.join('\n')}\n${alerts}`.matchAll(/\b(?:epistle|nodejs|process)_\w+/g)].map(([name]) =>
      name.replace(/_(?:bucket|count|sum)$/, ''),
    );
    expect(used.filter((name) => !known.has(name))).toEqual([]);
    const rules = path.join(await mkdtemp(path.join(inject('temporaryFolder'), 'rules-')), 'queries.yml');
    const records = queries.map((expr, index) => `      - record: q:${index}\n        expr: ${JSON.stringify(expr)}\n`);
    await writeFile(rules, `groups:\n  - name: dashboard\n    rules:\n${records.join('')}`);
    expect(execFileSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' })).toMatch(/SUCCESS/);
  });
});
