/** What the filters of every kind of entity have in common: conditions on its row of `context_entity`. */
import type { Prisma } from '#generated/prisma/client.ts';
import type { TenantDb } from '../db/tenant.ts';
import { isWordless, queryTerms } from '../email/search-terms.ts';
import {
  type ConnectionArgs,
  IN_ANY_ORDER,
  type KeysetOrder,
  keysetQuery,
  parseKeyset,
  toConnection,
} from './keyset.ts';
import { areFew, type Count, MAX_FOUND, MAX_SORTED, type ReadRows, rowsOf, sortedQuery } from './page.ts';
import { type DateTimeRange, inRange } from './ranges.ts';

/** Never contacted comes first. */
const LAST_CONTACTED_ASC: KeysetOrder<'contactedOrder'> = { column: 'contactedOrder', direction: 'asc' };

export const LAST_CONTACTED_DESCRIPTION =
  'Contacted in this range, see `lastContactedAt`. A range without `gte` includes those never contacted.';

interface ContactFilter {
  readonly awaitingReply?: boolean | null;
  readonly lastContacted?: typeof DateTimeRange.$inferInput | null;
  readonly search?: string | null;
}

interface ContactConditions {
  /** On the row of the entity. Null: the filter asks for nothing. */
  readonly contact: Prisma.ContextEntityWhereInput | null;
  /** Counts what the search finds. */
  readonly countFound: Count;
  /** Counts the entities by their contact state. */
  readonly countContacts: Count;
}

/** @param type the kind of entity. */
export function contactConditions(
  db: TenantDb,
  type: string,
  { awaitingReply, lastContacted, search }: ContactFilter,
): ContactConditions {
  if (isWordless(search ?? '')) return { contact: { id: { in: [] } }, countFound: null, countContacts: null };
  const terms = queryTerms(search ?? '');
  const words = { terms: { hasEvery: terms } };
  const state = {
    ...(awaitingReply == null ? {} : { awaitingReply }),
    ...(lastContacted?.gte || lastContacted?.lt ? { contactedOrder: inRange(lastContacted) } : {}),
  };
  const hasIndex = awaitingReply === true || state.contactedOrder !== undefined;
  const contact = { ...state, ...(terms.length === 0 ? {} : { search: { is: words } }) };
  const found = { where: { type, ...words }, orderBy: IN_ANY_ORDER };
  const contacts = { where: { type, ...state }, orderBy: { contactedOrder: 'asc' as const } };
  return {
    contact: Object.keys(contact).length === 0 ? null : { type, ...contact },
    countFound:
      terms.length === 0 ? null : { most: MAX_FOUND, rows: (limit) => db.contextSearch.count({ ...found, ...limit }) },
    countContacts: hasIndex
      ? { most: MAX_SORTED, rows: (limit) => db.contextEntity.count({ ...contacts, ...limit }) }
      : null,
  };
}

/** Lists entities by last contact, starting at `context_entity`, whose indexes have this order. @param read the rows of the kind. */
export async function listByLastContact<Row extends { readonly id: string }>(
  db: TenantDb,
  args: ConnectionArgs,
  where: Prisma.ContextEntityWhereInput,
  matches: Count,
  read: ReadRows<Row>,
) {
  const keyset = parseKeyset(args, LAST_CONTACTED_ASC);
  const page = keysetQuery(keyset, where);
  const keys = (await areFew(matches))
    ? await db.contextEntity.groupBy({ ...sortedQuery(page), _min: { contactedOrder: true } })
    : await db.contextEntity.findMany({ ...page, select: { id: true, contactedOrder: true } });
  const rows = await rowsOf(keys, read);
  return toConnection(keyset, rows, (limit) => db.contextEntity.count({ where, ...limit }));
}
