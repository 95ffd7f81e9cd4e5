/**
 * The floor of `send`: the least that a server can do that sends once and keeps the record. node:http, pg and fetch, the
 * same commits on the same tables as Epistle, no GraphQL, no validation beyond what the work itself needs.
 * POST /send takes one email as JSON. GET /idle answers as soon as every sent copy is stored.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createSentCopyQueue, deliver, LEASE_MS, termsOf } from './floor-delivery.ts';
import { serveFloor } from './floor-server.ts';
import { ACCEPT, AUTHENTICATE, RESOLVE } from './floor-sql.ts';

interface SendRequest {
  readonly fromAccountUid: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly bodyText: string;
  readonly contexts: readonly { readonly uid: string }[];
  readonly idempotencyKey: string;
}

interface Found {
  readonly email: string;
  readonly displayName: string | null;
  readonly earlierId: string | null;
  readonly invoiceId: string | null;
  readonly customerId: string | null;
}

const gmailUrl = process.env.GMAIL_URL ?? '';
// Idle connections go before the other side's round, whose memory they would be counted with.
const pool = new pg.Pool({
  ...JSON.parse(process.env.DATABASE ?? '{}'),
  max: 20,
  idleTimeoutMillis: 500,
  application_name: 'floor',
});
const sentCopies = createSentCopyQueue(pool, gmailUrl);

async function send(authorization: string, request: SendRequest): Promise<object> {
  const hash = createHash('sha256').update(authorization.slice('Bearer '.length)).digest();
  const [key] = (
    await pool.query<{ organizationId: string; id: string; scopes: string[] }>({ ...AUTHENTICATE, values: [hash] })
  ).rows;
  if (key === undefined || !key.scopes.includes('email:send')) throw new Error('not allowed');
  const { organizationId } = key;
  const { fromAccountUid: accountId, to, subject, bodyText, idempotencyKey } = request;
  const [found] = (
    await pool.query<Found>({
      ...RESOLVE,
      values: [organizationId, accountId, idempotencyKey, request.contexts[0]?.uid],
    })
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
      found.customerId,
    ],
  });
  if (accepted.rowCount !== 1) throw new Error('the key is taken');
  const sender = { accountId, fromEmail: found.email, displayName: found.displayName };
  const email = { organizationId, outboundEmailId, leaseToken, ...sender, to, subject, bodyText };
  const sent = await deliver(pool, gmailUrl, email);
  sentCopies.add(email, sent);
  return { uid: outboundEmailId, status: 'SENT', providerMessageId: sent.id };
}

serveFloor(async ({ url, headers }, body) => {
  if (url !== '/idle') return JSON.stringify(await send(headers.authorization ?? '', JSON.parse(body)));
  await sentCopies.whenIdle();
  return '{}';
});
