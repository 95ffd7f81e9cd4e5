/** The documentation, against what it is about: the schema, the configuration, the log and the files that it names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, isScalarType, isSpecifiedScalarType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { CALL_KINDS } from '../sandbox/routes.ts';

const ROOT = path.join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const filesOf = (folder: string, extension: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => `${folder}/${file.replaceAll(path.sep, '/')}`);

const PAGES = ['README.md', 'CHANGELOG.md', ...filesOf('docs', '.md')].map((file) => ({ file, text: read(file) }));
const SOURCES = filesOf('src', '.ts').filter((file) => !file.startsWith('src/generated/'));
const schema = buildSchema(read('schema.graphql'));

/** GraphQL in fenced blocks, and in the README's commands, in which a shell variable stands for a uid. */
const operations = PAGES.flatMap(({ file, text }) => {
  const fenced = [...text.matchAll(/^ *```graphql\n([\s\S]*?)^ *```$/gm)].map(([, operation = '']) => operation);
  const pasted = [...text.matchAll(/epistle '((?:\{|mutation)[\s\S]*?\})'(?:\)|\n| \|)/g)].map(([, operation = '']) =>
    operation.replaceAll(/'\$\w+'/g, '01a22383-e201-743d-af36-149b6fe03be7'),
  );
  return [...fenced, ...pasted].map((operation) => [file, operation] as const);
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('an example operation', () => {
  it('is found in the README and in the pages', () => {
    expect(operations.filter(([file]) => file === 'README.md').length).toBeGreaterThan(7);
    expect(operations.filter(([file]) => file !== 'README.md').length).toBeGreaterThan(5);
  });

  it.each(operations)('of %s is valid: %s', (_file, operation) => {
    expect(validate(schema, parse(operation)).map(({ message }) => message)).toEqual([]);
  });

  it.each(operations.filter(([, operation]) => /\b(?:fresh|reply): \{/.test(operation)))(
    'of %s that sends has an idempotencyKey: %s',
    (_file, operation) => expect(operation).toContain('idempotencyKey: "'),
  );
});

describe('a link', () => {
  it('leads to a file and a heading that exist', () => {
    const broken = PAGES.flatMap(({ file, text }) => {
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
      return links.filter((link) => {
        if (/^https?:/.test(link)) return false;
        const [target = '', anchor] = link.split('#');
        const linked = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
        if (!existsSync(path.join(ROOT, linked))) return true;
        return anchor !== undefined && !anchorsOf(read(linked)).has(anchor);
      });
    });
    expect(broken).toEqual([]);
  });

  it('to a source file in architecture.md leads to one that exists', () => {
    const named = [...read('docs/architecture.md').matchAll(/`(?:src\/)?((?:[a-z-]+\/)?[a-z-]+\.ts)`/g)];
    expect(named.length).toBeGreaterThan(40);
    const missing = named.map(([, file = '']) => file).filter((file) => !existsSync(path.join(ROOT, 'src', file)));
    expect(missing).toEqual([]);
  });
});

describe('decisions/README.md', () => {
  it('has every decision', () => {
    const index = read('docs/decisions/README.md');
    const decisions = readdirSync(path.join(ROOT, 'docs/decisions')).filter((file) => /^\d/.test(file));
    expect(decisions.filter((file) => !index.includes(`](${file})`))).toEqual([]);
  });
});

describe('reference.md', () => {
  const reference = read('docs/reference.md');

  it('has every variable of .env.example', () => {
    const variables = [...read('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(variables.filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every line of the log', () => {
    const calls = SOURCES.flatMap((file) => {
      const text = read(file);
      const starts = [...text.matchAll(/\b(?:log\.(?:info|warn|error|fatal)|logFailure|orWarn)\(/g)];
      return starts.map(({ index }) => text.slice(index, text.indexOf(';', index)));
    });
    const lines = calls.flatMap((call) => {
      const [, , line] =
        [...call.matchAll(/(['"])((?:(?!\1).)+)\1\s*,?\s*(?:\{[^}]*\}\s*)?\)?,?\s*\)?$/g)].at(-1) ?? [];
      return line === undefined ? [] : [line.split(':')[0] ?? ''];
    });
    expect(lines.length).toBeGreaterThan(25);
    expect([...new Set(lines)].filter((line) => !reference.includes(line))).toEqual([]);
  });
});

describe('sandbox.md', () => {
  it('has every call that a fault can name', () => {
    const text = read('docs/sandbox.md');
    expect(CALL_KINDS.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
  });
});

describe('clients.md', () => {
  const text = read('docs/clients.md');
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

  it('has every scalar of the schema', () => {
    const [, map = ''] = /```json\n(\{ "Base64"[^\n]*\})\n/.exec(text) ?? [];
    const scalars = types.filter((type) => isScalarType(type) && !isSpecifiedScalarType(type));
    expect(Object.keys(JSON.parse(map))).toEqual(scalars.map(({ name }) => name));
  });
});
