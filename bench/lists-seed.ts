/** An organization with 200,000 of everything that a dashboard lists, in all states, spread over three years. */
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { issueApiKey } from '../src/auth/keys.ts';
import { SCOPES } from '../src/auth/scopes.ts';
import { upsertCustomers } from '../src/contexts/upsert-customers.ts';
import { upsertInvoices } from '../src/contexts/upsert-invoices.ts';
import type { Db } from '../src/db/client.ts';

export const ROWS = 200_000;
const CUSTOMERS = 50_000;
const ACCOUNTS = 5;
const AT_ONCE = 1_000;
const DAY_MS = 86_400_000;
const DAYS = 3 * 365;

/** Ids derived from a row's number, so that rows refer to each other without being read. */
const ID = (kind: string, number: string) => `md5($1 || '${kind}' || (${number}))::uuid`;
/** The later the number the later the time; the last is now. */
const AT = `now() - (${ROWS} - n) * interval '${(DAYS * 1_440) / ROWS} minutes'`;
/** 50 words of which each row has others, two that every row has, its number, and one that every twentieth has. */
const TERMS = `array_to_tsvector(ARRAY(SELECT DISTINCT word FROM (
  SELECT 'w' || (n::bigint * 7919 + k * 104729) % 50000 FROM generate_series(1, 50) k
  UNION ALL VALUES ('invoice'), ('inv'), (lpad(n::text, 7, '0')), (CASE n % 20 WHEN 0 THEN 'reminder' ELSE 'statement' END)
  ) words (word)))`;

