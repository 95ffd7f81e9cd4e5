/** The examples of `ops/` as programs read them: nginx, Caddy and systemd of Debian's packages. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { accepted, createRecipient, fresh, onlyMail } from '../support/mail.ts';
import { type EpistleProcess, type Fleet, ROOT, startFleet } from '../support/processes.ts';
import { type RunningProxy, startCaddy, startNginx } from '../support/proxies.ts';

/** As many bytes as `/graphql` takes, and no more. */
const MAX_BODY_BYTES = 45 * 1024 * 1024;

let fleet: Fleet | undefined;
beforeAll(async () => {
  fleet = await startFleet({ processes: 1 });
});
afterAll(() => fleet?.close());

function running(): { fleet: Fleet; server: EpistleProcess } {
  const [server] = fleet?.processes ?? [];
  if (fleet === undefined || server === undefined) throw new Error('there is no process');
  return { fleet, server };
}

const EXAMPLES: readonly [string, (upstream: string) => Promise<RunningProxy>][] = [
  ['nginx', (upstream) => startNginx([upstream])],
  ['Caddy', startCaddy],
];

describe.each(EXAMPLES)('%s with the example of ops/', (name, start) => {
  let proxy: RunningProxy | undefined;
  beforeAll(async () => {
    proxy = await start(running().server.url);
  });
  afterAll(() => proxy?.stop());

  it('lets an email leave', async () => {
    const { fleet } = running();
    const url = proxy?.url ?? '';
    const to = createRecipient(fleet, fleet.tenant, name.toLowerCase());
    const { outboundEmail } = await accepted({ url }, fleet.tenant, fresh(fleet.tenant, to));
    expect(outboundEmail.status).toBe('SENT');
    expect(onlyMail(fleet, to).header('X-Epistle-Id')).toBe(outboundEmail.uid);
  });

  it('passes the largest request that Epistle takes, and refuses a larger one', async () => {
    const { fleet } = running();
    const headers = { authorization: `Bearer ${fleet.tenant.key}`, 'content-type': 'application/json' };
    const ask = (bytes: number) =>
      fetch(`${proxy?.url}/graphql`, { method: 'POST', headers, body: '{"query":"{__typename}"}'.padEnd(bytes) });
    const largest = await ask(MAX_BODY_BYTES);
    expect([largest.status, largest.headers.get('content-type')]).toEqual([413, expect.stringContaining('json')]);
    expect((await ask(MAX_BODY_BYTES + 1)).status).toBe(413);
  });

  it('keeps what is for the inside', async () => {
    const answers = ['/health', '/ready', '/metrics', '/'].map((target) => fetch(`${proxy?.url}${target}`));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });
});

describe('epistle.service', () => {
  it('is what systemd understands, and exposes little', async () => {
    const unit = await readFile(path.join(ROOT, 'ops', 'epistle.service'), 'utf8');
    const file = path.join(await mkdtemp(path.join(inject('temporaryFolder'), 'systemd-')), 'epistle.service');
    await writeFile(file, unit.replaceAll('/opt/epistle', ROOT));
    const analyze = (...args: string[]) => execFileSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
    expect(analyze('verify')).toBe('');
    expect(analyze('security', '--offline=yes', '--threshold=20')).toMatch(/Overall exposure level.*: 1\.\d OK/);
  });
});
