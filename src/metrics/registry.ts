/** The metrics of the process and of the whole installation, as Prometheus scrapes them. docs/reference.md lists them. */
import { setTimeout as delay } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { App } from '../app.ts';
import { millisOf } from '../input.ts';
import { onObserved } from '../observe.ts';
import { readFacts } from '../operations/facts.ts';
import { TRANSITIONS } from '../outbound/transitions.ts';
import { VERSION } from '../version.ts';
import { createInstallationGauges } from './installation.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const MINUTES = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 86_400];
/** A scrape waits ten seconds, and a silent database takes longer to fail. */
const ANSWER_WITHIN_MS = 5_000;
/** The transitions to SENT, except a person's. */
const TO_SENT = new Set(['sent', 'foundSent', 'sentCopyStored']);
/** A client names its operations as it likes: later names are counted as `other`. */
const MAX_OPERATION_NAMES = 100;

export function createMetrics(app: App) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const { instance, worker } = app.config;
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `epistle_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[], buckets = SECONDS) =>
    new Histogram({ name: `epistle_${name}`, help, labelNames, buckets, registers });
  // Prometheus has a label `instance` of its own.
  gauge('info', 'Always 1.', ['version', 'process', 'worker']).set({ version: VERSION, process: instance, worker }, 1);

  const requests = histogram(
    'http_request_seconds',
    'HTTP requests by route and status; status 0: the client broke off.',
    ['route', 'status'],
  );
  const operations = histogram(
    'graphql_operation_seconds',
    'Executed GraphQL operations by name and code of the first error.',
    ['operation', 'code'],
  );
  const googleCalls = histogram(
    'google_call_seconds',
    'Requests to Google by method and status, or by the code of a failure without an answer. Tokens are the call "POST token".',
    ['call', 'status'],
  );
  const transitions = new Counter({
    name: 'epistle_email_transitions_total',
    help: 'Changes of outbound emails by name: sent, refused, unconfirmed, bounced, ...',
    labelNames: ['transition'],
    registers,
  });
  // `increase` does not count the first sample of a series.
  for (const name of Object.keys(TRANSITIONS)) transitions.inc({ transition: name }, 0);
  const sentHelp = 'From the creation of an email, or of the draft that it was, to SENT.';
  const sent = histogram('email_sent_seconds', sentHelp, [], MINUTES);

  const names = new Set<string>();
  const bounded = (name: string) => {
    if (names.size < MAX_OPERATION_NAMES) names.add(name);
    return names.has(name) ? name : 'other';
  };
  const subscriptions = [
    onObserved('request', ({ route, status, seconds }) => requests.observe({ route, status }, seconds)),
    onObserved('operation', ({ name, code, seconds }) =>
      operations.observe({ operation: bounded(name), code }, seconds),
    ),
    onObserved('googleCall', ({ call, status, seconds }) => googleCalls.observe({ call, status }, seconds)),
    onObserved('transition', ({ name, outboundEmailId }) => {
      transitions.inc({ transition: name });
      if (TO_SENT.has(name)) sent.observe((Date.now() - millisOf(outboundEmailId)) / 1_000);
    }),
  ];

  const up = gauge('database_up', '1 when the database answered this scrape.');
  const clockHelp = 'How far the clock of the process is ahead of that of the database; 0: 5 s at most.';
  const clock = gauge('clock_offset_seconds', clockHelp);
  const connectionsHelp = 'Connections of the pool by state; waiting: requests for one.';
  const connections = gauge('database_connections', connectionsHelp, ['state']);
  const staleHelp =
    'How old the state of the read replica may be; above 2 the primary answers; -1: not known since the start.';
  const stale = app.replica && gauge('read_replica_stale_seconds', staleHelp);
  const installation = createInstallationGauges(gauge);
  const options = {
    deadAfterMs: app.timing.deadAfterMs,
    dailySends: app.config.gmailDailySends,
    maxSyncIntervalMs: app.config.syncInterval?.maxMs ?? null,
    keyIds: app.sealer.keyIds,
  };

  return {
    contentType: registry.contentType,
    /** The text that a scrape gets. It asks the database first; without an answer `epistle_database_up` is 0. */
    async render(): Promise<string> {
      const { idleCount, totalCount, waitingCount } = app.pool;
      connections.set({ state: 'in_use' }, totalCount - idleCount);
      connections.set({ state: 'idle' }, idleCount);
      connections.set({ state: 'waiting' }, waitingCount);
      stale?.set(app.replica?.staleS() ?? -1);
      clock.set((app.health.clockOffsetMs ?? 0) / 1_000);
      const read = readFacts(app.pool, options).catch((error: unknown) => {
        app.logFailure(error, 'the metrics of the installation could not be read');
        return null;
      });
      const facts = await Promise.race([read, delay(ANSWER_WITHIN_MS, null, { ref: false })]);
      up.set(facts === null ? 0 : 1);
      installation.set(facts);
      return registry.metrics();
    },
    /** Ends what it subscribed to. */
    close(): void {
      for (const end of subscriptions) end();
    },
  };
}
