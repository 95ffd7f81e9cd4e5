/**
 * The floor of `send`: the least that a server can do that sends once and keeps the record. node:http, pg and fetch, the
 * same commits on the same tables as Epistle, no GraphQL, no validation beyond what the work itself needs.
 * POST /send takes one email as JSON. GET /idle answers as soon as every sent copy is stored.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createReadBacks, deliver, LEASE_MS, termsOf } from './floor-delivery.ts';
import { ACCEPT, AUTHENTICATE, RESOLVE } from './floor-sql.ts';
import { tellPort } from './process.ts';

interface SendRequest {
  readonly fromAccountUid: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly bodyText: string;
  readonly context: { readonly uid: string };
  readonly idempotencyKey: string;
}

interface Found {
  readonly email: string;
  readonly displayName: string | null;
  readonly earlierId: string | null;
  readonly invoiceId: string | null;
}

const gmailUrl = process.env.GMAIL_URL ?? '';
// Idle connections go before the other side's round, whose memory they would be counted with.
const pool = new pg.Pool({
  ...JSON.parse(process.env.DATABASE ?? '{}'),
  max: 20,
  idleTimeoutMillis: 500,
  application_name: 'floor',
});
const readBacks = createReadBacks(pool, gmailUrl);

async function send(authorization: string, request: SendRequest): Promise<object> {
  const hash = createHash('sha256').update(authorization.slice('Bearer '.length)).digest();
  const [key] = (
    await pool.query<{ organizationId: string; id: string; scopes: string[] }>({ ...AUTHENTICATE, values: [hash] })
  ).rows;
  if (key === undefined || !key.scopes.includes('email:send')) throw new Error('not allowed');
  const { organizationId } = key;
  const { fromAccountUid: accountId, to, subject, bodyText, idempotencyKey } = request;
  const [found] = (
    await pool.query<Found>({ ...RESOLVE, values: [organizationId, accountId, idempotencyKey, request.context.uid] })
  ).rows;
  if (found === undefined || found.invoiceId === null || found.earlierId !== null) throw new Error('not sendable');
  const [outboundEmailId, leaseToken, at] = [uuidv7(), uuidv7(), new Date()];
  const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('base64url');
  const accepted = await pool.query({
    ...ACCEPT,
    values: [
      organizationId,
      outboundEmailId,
      new Date(at.getTime() + LEASE_MS),
      leaseToken,
      at,
      uuidv7(),
      accountId,
      found.email,
      to,
      subject,
      bodyText,
      found.invoiceId,
      idempotencyKey,
      { request: fingerprint },
      `key:${key.id}`,
      termsOf(to, subject, bodyText),
    ],
  });
  if (accepted.rowCount !== 1) throw new Error('the key is taken');
  const sender = { accountId, fromEmail: found.email, displayName: found.displayName };
  const email = { organizationId, outboundEmailId, leaseToken, ...sender, to, subject, bodyText };
  const sent = await deliver(pool, gmailUrl, email);
  readBacks.add(email, sent);
  return { uid: outboundEmailId, status: 'SENT', providerMessageId: sent.id };
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/idle') {
    void readBacks.whenIdle().then(() => answer(response, 200, {}));
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    send(request.headers.authorization ?? '', JSON.parse(Buffer.concat(chunks).toString('utf8'))).then(
      (result) => answer(response, 200, result),
      (error: unknown) => answer(response, 500, { error: String(error) }),
    );
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

const server = createServer(handle).listen(0, '127.0.0.1', () => tellPort(server.address()));
process.on('disconnect', () => process.exit());
