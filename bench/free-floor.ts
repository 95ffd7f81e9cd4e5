/**
 * A floor of `send` with a free choice of data model: one narrow table with no index but its keys. The difference between
 * this floor and the other one is the price of Epistle's data model, not of its code. POST /send takes one email as JSON.
 */
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { compose, Draft, gmail, one, Ref } from './floor-delivery.ts';
import { serveFloor } from './floor-server.ts';

interface SendRequest {
  readonly fromAccountUid: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly bodyText: string;
  readonly idempotencyKey: string;
}

const gmailUrl = process.env.GMAIL_URL ?? '';
const pool = new pg.Pool({
  ...JSON.parse(process.env.DATABASE ?? '{}'),
  max: 20,
  idleTimeoutMillis: 500,
  application_name: 'free floor',
});

const TABLE = `CREATE TABLE IF NOT EXISTS free_floor (
  id uuid PRIMARY KEY, idempotency_key text UNIQUE, account_id uuid, "to" text[], subject text, body_text text, status text,
  draft_id text, message_id text, thread_id text, sent_at timestamptz)`;
const ENQUEUE = {
  name: 'free-enqueue',
  text: `INSERT INTO free_floor (id, idempotency_key, account_id, "to", subject, body_text, status)
    VALUES ($1, $2, $3, $4, $5, $6, 'QUEUED') ON CONFLICT (idempotency_key) DO NOTHING`,
};
const SENDING = {
  name: 'free-sending',
  text: `UPDATE free_floor SET status = 'SENDING', draft_id = $2 WHERE id = $1 AND status = 'QUEUED'`,
};
const SENT = {
  name: 'free-sent',
  text: `UPDATE free_floor SET status = 'SENT', message_id = $2, thread_id = $3, sent_at = now()
    WHERE id = $1 AND status = 'SENDING'`,
};

async function send({
  fromAccountUid: accountId,
  to,
  subject,
  bodyText,
  idempotencyKey,
}: SendRequest): Promise<object> {
  const id = uuidv7();
  await one(pool, { ...ENQUEUE, values: [id, idempotencyKey, accountId, to, subject, bodyText] });
  const fromEmail = 'billing@lumen.example';
  const mime = compose({ outboundEmailId: id, fromEmail, displayName: null, to, subject, bodyText });
  const raw = Buffer.from(mime).toString('base64url');
  const draft = Draft.parse(await gmail(gmailUrl, accountId, 'drafts', { message: { raw } }));
  await one(pool, { ...SENDING, values: [id, draft.id] });
  const sent = Ref.parse(await gmail(gmailUrl, accountId, 'drafts/send', { id: draft.id }));
  await one(pool, { ...SENT, values: [id, sent.id, sent.threadId] });
  return { uid: id, status: 'SENT', providerMessageId: sent.id };
}

await pool.query(TABLE);
serveFloor(async (_request, body) => JSON.stringify(await send(JSON.parse(body))));