/** `$1`: the organization. */
const STATEMENTS = [
  `INSERT INTO email_account (organization_id, id, email, status, connected_at, aliases, sealed_refresh_token)
   SELECT $1::uuid, ${ID('account', 'n')}, 'billing-' || n || '@' || $1 || '.example',
     (CASE n WHEN 0 THEN 'DISCONNECTED' ELSE 'ACTIVE' END)::email_account_status, now(), '{}', CASE n WHEN 0 THEN NULL ELSE 'none' END
   FROM generate_series(0, ${ACCOUNTS - 1}) n`,
  `INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
     is_read, has_reply, awaits_our_answer, message_count, last_message_at, created_at)
   SELECT $1::uuid, ${ID('conversation', 'n')}, ${ID('account', `n % ${ACCOUNTS}`)}, 'thread-' || n, 'Invoice ' || n,
     'Dear Maria, please find attached the invoice.', ARRAY['maria@customer-' || n / 4 || '.example'],
     n % 50 <> 0, n % 3 = 0, n % 40 = 0, 2, at, at
   FROM generate_series(0, ${ROWS - 1}) n, LATERAL (SELECT ${AT}) time (at)`,
  `INSERT INTO email_message (organization_id, id, conversation_id, account_id, provider_message_id, direction, from_address,
     "to", cc, reply_to, subject, snippet, body_text, sent_at, is_read, labels, "references", named_ids, created_at)
   SELECT $1::uuid, ${ID('message', 'n * 2 + m')}, ${ID('conversation', 'n')}, ${ID('account', `n % ${ACCOUNTS}`)},
     'message-' || n * 2 + m, CASE m WHEN 0 THEN 'OUTBOUND' ELSE 'INBOUND' END::direction,
     CASE m WHEN 0 THEN 'billing@a.example' ELSE 'maria@customer-' || n / 4 || '.example' END, '[]', '[]', '[]', 'Invoice ' || n,
     'Dear Maria, please find attached the invoice.', repeat('Dear Maria, please find attached the invoice. ', 10),
     at, n % 50 <> 0, '{}', '{}', '{}', at
   FROM generate_series(0, ${ROWS - 1}) n, generate_series(0, 1) m, LATERAL (SELECT ${AT} - (1 - m) * interval '1 hour') time (at)`,
  `INSERT INTO message_search (organization_id, message_id, conversation_id, terms)
   SELECT $1::uuid, ${ID('message', 'n * 2 + m')}, ${ID('conversation', 'n')}, ${TERMS}
   FROM generate_series(0, ${ROWS - 1}) n, generate_series(0, 1) m`,
  // Of a hundred: 85 sent, 4 bounced, 2 failed, 1 cancelled, 2 scheduled, 1 queued, 5 drafts of which 1 is planned.
  `INSERT INTO outbound_email (organization_id, id, status, mode, actor, account_id, from_email, "to", cc, bcc, reply_to, subject, body_text,
     conversation_id, "references", unsent_message_ids, created_at, updated_at, sent_at, planned_send_at, next_attempt_at, provider_message_id,
     provider_thread_id, threading, sent_copy_fetched_at, failure_code, failure_message, failure_retry, failed_at)
   SELECT $1::uuid, ${ID('email', 'n')}, status::outbound_email_status,
     CASE WHEN k >= 95 THEN 'DRAFT' ELSE 'FRESH' END::send_mode, 'system',
     ${ID('account', `n % ${ACCOUNTS}`)}, 'billing@a.example', ARRAY['maria@customer-' || n / 4 || '.example'], '{}', '{}', '{}',
     'Invoice ' || n, repeat('Dear Maria, please find attached the invoice. ', 5), ${ID('conversation', 'n')}, '{}', '{}',
     at, at + interval '1 hour', CASE WHEN k < 89 THEN at + interval '1 minute' END,
     CASE WHEN k IN (92, 93, 99) THEN now() + n % 40000 * interval '10 minutes' END, CASE k WHEN 94 THEN now() + interval '1 day' END,
     CASE WHEN k < 89 THEN 'message-' || n * 2 END, CASE WHEN k < 89 THEN 'thread-' || n END,
     CASE WHEN k < 89 THEN 'NEW_THREAD' END::threading, CASE WHEN k < 89 THEN at END,
     CASE WHEN k IN (89, 90) THEN 'REJECTED' END, CASE WHEN k IN (89, 90) THEN 'Gmail refused it.' END,
     CASE WHEN k IN (89, 90) THEN 'NEVER' END::retry_advice, CASE WHEN k IN (89, 90) THEN at END
   FROM generate_series(0, ${ROWS - 1}) n, LATERAL (SELECT ${AT}, (n * 37) % 100) row (at, k),
   LATERAL (SELECT CASE WHEN k < 85 THEN 'SENT' WHEN k < 89 THEN 'BOUNCED' WHEN k < 91 THEN 'FAILED' WHEN k < 92 THEN 'CANCELED'
     WHEN k < 94 OR k = 99 THEN 'SCHEDULED' WHEN k < 95 THEN 'QUEUED' ELSE 'DRAFT' END) state (status)`,
  `INSERT INTO bounce (organization_id, id, outbound_email_id, message_id, recipient, status, permanent, at)
   SELECT $1::uuid, ${ID('bounce', 'n')}, ${ID('email', 'n')}, ${ID('message', 'n * 2 + 1')}, 'maria@customer-' || n / 4 || '.example', '5.1.1', true, ${AT}
   FROM generate_series(0, ${ROWS - 1}) n WHERE (n * 37) % 100 BETWEEN 85 AND 88`,
  `INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms)
   SELECT $1::uuid, ${ID('email', 'n')}, ${TERMS} || array_to_tsvector(ARRAY['to maria@customer-' || n / 4 || '.example'])
   FROM generate_series(0, ${ROWS - 1}) n`,
];

