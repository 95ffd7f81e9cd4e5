/**
 * Erases the content of finished emails. The row stays with its id, idempotency key and state: a request that is repeated is still
 * answered, and nothing is sent twice.
 */
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import type { WrittenEmail } from '../email/content.ts';
import { searchTerms } from '../email/search-terms.ts';
import { deleteFiles } from '../outbound/delete-files.ts';

/** Takes the place of an erased address. The domain never receives mail (RFC 2606). */
export const ERASED_ADDRESS = 'erased@erased.invalid';

/** SQL on `outbound_email e`: Epistle does nothing more with it by itself, and no process works on it. */
export const FINISHED = sql`e.status IN ('SENT', 'BOUNCED', 'FAILED', 'CANCELED') AND e.lease_token IS NULL`;

/** Which addresses of an email are replaced. Null: none, and the subject stays too. */
export type ErasedAddresses = ((address: string) => boolean) | null;

type Addressed = Omit<WrittenEmail, 'bodyText' | 'bodyHtml'> & { readonly id: string };

/** Erases bodies, files and the search terms of both, in the caller's transaction. Unfinished emails are left as they are. */
export async function eraseEmails(
  tx: Sql,
  organizationId: string,
  ids: readonly string[],
  isErased: ErasedAddresses = null,
): Promise<number> {
  const { rows } = await tx.query<Addressed>(
    sql`UPDATE outbound_email e SET body_text = NULL, body_html = NULL, content_erased_at = coalesce(content_erased_at, now()),
        subject = CASE WHEN ${isErased === null} THEN subject ELSE '' END,
        template_values = NULL, template_use = CASE WHEN ${isErased === null} THEN template_use END,
        template_version_id = CASE WHEN ${isErased === null} THEN template_version_id END
      WHERE organization_id = ${organizationId} AND id = ANY(${ids}) AND ${FINISHED}
      RETURNING id, "to", cc, bcc, reply_to AS "replyTo", subject`,
  );
  const emails = isErased === null ? rows : rows.map((row) => withoutAddresses(row, isErased));
  const erased = rows.map(({ id }) => id);
  if (isErased !== null) {
    await writeAddresses(tx, organizationId, emails);
    await eraseReports(tx, organizationId, erased, isErased);
  }
  await deleteFiles(tx, organizationId, 'outbound_email_id', erased);
  const terms = await Promise.all(
    emails.map(async ({ id, to, cc, bcc, subject }) => {
      return { id, terms: await searchTerms({ texts: [subject], addresses: [...to, ...cc, ...bcc] }) };
    }),
  );
  await tx.query(
    sql`UPDATE outbound_email_search s SET terms = array_to_tsvector(new.terms)
      FROM jsonb_to_recordset(${JSON.stringify(terms)}::jsonb) AS new (id uuid, terms text[])
      WHERE s.organization_id = ${organizationId} AND s.outbound_email_id = new.id`,
  );
  return rows.length;
}

function withoutAddresses(email: Addressed, isErased: (address: string) => boolean): Addressed {
  const replaced = (addresses: readonly string[]) =>
    addresses.map((address) => (isErased(address) ? ERASED_ADDRESS : address));
  const { to, cc, bcc, replyTo } = email;
  return { ...email, to: replaced(to), cc: replaced(cc), bcc: replaced(bcc), replyTo: replaced(replyTo) };
}

async function writeAddresses(tx: Sql, organizationId: string, emails: readonly Addressed[]): Promise<void> {
  await tx.query(
    sql`UPDATE outbound_email e SET "to" = new."to", cc = new.cc, bcc = new.bcc, reply_to = new."replyTo"
      FROM jsonb_to_recordset(${JSON.stringify(emails)}::jsonb)
        AS new (id uuid, "to" text[], cc text[], bcc text[], "replyTo" text[])
      WHERE e.organization_id = ${organizationId} AND e.id = new.id`,
  );
}

/** Erases the addresses in delivery reports and in the events about them and about replies. */
export async function eraseReports(
  tx: Sql,
  organizationId: string,
  ids: readonly string[],
  isErased: (address: string) => boolean,
): Promise<void> {
  const { rows } = await tx.query<{ id: string; recipient: string }>(
    sql`SELECT id, recipient FROM bounce WHERE organization_id = ${organizationId} AND outbound_email_id = ANY(${ids})`,
  );
  const bounceIds = rows.filter(({ recipient }) => isErased(recipient)).map(({ id }) => id);
  // Each keeps an address of its own: a notice reports each recipient once.
  await tx.query(
    sql`UPDATE bounce SET recipient = 'erased-' || id || '@erased.invalid', diagnostic = NULL
      WHERE organization_id = ${organizationId} AND id = ANY(${bounceIds})`,
  );
  const events = await tx.query<{ id: string; addresses: string[] }>(
    sql`SELECT id, array_remove(ARRAY[detail ->> 'from'] || ARRAY(
          SELECT r ->> 'recipient' FROM jsonb_array_elements(detail -> 'recipients') r), NULL) AS addresses
      FROM outbound_email_event WHERE organization_id = ${organizationId} AND outbound_email_id = ANY(${ids})
        AND type IN ('REPLIED', 'BOUNCED', 'DELAYED')`,
  );
  const eventIds = events.rows.filter(({ addresses }) => addresses.some(isErased)).map(({ id }) => id);
  await allowErasing(tx);
  await tx.query(
    sql`UPDATE outbound_email_event SET detail = detail - CASE type WHEN 'REPLIED' THEN 'from' ELSE 'recipients' END
      WHERE organization_id = ${organizationId} AND id = ANY(${eventIds})`,
  );
}

/** Lets the transaction change and delete entries of the audit trail, which is append-only otherwise. */
export async function allowErasing(tx: Sql): Promise<void> {
  await tx.query(sql`SELECT set_config('epistle.erasing', 'on', true)`);
}
