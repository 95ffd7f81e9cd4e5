/**
 * Erases one person's address and the content of mail with that person, on request. A record says that it was done. States and
 * idempotency keys stay, so that nothing is sent twice.
 */
import { hash } from 'node:crypto';
import { domainToUnicode } from 'node:url';
import type pg from 'pg';
import { MAX, NIL, v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import { customerKind } from '../contexts/customer.ts';
import { storeWords } from '../contexts/search-words.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { type Fragment, raw, sql } from '../db/statement.ts';
import { addressKey } from '../email/address.ts';
import { anyTerm, recipientTerm } from '../email/search-terms.ts';
import { ERASED_ADDRESS, eraseEmails, eraseReports, FINISHED } from './erase-emails.ts';
import { eraseMessages, isAddressOf } from './erase-messages.ts';

const BATCH = 50;
/** Rows that one statement reads: some seconds at most. */
const PAGE = 5_000;

/** The address belongs to an account that has its mailbox, which is forgotten instead. */
export class OwnAddressError extends Error {
  override readonly name = 'OwnAddressError';
}

/**
 * @returns what was erased. `unfinished`: emails with this address that are not finished, drafts included, which were left as they are.
 * @throws {OwnAddressError}
 */
export async function erasePerson(app: App, organizationId: string, email: string) {
  const key = addressKey(email);
  const own = await app.pool.query(
    sql`SELECT FROM email_account WHERE organization_id = ${organizationId} AND released_at IS NULL
        AND (email = ${key} OR ${key} = ANY(aliases))`,
  );
  if (own.rowCount !== 0) throw new OwnAddressError(`${key} is the address of an account.`);
  const person = { organizationId, key, terms: [key, recipientTerm(key)] };
  const foundEmails = await findEmails(app, person);
  const foundMessages = await findMessages(app, person);
  const isPerson = isAddressOf(key);
  await inBatches(app, foundEmails, (tx, emails) =>
    eraseEmails(
      tx,
      organizationId,
      emails.map(({ id }) => id),
      isPerson,
    ),
  );
  await inBatches(app, foundMessages, (tx, messages) => eraseFound(tx, person, messages));
  const [emails, messages] = [foundEmails.length, foundMessages.length];
  const erased = await inTransaction(app.pool, async (tx) => {
    const customers = await eraseCustomers(tx, person);
    const unfinished = await countUnfinished(tx, person);
    await tx.query(
      sql`INSERT INTO erasure (organization_id, id, address_hash, emails, messages)
        VALUES (${organizationId}, ${uuidv7()}, ${hash('sha256', key, 'buffer')}, ${emails}, ${messages})`,
    );
    return { emails, messages, customers, unfinished };
  });
  app.log.info({ organizationId, ...erased }, 'a person was erased');
  return erased;
}

interface Person {
  readonly organizationId: string;
  /** The `addressKey` of the address. */
  readonly key: string;
  /** Those under which a search finds the address. */
  readonly terms: readonly string[];
}

/** Erases rows in small transactions, so that sends in between do not wait. */
async function inBatches<Row>({ pool }: App, rows: readonly Row[], work: (tx: Sql, some: Row[]) => Promise<unknown>) {
  for (let start = 0; start < rows.length; start += BATCH) {
    const some = rows.slice(start, start + BATCH);
    await inTransaction(pool, (tx) => work(tx, some));
  }
}

/** Finished emails whose words or addresses have the address. */
function findEmails(app: App, { organizationId, key, terms }: Person): Promise<{ id: string }[]> {
  return findInPages(
    app,
    organizationId,
    'outbound_email',
    (
      page,
    ) => sql`SELECT id FROM outbound_email e WHERE organization_id = ${organizationId} AND ${page} AND ${FINISHED} AND (
        id IN (SELECT outbound_email_id FROM outbound_email_search WHERE organization_id = ${organizationId} AND terms @@ ${anyTerm(terms)}::tsquery)
        OR lower(array_to_string("to" || cc || bcc || reply_to, ' ')) ~ ${patternOf(key)})`,
  );
}

interface FoundMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly answersEmailId: string | null;
}

/** As `findEmails`: also notices about deliveries to the address, and the records of deleted messages. */
function findMessages(app: App, { organizationId, key, terms }: Person): Promise<FoundMessage[]> {
  return findInPages(
    app,
    organizationId,
    'email_message',
    (
      page,
    ) => sql`SELECT id, conversation_id AS "conversationId", answers_email_id AS "answersEmailId" FROM email_message
      WHERE organization_id = ${organizationId} AND ${page} AND (
        id IN (SELECT message_id FROM message_search WHERE organization_id = ${organizationId} AND terms @@ ${anyTerm(terms)}::tsquery)
        OR lower(concat_ws(' ', from_address, "to", cc, reply_to, delivery_notice)) ~ ${patternOf(key)})`,
  );
}

