/**
 * The words by which lists find entities. The beginnings of a word are terms of their own, so that `acm` finds Acme. An entity
 * is also found by the name of the one that it belongs to: an invoice by that of its customer.
 */
import { setImmediate } from 'node:timers/promises';
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { searchTerms } from '../email/search-terms.ts';
import { givenRows } from './store-rows.ts';

/** Some 3 ms of work. */
const ENTITIES_A_TURN = 100;

interface Searchable {
  readonly id: string;
  /** Null: there is none. */
  readonly texts: readonly (string | null)[];
  /** Entities that belong to it are found by this name too. */
  readonly name?: string;
  /** Whether it belongs to another entity than before. */
  readonly isMoved?: boolean;
}

/** Stores what entities of a kind are found by. Those that belong to them are then found by it too. */
export async function storeWords(
  tx: Sql,
  organizationId: string,
  type: string,
  entities: readonly Searchable[],
): Promise<void> {
  const words = [];
  for (const [index, { id, texts, name = null }] of entities.entries()) {
    if (index % ENTITIES_A_TURN === ENTITIES_A_TURN - 1) await setImmediate();
    words.push({ id, words: await wordsIn([name, ...texts]), childWords: await wordsIn([name]) });
  }
  const { rows } = await tx.query<{ id: string }>(
    sql`INSERT INTO context_search AS s (organization_id, type, id, words, child_words, terms)
      SELECT ${organizationId}::uuid, ${type}, r.id, r.words, r.child_words, '{}' FROM ${givenRows('context_search', words)}
      ON CONFLICT (organization_id, type, id) DO UPDATE SET words = excluded.words, child_words = excluded.child_words
        WHERE (s.words, s.child_words) <> (excluded.words, excluded.child_words)
      RETURNING id`,
  );
  const moved = entities.filter(({ isMoved }) => isMoved === true);
  const changed = [...rows, ...moved].map(({ id }) => id);
  if (changed.length === 0) return;
  await tx.query(
    sql`WITH affected AS (
        SELECT * FROM context_entity
        WHERE organization_id = ${organizationId} AND type = ${type} AND id = ANY(${changed}::uuid[])
        UNION ALL
        SELECT * FROM context_entity
        WHERE organization_id = ${organizationId} AND parent_type = ${type} AND parent_id = ANY(${changed}::uuid[])
      )
      UPDATE context_search s SET terms = word_beginnings(s.words || coalesce(parent.child_words, '{}'))
      FROM affected e LEFT JOIN context_search parent ON parent.organization_id = e.organization_id
        AND parent.type = e.parent_type AND parent.id = e.parent_id
      WHERE s.organization_id = e.organization_id AND s.type = e.type AND s.id = e.id`,
  );
}

function wordsIn(texts: readonly (string | null)[]): Promise<string[]> {
  return searchTerms({ texts, addresses: [] });
}
