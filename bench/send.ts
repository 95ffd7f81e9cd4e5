/**
 * `sendEmail` of a fresh email: emails a second over 32 connections and the duration of one over a single connection, in
 * turns with the floor; the cost of a send for the database; the memory of the processes.
 */
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs } from './cpu.ts';
import { countRows, vacuum, whenQueueIsEmpty, withClient } from './database.ts';
import { exchange, type LoadResult, runLoad } from './load.ts';
import { checkEpistleAnswer, checkFloorAnswer, sendThroughEpistle, sendThroughFloor } from './mail.ts';
import { watchMemory } from './memory.ts';
import { type BenchProcess, startHelper } from './process.ts';
import { atMost, type Row, shareOfFloor } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';
import { median, quantile } from './statistics.ts';

const ROUNDS = 3;
const ROUND_MS = 6_000;
/** V8 compiles what runs often: in its first twenty seconds under load, a server takes a fifth more CPU for a send than later. */
const WARM_UP_MS = 20_000;
const CONNECTIONS = 32;
/** At most four calls of one account are in flight at Gmail. With this many accounts, no call waits for another. */
const ACCOUNTS = 64;
/** Pairs of calls a round that measure Gmail alone. */
const ALONE_CALLS = 200;
/** Three heartbeats. */
const IDLE_WRITES_MS = 9_000;

interface Round extends LoadResult {
  /** From the last answer until every sent copy was stored. */
  readonly drainMs: number;
}

interface EpistleRound extends Round {
  readonly writtenPerSend: number;
  readonly committedPerSend: number;
  readonly walKbPerSend: number;
  readonly serverMsPerSend: number;
  readonly postgresMsPerSend: number;
}

interface Floor extends BenchProcess {
  readonly tenant: Tenant;
}

export function benchSend(): Promise<Row[]> {
  return withSetup({ measuresIdle: true }, async (setup) => {
    const [tenant, floorTenant] = await withApp(setup.database, setup.encryptionKey, (app) =>
      Promise.all([createTenant(app, 'epistle', ACCOUNTS), createTenant(app, 'floor', ACCOUNTS)]),
    );
    await epistleRound(setup, tenant, 'warm-up', CONNECTIONS, WARM_UP_MS);
    const memoryMb = { idle: setup.idleMb, peak: await peakMb(setup, tenant) };
    const env = { DATABASE: JSON.stringify(setup.database), GMAIL_URL: setup.gmail.url };
    const [floor, freeFloor] = await Promise.all([startHelper('floor.ts', env), startHelper('free-floor.ts', env)]);
    try {
      const floors = { floor: { ...floor, tenant: floorTenant }, freeFloor: { ...freeFloor, tenant: floorTenant } };
      return [...(await measure(setup, tenant, floors)), ...memoryRows(memoryMb)];
    } finally {
      await Promise.all([floor.stop(), freeFloor.stop()]);
    }
  });
}

async function measure(
  setup: Setup,
  tenant: Tenant,
  { floor, freeFloor }: { readonly floor: Floor; readonly freeFloor: Floor },
): Promise<Row[]> {
  await floorRound(setup, floor, 'warm-up', CONNECTIONS, WARM_UP_MS);
  await freeFloorRound(freeFloor, 'warm-up', WARM_UP_MS);
  const loaded = { epistle: [] as EpistleRound[], floor: [] as Round[], free: [] as LoadResult[] };
  const single = { epistle: [] as EpistleRound[], floor: [] as Round[], gmailMs: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    loaded.epistle.push(await epistleRound(setup, tenant, `loaded-${round}`, CONNECTIONS, ROUND_MS));
    loaded.floor.push(await floorRound(setup, floor, `loaded-${round}`, CONNECTIONS, ROUND_MS));
    loaded.free.push(await freeFloorRound(freeFloor, `loaded-${round}`, ROUND_MS));
  }
  for (let round = 1; round <= ROUNDS; round++) {
    single.epistle.push(await epistleRound(setup, tenant, `single-${round}`, 1, ROUND_MS / 2));
    single.floor.push(await floorRound(setup, floor, `single-${round}`, 1, ROUND_MS / 2));
    single.gmailMs.push(await gmailAloneMs(setup.gmail));
  }
  const gmail = await checkSentOnce(setup, await countRows(setup.database, 'free_floor'));
  return rowsOf(loaded, single, gmail);
}

