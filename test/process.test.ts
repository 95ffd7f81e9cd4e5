/** The program as its users run it: real processes, really killed. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { SendEmail } from './support/documents.ts';
import { graphql } from './generated/gql.ts';
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

const started: EpistleProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

interface Started {
  readonly url: string;
  readonly key: string;
  readonly output: string;
  readonly process: EpistleProcess;
}

async function start(dataDir: string): Promise<Started> {
  const process = new EpistleProcess(await freePort(), { DATA_DIR: dataDir });
  started.push(process);
  await process.start();
  // It is printed last.
  const key = await eventually(async () =>
    /\ncurl [\s\S]*'\n\n/.test(process.output) ? /epk_[\w-]{43}/.exec(process.output)?.[0] : null,
  );
  return { url: process.url, key, output: process.output, process };
}

function dataFolder(): Promise<string> {
  return mkdtemp(path.join(inject('temporaryFolder'), 'process-'));
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
  it('prints a curl that sends an email as it is pasted', async () => {
    const { output } = await start(await dataFolder());
    const command = /^curl [\s\S]*?'\n(?=\n)/m.exec(output)?.[0] ?? '';
    const { stdout } = await run('/bin/sh', ['-c', command]);
    expect(JSON.parse(stdout)).toMatchObject({
      data: { sendEmail: { outboundEmail: { status: 'SENT', context: { number: 'INV-2026-001' } } } },
    });
  });

  it('finds everything again after it was stopped, the key included', async () => {
    const folder = await dataFolder();
    const first = await start(folder);
    const uid = await sendOne(first, 'Before the restart');
    first.process.signal('SIGTERM');
    expect(await first.process.exit()).toEqual([0, null]);

    const second = await start(folder);
    expect(second.key).toBe(first.key);
    const { outboundEmails } = await query(second, second.key, Sent);
    expect(outboundEmails.edges.map(({ node }) => node)).toContainEqual({
      uid,
      subject: 'Before the restart',
      status: 'SENT',
    });
  });

  it('loses no acknowledged email over kill -9 in the middle of sending', async () => {
    const folder = await dataFolder();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const app = await start(folder);
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
    const last = await start(folder);
    const stored = new Set<string>();
    for (const uid of acknowledged) {
      const { outboundEmail } = await query(last, last.key, ById, { uid });
      if (outboundEmail?.status === 'SENT') stored.add(outboundEmail.uid);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    expect(acknowledged.filter((uid) => !stored.has(uid))).toEqual([]);
  }, 60_000);
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
    const folder = await dataFolder();
    const app = await start(folder);
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
