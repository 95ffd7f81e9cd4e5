/** What an operator sees of the whole installation, as the command prints it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { runAdmin } from '../support/admin.ts';
import { createTenant, eventually, startTestApp, useTenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';

const t = useTestApp({ env: { INSTANCE: 'web-1' } });
const tenant = useTenant(t);

/** @param key of ENCRYPTION_KEY: the one of the tests' server, when it is not given. */
async function status(args: readonly string[] = [], key = Buffer.alloc(32, 7), more: Record<string, string> = {}) {
  const env = { ...more, DATABASE_URL: t.database.url, ENCRYPTION_KEY: key.toString('base64') };
  return runAdmin(['status', ...args], env);
}

async function json() {
  const { stdout } = await status(['--json']);
  return JSON.parse(stdout);
}

describe('npm run admin -- status', () => {
  it('exits with 0 while nothing needs a person', async () => {
    const other = await startTestApp({ beside: t, timing: { requeueOverdueMs: 300 } });
    const { stdout, stderr } = await eventually(async () => {
      const now = await status();
      return now.code === 0 ? now : null;
    });
    await other.close();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/\n {2}overdue emails looked for \d+ s ago\n/);
    expect(stdout).toMatch(/^Epistle \d+\.\d+\.\d+, Node\.js v24\.\S+, PostgreSQL \d+\S*, \d+_\w+\n/);
    expect(stdout).toMatch(/\n {2}web-1 {2}WORKER=on {2}\d+\.\d+\.\d+ {2}heartbeat \d+ s ago\n/);
    expect(stdout).toMatch(/\n {2}ACTIVE {2}1\n/);
  });

  it('says why emails wait', async () => {
    const to = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, to));
    const put = (columns: string) =>
      t.app.pool.query(`UPDATE outbound_email SET lease_token = NULL, ${columns} WHERE id = $1`, [outboundEmail.uid]);
    const seen = async () => (await json()).waiting.map((group: { reason: string; count: number }) => group);
    await put(`status = 'QUEUED', next_attempt_at = now() + interval '1 hour'`);
    expect(await seen()).toEqual([{ status: 'QUEUED', reason: 'retry', count: 1, oldestS: expect.any(Number) }]);
    await put(`status = 'QUEUED', next_attempt_at = now() + interval '1 hour', permit = 'PENDING'`);
    expect(await seen()).toEqual([{ status: 'QUEUED', reason: 'rate_limit', count: 1, oldestS: expect.any(Number) }]);
    // Gmail has throttled it: as long as that lasts, it leaves no trace but this.
    const failure = `failure_code = 'THROTTLED', failure_message = '', failure_retry = 'AFTER', failed_at = now()`;
    await put(`${failure}, updated_at = now() - interval '16 min'`);
    expect(await seen()).toMatchObject([{ status: 'QUEUED', reason: 'retry' }]);
    expect((await status()).stderr).toMatch(/^An email has been retried for 16 min: /);
    await put('failure_code = NULL, failure_message = NULL, failure_retry = NULL, failed_at = NULL');
    await put(
      `status = 'SCHEDULED', next_attempt_at = NULL, permit = NULL, planned_send_at = now() + interval '1 day'`,
    );
    expect(await seen()).toEqual([{ status: 'SCHEDULED', reason: 'planned', count: 1, oldestS: expect.any(Number) }]);
    await put(`status = 'QUEUED', next_attempt_at = now() - interval '1 hour', planned_send_at = NULL`);
    const [due] = await seen();
    expect(due).toMatchObject({ status: 'QUEUED', reason: 'due' });
    expect(due.oldestS).toBeGreaterThan(3_500);
    expect((await status()).stderr).toMatch(/^An email has been due for 60 min: /);
    await put(`status = 'SENT', next_attempt_at = NULL`);
    expect(await seen()).toEqual([]);
  });

  it('says that an email has been retried for 15 minutes, however many attempts it had meanwhile', async () => {
    const uid = await insertEmail(t, tenant, { status: 'QUEUED', nextAttemptAt: new Date(Date.now() + 600_000) });
    const retried = async (deferrals: number, updatedS: number) => {
      await t.app.pool.query(
        `UPDATE outbound_email SET deferrals = $2, updated_at = now() - $3 * interval '1 s' WHERE id = $1`,
        [uid, deferrals, updatedS],
      );
      const { code, stderr } = await status();
      return [code, stderr];
    };
    // Pauses of 5, 10, ... 320 s before: the present one is the eighth, of 640 s.
    expect(await retried(8, 250)).toEqual([0, '']);
    expect(await retried(8, 280)).toEqual([1, expect.stringMatching(/^An email has been retried for 15 min: /)]);
    expect(await retried(56, 0)).toEqual([1, expect.stringMatching(/^An email has been retried for 43 min: /)]);
    await t.app.pool.query(`UPDATE outbound_email SET status = 'CANCELED', next_attempt_at = NULL WHERE id = $1`, [
      uid,
    ]);
  });

  it('says that a mailbox was not read for an hour, beyond the interval of its polls', async () => {
    const put = (minutes: number | null, code: string | null) =>
      t.app.pool.query(
        `UPDATE mailbox_sync SET last_synced_at = now() - $2 * interval '1 min', error_code = $3::text,
         error_message = $3::text, failed_at = CASE WHEN $3::text IS NOT NULL THEN now() END
         WHERE account_id = $1`,
        [tenant.accountId, minutes, code],
      );
    await put(64, 'UNREACHABLE');
    expect((await status()).code).toBe(0);
    await put(66, null);
    const { code, stderr } = await status();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^1 mailboxes were not read for an hour beyond the longest SYNC_INTERVAL_MS: /),
    ]);
    expect((await status([], undefined, { SYNC_INTERVAL_MS: '0' })).code).toBe(0);
    // The first import: it may take hours, unless it fails.
    await t.app.pool.query(`UPDATE email_account SET status_since = now() - interval '2 h'`);
    await put(null, null);
    expect((await status()).code).toBe(0);
    await put(null, 'UNREACHABLE');
    expect((await status()).code).toBe(1);
    await put(0, null);
  });

  it('lists UNCONFIRMED emails that wait for a person, and exits with 1', async () => {
    const uid = await insertEmail(t, tenant, { status: 'UNCONFIRMED' });
    const { code, stdout, stderr } = await status();
    expect([code, stderr]).toEqual([1, '1 UNCONFIRMED wait for a person: resolveOutboundEmail.\n']);
    expect(stdout).toContain(uid);
    await t.app.pool.query(
      `UPDATE outbound_email SET status = 'SENT', sent_at = now(), provider_message_id = 'm',
      provider_thread_id = 't', threading = 'NEW_THREAD' WHERE id = $1`,
      [uid],
    );
  });

  it('tells since when an account is NEEDS_REAUTH', async () => {
    const put = (state: string) =>
      t.app.pool.query(`UPDATE email_account SET status = $2 WHERE id = $1`, [tenant.accountId, state]);
    const putAt = performance.now();
    await put('NEEDS_REAUTH');
    const { code, stderr } = await status();
    expect([code, stderr]).toEqual([1, '1 accounts are NEEDS_REAUTH: connectEmailAccount again.\n']);
    const [account] = (await json()).idleAccounts;
    expect(account).toMatchObject({ id: tenant.accountId, email: tenant.email, status: 'NEEDS_REAUTH' });
    expect(account.statusS).toBeLessThanOrEqual((performance.now() - putAt) / 1_000 + 1);
    await put('ACTIVE');
  });

  it('counts a job as retried only after it has failed', async () => {
    const put = async (attempts: number, locked: boolean) => {
      await t.app.pool.query(
        `UPDATE graphile_worker._private_jobs j SET attempts = $1, locked_at = CASE WHEN $2 THEN now() END
         FROM graphile_worker._private_tasks k WHERE k.id = j.task_id AND k.identifier = 'unknown'`,
        [attempts, locked],
      );
      return (await json()).jobs.find(({ job }: { job: string }) => job === 'unknown');
    };
    await t.app.pool.query(`SELECT graphile_worker.add_job('unknown', max_attempts => 2)`);
    expect(await put(0, false)).toMatchObject({ ready: 1, retried: 0 });
    expect(await put(1, true)).toMatchObject({ locked: 1, retried: 0 });
    expect(await put(1, false)).toMatchObject({ ready: 1, retried: 1 });
    expect(await put(2, true)).toMatchObject({ locked: 1, retried: 1, givenUp: 0 });
    expect(await put(2, false)).toMatchObject({ ready: 0, retried: 0, givenUp: 1 });
    await t.app.pool.query(`SELECT graphile_worker.complete_jobs(array_agg(id)) FROM graphile_worker.jobs
      WHERE task_identifier = 'unknown'`);
  });

  it('counts an account as PAUSED while its daily limit is reached', async () => {
    const block = (interval: string) =>
      t.app.pool.query(
        `INSERT INTO account_rate_limit (organization_id, account_id, sends_from, blocked_until, blocked_code)
         VALUES ($1, $2, now(), now() + $3::interval, 'DAILY_BUDGET')
         ON CONFLICT (organization_id, account_id) DO UPDATE SET blocked_until = excluded.blocked_until, blocked_code = 'DAILY_BUDGET'`,
        [tenant.organizationId, tenant.accountId, interval],
      );
    await block('1 hour');
    expect((await json()).accounts).toEqual([{ status: 'PAUSED', count: 1 }]);
    await block('-1 hour');
    expect((await json()).accounts).toEqual([{ status: 'ACTIVE', count: 1 }]);
  });

  it('knows by its fingerprint that a key does not decrypt the stored consents', async () => {
    const { code, stderr } = await status([], Buffer.alloc(32, 8));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ENCRYPTION_KEY does not decrypt the consent of 1 acc/)]);
  });

  it('says that nobody runs jobs, or looks for overdue emails', async () => {
    // Its own worker runs it each minute: this trigger keeps that from being written.
    await t.app.pool.query(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER keep BEFORE UPDATE ON periodic_task FOR EACH ROW WHEN (NEW.begun_at > OLD.begun_at) EXECUTE FUNCTION keep();
      CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON process_heartbeat FOR EACH ROW EXECUTE FUNCTION keep()`);
    await t.app.pool.query(
      `UPDATE periodic_task SET begun_at = now() - interval '1 hour' WHERE name = 'requeue-overdue'`,
    );
    onTestFinished(async () => void (await t.app.pool.query('DROP FUNCTION keep CASCADE')));
    expect((await status()).stderr).toMatch(/^Overdue emails were last looked for \d+ min ago/);
    await t.app.pool.query(`DELETE FROM process_heartbeat`);
    expect((await status()).stderr).toBe('No process runs jobs: start one with WORKER=on or WORKER=only.\n');
  });
});

describe('npm run admin -- organization', () => {
  const env = () => ({ DATABASE_URL: t.database.url });

  it('lists and renames, and keys go on to work', async () => {
    const { name } = await t.app.db.organization.findUniqueOrThrow({ where: { id: tenant.organizationId } });
    const renamed = await runAdmin(['organization', 'rename', name, '--name', 'Lumen GmbH'], env());
    expect(renamed).toEqual({ code: 0, stdout: `"${name}" is "Lumen GmbH" now.\n`, stderr: '' });
    const { stdout } = await runAdmin(['organization', 'list'], env());
    expect(stdout).toBe(`Lumen GmbH  ${tenant.organizationId}  1 keys  1 accounts\n`);
    const to = createRecipient(t, tenant, 'renamed');
    expect((await accepted(t, tenant, fresh(tenant, to))).outboundEmail.status).toBe('SENT');
  });

  it('refuses a name that is taken, or that does not exist', async () => {
    await createTenant(t, 'other');
    const taken = await runAdmin(['organization', 'rename', 'Lumen GmbH', '--name', 'other'], env());
    expect([taken.code, taken.stderr]).toEqual([1, 'There is an organization "other" already.\n']);
    const unknown = await runAdmin(['organization', 'rename', 'none', '--name', 'new'], env());
    expect([unknown.code, unknown.stderr]).toEqual([1, 'There is no organization "none".\n']);
  });
});
