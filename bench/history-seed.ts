/** An organization with a history: accounts, customers, invoices, conversations, and emails a minute apart. */
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { issueApiKey } from '../src/auth/keys.ts';
import { SCOPES } from '../src/auth/scopes.ts';
import type { Db } from '../src/db/client.ts';

export interface SeededOrganization {
  readonly organizationId: string;
  readonly key: string;
}

const ACCOUNTS = 5;
const EMAILS_PER_CONVERSATION = 4;
const EMAILS_PER_INVOICE = 8;
const INVOICES_PER_CUSTOMER = 20;

/** Ids derived from a row's number, so that rows refer to each other without being read. */
const ID = (kind: string, number: string) => `md5($1 || '${kind}' || (${number}))::uuid`;

/** `$1` the organization, `$2` how many emails. */
const STATEMENTS = [
  `INSERT INTO email_account (organization_id, id, email, status, connected_at, aliases, sealed_refresh_token)
   SELECT $1::uuid, ${ID('account', 'n')}, 'billing-' || n || '@' || $1 || '.example', 'ACTIVE', now(), '{}', 'none'
   FROM generate_series(0, ${ACCOUNTS - 1}) n WHERE $2::int > 0`,
  `INSERT INTO context_entity (organization_id, type, id, external_id)
   SELECT $1::uuid, 'customer', ${ID('customer', 'n')}, 'customer-' || n
   FROM generate_series(0, $2::int / ${EMAILS_PER_INVOICE * INVOICES_PER_CUSTOMER}) n`,
  `INSERT INTO customer (organization_id, id, external_id, name, sort_name, email)
   SELECT $1::uuid, ${ID('customer', 'n')}, 'customer-' || n, 'Customer ' || n, 'customer ' || n, 'accounts@customer-' || n || '.example'
   FROM generate_series(0, $2::int / ${EMAILS_PER_INVOICE * INVOICES_PER_CUSTOMER}) n`,
  `INSERT INTO context_entity (organization_id, type, id, external_id, parent_type, parent_id)
   SELECT $1::uuid, 'invoice', ${ID('invoice', 'n')}, 'INV-' || lpad(n::text, 7, '0'), 'customer',
     ${ID('customer', `n / ${INVOICES_PER_CUSTOMER}`)}
   FROM generate_series(0, $2::int / ${EMAILS_PER_INVOICE}) n`,
  `INSERT INTO invoice (organization_id, id, number, customer_id, status, currency, issue_date, due_date,
     subtotal_cents, discounts_cents, tax_cents, total_cents, amount_paid_cents, amount_due_cents)
   SELECT $1::uuid, ${ID('invoice', 'n')}, 'INV-' || lpad(n::text, 7, '0'),
     ${ID('customer', `n / ${INVOICES_PER_CUSTOMER}`)}, 'OPEN', 'USD', now(), now() + interval '14 days',
     150000, 0, 0, 150000, 0, 150000
   FROM generate_series(0, $2::int / ${EMAILS_PER_INVOICE}) n`,
  `INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
     is_read, has_reply, message_count, last_message_at)
   SELECT $1::uuid, ${ID('conversation', 'n')}, ${ID('account', `n % ${ACCOUNTS}`)}, 'thread-' || n,
     'Invoice INV-' || lpad((n / 2)::text, 7, '0'), 'Dear Maria, please find attached the invoice of this month.',
     ARRAY['maria@customer-' || n / 100 || '.example'], true, n % 3 = 0, ${EMAILS_PER_CONVERSATION},
     now() - ($2::int - n * ${EMAILS_PER_CONVERSATION}) * interval '1 minute'
   FROM generate_series(0, $2::int / ${EMAILS_PER_CONVERSATION}) n`,
  // One email in five is about nothing that has a record.
  `INSERT INTO outbound_email (organization_id, id, status, mode, actor, account_id, from_email, "to", cc, bcc, reply_to,
     subject, body_text, conversation_id, "references", attempts, provider_message_id,
     provider_thread_id, message_id, threading, created_at, updated_at, sent_at, sent_copy_fetched_at)
   SELECT $1::uuid, ${ID('email', 'n')}, 'SENT', 'FRESH', 'system',
     ${ID('account', `n / ${EMAILS_PER_CONVERSATION} % ${ACCOUNTS}`)}, 'billing@' || $1 || '.example',
     ARRAY['maria@customer-' || n / 400 || '.example'], '{}', '{}', '{}',
     'Invoice INV-' || lpad((n / ${EMAILS_PER_INVOICE})::text, 7, '0') || ' is due',
     repeat('Dear Maria, please find attached the invoice of this month. ', 5),
     ${ID('conversation', `n / ${EMAILS_PER_CONVERSATION}`)}, '{}', 1, 'message-' || n,
     'thread-' || n / ${EMAILS_PER_CONVERSATION}, '<message-' || n || '@mail.gmail.com>', 'NEW_THREAD',
     at, at, at + interval '1 second', at + interval '1 second'
   FROM generate_series(0, $2::int - 1) n, LATERAL (SELECT now() - ($2::int - n) * interval '1 minute') time (at)`,
  `INSERT INTO outbound_email_context (organization_id, outbound_email_id, context_type, context_id, position, created_at)
   SELECT $1::uuid, e.id, type, entity, position, e.created_at FROM generate_series(0, $2::int - 1) n
   JOIN outbound_email e ON e.organization_id = $1::uuid AND e.id = ${ID('email', 'n')},
   LATERAL (VALUES ('invoice', ${ID('invoice', `n / ${EMAILS_PER_INVOICE}`)}, 0::smallint),
     ('customer', ${ID('customer', `n / ${EMAILS_PER_INVOICE * INVOICES_PER_CUSTOMER}`)}, NULL)) l (type, entity, position)
   WHERE n % 5 <> 0`,
];

/** @param emails how many, each with an account and a conversation, four in five about an invoice. */
export async function seedHistory(db: Db, pool: Pool, name: string, emails: number): Promise<SeededOrganization> {
  const { id: organizationId } = await db.organization.create({ data: { id: uuidv7(), name } });
  const client = await pool.connect();
  try {
    // The derived ids keep foreign keys valid, so that they need not be checked a million times.
    await client.query(`SET session_replication_role = 'replica'; SET synchronous_commit = off`);
    for (const statement of STATEMENTS) await client.query(statement, [organizationId, emails]);
  } finally {
    client.release(true);
  }
  const { key } = await issueApiKey(db, { organizationId, name: 'bench', scopes: SCOPES, expiresAt: null });
  return { organizationId, key };
}
