import type { Facts, WaitReason } from './facts.ts';

/** An email whose time has come leaves within seconds: after so long something is wrong. */
const MAX_DUE_S = 600;
/** Gmail's short failures are over by then. */
const MAX_RETRY_S = 900;
/** One of the processes looks for overdue emails every minute. */
const MAX_RECOVER_S = 300;

/** What needs a person, for `admin -- status`. The alerts of `ops/alerts.yml` have the same limits. */
export function problemsOf(facts: Facts): string[] {
  const { waiting, mailboxesBehind, accounts, processes, recoverS, unopenableAccounts } = facts;
  const oldestDueS = oldestOf(facts, 'due');
  const oldestRetryS = oldestOf(facts, 'retry');
  const unconfirmed = count(waiting.filter(({ reason }) => reason === 'person'));
  const needsReauth = count(accounts.filter(({ status }) => status === 'NEEDS_REAUTH'));
  const hasWorker = processes.some(({ worker }) => worker !== 'off');
  const found: [boolean, string][] = [
    [oldestDueS > MAX_DUE_S, `An email has been due for ${duration(oldestDueS)}: see the log for "job failed".`],
    [
      oldestRetryS > MAX_RETRY_S,
      `An email has been retried for ${duration(oldestRetryS)}: read its failure, and check the OAuth client and the network to Google.`,
    ],
    [
      mailboxesBehind > 0,
      `${mailboxesBehind} mailboxes were not read for an hour beyond the longest SYNC_INTERVAL_MS: read sync.error of their accounts.`,
    ],
    [unconfirmed > 0, `${unconfirmed} UNCONFIRMED wait for a person: resolveOutboundEmail.`],
    [needsReauth > 0, `${needsReauth} accounts are NEEDS_REAUTH: connectEmailAccount again.`],
    [!hasWorker, 'No process runs jobs: start one with WORKER=on or WORKER=only.'],
    [
      hasWorker && (recoverS === null || recoverS > MAX_RECOVER_S),
      `Overdue emails were last looked for ${recoverS === null ? 'never' : `${duration(recoverS)} ago`}: restart the processes that run jobs.`,
    ],
    [
      unopenableAccounts > 0,
      `ENCRYPTION_KEY does not decrypt the consent of ${unopenableAccounts} accounts: add the key that encrypted it, or connect them again.`,
    ],
  ];
  return found.filter(([isTrue]) => isTrue).map(([, text]) => text);
}

/** How long the oldest email has waited for this reason, in seconds. 0: none does. */
export function oldestOf({ waiting }: Facts, reason: WaitReason): number {
  return Math.max(0, ...waiting.filter((each) => each.reason === reason).map(({ oldestS }) => oldestS));
}

function count(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}

/** For people: `45 s`, `12 min`, `3 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
