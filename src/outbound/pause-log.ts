import type { App } from '../app.ts';

/** Logs that an account is PAUSED, once for each pause. */
export function logPause(
  { log, now, loggedPauses }: App,
  { organizationId, id: accountId }: { readonly organizationId: string; readonly id: string },
  reason: string,
  waitMs: number,
): void {
  if (reason !== 'DAILY_LIMIT' && reason !== 'DAILY_BUDGET') return;
  const at = now().getTime();
  const isLogged = (loggedPauses.get(accountId) ?? 0) > at;
  loggedPauses.set(accountId, at + waitMs);
  if (isLogged) return;
  const until = new Date(at + waitMs);
  log.warn(
    { organizationId, accountId, reason, until },
    'an account is PAUSED: the sending limit of the day is reached',
  );
}
