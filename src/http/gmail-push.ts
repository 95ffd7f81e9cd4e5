/**
 * POST /google/push: Pub/Sub reports that a mailbox has changed. A push may come late, twice, or never, so it is only a hint: a `sync`
 * job reads the history from our own cursor.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { addJob } from '../jobs.ts';
import { describeError } from '../log.ts';

const MAX_PUSH_BYTES = 64 * 1024;
/** A run that failed is repeated after its pause: pushes would use up its repeats within seconds. */
const KEEP_PAUSE = { preserveRunAt: true };

const PubSubPush = z.object({ message: z.object({ data: z.string() }) });
const Notice = z.object({
  emailAddress: z
    .string()
    .regex(/^[^\s\p{Cc}]{1,318}@[^\s\p{Cc}]+$/u)
    .max(320),
});

/** Answers 204 also for unknown mailboxes: Pub/Sub would repeat a push with any other answer for days. */
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
  // Read only after authentication, so that strangers cannot hold the connection.
  const body = await readBody(request);
  if (body === null) return answer(response, 413);
  const email = emailOf(body);
  if (email === null) return answer(response, 400);
  // The key of the job merges many hints into one job.
  await app.pool.query(
    sql`SELECT ${addJob('sync', { organizationId: sql`organization_id`, accountId: sql`id` }, KEEP_PAUSE)}
      FROM email_account WHERE email = ${email.toLowerCase()} AND status = 'ACTIVE'`,
  );
  answer(response, 204);
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'cache-control': 'no-store' }).end();
}

/** Null when it is larger than a push. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= MAX_PUSH_BYTES) chunks.push(bytes);
  }
  return size > MAX_PUSH_BYTES ? null : Buffer.concat(chunks).toString();
}

/** Null: it is not a notice. */
function emailOf(body: string): string | null {
  try {
    const { data } = PubSubPush.parse(JSON.parse(body)).message;
    return Notice.parse(JSON.parse(Buffer.from(data, 'base64').toString())).emailAddress;
  } catch {
    return null;
  }
}
