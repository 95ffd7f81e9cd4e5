import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { refreshTokenPurpose } from '../../src/accounts/mailbox-access.ts';
import { createSealer } from '../../src/auth/seal.ts';
import { runAdmin } from '../support/admin.ts';
import { begin } from '../support/connecting.ts';
import { createTenant, eventually, startTestApp, type Tenant, useTestApp, warnings } from '../support/harness.ts';
import { accepted, createRecipient, fresh, record, runNow } from '../support/mail.ts';
import { EpistleProcess, environment, freePort, ROOT } from '../support/processes.ts';

/** The harness seals under this one. */
const OLD = Buffer.alloc(32, 7);
const NEW = Buffer.alloc(32, 8);
const THIRD = Buffer.alloc(32, 9);

let tenant: Tenant;

const t = useTestApp();
beforeEach(async () => {
  await t.app.pool.query('DELETE FROM oauth_state');
  await t.app.pool.query("UPDATE email_account SET status = 'DISCONNECTED', sealed_refresh_token = NULL");
  tenant = await createTenant(t);
});

const keyList = (keys: readonly Buffer[]) => keys.map((key) => key.toString('base64')).join(',');

function rotate(...keys: Buffer[]) {
  return runAdmin(['keys', 'rotate'], { DATABASE_URL: t.database.url, ENCRYPTION_KEY: keyList(keys) });
}

/** Every envelope in the database. */
async function envelopes(): Promise<string[]> {
  const { rows } = await t.app.pool.query<{ sealed: string }>(
    `SELECT sealed_refresh_token AS sealed FROM email_account WHERE sealed_refresh_token IS NOT NULL
     UNION ALL SELECT sealed_code_verifier FROM oauth_state`,
  );
  return rows.map(({ sealed }) => sealed);
}

it('starts with keys that open nothing, and names the accounts that need another one', async () => {
  const stranger = new EpistleProcess(await freePort(), {
    NODE_ENV: 'test',
    DATABASE_URL: t.database.url,
    DATA_DIR: await mkdtemp(path.join(inject('temporaryFolder'), 'keys-')),
    ENCRYPTION_KEY: keyList([NEW, THIRD]),
    GOOGLE_CLIENT_ID: t.sandbox.clientId,
    GOOGLE_CLIENT_SECRET: t.sandbox.clientSecret,
    GOOGLE_BASE_URL: t.sandbox.url,
    WORKER: 'off',
  });
  await stranger.start();
  try {
    const told = () => warnings({ logged: stranger.output.split('\n') }, 'ENCRYPTION_KEY does not decrypt');
    await eventually(async () => told().length > 0 || null);
    expect(told()).toMatchObject([{ count: 1, accountIds: [tenant.accountId] }]);
  } finally {
    await stranger.kill();
  }
});

