/**
 * A page of 50 of every list at 200,000 rows, in every order and by every filter. The schema says which there are. A request is
 * measured whole, as a dashboard waits for it.
 */
import { GraphQLEnumType, GraphQLInputObjectType, getNamedType } from 'graphql';
import { TIMING } from '../src/config/timing.ts';
import { openDatabase } from '../src/db/client.ts';
import { createLogger } from '../src/log.ts';
import { schema } from '../src/schema/index.ts';
import { type SeededLists, seedLists } from './lists-seed.ts';
import { atMost, type Row, unbounded } from './report.ts';
import { withEpistle } from './setup.ts';
import { median } from './statistics.ts';

const PAGE_SIZE = 50;
const RUNS = 7;
const MAX_MS = 20;
/** Seeding takes longer than a request may. */
const SEEDING = { ...TIMING, statementMs: 0, databaseSilenceMs: 3_600_000 };
const DAY_MS = 86_400_000;

const LISTS: Readonly<Record<string, string>> = {
  outboundEmails:
    'uid status subject createdAt sentAt fromAccount { email } contexts { label } conversation { uid subject }',
  conversations: 'uid subject isRead account { email } contexts { label } lastMessage { snippet sentAt }',
  drafts: 'uid subject plannedSendAt fromAccount { email } contexts { label }',
  invoices: 'number status dueDate lastContactedAt awaitingReply customer { name }',
  customers: 'name lastContactedAt awaitingReply',
};

/** Values of each field of each filter; a field of the schema that is missing here fails the scenario. */
function valuesOf({
  accountUid,
  customerUid,
  invoiceUid,
  conversationUid,
}: SeededLists): Record<string, Record<string, unknown[]>> {
  const now = Date.now();
  const range = (from: number, days: number) => {
    const at = (day: number) => new Date(now + day * DAY_MS).toISOString();
    return { gte: at(from), lt: at(from + days) };
  };
  const past = [range(-1, 1), range(-7, 7), range(-30, 30), range(-200, 7)];
  const dates = [range(-7, 7), range(0, 7), range(-200, 7)].map(({ gte, lt }) => ({
    gte: gte.slice(0, 10),
    lt: lt.slice(0, 10),
  }));
  const bool = [true, false];
  const common = {
    accountUid: [accountUid],
    connectedAccountsOnly: [true],
    context: [
      { type: 'invoice', uid: invoiceUid },
      { type: 'customer', uid: customerUid },
    ],
  };
  const words = ['invo', 'reminder', 'w12', 'inv-0000077', 'inv-00000', 'nothing'];
  const states = ['SENT', 'BOUNCED', 'FAILED', 'CANCELED', 'SCHEDULED', 'QUEUED', 'UNCONFIRMED'].map((status) => [
    status,
  ]);
  return {
    outboundEmails: {
      ...common,
      bounced: past,
      created: past,
      sent: past,
      updated: past,
      planned: [range(0, 7), range(0, 300)],
      conversationUid: [conversationUid],
      customerUid: [customerUid],
      hasReply: bool,
      mode: [['FRESH'], ['DRAFT'], ['REPLY']],
      recipient: ['maria@customer-19.example'],
      search: words,
      status: [...states, ['FAILED', 'BOUNCED', 'CANCELED']],
    },
    conversations: {
      ...common,
      awaitsOurAnswer: bool,
      contextType: ['invoice', 'customer'],
      hasReply: bool,
      isRead: bool,
      lastMessage: past,
      participant: ['maria@customer-19.example'],
      search: words,
    },
    drafts: { ...common, conversationUid: [conversationUid], planned: [range(0, 7), range(0, 300)], scheduled: bool },
    invoices: {
      awaitingReply: bool,
      customerUid: [customerUid],
      due: dates,
      lastContacted: past,
      overdue: bool,
      search: ['inv', 'inv-0000077', 'customer', 'customer 19', 'inv-00000', 'nothing'],
      status: [['DRAFT'], ['OPEN'], ['OVERDUE'], ['OPEN', 'OVERDUE'], ['PAID'], ['VOID']],
    },
    customers: {
      awaitingReply: bool,
      hasOverdueInvoices: bool,
      lastContacted: past,
      search: ['customer', 'customer 19', 'c-77', 'nothing'],
    },
  };
}

interface Measured {
  readonly filter: unknown;
  /** Null: the default. */
  readonly order: string | null;
  readonly ms: number;
}

export function benchLists(): Promise<Row[]> {
  // Nothing of what is planned or queued leaves.
  return withEpistle({ env: { WORKER: 'off' } }, async ({ epistle, database }) => {
    const { db, pool, close } = openDatabase({ ...database }, createLogger('error'), SEEDING);
    const seeded = await seedLists(db, pool).finally(close);
    const rows: Row[] = [];
    for (const [list, fields] of Object.entries(LISTS))
      rows.push(...(await measureList(epistle.url, seeded, list, fields)));
    return rows;
  });
}

async function measureList(url: string, seeded: SeededLists, list: string, fields: string): Promise<Row[]> {
  const { filter: filterType, orderBy } = argumentsOf(list);
  const values = valuesOf(seeded)[list] ?? {};
  const missing = Object.keys(filterType.getFields()).filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new Error(`${filterType.name}: no values of ${missing.join(', ')}`);
  const query = `query ($filter: ${filterType.name}, $orderBy: ${orderBy.name}) {
    ${list}(first: ${PAGE_SIZE}, filter: $filter, orderBy: $orderBy) { nodes { ${fields} } } }`;
  const measure = async (filter: unknown, order: string | null): Promise<Measured> => {
    const body = JSON.stringify({ query, variables: { filter, ...(order === null ? {} : { orderBy: order }) } });
    return { filter, order, ms: await timeOf(url, seeded.key, body) };
  };
  const orders = orderBy.getValues().map(({ name }) => name);
  const filters = Object.entries(values).flatMap(([name, each]) => each.map((value) => ({ [name]: value })));
  const byOrder: Measured[] = [];
  for (const order of orders) byOrder.push(await measure(null, order));
  const byFilter: Measured[] = [];
  for (const filter of filters) byFilter.push(await measure(filter, null));
  const byBoth: Measured[] = [];
  for (const filter of filters) for (const order of orders) byBoth.push(await measure(filter, order));
  return [
    atMost(MAX_MS, 'ms', slowest(`${list}: the slowest order`, byOrder)),
    atMost(MAX_MS, 'ms', slowest(`${list}: the slowest filter`, byFilter)),
    unbounded('ms', slowest(`${list}: the slowest filter in any order`, byBoth)),
  ];
}

function slowest(scenario: string, measured: readonly Measured[]) {
  const slowestFirst = measured.toSorted((a, b) => b.ms - a.ms);
  return { scenario, epistle: slowestFirst[0]?.ms ?? Number.NaN, detail: { slowestFirst } };
}

/** The types of `filter` and `orderBy` of a list. */
function argumentsOf(list: string) {
  const args = schema.getQueryType()?.getFields()[list]?.args ?? [];
  const typeOf = (name: string) => getNamedType(args.find((arg) => arg.name === name)?.type);
  const [filter, orderBy] = [typeOf('filter'), typeOf('orderBy')];
  if (!(filter instanceof GraphQLInputObjectType && orderBy instanceof GraphQLEnumType))
    throw new Error(`${list} has no filter and order`);
  return { filter, orderBy };
}

/** @returns the median of some requests, after one that reads what is on disk. */
async function timeOf(url: string, key: string, body: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const began = performance.now();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    const { errors } = Object(await response.json());
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    if (run > 0) times.push(performance.now() - began);
  }
  return median(times);
}
