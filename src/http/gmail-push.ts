/**
 * POST /google/push: Pub/Sub tells that a mailbox has changed. It may come late, twice, or never, so it is a hint and
 * nothing else: a `sync` job reads the history from our own cursor.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { App } from '../app.ts';
import { describeError } from '../log.ts';

const MAX_BODY_BYTES = 64 * 1024;

const Envelope = z.object({ message: z.object({ data: z.string() }) });
const Notice = z.object({
  emailAddress: z
    .string()
    .regex(/^[^\s\p{Cc}]{1,318}@[^\s\p{Cc}]+$/u)
    .max(320),
});

/** The job's key makes one of many hints. */
const ENQUEUE_SYNC = {
  name: 'push-hint',
  text: `SELECT graphile_worker.add_job('sync',
      payload => json_build_object('organizationId', organization_id, 'accountId', id),
      max_attempts => 25, job_key => 'sync:' || id)
    FROM email_account WHERE email = $1 AND status = 'ACTIVE'`,
};

/** Answers 204 also for mailboxes that are not here: Pub/Sub would repeat anything else for days. */
export async function servePush(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { push } = app.config;
  if (push === null) return answer(response, 404);
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const expected = { audience: push.audience ?? `${app.publicUrl}/google/push`, email: push.serviceAccount };
  try {
    if (token === undefined || !(await app.pushTokens.isValid(token, expected))) return answer(response, 401);
  } catch (error) {
    app.log.warn({ error: describeError(error) }, 'a push cannot be verified');
    return answer(response, 503);
  }
  // Only now: nobody else is listened to for long.
  const body = await readBody(request);
  if (body === null) return answer(response, 413);
  const email = emailOf(body);
  if (email === null) return answer(response, 400);
  await app.pool.query({ ...ENQUEUE_SYNC, values: [email.toLowerCase()] });
  answer(response, 204);
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'cache-control': 'no-store' }).end();
}

/** Null: more than a push has. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= MAX_BODY_BYTES) chunks.push(bytes);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString();
}

function emailOf(body: string): string | null {
  const envelope = Envelope.safeParse(parseJson(body)).data;
  if (envelope === undefined) return null;
  const notice = Notice.safeParse(parseJson(Buffer.from(envelope.message.data, 'base64').toString())).data;
  return notice?.emailAddress ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
