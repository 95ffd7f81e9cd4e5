/**
 * `sendEmail` of a fresh email: how many a second over 32 connections and how long one takes over a single connection,
 * in turns with the floor; what a send costs the database; what the processes hold in memory.
 */
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { analyze, whenQueueIsEmpty, withClient } from './database.ts';
import { exchange, type LoadResult, runLoad } from './load.ts';
import { checkEpistleAnswer, checkFloorAnswer, sendThroughEpistle, sendThroughFloor } from './mail.ts';
import { memoryMb, watchMemory } from './memory.ts';
import { type BenchProcess, startHelper } from './process.ts';
import { atMost, type Row, shareOfFloor } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';
import { median, quantile } from './statistics.ts';

const ROUNDS = 3;
const ROUND_MS = 6_000;
const WARM_UP_MS = 3_000;
const CONNECTIONS = 32;
/** At most four calls of one account are in flight at Gmail: with so many accounts none waits for another. */
const ACCOUNTS = 64;
const IDLE_AFTER_MS = 5_000;
/** Three heartbeats. */
const IDLE_WRITES_MS = 9_000;

interface Round extends LoadResult {
  /** From the last answer until every sent copy was stored. */
  readonly drainMs: number;
}

interface EpistleRound extends Round {
  readonly writtenPerSend: number;
  readonly committedPerSend: number;
  readonly peakMb: number;
}

interface Floor extends BenchProcess {
  readonly tenant: Tenant;
}

export function benchSend(): Promise<Row[]> {
  let idleMb = Number.NaN;
  const onStart = async ({ pid }: BenchProcess) => {
    await delay(IDLE_AFTER_MS);
    idleMb = memoryMb(pid);
  };
  return withSetup({ onStart }, async (setup) => {
    const [tenant, floorTenant] = await withApp(setup.database, setup.encryptionKey, (app) =>
      Promise.all([createTenant(app, 'epistle', ACCOUNTS), createTenant(app, 'floor', ACCOUNTS)]),
    );
    const process = await startHelper('floor.ts', {
      DATABASE: JSON.stringify(setup.database),
      GMAIL_URL: setup.gmail.url,
    });
    try {
      return await measure(setup, tenant, { ...process, tenant: floorTenant }, idleMb);
    } finally {
      await process.stop();
    }
  });
}

async function measure(setup: Setup, tenant: Tenant, floor: Floor, idleMb: number): Promise<Row[]> {
  await epistleRound(setup, tenant, 'warm-up', CONNECTIONS, WARM_UP_MS);
  await floorRound(floor, 'warm-up', CONNECTIONS, WARM_UP_MS);
  await analyze(setup.database);
  const loaded = { epistle: [] as EpistleRound[], floor: [] as Round[] };
  const single = { epistle: [] as EpistleRound[], floor: [] as Round[], gmailMs: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    loaded.epistle.push(await epistleRound(setup, tenant, `loaded-${round}`, CONNECTIONS, ROUND_MS));
    loaded.floor.push(await floorRound(floor, `loaded-${round}`, CONNECTIONS, ROUND_MS));
  }
  for (let round = 1; round <= ROUNDS; round++) {
    single.epistle.push(await epistleRound(setup, tenant, `single-${round}`, 1, ROUND_MS / 2));
    single.floor.push(await floorRound(floor, `single-${round}`, 1, ROUND_MS / 2));
    single.gmailMs.push(await gmailAloneMs(setup.gmail));
  }
  const gmail = await checkSentOnce(setup);
  return rowsOf(loaded, single, idleMb, gmail);
}

async function epistleRound(
  { epistle, database }: Setup,
  tenant: Tenant,
  round: string,
  connections: number,
  durationMs: number,
): Promise<EpistleRound> {
  const idle = await idleWrites(database);
  const before = await whenQueueIsEmpty(database);
  const begunAt = performance.now();
  const memory = watchMemory(epistle.pid);
  const load = await runLoad({
    connections,
    durationMs,
    next: (n) => sendThroughEpistle(epistle, tenant, round, n),
    check: checkEpistleAnswer,
  });
  const answeredAt = performance.now();
  const after = await whenQueueIsEmpty(database);
  return {
    ...load,
    drainMs: performance.now() - answeredAt,
    peakMb: memory.stop(),
    // To the tenth: what a server writes besides varies by some hundredths.
    writtenPerSend:
      Math.round((10 * (after.written - before.written - idle * (performance.now() - begunAt))) / load.answers) / 10,
    committedPerSend: (after.committed - before.committed) / load.answers,
  };
}

/** Write transactions a millisecond of a server that has nothing to do: its heartbeat, its queue. */
async function idleWrites(database: Setup['database']): Promise<number> {
  const before = await whenQueueIsEmpty(database);
  await delay(IDLE_WRITES_MS);
  const after = await whenQueueIsEmpty(database);
  return (after.written - before.written) / IDLE_WRITES_MS;
}

async function floorRound(floor: Floor, round: string, connections: number, durationMs: number): Promise<Round> {
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

/** What the two calls of a send take without anybody in between: the median of their sum. */
async function gmailAloneMs({ port }: BenchProcess): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const drafts = '/gmail/v1/users/me/drafts';
  const message = JSON.stringify({ message: { raw: Buffer.alloc(1_000).toString('base64url') } });
  const times: number[] = [];
  for (let n = 0; n < 200; n++) {
    const startedAt = performance.now();
    const draft = await exchange(agent, { port, path: drafts, headers: {}, body: message });
    const { id } = JSON.parse(draft.body);
    await exchange(agent, { port, path: `${drafts}/send`, headers: {}, body: JSON.stringify({ id }) });
    times.push(performance.now() - startedAt);
  }
  agent.destroy();
  return quantile(times, 0.5);
}

/** Gmail has seen each email once, and the database says so of each. */
async function checkSentOnce({ database, gmailCounts }: Setup) {
  const gmail = await gmailCounts();
  const { rows } = await withClient(database, (client) =>
    client.query<{ all: number; sent: number; copies: number }>(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE status = 'SENT')::int AS sent,
         (SELECT count(*)::int FROM email_message) AS copies FROM outbound_email`,
    ),
  );
  const alone = ROUNDS * 200;
  const [stored] = rows;
  const isRight =
    stored?.all === stored?.sent && stored?.sent === gmail.sent - alone && stored?.copies === stored?.sent;
  if (!isRight || gmail.refused > 0) throw new Error(`not each email once: ${JSON.stringify({ stored, gmail })}`);
  return gmail;
}

function rowsOf(
  loaded: { readonly epistle: readonly EpistleRound[]; readonly floor: readonly Round[] },
  single: {
    readonly epistle: readonly EpistleRound[];
    readonly floor: readonly Round[];
    readonly gmailMs: readonly number[];
  },
  idleMb: number,
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
    atMost(250, 'MB', { scenario: 'memory, idle', epistle: idleMb }),
    atMost(400, 'MB', {
      scenario: 'memory, peak under send',
      epistle: Math.max(...loaded.epistle.map((round) => round.peakMb)),
    }),
  ];
}
