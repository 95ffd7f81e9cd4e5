/**
 * How the gateway makes a call with Google's client:
 *   a place among the account's calls, an access token, the request with its repeats, the parsed answer.
 * A request that was refused as unauthorized had no effect, and is repeated once with another token.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { createAccountQueues } from './account-queues.ts';
import { abortedBeforeCall, brokenAnswer, GmailError, refused, unanswered } from './errors.ts';
import type { CallOptions, MailboxAccess } from './gateway.ts';
import { ANSWER_TOO_LARGE, createTransport, type ProxyEnvironment } from './transport.ts';

/** Gmail limits the concurrent calls of a user to a number that is not published. It has never refused four. */
const MAX_IN_FLIGHT = 4;
/** Pauses before each repeat of a read. A throttled read is not repeated here: the caller's queue waits for as long as Gmail says. */
const READ_PAUSES_MS = [100, 500];

/** A method of Google's client, whose own repeats are off. */
type Method = (options: object) => Promise<{
  readonly status: number;
  readonly data: unknown;
  readonly headers: { readonly 'retry-after'?: string | undefined };
}>;

/** @throws {GmailError}, and errors of `mailbox.accessToken`. */
type Call = <T>(mailbox: MailboxAccess, options: CallOptions, answer: z.ZodType<T>, method: Method) => Promise<T>;

export interface Calls {
  /** Repeated after a failure that may pass. */
  readonly read: Call;
  /** Made once. */
  readonly effect: Call;
}

/**
 * @param options.rootUrl one origin that serves the Gmail API, null for Google's own.
 * @param options.timeoutMs of one call, its repeats included.
 */
export function createCalls(options: {
  readonly rootUrl: string | null;
  readonly timeoutMs: number;
  readonly now: () => Date;
  readonly proxyEnv: ProxyEnvironment;
}): Calls {
  const limit = createAccountQueues(MAX_IN_FLIGHT);
  const common = {
    fetchImplementation: createTransport(options.proxyEnv),
    retry: false,
    responseType: 'json',
    validateStatus: () => true,
    // The transport handles proxies.
    noProxy: [/./],
    // With every call, because uploads ignore the one of the client.
    ...(options.rootUrl === null ? {} : { rootUrl: options.rootUrl }),
  };

  async function exchange(method: Method, token: string, signal: AbortSignal): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await method({ ...common, headers, signal }).catch((error: unknown) => {
      throw unanswered(error);
    });
    const { status, data: body } = answer;
    if (status >= 200 && status < 300) return body;
    throw refused({ status, body, retryAfter: answer.headers['retry-after'] ?? null }, options.now());
  }

  async function attempt(
    pausesMs: readonly number[],
    method: Method,
    token: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    for (const pauseMs of pausesMs) {
      try {
        return await exchange(method, token, signal);
      } catch (error) {
        if (signal.aborted || !mayPass(error)) throw error;
      }
      // An abort ends the pause, and then the next request before it is made.
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return exchange(method, token, signal);
  }

  const callWith =
    (pausesMs: readonly number[]): Call =>
    async (mailbox, { signal, maxBytes }, answer, method) => {
      const bounded: Method = (request) => method({ ...request, size: maxBytes });
      const attemptWith = async (token: string) => {
        if (signal?.aborted) throw abortedBeforeCall();
        return withDeadline(options.timeoutMs, signal, (ending) => attempt(pausesMs, bounded, token, ending));
      };
      const data = await limit(mailbox.accountId, signal, async () => {
        const token = await mailbox.accessToken();
        try {
          return await attemptWith(token);
        } catch (error) {
          if (!(error instanceof GmailError) || error.kind !== 'unauthorized') throw error;
          return attemptWith(await mailbox.accessToken({ refused: token }));
        }
      });
      const parsed = answer.safeParse(data);
      if (!parsed.success) throw brokenAnswer();
      return parsed.data;
    };

  return { read: callWith(READ_PAUSES_MS), effect: callWith([]) };
}

/** Whether a repeated read may succeed. A refusal of Gmail is final. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof GmailError)) return false;
  return error.status === null ? error.reason !== ANSWER_TOO_LARGE : error.status >= 500;
}

/** Not `AbortSignal.any`, which keeps some memory for each call as long as the caller's signal lives. */
async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  run: (ending: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const abort = () => ending.abort();
  const timer = setTimeout(() => ending.abort(new DOMException('The call took too long.', 'TimeoutError')), timeoutMs);
  signal?.addEventListener('abort', abort);
  try {
    return await run(ending.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