/**
 * A regular expression of PostgreSQL for the address in a text in lower case, alone or in `Ann <ann@acme.com>`, and not as a part of
 * `joann@acme.com` or `ann@acme.com.au`. A full stop after it can end a sentence, and an apostrophe before it can open a quotation.
 * JSON writes a line break before it as `\n`.
 */
function patternOf(key: string): string {
  const at = key.lastIndexOf('@') + 1;
  const domain = domainToUnicode(key.slice(at));
  // A domain literal has no other form.
  const written = domain === '' ? [key] : [key, key.slice(0, at) + domain];
  const forms = written.map((form) => form.replace(/[!-/:-@[-^`{-~]/g, '\\$&'));
  return `(?:(?<![\\w.!#$%&*+/?^~-])(?<!\\w')|(?<=\\\\[nrt]))(?:${forms.join('|')})(?![.-]?\\w)`;
}

/** Reads all rows of the organization in the order of their ids. @param select those of a page that are looked for. */
async function findInPages<Row extends pg.QueryResultRow>(
  { pool }: App,
  organizationId: string,
  table: 'outbound_email' | 'email_message',
  select: (page: Fragment) => Fragment,
): Promise<Row[]> {
  const found: Row[] = [];
  let after: string = NIL;
  for (;;) {
    const {
      rows: [last],
    } = await pool.query<{ id: string }>(
      sql`SELECT id FROM ${raw(table)} WHERE organization_id = ${organizationId} AND id > ${after}::uuid ORDER BY id
        LIMIT 1 OFFSET ${PAGE - 1}`,
    );
    const { rows } = await pool.query<Row>(select(sql`id > ${after}::uuid AND id <= ${last?.id ?? MAX}::uuid`));
    found.push(...rows);
    if (last === undefined) return found;
    after = last.id;
  }
}

/** Messages with what else repeats their addresses: their conversations, and the events of the emails that they answer. */
async function eraseFound(tx: Sql, { organizationId, key }: Person, found: readonly FoundMessage[]): Promise<void> {
  const isPerson = isAddressOf(key);
  const ids = found.map(({ id }) => id);
  await eraseMessages(tx, organizationId, ids, isPerson);
  const answered = found.flatMap(({ answersEmailId }) => answersEmailId ?? []);
  await eraseReports(tx, organizationId, answered, isPerson);
  const conversationIds = found.map(({ conversationId }) => conversationId);
  await tx.query(
    sql`UPDATE conversation SET subject = '', snippet = '', participants = array_replace(participants, ${key}, ${ERASED_ADDRESS})
      WHERE organization_id = ${organizationId} AND id = ANY(${conversationIds})`,
  );
}

async function eraseCustomers(tx: Sql, { organizationId, key }: Person): Promise<number> {
  // They have addresses as the application gave them: the domain can be in any script.
  const begins = sql`organization_id = ${organizationId} AND starts_with(lower(email), ${key.slice(0, key.lastIndexOf('@') + 1)})`;
  const given = await tx.query<{ email: string }>(
    sql`SELECT email FROM customer WHERE ${begins} UNION SELECT email FROM customer_contact WHERE ${begins}`,
  );
  const emails = given.rows.map(({ email }) => email).filter(isAddressOf(key));
  const removed = await tx.query<{ customerId: string }>(
    sql`DELETE FROM customer_contact WHERE organization_id = ${organizationId} AND email = ANY(${emails})
      RETURNING customer_id AS "customerId"`,
  );
  const customerIds = removed.rows.map(({ customerId }) => customerId);
  // One of the contacts that are left is the primary one.
  await tx.query(
    sql`UPDATE customer_contact c SET is_primary = true
      WHERE c.organization_id = ${organizationId} AND c.customer_id = ANY(${customerIds})
        AND NOT EXISTS (SELECT FROM customer_contact o WHERE o.organization_id = c.organization_id
          AND o.customer_id = c.customer_id AND (o.is_primary OR o.position < c.position))`,
  );
  const { rows } = await tx.query<{ id: string; externalId: string; name: string }>(
    sql`UPDATE customer SET email = NULL, updated_at = now() WHERE organization_id = ${organizationId} AND email = ANY(${emails})
      RETURNING id, external_id AS "externalId", name`,
  );
  const found = rows.map(({ id, externalId, name }) => ({ id, name, texts: [externalId] }));
  await storeWords(tx, organizationId, customerKind.type, found);
  return rows.length;
}

async function countUnfinished(tx: Sql, { organizationId, terms }: Person): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    sql`SELECT count(*)::int AS count FROM outbound_email_search s
      JOIN outbound_email e ON e.organization_id = s.organization_id AND e.id = s.outbound_email_id
      WHERE s.organization_id = ${organizationId} AND s.terms @@ ${anyTerm(terms)}::tsquery AND NOT (${FINISHED})`,
  );
  return rows[0]?.count ?? 0;
}
