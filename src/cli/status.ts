import { createSealer } from '../auth/seal.ts';
import type { Config } from '../config/config.ts';
import { existingEncryptionKeys } from '../config/secrets.ts';
import { TIMING } from '../config/timing.ts';
import { type Facts, readFacts } from '../operations/facts.ts';
import { duration, problemsOf } from '../operations/problems.ts';
import { readVersions } from '../operations/versions.ts';
import { type Report, withDatabase } from './command.ts';

interface Status extends Facts {
  readonly at: string;
  readonly versions: Awaited<ReturnType<typeof readVersions>>;
  /** Fingerprints of the keys in ENCRYPTION_KEY, the one that encrypts first. */
  readonly keyIds: readonly string[];
  readonly problems: readonly string[];
}

/** The whole installation at a glance. It changes nothing; what needs a person is a problem, so that it exits with 1. */
export async function showStatus(config: Config, { json = false }: { json?: boolean }): Promise<Report> {
  const { keyIds } = createSealer(existingEncryptionKeys(config));
  const options = {
    deadAfterMs: TIMING.deadAfterMs,
    dailySends: config.gmailDailySends,
    maxSyncIntervalMs: config.syncInterval?.maxMs ?? null,
    keyIds,
  };
  const status = await withDatabase(
    config,
    async ({ pool }): Promise<Status> => {
      const facts = await readFacts(pool, options);
      const versions = await readVersions(pool);
      return { at: new Date().toISOString(), versions, keyIds, problems: problemsOf(facts), ...facts };
    },
    { migrate: false },
  );
  return { lines: json ? [JSON.stringify(status)] : linesOf(status), problems: status.problems };
}

function linesOf(status: Status): string[] {
  const { versions, keyIds, organizations, recoverS } = status;
  const section = (title: string, rows: readonly string[]) => [title, ...rows.map((row) => `  ${row}`)];
  return [
    `Epistle ${versions.epistle}, Node.js ${versions.node}, PostgreSQL ${versions.postgres}, ${versions.migration}`,
    `Encryption keys ${keyIds.join(', ')}; organizations ${organizations}`,
    ...section(
      'Processes',
      status.processes.map(
        ({ instance, worker, version, heartbeatS }) =>
          `${instance}  WORKER=${worker}  ${version}  heartbeat ${duration(heartbeatS)} ago`,
      ),
    ),
    ...section(
      'Emails that wait',
      status.waiting.map(
        ({ status: state, reason, count, oldestS }) => `${state}  ${reason}  ${count}  oldest ${duration(oldestS)}`,
      ),
    ),
    ...section(
      'UNCONFIRMED that wait for a person',
      status.unconfirmed.map(({ organization, id, ageS }) => `${organization}  ${id}  ${duration(ageS)}`),
    ),
    ...section(
      'Accounts',
      status.accounts.map(({ status: state, count }) => `${state}  ${count}`),
    ),
    ...section(
      'Accounts that are not ACTIVE',
      status.idleAccounts.map(
        ({ organization, email, status: state, statusS }) =>
          `${organization}  ${email}  ${state} for ${duration(statusS)}`,
      ),
    ),
    ...section(
      'Mailboxes by lag',
      status.mailboxes.map(
        ({ accountId, lagS, errorCode }) =>
          `${accountId}  ${lagS === null ? 'not read yet' : duration(lagS)}${errorCode === null ? '' : `  ${errorCode}`}`,
      ),
    ),
    ...section('Jobs', [
      `overdue emails looked for ${recoverS === null ? 'never' : `${duration(recoverS)} ago`}`,
      ...status.jobs.map(
        ({ job, ready, later, locked, retried, givenUp }) =>
          `${job}  ready ${ready}  later ${later}  locked ${locked}  retried ${retried}  given up ${givenUp}`,
      ),
    ]),
  ];
}
