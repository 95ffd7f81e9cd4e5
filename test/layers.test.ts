import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = path.join(import.meta.dirname, '..', 'src');

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('generated'))
  .map((file) => ({ file: file.replaceAll(path.sep, '/'), text: readFileSync(path.join(SRC, file), 'utf8') }));

/** What a file imports or re-exports, `import()` too: a path in src, or a package. */
function importsOf({ file, text }: { file: string; text: string }): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^']+)'/g)].map(
    ([, specifier]) => specifier ?? '',
  );
  return specifiers.map((specifier) =>
    specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : specifier,
  );
}

/** From the top: a file may import from its own layer and from those below it. */
const LAYERS: [string, RegExp][] = [
  ['programs', /^(main|serve)\.ts$|^(cli|demo)\//],
  ['edges', /^(http|metrics)\/|^(worker|periodic)\.ts$/],
  ['schema', /^schema\//],
  ['create-app', /^create-app\.ts$/],
  ['retention', /^retention\//],
  ['sync', /^sync\//],
  ['inbox', /^inbox\//],
  ['outbound', /^outbound\//],
  ['accounts', /^accounts\//],
  ['templates', /^templates\//],
  ['contexts', /^contexts\//],
  ['operations', /^operations\//],
  ['app', /^(app|jobs)\.ts$/],
  ['auth', /^auth\//],
  ['email', /^email\//],
  ['db', /^db\//],
  ['gmail', /^gmail\//],
  ['config', /^config\//],
  ['ground', /^(errors|log|input|repeat|byte-budget|version|observe|request-scope|trace)\.ts$/],
];

function layerOf(file: string): number {
  return LAYERS.findIndex(([, pattern]) => pattern.test(file));
}

/** Groups of files that import each other, directly or through others, types included. */
function circles(): string[][] {
  const imports = new Map(files.map((source) => [source.file, importsOf(source)]));
  const reachedFrom = (start: string) => {
    const reached = new Set<string>();
    const open = [start];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      for (const target of imports.get(file) ?? []) {
        if (reached.has(target)) continue;
        reached.add(target);
        open.push(target);
      }
    }
    return reached;
  };
  const reached = new Map([...imports.keys()].map((file) => [file, reachedFrom(file)]));
  return [...imports.keys()]
    .filter((file) => reached.get(file)?.has(file))
    .map((file) =>
      [...imports.keys()].filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)),
    );
}

describe('imports', () => {
  it('knows the layer of every file', () => {
    expect(files.filter(({ file }) => layerOf(file) === -1).map(({ file }) => file)).toEqual([]);
  });

  it('point down the layers', () => {
    const upward = files.flatMap((source) =>
      importsOf(source)
        .filter((target) => layerOf(target) !== -1 && layerOf(target) < layerOf(source.file))
        .map((target) => `${source.file} -> ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('never form a circle', () => {
    expect(circles()).toEqual([]);
  });

  it('of app.ts are types only', () => {
    const app = files.find(({ file }) => file === 'app.ts');
    expect(app?.text.match(/^import (?!type )/gm)).toBeNull();
  });

  it('name the Gmail client and the HTTP client in src/gmail only', () => {
    const importers = files.filter((source) =>
      importsOf(source).some((target) => /^(@googleapis\/gmail|google-auth-library|undici)/.test(target)),
    );
    expect(importers.length).toBeGreaterThan(0);
    expect(importers.map(({ file }) => file).filter((file) => !file.startsWith('gmail/'))).toEqual([]);
  });

  it('reach Gmail from elsewhere through the port, not through its implementation', () => {
    const outside = files.filter(({ file }) => !file.startsWith('gmail/') && layerOf(file) > 3);
    const reached = outside.flatMap((source) => importsOf(source).filter((target) => target.startsWith('gmail/')));
    expect(
      [...new Set(reached)].filter(
        (target) => !/^gmail\/(gateway|errors|headers|charset|oauth|oauth-endpoints|push-token)\.ts$/.test(target),
      ),
    ).toEqual([]);
  });

  it('take the sandbox in at the top only, and never in production code below', () => {
    const importers = files.filter((source) => /['"/]sandbox\//.test(importsOf(source).join("'")));
    expect(importers.map(({ file }) => file).filter((file) => layerOf(file) > 0)).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read by the programs alone, and handed on to PostgreSQL', () => {
    const readers = files.filter(({ text }) =>
      /process\.env|from 'node:process'/.test(text.replace(/^\s*(\/\/|\*).*$/gm, '')),
    );
    expect(readers.map(({ file }) => file).toSorted()).toEqual(['cli/index.ts', 'db/embedded/cluster.ts', 'main.ts']);
  });
});

describe('modules', () => {
  it('have no default export and no barrel', () => {
    const offenders = files.filter(({ text }) => /^export default|^export \* from/m.test(text));
    expect(offenders.map(({ file }) => file)).toEqual([]);
  });
});