async function epistleRound(
  setup: Setup,
  tenant: Tenant,
  round: string,
  connections: number,
  durationMs: number,
): Promise<EpistleRound> {
  const { epistle, database } = setup;
  await vacuum(database);
  const idle = await idleWrites(database);
  const before = await whenQueueIsEmpty(database);
  const begunAt = performance.now();
  const cpuBefore = cpuMs(epistle.pid);
  const load = await sendLoad(setup, tenant, round, connections, durationMs);
  const answeredAt = performance.now();
  const after = await whenQueueIsEmpty(database);
  const cpuAfter = cpuMs(epistle.pid);
  return {
    ...load,
    walKbPerSend: (after.walBytes - before.walBytes) / 1000 / load.answers,
    serverMsPerSend: (cpuAfter.own - cpuBefore.own) / load.answers,
    postgresMsPerSend: (cpuAfter.below - cpuBefore.below) / load.answers,
    drainMs: performance.now() - answeredAt,
    // Rounded to a tenth: the other writes of a server vary by some hundredths.
    writtenPerSend:
      Math.round((10 * (after.written - before.written - idle * (performance.now() - begunAt))) / load.answers) / 10,
    committedPerSend: (after.committed - before.committed) / load.answers,
  };
}

function sendLoad(
  { epistle }: Setup,
  tenant: Tenant,
  round: string,
  connections: number,
  durationMs: number,
): Promise<LoadResult> {
  const next = (n: number) => sendThroughEpistle(epistle, tenant, round, n);
  return runLoad({ connections, durationMs, next, check: checkEpistleAnswer });
}

/**
 * The largest memory under the same load, which counts for nothing else: for each sample, the kernel goes through the pages of twenty
 * processes, which takes a sixth of the machine. Before the floors are started, whose connections are processes of this PostgreSQL too.
 */
async function peakMb(setup: Setup, tenant: Tenant): Promise<number> {
  const memory = watchMemory(setup.epistle.pid);
  await sendLoad(setup, tenant, 'memory', CONNECTIONS, ROUNDS * ROUND_MS);
  return memory.stop();
}

/** Write transactions a millisecond of an idle server: its heartbeat, its queue. */
async function idleWrites(database: Setup['database']): Promise<number> {
  const before = await whenQueueIsEmpty(database);
  await delay(IDLE_WRITES_MS);
  const after = await whenQueueIsEmpty(database);
  return (after.written - before.written) / IDLE_WRITES_MS;
}

async function floorRound(
  { database }: Setup,
  floor: Floor,
  round: string,
  connections: number,
  durationMs: number,
): Promise<Round> {
  await vacuum(database);
  const load = await runLoad({
    connections,
    durationMs,
    next: (n) => sendThroughFloor(floor, floor.tenant, round, n),
    check: checkFloorAnswer,
  });
  const answeredAt = performance.now();
  await fetch(`${floor.url}/idle`);
  return { ...load, drainMs: performance.now() - answeredAt };
}

function freeFloorRound(floor: Floor, round: string, durationMs: number): Promise<LoadResult> {
  return runLoad({
    connections: CONNECTIONS,
    durationMs,
    next: (n) => sendThroughFloor(floor, floor.tenant, round, n),
    check: checkFloorAnswer,
  });
}

