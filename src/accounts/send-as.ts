/** The addresses from which an account may send, read from Gmail when it is connected, and then about hourly. */
import { z } from 'zod';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { type AccountKey, SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { GmailError } from '../gmail/errors.ts';
import type { GmailGateway, MailboxAccess } from '../gmail/gateway.ts';
import { storableOrNull } from '../input.ts';
import { mailboxAccess, markNeedsReauth } from './mailbox-access.ts';

/** Gmail's settings page accepts 10,000 characters. A longer signature is not stored. */
const MAX_SIGNATURE_LENGTH = 100_000;

const Stored = z.array(
  z.object({
    /** In lower case. */
    email: z.string(),
    displayName: z.string().nullable(),
    /** HTML. Null: none. */
    signatureHtml: z.string().nullable(),
    isDefault: z.boolean(),
  }),
);

export type SendAs = z.infer<typeof Stored>[number];

/** Reads the column `send_as`. */
export function parseSendAs(column: unknown): SendAs[] {
  return Stored.parse(column);
}

/** What Gmail has of an address of the account, in lower case. Null: it is not one. */
export async function findSendAs(
  connection: Sql,
  { organizationId, id }: AccountKey,
  address: string,
): Promise<SendAs | null> {
  const { rows } = await connection.query<{ sendAs: unknown }>(
    sql`SELECT send_as AS "sendAs" FROM email_account WHERE organization_id = ${organizationId} AND id = ${id}`,
  );
  return parseSendAs(rows[0]?.sendAs ?? []).find(({ email }) => email === address) ?? null;
}

/** A mailbox's profile in Gmail. */
export interface MailboxProfile {
  readonly email: string;
  readonly displayName: string | null;
  /** Accepted send-as addresses besides the primary one. */
  readonly aliases: readonly string[];
  /** Omitted: `email` and `aliases`, without signatures. */
  readonly sendAs?: readonly SendAs[];
}

/** @throws {GmailError} */
export async function readProfile(gmail: GmailGateway, mailbox: MailboxAccess): Promise<MailboxProfile> {
  const [{ email }, all] = await Promise.all([gmail.getProfile(mailbox), gmail.listSendAs(mailbox)]);
  const accepted = all.filter(({ isAccepted }) => isAccepted);
  return {
    email,
    displayName: accepted.find(({ isPrimary }) => isPrimary)?.displayName ?? null,
    aliases: accepted.filter(({ isPrimary }) => !isPrimary).map((alias) => alias.email),
    sendAs: accepted.map((alias) => ({
      email: alias.email.toLowerCase(),
      displayName: alias.displayName,
      signatureHtml:
        (alias.signatureHtml?.length ?? 0) > MAX_SIGNATURE_LENGTH ? null : storableOrNull(alias.signatureHtml),
      isDefault: alias.isDefault,
    })),
  };
}

/** The stored part of a profile, in the form of the columns `display_name`, `aliases` and `send_as`. */
export function profileColumns({ email, displayName, aliases, sendAs }: MailboxProfile) {
  const addresses = [email, ...aliases].map((address) => address.toLowerCase());
  const plain = addresses.map((address, index) => ({
    email: address,
    displayName,
    signatureHtml: null,
    isDefault: index === 0,
  }));
  return { displayName, aliases: addresses.slice(1), sendAs: JSON.stringify(sendAs ?? plain) };
}

/** Every ten minutes, in one process: reads the profiles that are an hour old. An account that cannot be read is tried again after an hour. */
export async function refreshProfiles(app: App, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { rows } = await app.pool.query<Sender>(
      sql`UPDATE email_account a SET profile_read_at = now()
        WHERE (a.organization_id, a.id) IN (
          SELECT organization_id, id FROM email_account
          WHERE status = 'ACTIVE' AND profile_read_at < now() - interval '1 hour'
          ORDER BY profile_read_at LIMIT 1
        ) RETURNING ${SENDER_COLUMNS}`,
    );
    const [account] = rows;
    if (account === undefined) return;
    await refreshProfile(app, account);
  }
}

/** Stores nothing if the account was connected again meanwhile, which has read its profile too. */
async function refreshProfile(app: App, account: Sender): Promise<void> {
  const { organizationId, id, grantId } = account;
  try {
    const { displayName, aliases, sendAs } = profileColumns(await readProfile(app.gmail, mailboxAccess(app, account)));
    await app.pool.query(
      sql`UPDATE email_account SET display_name = ${displayName}, aliases = ${aliases}, send_as = ${sendAs}
        WHERE organization_id = ${organizationId} AND id = ${id} AND grant_id = ${grantId}`,
    );
  } catch (error) {
    if (!(error instanceof GmailError)) throw error;
    if (error.kind === 'reauth') await markNeedsReauth(app, account);
  }
}
