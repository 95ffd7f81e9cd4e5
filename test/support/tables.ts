import type { TestApp } from './harness.ts';

/** The tables that hold a text in lower case anywhere in a row. */
export async function tablesWith({ app }: Pick<TestApp, 'app'>, text: string): Promise<string[]> {
  const { rows } = await app.pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
       AND relname NOT LIKE '\\_%' ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const { rowCount } = await app.pool.query(`SELECT FROM ${name} r WHERE strpos(lower(r::text), $1) > 0 LIMIT 1`, [
      text,
    ]);
    if (rowCount !== 0) found.push(name);
  }
  return found;
}
