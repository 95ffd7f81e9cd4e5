/** The program as its users run it: real processes, really killed. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type DefinitionNode, Kind, type OperationDefinitionNode, parse, print } from 'graphql';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { graphql } from './generated/gql.ts';
import { SendEmail } from './support/documents.ts';
import { eventually, expectType, query } from './support/harness.ts';
import { EpistleProcess, environment, freePort, ROOT } from './support/processes.ts';

const run = promisify(execFile);

const Accounts = graphql(`query Accounts { emailAccounts { uid email } }`);
const Sent = graphql(`
  query Sent {
    outboundEmails(first: 100) { edges { node { uid subject status } } }
  }
`);

const ById = graphql(`query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }`);

const Who = graphql(`query Who { viewer { organization { name } scopes } }`);

/** Of the demo, and of every test: it is there from the second start on. */
let folder: string;
const started: EpistleProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(inject('temporaryFolder'), 'process-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

async function launch(env: Record<string, string> = {}, command?: string): Promise<EpistleProcess> {
  const how = command === undefined ? {} : { command };
  const process = new EpistleProcess(await freePort(), { DATA_DIR: folder, ...env }, how);
  started.push(process);
  await process.start();
  return process;
}

interface Started {
  readonly url: string;
  readonly key: string;
  readonly output: string;
  readonly process: EpistleProcess;
}

async function start(): Promise<Started> {
  const process = await launch();
  // It is printed last.
  const key = await eventually(async () =>
    /\ncurl [\s\S]*'\n\n/.test(process.output) ? /epk_[\w-]{43}/.exec(process.output)?.[0] : null,
  );
  return { url: process.url, key, output: process.output, process };
}

function isOperation(definition: DefinitionNode): definition is OperationDefinitionNode {
  return definition.kind === Kind.OPERATION_DEFINITION;
}

async function sendOne(app: Started, subject: string): Promise<string> {
  const { emailAccounts } = await query(app, app.key, Accounts);
  const { sendEmail } = await query(app, app.key, SendEmail, {
    input: {
      fresh: { fromAccountUid: emailAccounts[0]?.uid ?? '', to: ['maria@acme.example'], subject, bodyText: 'Hello.' },
    },
  });
  return expectType(sendEmail, 'SendEmailPayload').outboundEmail.uid;
}

describe('npm start with nothing set', () => {
  it('prints a curl that sends an email as it is pasted, and the same email when it is pasted again', async () => {
    const { output } = await start();
    const command = /^curl [\s\S]*?'\n(?=\n)/m.exec(output)?.[0] ?? '';
    const answers = [await run('/bin/sh', ['-c', command]), await run('/bin/sh', ['-c', command])];
    const [first, second] = answers.map(({ stdout }) => JSON.parse(stdout).data.sendEmail);
    expect(first).toMatchObject({
      replayed: false,
      outboundEmail: { status: 'SENT', contexts: [{ label: 'INV-2026-001' }] },
    });
    expect(second).toEqual({ ...first, replayed: true });
  });

  it('shows GraphiQL with operations that all run as they are', async () => {
    const { url } = await start();
    const page = await (await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).text();
    const options = JSON.parse(/querySelector\('#root'\),\s+(\{.*\}),\s+\);/.exec(page)?.[1] ?? '{}');
    const document = parse(options.defaultQuery);
    const answers: Record<string, unknown> = {};
    for (const operation of document.definitions.filter(isOperation)) {
      const name = operation.name?.value ?? '';
      // As GraphiQL does it: without the other operations, and with every fragment.
      const definitions = document.definitions.filter((each) => !isOperation(each) || each === operation);
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...JSON.parse(options.headers) },
        body: JSON.stringify({ query: print({ ...document, definitions }), operationName: name }),
      });
      answers[name] = await response.json();
    }
    const sent = { data: { sendEmail: { replayed: false, outboundEmail: { status: 'SENT' } } } };
    expect(answers).toMatchObject({ Start: { data: expect.any(Object) }, Fresh: sent, Reply: sent, Draft: sent });
    expect(JSON.stringify(answers)).not.toContain('"errors"');
  });

  it('finds everything again after it was stopped, the key included', async () => {
    const first = await start();
    const uid = await sendOne(first, 'Before the restart');
    first.process.signal('SIGTERM');
    expect(await first.process.exit()).toEqual([0, null]);

    const second = await start();
    expect(second.key).toBe(first.key);
    const { outboundEmails } = await query(second, second.key, Sent);
    expect(outboundEmails.edges.map(({ node }) => node)).toContainEqual({
      uid,
      subject: 'Before the restart',
      status: 'SENT',
    });
  });

  it('loses no acknowledged email over kill -9 in the middle of sending', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const app = await start();
      const killed = app.process.exit();
      const senders = Array.from({ length: 8 }, async (_, sender) => {
        for (let index = 0; ; index++) {
          const uid = await sendOne(app, `Round ${round}, sender ${sender}, ${index}`);
          acknowledged.push(uid);
          if (acknowledged.length >= 20 * (round + 1)) await app.process.kill();
        }
      });
      await Promise.allSettled(senders);
      await killed;
    }
    const last = await start();
    const stored = new Set<string>();
    for (const uid of acknowledged) {
      const { outboundEmail } = await query(last, last.key, ById, { uid });
      if (outboundEmail?.status === 'SENT') stored.add(outboundEmail.uid);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    expect(acknowledged.filter((uid) => !stored.has(uid))).toEqual([]);
  });
});

