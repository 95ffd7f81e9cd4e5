/** A page of 50 sent emails with account, invoice and conversation: beside its floor, and in a long history as in a short one. */
import { deepStrictEqual } from 'node:assert/strict';
import { Agent } from 'node:http';
import { TIMING } from '../src/config/timing.ts';
import { openDatabase } from '../src/db/client.ts';
import { createLogger } from '../src/log.ts';
import { type SeededOrganization, seedHistory } from './history-seed.ts';
import { exchange, type LoadRequest, type LoadResult, runLoad } from './load.ts';
import { type BenchProcess, startHelper } from './process.ts';
import { atMost, type Row, shareOfFloor } from './report.ts';
import { withEpistle } from './setup.ts';
import { median } from './statistics.ts';

const PAGE_SIZE = 50;
const [FEW, MANY] = [10_000, 1_000_000];
const FAR_PAGE = 1_000;
const CONNECTIONS = 32;
const ROUNDS = 5;
const ROUND_MS = 2_000;
const WARM_UP_MS = 3_000;
const SINGLE_MS = 1_000;
const MIN_OF_FLOOR = 0.33;
/** Median of a request on a connection of its own. */
const MAX_ALONE_MS = 6;
const MAX_SLOWDOWN = 1.2;
/** A million rows take longer than a request may. */
const SEEDING = { ...TIMING, statementMs: 0, databaseSilenceMs: 3_600_000 };

const PAGE = `query History($first: Int!, $after: String) {
  outboundEmails(first: $first, after: $after) {
    edges {
      cursor
      node {
        uid status subject to createdAt sentAt
        fromAccount { email }
        contexts { ... on Invoice { number } }
        conversation { uid subject }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Page {
  readonly name: string;
  readonly key: string;
  readonly body: string;
}

interface Measured {
  readonly epistle: LoadResult[];
  readonly floor: LoadResult[];
}

export function benchHistory(): Promise<Row[]> {
  return withEpistle({}, async ({ epistle, database }) => {
    const floor = await startHelper('history-floor.ts', { DATABASE: JSON.stringify(database) });
    try {
      return await measureAll(epistle, floor, await seedPages({ ...database }));
    } finally {
      await floor.stop();
    }
  });
}

/** The pages that are measured: the first and a far one, of a short and of a long history. */
async function seedPages(connection: Parameters<typeof openDatabase>[0]) {
  const { db, pool, close } = openDatabase(connection, createLogger('error'), SEEDING);
  const cursorBefore = async ({ organizationId }: SeededOrganization, page: number) => {
    const { rows } = await pool.query<{ id: string; created_at: Date }>(
      `SELECT id, created_at FROM outbound_email WHERE organization_id = $1 ORDER BY created_at DESC, id DESC
       OFFSET $2 LIMIT 1`,
      [organizationId, (page - 1) * PAGE_SIZE - 1],
    );
    return rows.map(({ id, created_at }) =>
      Buffer.from(`createdAt:${id}:${created_at.getTime()}`).toString('base64url'),
    )[0];
  };
  try {
    const few = await seedHistory(db, pool, 'few', FEW);
    const many = await seedHistory(db, pool, 'many', MANY);
    await pool.query('VACUUM ANALYZE');
    await pool.query('CHECKPOINT');
    const page = (name: string, { key }: SeededOrganization, after?: string): Page => ({
      name,
      key,
      body: JSON.stringify({ query: PAGE, variables: { first: PAGE_SIZE, ...(after ? { after } : {}) } }),
    });
    const lastOfFew = FEW / PAGE_SIZE;
    return {
      fewFirst: page('first page of 10,000', few),
      manyFirst: page('first page of 1,000,000', many),
      fewFar: page(`page ${lastOfFew} of 10,000`, few, await cursorBefore(few, lastOfFew)),
      manyFar: page('page 1,000 of 1,000,000', many, await cursorBefore(many, FAR_PAGE)),
    };
  } finally {
    await close();
  }
}

async function measureAll(
  epistle: BenchProcess,
  floor: BenchProcess,
  pages: Awaited<ReturnType<typeof seedPages>>,
): Promise<Row[]> {
  for (const page of Object.values(pages)) await assertSameAnswer(epistle, floor, page);
  for (const server of [epistle, floor]) await load(server, pages.manyFirst, CONNECTIONS, WARM_UP_MS);
  const measure = async (page: Page, connections: number, durationMs: number): Promise<Measured> => {
    const measured: Measured = { epistle: [], floor: [] };
    for (let round = 0; round < ROUNDS; round++) {
      measured.epistle.push(await load(epistle, page, connections, durationMs));
      measured.floor.push(await load(floor, page, connections, durationMs));
    }
    return measured;
  };
  const rows: Row[] = [];
  const throughput = new Map<Page, number>();
  for (const page of Object.values(pages)) {
    const busy = await measure(page, CONNECTIONS, ROUND_MS);
    const alone = await measure(page, 1, SINGLE_MS);
    throughput.set(page, perSecond(busy.epistle));
    rows.push(
      shareOfFloor(MIN_OF_FLOOR, 'req/s', {
        scenario: `history: ${page.name}`,
        epistle: perSecond(busy.epistle),
        floor: perSecond(busy.floor),
      }),
      atMost(MAX_ALONE_MS, 'ms', {
        scenario: `history: ${page.name}, p50 alone`,
        epistle: p50(alone.epistle),
        floor: p50(alone.floor),
        ratio: p50(alone.epistle) / p50(alone.floor),
      }),
    );
  }
  const slowdown = (long: Page, short: Page) =>
    (throughput.get(short) ?? Number.NaN) / (throughput.get(long) ?? Number.NaN);
  rows.push(
    atMost(MAX_SLOWDOWN, 'times as slow', {
      scenario: 'history: 1,000,000 against 10,000, first page',
      epistle: slowdown(pages.manyFirst, pages.fewFirst),
    }),
    atMost(MAX_SLOWDOWN, 'times as slow', {
      scenario: 'history: 1,000,000 against 10,000, far page',
      epistle: slowdown(pages.manyFar, pages.fewFar),
    }),
  );
  return rows;
}

function requestOf({ port }: BenchProcess, { key, body }: Page): LoadRequest {
  return { port, path: '/graphql', headers: { authorization: `Bearer ${key}` }, body };
}

function load(server: BenchProcess, page: Page, connections: number, durationMs: number): Promise<LoadResult> {
  const next = () => requestOf(server, page);
  return runLoad({ connections, durationMs, next, check: assertOk });
}

function assertOk(status: number, body: string): void {
  if (status !== 200) throw new Error(`${status}: ${body.slice(0, 300)}`);
}

/** A floor must answer exactly what Epistle answers. */
async function assertSameAnswer(epistle: BenchProcess, floor: BenchProcess, page: Page): Promise<void> {
  const agent = new Agent();
  const [ours, theirs] = await Promise.all(
    [epistle, floor].map(async (server) => {
      const { status, body } = await exchange(agent, requestOf(server, page));
      assertOk(status, body);
      return JSON.parse(body);
    }),
  );
  deepStrictEqual(ours, theirs);
  if (ours.data.outboundEmails.edges.length !== PAGE_SIZE) throw new Error('not a full page');
}

const perSecond = (rounds: readonly LoadResult[]) => median(rounds.map((result) => result.perSecond));
const p50 = (rounds: readonly LoadResult[]) => median(rounds.map((result) => result.p50Ms));
