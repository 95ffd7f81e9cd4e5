import type { Sql } from './client.ts';

const names = new Map<string, string>();

/** Texts that are made up as they go are not for this: each would be kept. */
const MAX_NAMES = 200;

function nameOf(text: string): string | null {
  const known = names.get(text);
  if (known !== undefined || names.size >= MAX_NAMES) return known ?? null;
  const name = `prepared-${names.size}`;
  names.set(text, name);
  return name;
}

/** The same, with every statement prepared the first time: parsing and planning cost more than most of them do. */
export function prepared(sql: Sql): Sql {
  const apply: ProxyHandler<Sql['query']>['apply'] = (query, _self, [text, values, ...rest]) => {
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : null;
    return Reflect.apply(query, sql, name === null ? [text, values, ...rest] : [{ name, text, values }, ...rest]);
  };
  return { query: new Proxy(sql.query, { apply }) };
}
