/** A page of 50 sent emails with account, invoice and conversation: beside its floor, and in a long history as in a short one. */
import { deepStrictEqual } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase } from '../src/db/client.ts';
import { startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { createLogger } from '../src/log.ts';
import { type SeededOrganization, seedHistory } from './history-seed.ts';
import { ask, type LoadFigures, load, median, type Target } from './page-load.ts';
import { startEpistle, startHelper } from './process.ts';
import type { Row } from './report.ts';

const PAGE_SIZE = 50;
const [FEW, MANY] = [10_000, 1_000_000];
const FAR_PAGE = 1_000;
const CONNECTIONS = 32;
const ROUNDS = 5;
const ROUND_MS = 2_000;
const WARM_UP_MS = 3_000;
const SINGLE_MS = 1_000;
const MIN_OF_FLOOR = 0.6;
const MAX_SLOWDOWN = 1.2;

const PAGE = `query History($first: Int!, $after: String) {
  outboundEmails(first: $first, after: $after) {
    edges {
      cursor
      node {
        uid status subject to createdAt sentAt
        fromAccount { email }
        context { ... on Invoice { number } }
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
  readonly epistle: LoadFigures[];
  readonly floor: LoadFigures[];
}

export async function benchHistory(): Promise<Row[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'epistle-bench-'));
  const epistle = await startEpistle({ DATA_DIR: dataDir, LOG_LEVEL: 'error' });
  try {
    // Joins the server that Epistle has started.
    const postgres = await startEmbeddedPostgres(dataDir, { log: () => undefined });
    const floor = await startHelper('history-floor.ts', { DATABASE: JSON.stringify(postgres.connection) });
    try {
      const pages = await seedPages({ ...postgres.connection });
      return await measureAll(`${epistle.url}/graphql`, floor.url, pages);
    } finally {
      await floor.stop();
      await postgres.stop();
    }
  } finally {
    await epistle.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The pages that are measured: the first and a far one, of a short and of a long history. */
async function seedPages(connection: Parameters<typeof openDatabase>[0]) {
  const { db, pool, close } = openDatabase(connection, createLogger('error'));
  const cursorBefore = async ({ organizationId }: SeededOrganization, page: number) => {
    const { rows } = await pool.query<{ id: string; created_at: Date }>(
      `SELECT id, created_at FROM outbound_email WHERE organization_id = $1 ORDER BY created_at DESC, id DESC
       OFFSET $2 LIMIT 1`,
      [organizationId, (page - 1) * PAGE_SIZE - 1],
    );
    return rows.map(({ id, created_at }) =>
      Buffer.from(`createdAt:${created_at.getTime()}:${id}`).toString('base64url'),
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
  epistleUrl: string,
  floorUrl: string,
  pages: Awaited<ReturnType<typeof seedPages>>,
): Promise<Row[]> {
  for (const page of Object.values(pages)) await assertSameAnswer(epistleUrl, floorUrl, page);
  for (const url of [epistleUrl, floorUrl]) await load({ url, ...pages.manyFirst }, CONNECTIONS, WARM_UP_MS);
  const measure = async (page: Page, connections: number, durationMs: number): Promise<Measured> => {
    const measured: Measured = { epistle: [], floor: [] };
    for (let round = 0; round < ROUNDS; round++) {
      measured.epistle.push(await load({ url: epistleUrl, ...page }, connections, durationMs));
      measured.floor.push(await load({ url: floorUrl, ...page }, connections, durationMs));
    }
    return measured;
  };
  const rows: Row[] = [];
  const throughput = new Map<Page, number>();
  for (const page of Object.values(pages)) {
    const busy = await measure(page, CONNECTIONS, ROUND_MS);
    const alone = await measure(page, 1, SINGLE_MS);
    const [epistle, floor] = [perSecond(busy.epistle), perSecond(busy.floor)];
    throughput.set(page, epistle);
    rows.push({
      scenario: `history: ${page.name}`,
      epistle: Math.round(epistle),
      floor: Math.round(floor),
      unit: 'req/s',
      ratio: round(epistle / floor),
      bound: `at least ${MIN_OF_FLOOR} of the floor`,
      met: epistle / floor >= MIN_OF_FLOOR,
      detail: { p50MsAlone: { epistle: round(p50(alone.epistle)), floor: round(p50(alone.floor)) } },
    });
  }
  const slowdown = (scenario: string, long: Page, short: Page): Row => {
    const factor = (throughput.get(short) ?? Number.NaN) / (throughput.get(long) ?? Number.NaN);
    const bound = `at most ${MAX_SLOWDOWN} times as slow`;
    return {
      scenario,
      epistle: round(factor),
      floor: null,
      unit: 'times',
      ratio: null,
      bound,
      met: factor <= MAX_SLOWDOWN,
    };
  };
  rows.push(slowdown('history: 1,000,000 against 10,000, first page', pages.manyFirst, pages.fewFirst));
  rows.push(slowdown('history: 1,000,000 against 10,000, far page', pages.manyFar, pages.fewFar));
  return rows;
}

/** What answers something else is no floor. */
async function assertSameAnswer(epistleUrl: string, floorUrl: string, { key, body }: Page): Promise<void> {
  const [epistle, floor] = await Promise.all(
    [epistleUrl, floorUrl].map(async (url) => JSON.parse(await ask({ url, key, body } satisfies Target))),
  );
  deepStrictEqual(epistle, floor);
  if (epistle.data.outboundEmails.edges.length !== PAGE_SIZE) throw new Error('not a full page');
}

const perSecond = (rounds: readonly LoadFigures[]) => median(rounds.map((figures) => figures.perSecond));
const p50 = (rounds: readonly LoadFigures[]) => median(rounds.map((figures) => figures.p50Ms));
const round = (value: number) => Math.round(value * 100) / 100;
