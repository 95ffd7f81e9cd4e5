import { setImmediate } from 'node:timers/promises';
import DataLoader from 'dataloader';
import { GraphQLError } from 'graphql';
import { BudgetExhaustedError } from '../byte-budget.ts';
import type { TenantDb } from '../db/tenant.ts';
import { refusedRequest } from './refused-request.ts';

/** As UTF-8, for all bodies that an operation reads. */
const MAX_BODIES_BYTES = 16 * 1024 * 1024;
/** Operations that read more share a budget of the process. */
const MAX_SMALL_BODY_BYTES = 1024 * 1024;

type Column = 'bodyText' | 'bodyHtml';

/** A body that a field shows, whole or in part. */
export interface Body {
  readonly table: 'emailMessage' | 'outboundEmail' | 'templateVersion';
  readonly id: string;
  readonly column: Column;
  /** As its row has it. Null: there is none. */
  readonly bytes: number | null;
  /** The field. One that is asked for twice is in the answer twice. */
  readonly field: 'bodyText' | 'bodyHtml' | 'newText' | 'quoted' | 'safeHtml';
}

/** Reads the bodies that an operation asks for. Lives as long as one request. */
export interface Bodies {
  /**
   * @returns null when there is none.
   * @throws {GraphQLError} when it is too much, before anything is read.
   */
  load(body: Body): Promise<string | null>;
  /** Runs work that takes milliseconds, one piece in each turn of the event loop: other requests continue in between. */
  inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** Why bodies were not read. Null: all were. */
  readonly refusal: GraphQLError | null;
  /** Of all bodies that were asked for. */
  readonly bytes: number;
}

/** The options of a field that is a body as its row has it. */
export function bodyOf<Of extends Column>(table: Body['table'], column: Of) {
  const bytesOf = `${column}Bytes` as const;
  type Row = { readonly id: string } & Readonly<Record<`${Of}Bytes`, number | null>>;
  return {
    type: 'String' as const,
    nullable: true as const,
    // TypeScript widens the key to string: the cast names it again.
    select: { [bytesOf]: true } as Record<`${Of}Bytes`, true>,
    resolve: (row: Row, _args: object, { bodies }: { readonly bodies: Bodies }) =>
      bodies.load({ table, id: row.id, column, bytes: row[bytesOf], field: column }),
  };
}

/** @param hold waits for this share of the process's memory, until the response is closed. */
export function createBodies(db: TenantDb, hold: (bytes: number) => Promise<unknown>): Bodies {
  const rows = new Set<string>();
  const fields = new Set<string>();
  let bytes = 0;
  let isRepeated = false;
  let held: Promise<unknown> | null = null;
  let refusal: GraphQLError | null = null;

  let turn: Promise<void> = Promise.resolve();

  const read = new Map<string, string | null>();

  const loader = new DataLoader<Body, string | null>(
    async (bodies) => {
      // One message of any size can be read.
      if (bytes > MAX_BODIES_BYTES && (rows.size > 1 || isRepeated)) refusal ??= tooManyBytes(bytes);
      if (bytes > MAX_SMALL_BODY_BYTES && refusal === null) held ??= hold(Math.max(bytes, MAX_BODIES_BYTES));
      await held?.catch((error: unknown) => {
        if (!(error instanceof BudgetExhaustedError)) throw error;
        refusal ??= tooManyAnswers();
      });
      if (refusal !== null) throw refusal;
      await readInto(read, db, bodies);
      return bodies.map((body) => read.get(nameOf(body)) ?? null);
    },
    // A repeated read counts too.
    { cache: false },
  );

  return {
    async load(body) {
      if (body.bytes === null) return null;
      const field = `${body.id} ${body.field}`;
      isRepeated ||= fields.has(field);
      fields.add(field);
      rows.add(body.id);
      bytes += body.bytes;
      return loader.load(body);
    },
    async inTurn(work) {
      turn = turn.then(() => setImmediate());
      await turn;
      return work();
    },
    get refusal() {
      return refusal;
    },
    get bytes() {
      return bytes;
    },
  };
}

function nameOf({ id, column }: Pick<Body, 'id' | 'column'>): string {
  return `${id} ${column}`;
}

async function readInto(read: Map<string, string | null>, db: TenantDb, bodies: readonly Body[]): Promise<void> {
  const missing = bodies.filter((body) => !read.has(nameOf(body)));
  const groups = Map.groupBy(missing, ({ table, column }) => `${table} ${column}`);
  const reading = Array.from(groups.values(), async ([first, ...others]) => {
    if (first === undefined) return;
    const { table, column } = first;
    const ids = [...new Set([first, ...others].map(({ id }) => id))];
    // The tables have these columns alike. TypeScript needs one of them.
    const rows = await (db[table] as TenantDb['emailMessage']).findMany({
      where: { id: { in: ids } },
      select: { id: true, bodyText: column === 'bodyText', bodyHtml: column === 'bodyHtml' },
    });
    for (const row of rows) read.set(nameOf({ id: row.id, column }), row[column]);
  });
  await Promise.all(reading);
}

function tooManyBytes(asked: number): GraphQLError {
  return refusedRequest(
    `The operation asks for ${asked} bytes of message bodies. At most ${MAX_BODIES_BYTES} are allowed. Ask for smaller pages; a single message of any size can be read by itself.`,
    { asked, allowed: MAX_BODIES_BYTES },
  );
}

function tooManyAnswers(): GraphQLError {
  return new GraphQLError('Too many large responses are in progress. Read the bodies again later.', {
    extensions: { code: 'SERVICE_UNAVAILABLE', retry: 'AFTER' },
  });
}
