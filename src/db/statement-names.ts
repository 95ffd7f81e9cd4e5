import { hash } from 'node:crypto';

/** A look-up by id has one good plan, whatever the id is. A list is planned for its values each time. */
const BY_ID = /"id" = \$\d/;
/** Each connection keeps a named statement until it closes, and there is a text for each selection of fields. */
const MAX_NAMES = 200;

/**
 * Names Prisma's look-ups by id, so that each connection parses and plans them once.
 * @returns the name for a text. Empty: PostgreSQL keeps nothing.
 */
export function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= MAX_NAMES || !BY_ID.test(sql)) return '';
    const name = `prisma-${hash('sha256', sql, 'hex').slice(0, 24)}`;
    names.set(sql, name);
    return name;
  };
}