/** Duration of the two calls of a send, made directly: the median of their sum. */
async function gmailAloneMs({ port }: BenchProcess): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const drafts = '/gmail/v1/users/me/drafts';
  const message = JSON.stringify({ message: { raw: Buffer.alloc(1_000).toString('base64url') } });
  const times: number[] = [];
  for (let n = 0; n < ALONE_CALLS; n++) {
    const startedAt = performance.now();
    const draft = await exchange(agent, { port, path: drafts, headers: {}, body: message });
    const { id } = JSON.parse(draft.body);
    await exchange(agent, { port, path: `${drafts}/send`, headers: {}, body: JSON.stringify({ id }) });
    times.push(performance.now() - startedAt);
  }
  agent.destroy();
  return quantile(times, 0.5);
}

/** Gmail has seen each email once, and the database says so of each. @param elsewhere emails that have no row there. */
async function checkSentOnce({ database, gmailCounts }: Setup, elsewhere: number) {
  const gmail = await gmailCounts();
  const { rows } = await withClient(database, (client) =>
    client.query<{ all: number; sent: number; copies: number }>(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE status = 'SENT')::int AS sent,
         (SELECT count(*)::int FROM email_message) AS copies FROM outbound_email`,
    ),
  );
  const others = ROUNDS * ALONE_CALLS + elsewhere;
  const [stored] = rows;
  const isRight =
    stored?.all === stored?.sent && stored?.sent === gmail.sent - others && stored?.copies === stored?.sent;
  if (!isRight || gmail.refused > 0) throw new Error(`not each email once: ${JSON.stringify({ stored, gmail })}`);
  return gmail;
}

function rowsOf(
  loaded: {
    readonly epistle: readonly EpistleRound[];
    readonly floor: readonly Round[];
    readonly free: readonly LoadResult[];
  },
  single: {
    readonly epistle: readonly EpistleRound[];
    readonly floor: readonly Round[];
    readonly gmailMs: readonly number[];
  },
  gmail: object,
): Row[] {
  const perSecond = median(loaded.epistle.map((round) => round.perSecond));
  const floorPerSecond = median(loaded.floor.map((round) => round.perSecond));
  const p50Ms = median(single.epistle.map((round) => round.p50Ms));
  const gmailMs = median(single.gmailMs);
  const floorP50Ms = median(single.floor.map((round) => round.p50Ms));
  return [
    shareOfFloor(0.5, 'mails/s', {
      scenario: `send, ${CONNECTIONS} connections`,
      epistle: perSecond,
      floor: floorPerSecond,
      detail: { rounds: loaded, gmail },
    }),
    shareOfFloor(0.35, 'mails/s', {
      scenario: 'send, free floor',
      epistle: perSecond,
      floor: median(loaded.free.map((round) => round.perSecond)),
    }),
    atMost(10, 'ms', {
      scenario: 'send, 1 connection: p50 less Gmail',
      epistle: p50Ms - gmailMs,
      floor: floorP50Ms - gmailMs,
      ratio: (p50Ms - gmailMs) / (floorP50Ms - gmailMs),
      detail: { rounds: single },
    }),
    atMost(4, 'transactions', {
      scenario: 'send, writing transactions each',
      epistle: median(loaded.epistle.map((round) => round.writtenPerSend)),
      detail: { committed: median(loaded.epistle.map((round) => round.committedPerSend)) },
    }),
    atMost(2.5, 'ms', {
      scenario: 'send, CPU of PostgreSQL each',
      epistle: median(loaded.epistle.map((round) => round.postgresMsPerSend)),
    }),
    atMost(4.5, 'ms', {
      scenario: 'send, CPU of the server each',
      epistle: median(loaded.epistle.map((round) => round.serverMsPerSend)),
    }),
    atMost(12, 'KB', {
      scenario: 'send, write-ahead log each',
      epistle: median(loaded.epistle.map((round) => round.walKbPerSend)),
    }),
  ];
}

function memoryRows({ idle, peak }: { readonly idle: number; readonly peak: number }): Row[] {
  return [
    atMost(250, 'MB', { scenario: 'memory, idle', epistle: idle }),
    atMost(400, 'MB', { scenario: 'memory, peak under send', epistle: peak }),
  ];
}
