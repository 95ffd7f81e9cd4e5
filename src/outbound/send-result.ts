/** What the caller of a send is told, and how long it waits to hear it. The delivery goes on, whatever becomes of the caller. */
import type { App } from '../app.ts';
import { SendRejectedError } from '../errors.ts';
import { describeError } from '../log.ts';
import { awaitOutcome, findRejection } from '../mail/replay.ts';

/** What an accepted request came to; the row says the rest. */
export interface SendOutcome {
  readonly outboundEmailId: string;
  /** The request had been made before: nothing new was sent. */
  readonly replayed: boolean;
}

/** What the first request came to, or will. @throws {SendRejectedError} as the first did. */
export async function firstOutcome(app: App, organizationId: string, outboundEmailId: string): Promise<SendOutcome> {
  await awaitOutcome(app, organizationId, outboundEmailId);
  const rejection = await findRejection(app.pool, organizationId, outboundEmailId);
  if (rejection !== null) throw new SendRejectedError(outboundEmailId, rejection);
  return { outboundEmailId, replayed: true };
}

/**
 * Waits for a delivery no longer than `SEND_WAIT_MS`; it goes on, whatever becomes of its caller.
 * @throws {SendRejectedError}
 */
export async function awaitResult(
  app: App,
  { organizationId, outboundEmailId }: { readonly organizationId: string; readonly outboundEmailId: string },
  delivering: Promise<unknown>,
): Promise<SendOutcome> {
  await withinBudget(app, orWithoutResult(app, outboundEmailId, delivering));
  const rejection = await findRejection(app.pool, organizationId, outboundEmailId);
  if (rejection !== null) throw new SendRejectedError(outboundEmailId, rejection);
  return { outboundEmailId, replayed: false };
}

/** Null when it takes longer than `SEND_WAIT_MS`. */
export async function withinBudget<Result>(app: App, delivering: Promise<Result>): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined;
  const budget = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, app.config.sendWaitMs, null);
  });
  try {
    return await Promise.race([delivering, budget]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What was accepted leaves, whatever breaks in this process: its caller must not be told of an error, after which it
 * would send the same again. The row says how far it has come, and its job takes it from there.
 */
export async function orWithoutResult<Result>(app: App, outboundEmailId: string, delivering: Promise<Result>) {
  try {
    return await delivering;
  } catch (error) {
    app.log.error({ outboundEmailId, error: describeError(error) }, 'a delivery broke off');
    return null;
  }
}
