import type { CancelCondition } from '#generated/prisma/enums.ts';
import { DAY_MS } from '../config/timing.ts';
import type { InputIssue } from '../errors.ts';

const MAX_AHEAD_DAYS = 400;

/** What is wrong with a time for sending: the past, and what is too far ahead. */
export function plannedSendAtIssues(planned: Date | null | undefined, path: string, now: Date): InputIssue[] {
  if (planned == null) return [];
  const aheadMs = planned.getTime() - now.getTime();
  if (aheadMs >= 0 && aheadMs <= MAX_AHEAD_DAYS * DAY_MS) return [];
  return [{ path: `${path}.plannedSendAt`, message: `Must be from now to ${MAX_AHEAD_DAYS} days ahead.` }];
}

/** The conditions, each once. Without a time they would never be judged, which is an issue. */
export function parseCancelWhen(
  conditions: readonly CancelCondition[] | null | undefined,
  { path, isPlanned }: { readonly path: string; readonly isPlanned: boolean },
  issues: InputIssue[],
): CancelCondition[] {
  const distinct = [...new Set(conditions ?? [])].toSorted();
  if (distinct.length > 0 && !isPlanned) {
    issues.push({
      path: `${path}.cancelWhen`,
      message: 'Give plannedSendAt too: the conditions are judged at that time.',
    });
  }
  return distinct;
}
