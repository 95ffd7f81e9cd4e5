/** Scheduled emails: the `deliver` job sends them at their time. A draft is sent as it is then. */
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import {
  AccountNotReadyError,
  InvalidInputError,
  ReplyNotPossibleError,
  SendRejectedError,
  UnresolvedTokensError,
} from '../errors.ts';
import { type EmailRef, enqueue } from '../jobs.ts';
import { transition } from './apply-transition.ts';
import { unlessMet } from './cancel-conditions.ts';
import { type DraftToSend, findDraftToSend } from './draft-to-send.ts';
import { untilAccountActive } from './failure-policy.ts';
import { sendStored } from './send.ts';
import type { Failure } from './transition-parts.ts';

const MIN_WAIT_MS = 50;

/** Sends a scheduled email whose time has come. @returns false when it is not scheduled. */
export async function sendScheduled(app: App, ref: EmailRef): Promise<boolean> {
  const draft = await findDraftToSend(app.pool, ref);
  if (draft?.status !== 'SCHEDULED') return false;
  const now = app.now();
  if (draft.plannedSendAt !== null && draft.plannedSendAt > now) {
    // As a duration, because the queue uses the database's clock, and this process's may be behind.
    await enqueue(app.pool, 'deliver', ref, Math.max(draft.plannedSendAt.getTime() - now.getTime(), MIN_WAIT_MS));
    return true;
  }
  try {
    // Null: it was changed or canceled meanwhile, and that transaction has moved or removed the job.
    await sendStored(app, 'system', draft, { lane: 'scheduled', allowUnresolved: false });
  } catch (error) {
    const { revision, status } = draft;
    if (error instanceof AccountNotReadyError) {
      const waiting = untilAccountActive(error.message, now);
      await transition(app.pool, 'scheduledDeferred', { ...ref, revision, status }, waiting);
    } else if (error instanceof ReplyNotPossibleError) {
      const { message } = error;
      const failure: Failure = { code: 'REPLY_NOT_POSSIBLE', message, retry: 'NEVER', providerStatus: null };
      await stop(app, draft, 'scheduledRefused', failure);
    } else if (error instanceof UnresolvedTokensError || error instanceof InvalidInputError) {
      const code = error instanceof UnresolvedTokensError ? 'UNRESOLVED_TOKENS' : 'CONTENT_INVALID';
      const failure: Failure = { code, message: error.message, retry: 'AFTER', providerStatus: null };
      await stop(app, draft, 'scheduledReturned', failure);
    } else if (!(error instanceof SendRejectedError)) throw error;
  }
  return true;
}

/**
 * It does not leave: it is refused and not tried again by itself, or a user has to look at its words (`scheduledReturned`). First its
 * conditions are judged: one that is true would have kept it from leaving anyway.
 */
async function stop(
  app: App,
  { ref, revision, status, hasConditions }: DraftToSend,
  name: 'scheduledRefused' | 'scheduledReturned',
  failure: Failure,
): Promise<void> {
  const at = app.now();
  const change = { at, failure, detail: { code: failure.code } };
  const write = (connection: Sql) => transition(connection, name, { ...ref, revision, status }, change);
  await unlessMet(app.pool, hasConditions, ref, at, write);
}
