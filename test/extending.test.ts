/**
 * A third kind of entity, added to a copy of the project by the steps of docs/extending.md: its files as they stand there, its model with
 * the relation, and one line in each of two lists. The tests of `test/extending` then run in the copy.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');
const COPIED = ['src', 'sandbox', 'prisma', 'scripts', 'test/support', 'test/generated', 'test/extending'];
const FILES = ['package.json', 'prisma.config.ts', 'tsconfig.json', 'vitest.config.ts'];
const MIGRATION = 'prisma/migrations/20270101000000_purchase_orders';

const run = promisify(execFile);

/** The code of the page, by the file that it belongs to. */
async function readSteps(): Promise<Map<string, string>> {
  const page = await readFile(path.join(ROOT, 'docs/extending.md'), 'utf8');
  const blocks = page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm);
  return new Map(Array.from(blocks, ([, file = '', code = '']) => [file, code]));
}

it('a kind of entity is added by its file, its GraphQL type, its table and a line in two lists', async () => {
  const copy = await mkdtemp(path.join(inject('temporaryFolder'), 'extending-'));
  const inCopy = (file: string) => path.join(copy, file);
  await Promise.all([...COPIED, ...FILES].map((name) => cp(path.join(ROOT, name), inCopy(name), { recursive: true })));
  await symlink(path.join(ROOT, 'node_modules'), inCopy('node_modules'));
  const edit = async (file: string, change: (text: string) => string) => {
    const text = await readFile(inCopy(file), 'utf8');
    const changed = change(text);
    expect(changed, file).not.toBe(text);
    await writeFile(inCopy(file), changed);
  };

  const steps = await readSteps();
  expect([...steps.keys()]).toEqual([
    'prisma/schema.prisma',
    'src/contexts/purchase-order.ts',
    'src/schema/purchase-order.ts',
  ]);
  for (const [file, code] of steps) {
    if (file !== 'prisma/schema.prisma') await writeFile(inCopy(file), code);
  }
  await edit('prisma/schema.prisma', (text) =>
    `${text}\n${steps.get('prisma/schema.prisma')}`.replace(
      /^model ContextEntity \{\n/m,
      '$&  purchaseOrder PurchaseOrder?\n',
    ),
  );
  await edit('src/contexts/registry.ts', (text) =>
    text
      .replace('[invoiceKind, customerKind]', '[invoiceKind, customerKind, purchaseOrderKind]')
      .replace(/^import/m, "import { purchaseOrderKind } from './purchase-order.ts';\n$&"),
  );
  await edit('tsconfig.json', (text) => text.replace(/"include": .*/, '"include": ["src"],'));
  await edit('src/schema/index.ts', (text) =>
    text.replace("import './invoice.ts';\n", "$&import './purchase-order.ts';\n"),
  );

  const node = (...args: string[]) => run(process.execPath, args, { cwd: copy });
  const quiet = '--disable-warning=ExperimentalWarning';
  const [{ stdout: difference }] = await Promise.all([
    node(quiet, 'scripts/migration-diff.ts').catch((error) => error),
    node('node_modules/.bin/prisma', 'generate', '--no-hints'),
  ]);
  await mkdir(inCopy(MIGRATION), { recursive: true });
  const check = `ALTER TABLE "purchase_order" ADD CONSTRAINT "purchase_order_context_type" CHECK (context_type = 'purchase_order');`;
  await writeFile(inCopy(`${MIGRATION}/migration.sql`), `${difference}\n${check}\n`);
  await rename(inCopy('test/extending/purchase-order.ts'), inCopy('test/extending/purchase-order.test.ts'));

  const env = { ...process.env, TEST_DATABASE_URL: inject('postgres').url };
  const vitest = ['node_modules/.bin/vitest', 'run', 'test/extending', '--reporter=dot'];
  const [types, tests] = await Promise.all([
    node('node_modules/.bin/tsc').catch((error) => error),
    run(process.execPath, vitest, { cwd: copy, env }).catch((error) => error),
  ]);
  expect(types.stdout).toBe('');
  expect(tests.code, `${tests.stdout}\n${tests.stderr}`).toBeUndefined();
  expect(tests.stdout).toMatch(/Tests .*\d passed/);
});
