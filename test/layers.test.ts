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

/** The layers from the top; a layer may import from itself and from those below it. */
const LAYERS: [string, RegExp][] = [
  ['main', /^(main|admin)\.ts$|^admin\//],
  ['process', /^(server|worker|heartbeat|create-app|demo|welcome|secrets)\.ts$/],
  ['http', /^(graphql-server|large-json|request-body|downloads|push|graphiql|oauth-callback)\.ts$/],
  ['schema', /^schema\//],
  ['domain', /^(mail|sync|context|auth)\//],
  ['ports', /^(gmail|db)\/|^(queue|app)\.ts$/],
  ['ground', /^(errors|config|data-dir|log|input|charset|gate|byte-range)\.ts$/],
];

function layerOf(file: string): number {
  return LAYERS.findIndex(([, pattern]) => pattern.test(file));
}

/** `app.ts` is the one value that carries everything: its type names things of every layer below `schema`. */
const APP_TYPES = /^app\.ts$/;

describe('imports', () => {
  it('knows the layer of every file', () => {
    expect(files.filter(({ file }) => layerOf(file) === -1).map(({ file }) => file)).toEqual([]);
  });

  it('point one way', () => {
    const upward = files
      .filter(({ file }) => !APP_TYPES.test(file))
      .flatMap((source) =>
        importsOf(source)
          .filter((target) => layerOf(target) !== -1 && layerOf(target) < layerOf(source.file))
          .map((target) => `${source.file} -> ${target}`),
      );
    expect(upward).toEqual([]);
  });

  it('of app.ts are types only', () => {
    const app = files.find(({ file }) => APP_TYPES.test(file));
    expect(app?.text.match(/^import (?!type )/gm)).toBeNull();
  });

  it('never run in a circle between folders of the domain', () => {
    const edges = new Set(
      files.flatMap((source) =>
        importsOf(source).map((target) => `${source.file.split('/')[0]} -> ${target.split('/')[0]}`),
      ),
    );
    for (const forbidden of ['mail -> sync', 'context -> sync', 'gmail -> mail', 'db -> mail', 'gmail -> db']) {
      expect(edges).not.toContain(forbidden);
    }
  });

  it('name the Gmail client and the auth library in src/gmail only', () => {
    const importers = files.filter((source) =>
      importsOf(source).some((target) => /^(@googleapis\/gmail|google-auth-library)/.test(target)),
    );
    expect(importers.length).toBeGreaterThan(0);
    expect(importers.map(({ file }) => file).filter((file) => !file.startsWith('gmail/'))).toEqual([]);
  });

  it('reach Gmail from elsewhere through the port, not through its implementation', () => {
    const outside = files.filter(({ file }) => !file.startsWith('gmail/') && layerOf(file) > 1);
    const reached = outside.flatMap((source) => importsOf(source).filter((target) => target.startsWith('gmail/')));
    expect(
      [...new Set(reached)].filter(
        (target) => !/^gmail\/(gateway|errors|oauth|oauth-endpoints|push-token)\.ts$/.test(target),
      ),
    ).toEqual([]);
  });

  it('take the sandbox in at the top only, and never in production code below', () => {
    const importers = files.filter((source) => /['"/]sandbox\//.test(importsOf(source).join("'")));
    expect(importers.map(({ file }) => file).filter((file) => layerOf(file) > 1)).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read by the programs alone, and handed on to PostgreSQL', () => {
    const readers = files.filter(({ text }) =>
      /process\.env|from 'node:process'/.test(text.replace(/^\s*(\/\/|\*).*$/gm, '')),
    );
    expect(readers.map(({ file }) => file).toSorted()).toEqual(['admin.ts', 'db/embedded/cluster.ts', 'main.ts']);
  });
});

describe('modules', () => {
  it('have no default export and no barrel', () => {
    const offenders = files.filter(({ text }) => /^export default|^export \* from/m.test(text));
    expect(offenders.map(({ file }) => file)).toEqual([]);
  });
});
