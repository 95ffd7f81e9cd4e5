/**
 * Writes every generated file, each from the one before:
 *
 *   prisma/schema.prisma -> src/generated -> schema.graphql, possible-types.json -> test/generated
 *
 * With `--check` it changes nothing, and fails with the names of stale files and the command that updates them. The steps then
 * run in parallel, each in a copy of the project and from the checked-in files: if each step is current, all files are.
 */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildSchema, isAbstractType } from 'graphql';

const ROOT = path.join(import.meta.dirname, '..');
const SOURCES = [
  'prisma',
  'src',
  'test',
  'package.json',
  'prisma.config.ts',
  'codegen.ts',
  'schema.graphql',
  'possible-types.json',
];

interface Step {
  /** Files and folders that only this step writes, relative to the project. */
  readonly outputs: readonly string[];
  readonly run: (root: string) => Promise<void>;
}

const PRINT_SCHEMA = `
  import { lexicographicSortSchema, printSchema } from 'graphql';
  import { schema } from './src/schema/index.ts';
  process.stdout.write(printSchema(lexicographicSortSchema(schema)) + '\\n', () => process.exit());
`;

const STEPS: readonly Step[] = [
  {
    outputs: ['src/generated'],
    run: async (root) => {
      await node(root, ['node_modules/.bin/prisma', 'generate', '--no-hints']);
    },
  },
  {
    outputs: ['schema.graphql', 'possible-types.json'],
    run: async (root) => {
      const sdl = await node(root, ['--input-type=module', '--eval', PRINT_SCHEMA]);
      await writeFile(path.join(root, 'schema.graphql'), sdl);
      await writeFile(path.join(root, 'possible-types.json'), `${JSON.stringify(possibleTypes(sdl), null, 2)}\n`);
    },
  },
  {
    outputs: ['test/generated'],
    run: async (root) => {
      await node(root, ['node_modules/.bin/graphql-codegen', '--config', 'codegen.ts']);
    },
  },
];

/** The members of every union and interface, which caches such as Apollo's need to match fragments. */
function possibleTypes(sdl: string): Record<string, string[]> {
  const schema = buildSchema(sdl);
  const types = Object.values(schema.getTypeMap()).filter((type) => isAbstractType(type));
  const members = types.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)] as const);
  return Object.fromEntries(members);
}

/** Stops at the first step that fails. @returns its problems. */
async function generate(): Promise<string[]> {
  for (const { outputs, run } of STEPS) {
    try {
      await run(ROOT);
    } catch (error) {
      return [`${outputs.join(', ')} cannot be generated:\n${messageOf(error)}`];
    }
    process.stdout.write(`wrote ${outputs.join(', ')}\n`);
  }
  return [];
}

/** @returns one line for every file that is stale. */
async function check(): Promise<string[]> {
  const checks = [...STEPS.map((step) => () => staleFiles(step)), checkMigrations];
  const lines = await Promise.all(checks.map((run) => run()));
  return lines.flat();
}

async function staleFiles({ outputs, run }: Step): Promise<string[]> {
  const copy = await mkdtemp(path.join(tmpdir(), 'epistle-generate-'));
  try {
    await Promise.all(SOURCES.map((name) => copyIfThere(path.join(ROOT, name), path.join(copy, name))));
    await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
    await Promise.all(outputs.map((output) => rm(path.join(copy, output), { recursive: true, force: true })));
    await run(copy);
    const [now, fresh] = await Promise.all([readOutputs(ROOT, outputs), readOutputs(copy, outputs)]);
    const files = [...new Set([...now.keys(), ...fresh.keys()])].sort();
    return files
      .filter((file) => now.get(file) !== fresh.get(file))
      .map((file) => `${file} is stale: npm run generate`);
  } catch (error) {
    return [`${outputs.join(', ')} cannot be generated: npm run generate\n${messageOf(error)}`];
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function checkMigrations(): Promise<string[]> {
  try {
    await node(ROOT, ['--disable-warning=ExperimentalWarning', 'scripts/migration-diff.ts']);
    return [];
  } catch (error) {
    const isDifferent = error instanceof Error && 'code' in error && error.code === 2;
    return [
      isDifferent
        ? 'prisma/migrations is behind prisma/schema.prisma: npm run migration NAME'
        : `prisma/migrations cannot be compared with prisma/schema.prisma: npm run migration\n${messageOf(error)}`,
    ];
  }
}

/** Runs the current Node.js, which its child processes use too. @returns its stdout. */
async function node(root: string, args: readonly string[]): Promise<string> {
  const PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`;
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, PATH },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true }).catch(ignoreMissing);
}

/** @returns content by path relative to the project. */
async function readOutputs(root: string, outputs: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const output of outputs) {
    const names = path.extname(output) === '' ? await filesBelow(path.join(root, output)) : [''];
    for (const name of names) {
      const file = path.join(output, name);
      const content = await readFile(path.join(root, file), 'utf8').catch(ignoreMissing);
      if (content !== undefined) files.set(file, content);
    }
  }
  return files;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(ignoreMissing)) ?? [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function messageOf(error: unknown): string {
  const output =
    error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return output !== '' ? output : error instanceof Error ? error.message : String(error);
}

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
const problems = values.check ? await check() : await generate();
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