describe('npm run admin -- keys rotate', () => {
  it('seals every stored secret under the first key, so that the old one can go; again, it does nothing', async () => {
    await begin(t, tenant.key);
    const before = await envelopes();
    expect(before).toHaveLength(2);
    const first = await rotate(NEW, OLD);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Encrypted 2 secrets .*; 0 were encrypted under it before\.$/m),
    });
    const isNew = createSealer([NEW]).isCurrent;
    expect((await envelopes()).map(isNew)).toEqual([true, true]);
    expect((await envelopes()).filter((sealed) => before.includes(sealed))).toEqual([]);
    expect((await rotate(NEW)).stdout).toMatch(/^Encrypted 0 secrets .*; 2 were encrypted under it before\.$/m);

    const { sealedRefreshToken } = await t.app.db.emailAccount.findFirstOrThrow({ where: { id: tenant.accountId } });
    const opened = createSealer([NEW]).open(sealedRefreshToken ?? '', refreshTokenPurpose(tenant.accountId));
    expect(opened).toMatch(/^1\/\/0/);
  });

  it('names the account whose secret no key opens, never the secret, goes on with the others, and fails', async () => {
    const lost = await createTenant(t);
    const sealed = createSealer([THIRD]).seal('1//0lost', refreshTokenPurpose(lost.accountId));
    await t.app.db.emailAccount.updateMany({ where: { id: lost.accountId }, data: { sealedRefreshToken: sealed } });
    const { code, stdout, stderr } = await rotate(NEW, OLD);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `${lost.email}: no key of ENCRYPTION_KEY decrypts its consent. Add the key that encrypted it, or connect the account again.\n`,
    );
    expect(stdout).toMatch(/^Encrypted 1 secrets/);
    expect(await envelopes()).toContain(sealed);
    expect((await rotate(NEW, OLD, THIRD)).stdout).toMatch(
      /^Encrypted 1 secrets .*; 1 were encrypted under it before\.$/m,
    );
  });

  it('interrupted in the middle, goes on where it was', async () => {
    const others = [await createTenant(t), await createTenant(t), await createTenant(t)];
    await t.app.pool.query(
      `CREATE FUNCTION fail_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
       CREATE TRIGGER fail_update BEFORE UPDATE ON email_account FOR EACH ROW WHEN (OLD.email = '${others[1]?.email}')
       EXECUTE FUNCTION fail_update()`,
    );
    const { isCurrent } = createSealer([NEW]);
    try {
      expect((await rotate(NEW, OLD)).code).toBe(1);
      expect((await envelopes()).filter(isCurrent)).toHaveLength(2);
    } finally {
      await t.app.pool.query('DROP TRIGGER fail_update ON email_account; DROP FUNCTION fail_update');
    }
    expect((await rotate(NEW, OLD)).stdout).toMatch(/^Encrypted 2 secrets .*; 2 were encrypted under it before\.$/m);
  });

  it('killed in the middle, leaves every secret whole under one key or the other, and goes on', async () => {
    const others = [await createTenant(t), await createTenant(t), await createTenant(t), await createTenant(t)];
    const all = [tenant, ...others];
    const locker = await t.app.pool.connect();
    await locker.query('BEGIN');
    // Until another process has started and rotated two.
    await locker.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await locker.query('SELECT FROM email_account WHERE id = $1 FOR UPDATE', [others[1]?.accountId]);
    const { isCurrent } = createSealer([NEW]);
    const child = spawn(process.execPath, ['src/cli/index.ts', 'keys', 'rotate'], {
      cwd: ROOT,
      env: environment({ NODE_ENV: 'test', DATABASE_URL: t.database.url, ENCRYPTION_KEY: keyList([NEW, OLD]) }),
      stdio: 'ignore',
    });
    try {
      await eventually(async () => (await envelopes()).filter(isCurrent).length === 2 || null);
      child.kill('SIGKILL');
      await once(child, 'exit');
    } finally {
      await locker.query('ROLLBACK');
      locker.release();
    }
    expect((await envelopes()).every(isCurrent)).toBe(false);
    const server = await startTestApp({ beside: t, encryptionKeys: [NEW, OLD] });
    try {
      for (const each of all) {
        const { outboundEmail } = await accepted(server, each, fresh(each, createRecipient(t, each)));
        expect(outboundEmail.status).toBe('SENT');
      }
    } finally {
      await server.close();
    }
    expect((await rotate(NEW, OLD)).code).toBe(0);
    expect((await envelopes()).every(isCurrent)).toBe(true);
  });

  it('run too early, has a server wait that does not know the new key; nobody must consent again', async () => {
    expect((await rotate(NEW, OLD)).code).toBe(0);
    const maria = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE', retry: 'AFTER' } });
    expect(await t.app.db.emailAccount.findFirst({ where: { id: tenant.accountId } })).toMatchObject({
      status: 'ACTIVE',
    });
    const server = await startTestApp({ beside: t, encryptionKeys: [OLD, NEW] });
    try {
      await eventually(async () => {
        await runNow(t, tenant, outboundEmail.uid, 'deliver');
        return (await record(t, tenant, outboundEmail.uid)).status === 'SENT' || null;
      });
    } finally {
      await server.close();
    }
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('runs beside a server that sends: one that knows both keys notices nothing', async () => {
    const maria = createRecipient(t, tenant);
    const server = await startTestApp({ beside: t, encryptionKeys: [NEW, OLD] });
    try {
      const [sent] = await Promise.all([
        Promise.all(Array.from({ length: 5 }, () => accepted(server, tenant, fresh(tenant, maria)))),
        rotate(NEW, OLD),
      ]);
      expect(sent.map(({ outboundEmail }) => outboundEmail.status)).toEqual(Array.from({ length: 5 }, () => 'SENT'));
      t.sandbox.admin.expireAccessTokens(tenant.email);
      const { outboundEmail } = await accepted(server, tenant, fresh(tenant, maria));
      expect(outboundEmail.status).toBe('SENT');
      expect((await envelopes()).every(createSealer([NEW]).isCurrent)).toBe(true);
    } finally {
      await server.close();
    }
  });
});
