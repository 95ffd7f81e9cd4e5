/** The message that a follow-up to an email of our own answers: its sent copy. */
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { InvalidStateError, NotFoundError } from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';

/**
 * In the seconds after the email has left, its sent copy is fetched from Gmail now.
 * @returns the id of the message. Null: the sent copy was deleted in Gmail.
 * @throws {NotFoundError}
 * @throws {InvalidStateError} while the email has not left itself, or Gmail does not give its sent copy.
 */
export async function findSentCopy(app: App, organizationId: string, outboundEmailId: string): Promise<string | null> {
  const ref = { organizationId, outboundEmailId };
  const read = async () => {
    const { rows } = await app.pool.query<{ status: OutboundEmailStatus; messageId: string | null }>(
      sql`SELECT e.status, m.id AS "messageId" FROM outbound_email e
        LEFT JOIN email_message m ON m.organization_id = e.organization_id AND m.outbound_email_id = e.id
          AND m.deleted_at IS NULL
        WHERE e.organization_id = ${organizationId} AND e.id = ${outboundEmailId}`,
    );
    if (rows[0] === undefined) throw new NotFoundError('OutboundEmail', outboundEmailId);
    return rows[0];
  };
  const { status, messageId } = await read();
  if (messageId !== null) return messageId;
  if (status === 'DRAFT' || status === 'FAILED' || status === 'CANCELED') {
    throw new InvalidStateError(status, `The email to follow up was not sent: it is ${status}.`);
  }
  if (status !== 'SENT' && status !== 'BOUNCED') {
    const message = `The email to follow up was not sent yet: it is ${status}. Nothing was sent; retry when it is SENT.`;
    throw new InvalidStateError(status, message, 'AFTER');
  }
  try {
    await app.sentCopies.fetch(ref);
  } catch (error) {
    if (!(error instanceof GmailError)) throw error;
    const message = `The sent copy of the email to follow up cannot be read from Gmail now (${error.reason}). Nothing was sent; retry later.`;
    throw new InvalidStateError(status, message, 'AFTER');
  }
  return (await read()).messageId;
}