/** The links of email and conversation `n` to invoice `n` and its customer, and the contact state that follows. */
const LINKS = ['outbound_email', 'conversation'].map(
  (
    table,
  ) => `INSERT INTO ${table}_context (organization_id, ${table}_id, context_type, context_id, position, created_at)
   SELECT $1::uuid, md5($1 || '${table.replace('outbound_', '')}' || n)::uuid, type, entity, position, ${AT}
   FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY rows (invoice, customer, ordinal), LATERAL (SELECT ordinal::int - 1) number (n),
   LATERAL (VALUES ('invoice', invoice, 0::smallint), ('customer', customer, NULL)) link (type, entity, position)`,
);
/** Two of three were contacted, one in eight awaits a reply. */
const CONTACTED = `UPDATE context_entity e SET last_contacted_at = ${AT}, awaiting_reply = n % 8 = 0
   FROM unnest($2::uuid[]) WITH ORDINALITY rows (id, ordinal), LATERAL (SELECT ordinal::int * $3::int) number (n)
   WHERE e.organization_id = $1::uuid AND e.id = rows.id AND n % 3 > 0`;

export interface SeededLists {
  readonly key: string;
  readonly accountUid: string;
  readonly customerUid: string;
  readonly invoiceUid: string;
  readonly conversationUid: string;
}

export async function seedLists(db: Db, pool: Pool): Promise<SeededLists> {
  const { id: organizationId } = await db.organization.create({ data: { id: uuidv7(), name: 'lists' } });
  const customers = await inBatches(
    CUSTOMERS,
    (n) => ({ externalId: `c-${n}`, name: `Customer ${(n * 7919) % CUSTOMERS}` }),
    (rows) => upsertCustomers(pool, organizationId, rows, 'input'),
  );
  const dateOf = (day: number) => new Date(Date.now() + day * DAY_MS).toISOString().slice(0, 10);
  const invoices = await inBatches(
    ROWS,
    (n) => {
      // The last thirtieth of them is not due yet.
      const issued = -DAYS + Math.floor((n * DAYS) / ROWS);
      const open = n % 33 === 0 || n > ROWS * 0.96;
      const status = n % 20 === 1 ? 'DRAFT' : n % 20 === 2 ? 'VOID' : open ? 'OPEN' : 'PAID';
      const amounts = { subtotalCents: '150000', totalCents: '150000' };
      const customerUid = customers[n >> 2];
      if (customerUid === undefined) throw new Error('there is no such customer');
      const dates = { issueDate: dateOf(issued), dueDate: dateOf(issued + 14 + (n % 30)) };
      return {
        number: `INV-${String(n).padStart(7, '0')}`,
        customerUid,
        status,
        currency: 'USD',
        ...dates,
        ...amounts,
      } as const;
    },
    (rows) => upsertInvoices(pool, organizationId, rows, 'input'),
  );
  const client = await pool.connect();
  try {
    // The derived ids keep foreign keys valid, so that they need not be checked a million times.
    await client.query(`SET session_replication_role = 'replica'; SET synchronous_commit = off`);
    for (const statement of STATEMENTS) await client.query(statement, [organizationId]);
    const customerOf = invoices.map((_, n) => customers[n >> 2]);
    for (const statement of LINKS) await client.query(statement, [organizationId, invoices, customerOf]);
    await client.query(CONTACTED, [organizationId, invoices, 1]);
    await client.query(CONTACTED, [organizationId, customers, ROWS / CUSTOMERS]);
    await client.query('VACUUM ANALYZE');
    const { rows } = await client.query<Record<'accountUid' | 'conversationUid', string>>(
      `SELECT ${ID('account', '1')} AS "accountUid", ${ID('conversation', '77')} AS "conversationUid"`,
      [organizationId],
    );
    const { key } = await issueApiKey(db, { organizationId, name: 'bench', scopes: SCOPES, expiresAt: null });
    const [row, customerUid, invoiceUid] = [rows[0], customers[19], invoices[77]];
    if (row === undefined || customerUid === undefined || invoiceUid === undefined)
      throw new Error('nothing was seeded');
    return { key, ...row, customerUid, invoiceUid };
  } finally {
    client.release(true);
  }
}

async function inBatches<Input>(
  count: number,
  input: (n: number) => Input,
  store: (inputs: Input[]) => Promise<string[]>,
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    ids.push(...(await store(Array.from({ length: AT_ONCE }, (_, index) => input(from + index)))));
  }
  return ids;
}
