/**
 * The floor of `attachments`: one email with one file, sent by hand over node:http, pg and fetch, with the same commits
 * on the same tables as Epistle: email and file, SENDING, SENT. POST /send takes `{ input: { fresh } }` as JSON.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { LEASE_MS, termsOf } from './floor-delivery.ts';
import { ACCEPT, AUTHENTICATE, RESOLVE, SENDING, SENT } from './floor-sql.ts';
import { tellPort } from './process.ts';

const gmailUrl = process.env.GMAIL_URL ?? '';
// PostgreSQL's processes for idle connections are not to be counted as Epistle's in the next round.
const pool = new pg.Pool({ ...JSON.parse(process.env.DATABASE ?? '{}'), max: 20, idleTimeoutMillis: 100 });
const BOUNDARY = 'floor-boundary';
const CRLF = '\r\n';

async function send(authorization: string, body: Buffer): Promise<object> {
  const hash = createHash('sha256').update(authorization.slice('Bearer '.length)).digest();
  const [key] = (await pool.query({ ...AUTHENTICATE, values: [hash] })).rows;
  if (!key?.scopes.includes('email:send')) throw new Error('not allowed');
  const { organizationId } = key;
  const { fromAccountUid, to, subject, bodyText, context, idempotencyKey, attachments } = JSON.parse(body.toString());
  const [found] = (
    await pool.query({ ...RESOLVE, values: [organizationId, fromAccountUid, idempotencyKey, context.uid] })
  ).rows;
  if (found === undefined || found.earlierId !== null) throw new Error('not sendable');
  const [file] = attachments;
  const bytes = Buffer.from(file.dataBase64, 'base64');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const [emailId, leaseToken, at] = [uuidv7(), uuidv7(), new Date()];
  const leaseEnds = new Date(at.getTime() + LEASE_MS);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query({
      ...ACCEPT,
      values: [
        organizationId,
        emailId,
        leaseEnds,
        leaseToken,
        at,
        uuidv7(),
        fromAccountUid,
        found.email,
        to,
        subject,
        bodyText,
        context.uid,
        idempotencyKey,
        { request: sha256 },
        `key:${key.id}`,
        termsOf(to, subject, bodyText, file.filename),
      ],
    });
    await client.query(
      'INSERT INTO attachment_content (organization_id, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [organizationId, sha256, bytes],
    );
    await client.query(
      `INSERT INTO attachment (organization_id, id, outbound_email_id, position, filename, content_type, size, sha256)
       VALUES ($1, $2, $3, 0, $4, $5, $6, $7)`,
      [organizationId, uuidv7(), emailId, file.filename, file.contentType, bytes.length, sha256],
    );
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  const draft = await gmail('/upload/gmail/v1/users/me/drafts?uploadType=multipart', upload(found.email, to, bytes));
  const begun = new Date();
  const ticket = [draft.id, draft.message.id, draft.message.threadId];
  await pool.query({
    ...SENDING,
    values: [organizationId, emailId, leaseToken, begun, uuidv7(), ...ticket, leaseEnds],
  });
  const sent = await gmail('/gmail/v1/users/me/drafts/send', Buffer.from(JSON.stringify({ id: draft.id })));
  await pool.query({
    ...SENT,
    values: [organizationId, emailId, leaseToken, new Date(), uuidv7(), sent.id, sent.threadId],
  });
  // Nothing here reads sent copies back, and a job that stays would be waited for.
  await pool.query('SELECT graphile_worker.remove_job($1)', [`read-back:${emailId}`]);
  // Nothing is read back here: who waits for that need not wait for this one.
  await pool.query('UPDATE outbound_email SET read_back_at = now() WHERE id = $1', [emailId]);
  return { uid: emailId, status: 'SENT', providerMessageId: sent.id };
}

function upload(from: string, to: readonly string[], bytes: Buffer): Buffer {
  const head = [
    `--${BOUNDARY}`,
    'Content-Type: application/json',
    '',
    '{}',
    `--${BOUNDARY}`,
    'Content-Type: message/rfc822',
    '',
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    'MIME-Version: 1.0',
    'Content-Type: application/pdf',
    'Content-Transfer-Encoding: base64',
    '',
    '',
  ].join(CRLF);
  const lines = bytes.toString('base64').replace(/.{76}/g, `$&${CRLF}`);
  return Buffer.concat([Buffer.from(head), Buffer.from(lines, 'latin1'), Buffer.from(`${CRLF}--${BOUNDARY}--`)]);
}

async function gmail(path: string, body: Buffer) {
  const response = await fetch(`${gmailUrl}${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer bench', 'content-type': `multipart/related; boundary=${BOUNDARY}` },
    body: new Uint8Array(body),
  });
  if (!response.ok) throw new Error(`Gmail answered ${response.status}`);
  return response.json();
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    send(request.headers.authorization ?? '', Buffer.concat(chunks)).then(
      (result) => answer(response, 200, result),
      (error: unknown) => answer(response, 500, { error: String(error) }),
    );
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const server = createServer(handle).listen(0, '127.0.0.1', () => tellPort(server.address()));
process.on('disconnect', () => process.exit());
