import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Statement } from '../../src/db/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const SRC = path.join(import.meta.dirname, '..', '..', 'src');

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('generated'))
  .map((file) => ({ file, text: readFileSync(path.join(SRC, file), 'utf8') }));

/** The files that name a statement, and the names in them. Those of transitions.ts are tried by transitions.test.ts. */
const files = sources
  .map(({ file, text }) => ({
    file,
    names: [...text.matchAll(/\bstatement\(\s*'([^']+)'/g)].map(([, name]) => name ?? ''),
  }))
  .filter(({ names }) => names.length > 0);

/** Stands for any values: every property of it is it again, and so is what a method of it returns. */
const anyValues: object = new Proxy(() => undefined, {
  get: (_, name) => (name === Symbol.toPrimitive ? undefined : anyValues),
  apply: () => anyValues,
});

function isStatement(exported: unknown): exported is Statement<object> {
  return typeof exported === 'function' && 'statementName' in exported;
}

async function statementsIn(file: string): Promise<{ name: string; text: string }[]> {
  const module: Record<string, unknown> = await import(path.join(SRC, file));
  const statements = Object.values(module).filter(isStatement);
  return statements.map((statement) => ({ name: statement.statementName, text: statement(anyValues).text }));
}

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('the prepared statements', () => {
  it.each(files)('of $file are exported, and right for the migrated database', async ({ file, names }) => {
    const statements = await statementsIn(file);
    expect(statements.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    for (const { name, text } of statements) {
      await expect(client.query(`PREPARE "${name}" AS ${text}`), `${name}: ${text}`).resolves.toBeDefined();
    }
  });

  it('are all made by statement()', () => {
    const others = sources.filter(({ text }) => /\bname: '[\w-]+',\s*text:/.test(text));
    expect(others.map(({ file }) => file)).toEqual([]);
  });

  it('have a name each', () => {
    const names = files.flatMap((file) => file.names);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
  });
});
