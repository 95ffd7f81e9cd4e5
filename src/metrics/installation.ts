import type { Gauge } from 'prom-client';
import type { Facts } from '../operations/facts.ts';
import { oldestOf } from '../operations/problems.ts';

/** Gauges of the whole installation: each process reports the same, so that queries take their maximum. */
export function createInstallationGauges(gauge: (name: string, help: string, labelNames?: string[]) => Gauge) {
  const waiting = gauge('emails_waiting', 'Emails that have not left, by status and reason.', ['status', 'reason']);
  const oldestDue = gauge('emails_oldest_due_seconds', 'How long the oldest email has been due; 0: none is.');
  const oldestRetryHelp =
    'How long the oldest email with the reason retry has been failing: above 42 minutes a lower bound; 0: none is.';
  const oldestRetry = gauge('emails_oldest_retry_seconds', oldestRetryHelp);
  const person = gauge('emails_unconfirmed_for_person', 'UNCONFIRMED emails that need resolveOutboundEmail.');
  const accounts = gauge('accounts', 'Email accounts by status.', ['status']);
  const lagHelp = 'Since the changes of a mailbox were last read: the 20 largest; -1: reading has not begun.';
  const lag = gauge('mailbox_sync_lag_seconds', lagHelp, ['account']);
  const behindHelp = 'Mailboxes that were not read for an hour longer than the longest SYNC_INTERVAL_MS.';
  const behind = gauge('mailboxes_behind', behindHelp);
  const permits = gauge('permits_left', 'Emails that an account may still send in 24 hours: the 20 fewest.', [
    'account',
  ]);
  // Prometheus has a label `job` of its own.
  const jobs = gauge('jobs', 'Jobs by kind and state; retried ones are also counted in another state.', [
    'kind',
    'state',
  ]);
  const late = gauge('job_oldest_ready_seconds', 'How late the oldest ready job is, by kind.', ['kind']);
  const recover = gauge('recover_age_seconds', 'Since overdue emails were last looked for; -1: never.');
  const processes = gauge('processes', 'Processes with a heartbeat, by WORKER.', ['worker']);
  const unopenable = gauge('secrets_unopenable', 'Accounts whose consent ENCRYPTION_KEY does not decrypt.');
  const unlabeled = [oldestDue, oldestRetry, person, behind, recover, unopenable];
  const all = [...unlabeled, waiting, accounts, lag, permits, jobs, late, processes];

  return {
    /** Null: not known now. Nothing is reported then, rather than what was true before. */
    set(facts: Facts | null): void {
      for (const each of all) each.reset();
      if (facts === null) {
        for (const each of unlabeled) each.remove();
        return;
      }
      for (const { status, reason, count } of facts.waiting) waiting.set({ status, reason }, count);
      oldestDue.set(oldestOf(facts, 'due'));
      oldestRetry.set(oldestOf(facts, 'retry'));
      behind.set(facts.mailboxesBehind);
      const forPerson = facts.waiting.filter(({ reason }) => reason === 'person');
      person.set(forPerson.reduce((sum, { count }) => sum + count, 0));
      for (const status of ['ACTIVE', 'PAUSED', 'NEEDS_REAUTH', 'DISCONNECTED']) accounts.set({ status }, 0);
      for (const { status, count } of facts.accounts) accounts.set({ status }, count);
      for (const { accountId, lagS } of facts.mailboxes) lag.set({ account: accountId }, lagS ?? -1);
      for (const { accountId, left } of facts.permits) permits.set({ account: accountId }, left);
      for (const { job, oldestReadyS, ...states } of facts.jobs) {
        for (const [state, count] of Object.entries(states)) jobs.set({ kind: job, state }, count);
        late.set({ kind: job }, oldestReadyS ?? 0);
      }
      recover.set(facts.recoverS ?? -1);
      for (const worker of ['on', 'off', 'only']) {
        processes.set({ worker }, facts.processes.filter((each) => each.worker === worker).length);
      }
      unopenable.set(facts.unopenableAccounts);
    },
  };
}
