/** A backup and its restore as docs/operating.md has them, with pg_dump and pg_restore of Debian's PostgreSQL. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { query, request } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, record } from '../support/mail.ts';
import { type Fleet, ROOT, startFleet } from '../support/processes.ts';
import { CancelOutboundEmail, OutboundRecord } from '../support/send-documents.ts';
import { binary, type Replication, startPrimary } from '../support/standby.ts';

let postgres: Omit<Replication, 'standby'> | undefined;
let fleet: Fleet | undefined;
beforeAll(async () => {
  postgres = await startPrimary();
  // As the first step of a restore has it: nothing leaves by itself.
  fleet = await startFleet({ processes: 1, databaseUrl: postgres.primary.url, env: { WORKER: 'off' } });
});
afterAll(async () => {
  await fleet?.close();
  await postgres?.close();
});

describe('a restored backup', () => {
  it('has what was sent and what is planned, answers repeated requests, and sends on', async () => {
    const [server] = fleet?.processes ?? [];
    if (!fleet || !postgres || !server) throw new Error('it was not started');
    const { tenant, sandbox } = fleet;
    const [maria, bob] = [createRecipient(fleet, tenant, 'maria'), createRecipient(fleet, tenant, 'bob')];
    const input = fresh(tenant, maria, { idempotencyKey: 'before' });
    const before = await accepted(server, tenant, input);
    await fetchSentCopy(server, tenant, before.outboundEmail.uid);
    const plannedSendAt = new Date(Date.now() + 3_600_000).toISOString();
    const planned = await accepted(server, tenant, fresh(tenant, maria, { plannedSendAt }));

    const dump = path.join(await mkdtemp(path.join(inject('temporaryFolder'), 'backup-')), 'epistle.dump');
    const { url } = postgres.primary;
    execFileSync(binary('pg_dump'), ['--format=custom', '--file', dump, url]);
    const since = fresh(tenant, bob, { idempotencyKey: 'since' });
    const lost = await accepted(server, tenant, since);
    server.signal('SIGTERM');
    expect(await server.exit()).toEqual([0, null]);
    const elsewhere = url.replace(/postgres$/, 'template1');
    for (const statement of ['DROP DATABASE postgres WITH (FORCE)', 'CREATE DATABASE postgres']) {
      execFileSync(binary('psql'), ['--quiet', '--command', statement, elsewhere]);
    }
    execFileSync(binary('pg_restore'), ['--no-owner', '--exit-on-error', '--dbname', url, dump]);
    await server.start();

    expect((await record(server, tenant, before.outboundEmail.uid)).status).toBe('SENT');
    expect((await accepted(server, tenant, input)).replayed).toBe(true);
    expect(sandbox.admin.messages(maria)).toHaveLength(1);
    const page = await readFile(path.join(ROOT, 'docs', 'operating.md'), 'utf8');
    const [, pending = ''] = /(query Pending[\s\S]*?)```/.exec(page) ?? [];
    const { data } = await request(server, tenant.key, pending);
    expect(data).toMatchObject({
      outboundEmails: { nodes: [{ uid: planned.outboundEmail.uid, status: 'SCHEDULED' }] },
    });
    const { cancelOutboundEmail } = await query(server, tenant.key, CancelOutboundEmail, {
      uid: planned.outboundEmail.uid,
    });
    expect(cancelOutboundEmail.__typename).toBe('CancelOutboundEmailPayload');
    // What the page warns of: the backup knows nothing of what was sent since.
    const { outboundEmail } = await query(server, tenant.key, OutboundRecord, { uid: lost.outboundEmail.uid });
    expect(outboundEmail).toBeNull();
    expect((await accepted(server, tenant, since)).replayed).toBe(false);
    expect(sandbox.admin.messages(bob)).toHaveLength(2);
  });
});