describe('npm start, and who is told to stop', () => {
  const signals: [string, (app: EpistleProcess) => void][] = [
    ['SIGTERM to npm alone', (app) => app.signal('SIGTERM')],
    ['SIGINT to npm alone', (app) => app.signal('SIGINT')],
    ['SIGTERM to the whole group', (app) => app.signalGroup('SIGTERM')],
    ['Ctrl-C', (app) => app.signalGroup('SIGINT')],
    [
      'Ctrl-C twice',
      (app) => {
        app.signalGroup('SIGINT');
        app.signalGroup('SIGINT');
      },
    ],
  ];
  it.each(signals)('leaves no process behind after %s', async (_what, send) => {
    const app = await launch({}, 'exec npm start');
    send(app);
    expect(await app.exit()).toEqual([0, null]);
    expect(app.output).toContain('"msg":"stopping"');
    expect(() => app.signalGroup(0)).toThrow('ESRCH');
    await expect(fetch(`${app.url}/health`)).rejects.toThrow();
  });

  it('gives the heap no more than 512 MB, unless NODE_OPTIONS says so', async () => {
    const limitWith = async (NODE_OPTIONS: string) => {
      const app = await launch({ NODE_OPTIONS }, 'exec scripts/start.sh');
      const limit = await eventually(async () => /"heapLimitMb":(\d+)/.exec(app.output)?.[1]);
      await app.kill();
      return Number(limit);
    };
    // V8 adds 96 MB for new objects, three times 32.
    expect(await limitWith('')).toBeLessThanOrEqual(512 + 96);
    expect(await limitWith('--max-old-space-size=1500')).toBeGreaterThan(1_400);
  });
});

describe('configuration', () => {
  it('names every bad variable, and never prints a value', async () => {
    const env = environment({ PORT: 'secret-port', ENCRYPTION_KEY: 'secret-key', GOOGLE_CLIENT_ID: 'secret-id' });
    const failure = await run(process.execPath, ['src/main.ts'], { cwd: ROOT, env }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining('PORT: must be a number') });
    expect(failure).toMatchObject({ stderr: expect.stringContaining('ENCRYPTION_KEY: each key must be 32 bytes') });
    expect(failure).toMatchObject({ stderr: expect.not.stringContaining('secret-') });
  });
});

describe('npm run admin', () => {
  it('creates an organization and a key that works, beside a running server', async () => {
    const app = await start();
    const args = [
      'src/cli/index.ts',
      'key',
      'create',
      '--organization',
      'New',
      '--name',
      'first',
      '--scopes',
      'email:read',
    ];
    const { stdout } = await run(process.execPath, args, { cwd: ROOT, env: environment({ DATA_DIR: folder }) });
    const key = stdout.trimEnd().split('\n').at(-1) ?? '';
    const { viewer } = await query(app, key, Who);
    expect(viewer).toEqual({ organization: { name: 'New' }, scopes: ['email:read'] });
  });
});
