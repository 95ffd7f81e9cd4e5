/**
 * What docs/clients.md shows, in a project with the clients that it names: code generators and compilers run over it, TypeScript checks it,
 * and the clients ask a server, which is audited too. The project is installed in a temporary folder, because the clients take 300 MB.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInvoice, createTenant, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

const t = useTestApp();

let tenant: Tenant;
let project: string;
let page: string;

/** The code below a heading of the page, in this language: the first block, or another. */
function block(heading: string, language: string, index = 0): string {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [ofHeading = ''] = section.split('\n## ');
  const blocks = [...ofHeading.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, of]) => of === language);
  const text = blocks[index]?.[2];
  if (text === undefined) throw new Error(`the page has no ${language} below ${heading}`);
  return text;
}

/** Runs a program of the project. @returns what it printed. @throws with what it printed if it fails or warns. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, EPISTLE_URL: t.url, EPISTLE_KEY: tenant.key };
  const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
  const { stdout, stderr } = await promisify(execFile)(program, args, options).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  if (stderr !== '') throw new Error(stderr);
  return stdout;
}

const bin = (name: string) => path.join(project, 'node_modules', '.bin', name);

/** Bundles a program of the project, as a page would be, and runs it. */
async function drive(folder: string, name: string): Promise<Record<string, unknown>> {
  const bundle = path.join(project, `${name}.mjs`);
  const options = ['--bundle', '--platform=node', '--format=esm', '--log-level=error', `--outfile=${bundle}`];
  await run(project, bin('esbuild'), `${folder}/src/${name}.ts`, ...options);
  return JSON.parse(await run(project, process.execPath, bundle));
}

/** The files of each folder as the page has them, with names for what it leaves to the reader. */
function filesOfPage(): Record<string, string> {
  const tsconfig = JSON.stringify({ extends: '../tsconfig.base.json', include: ['.'] });
  return {
    'app/tsconfig.json': tsconfig,
    'app/codegen.ts': block('GraphQL Code Generator', 'ts'),
    'app/src/send-email.ts': `import { graphql } from './gql';
      export const SendEmail = graphql(\`${block('Errors as data', 'graphql')}\`);`,
    'app/src/handle.ts': `import type { SendEmailMutation } from './gql/graphql';
      declare function show(email: { uid: string }): void;
      declare function markFields(issues: readonly { path: string; message: string }[]): void;
      declare function explain(message: string): void;
      export function handle(data: SendEmailMutation) { ${block('Errors as data', 'ts')} }`,
    'app/src/apollo.ts': block('Apollo Client', 'ts'),
    'app/introspect.ts': block('urql', 'ts', 0),
    'app/src/urql.ts': block('urql', 'ts', 1),
    'relay/tsconfig.json': tsconfig,
    'relay/relay.config.json': block('Relay', 'json'),
    'relay/src/relay.ts': block('Relay', 'ts', 0),
    'relay/src/invoice.ts': block('Relay', 'ts', 1),
    'tada/tsconfig.json': JSON.stringify({ ...JSON.parse(tsconfig), ...JSON.parse(block('gql.tada', 'json')) }),
    'tada/src/tada.ts': block('gql.tada', 'ts'),
  };
}

async function writeProject(): Promise<void> {
  await cp(path.join(import.meta.dirname, 'project'), project, { recursive: true });
  for (const folder of ['app', 'relay', 'tada']) {
    await cp(path.join(ROOT, 'schema.graphql'), path.join(project, folder, 'schema.graphql'));
  }
  await cp(path.join(ROOT, 'possible-types.json'), path.join(project, 'app', 'src', 'possible-types.json'));
  for (const [name, text] of Object.entries(filesOfPage())) await writeFile(path.join(project, name), text);
}

/** What a developer runs once. */
async function generate(): Promise<void> {
  const [app, relay, tada] = [path.join(project, 'app'), path.join(project, 'relay'), path.join(project, 'tada')];
  await run(project, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  await run(app, process.execPath, 'introspect.ts');
  await rename(path.join(app, 'introspection.json'), path.join(app, 'src', 'introspection.json'));
  await run(app, bin('graphql-codegen'), '--config', 'codegen.ts', '--silent');
  await mkdir(path.join(relay, 'src', '__generated__'));
  await run(relay, bin('relay-compiler'));
  await run(tada, bin('gql.tada'), 'generate', 'output');
}

beforeAll(async () => {
  tenant = await createTenant(t);
  page = await readFile(path.join(ROOT, 'docs', 'clients.md'), 'utf8');
  project = await mkdtemp(path.join(tmpdir(), 'epistle-clients-'));
  await writeProject();
  await generate();
  const maria = createRecipient(t, tenant);
  const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
  const contexts = [{ type: 'invoice', uid: invoiceId }];
  for (const subject of ['one', 'two', 'three']) await accepted(t, tenant, fresh(tenant, maria, { subject, contexts }));
});
afterAll(() => rm(project, { recursive: true, force: true }));

const REFUSED = {
  __typename: 'InvalidInputError',
  code: 'INVALID_INPUT',
  retry: 'NEVER',
  issues: expect.arrayContaining([expect.objectContaining({ path: 'input.fresh.fromAccountUid' })]),
};

describe('the page for', () => {
  it.each(['app', 'relay', 'tada'])(
    'each client has code that TypeScript accepts, with the generated types: %s',
    async (folder) => {
      expect(await run(path.join(project, folder), bin('tsc'))).toBe('');
    },
  );

  it('Apollo merges pages in its cache, and keeps the fields of interfaces', async () => {
    const { merged, cached, sent } = await drive('app', 'drive-apollo');
    expect(merged).toHaveLength(3);
    expect(sent).toMatchObject(REFUSED);
    expect(cached).toMatchObject([{ subject: 'three' }, { subject: 'two' }, { subject: 'one' }]);
  });

  it('urql merges pages in its normalized cache without a warning', async () => {
    const { errors, merged, cached, sent } = await drive('app', 'drive-urql');
    expect(errors).toEqual([]);
    expect([merged, cached]).toEqual([expect.objectContaining({ length: 3 }), 3]);
    expect(sent).toMatchObject(REFUSED);
  });

  it('Relay has artifacts that fetch and append a page of a connection', async () => {
    const { page: first, merged } = await drive('relay', 'drive-relay');
    expect(first).toHaveLength(2);
    expect(merged).toHaveLength(3);
  });
});

it('passes every audit of the GraphQL over HTTP specification', async () => {
  expect(await drive('audits', 'drive-audits')).toEqual({ count: 61, failed: [] });
});
