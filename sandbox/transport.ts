/** Bytes in and out: reading requests, writing answers, and breaking the connection where a fault says so. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultEffect } from './faults.ts';
import { refusal, statusReply } from './refusals.ts';
import type { Reply } from './reply.ts';

/** More than the largest message with its multipart wrapping. */
const MAX_REQUEST_BYTES = 40 * 1_024 * 1_024;
const DEFAULT_RETRY_AFTER_MS = 60_000;

/**
 * The request's body; null when it is above every limit. Such a body is still read to its end: a client that is
 * still writing would see a reset instead of the 413.
 */
export async function readContent(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_REQUEST_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > MAX_REQUEST_BYTES) return null;
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** @returns the status. */
export function writeReply(response: ServerResponse, reply: Reply): number {
  const body = Buffer.from(reply.body);
  const length = reply.status === 204 ? {} : { 'content-length': body.length };
  response.writeHead(reply.status, { ...reply.headers, ...length }).end(body);
  return reply.status;
}

/**
 * Lets a fault strike. `reply` is the true answer, null when the call did not happen.
 * @returns the status that the client was given, null when it got none, 'go on' when the call proceeds.
 */
export async function strike(
  response: ServerResponse,
  effect: FaultEffect,
  reply: Reply | null,
  now: Date,
): Promise<number | null | 'go on'> {
  switch (effect.kind) {
    case 'reset':
      response.destroy();
      return null;
    case 'hang':
      if (!response.closed) await once(response, 'close');
      return null;
    case 'delay':
      await delay(effect.ms, undefined, { ref: false });
      return 'go on';
    case 'truncated':
    case 'invalid-json':
      writeHalf(response, reply?.body || '{"id":"0000000000000000"}', effect.kind === 'truncated');
      return 200;
    case 'status':
      return writeReply(response, statusReply(effect.status, effect.body ?? 'json'));
    case 'refusal': {
      const retryAt = new Date(now.getTime() + (effect.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS));
      return writeReply(response, refusal(effect.name, retryAt));
    }
    case 'refused-by-mail':
      return 'go on';
  }
}

/** Half of a body, under the length of the whole or of the half. */
function writeHalf(response: ServerResponse, body: string, promiseWhole: boolean): void {
  const whole = Buffer.from(body);
  const half = whole.subarray(0, whole.length >> 1);
  const length = promiseWhole ? whole.length : half.length;
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8', 'content-length': length });
  // Destroyed only when the half has left, or the client would see a reset instead of a short answer.
  if (promiseWhole) response.write(half, () => response.destroy());
  else response.end(half);
}
