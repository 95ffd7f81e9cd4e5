import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import { wakeAccount } from './quota.ts';
import { refreshTokenPurpose } from './sender.ts';

/** A mailbox belongs to one organization only. */
export class AccountTakenError extends Error {
  override readonly name = 'AccountTakenError';
}

/**
 * Stores an account whose owner has consented, or renews the grant of one that is there: what waited for it goes then.
 * @param grant.aliases accepted send-as addresses besides the primary one.
 * @returns its id.
 * @throws {AccountTakenError} when another organization has this mailbox.
 */
export async function connectAccount(
  app: App,
  organizationId: string,
  grant: {
    readonly email: string;
    readonly displayName: string | null;
    readonly aliases: readonly string[];
    readonly refreshToken: string;
  },
): Promise<string> {
  const email = grant.email.toLowerCase();
  const existing = await app.db.emailAccount.findUnique({
    where: { email },
    select: { organizationId: true, id: true },
  });
  if (existing !== null && existing.organizationId !== organizationId) throw new AccountTakenError();
  const id = existing?.id ?? uuidv7();
  const data = {
    displayName: grant.displayName,
    aliases: grant.aliases.map((alias) => alias.toLowerCase()),
    status: 'ACTIVE' as const,
    statusReason: null,
    sealedRefreshToken: app.sealer.seal(grant.refreshToken, refreshTokenPurpose(id)),
    connectedAt: app.now(),
  };
  await app.db.emailAccount.upsert({
    where: { organizationId_id: { organizationId, id } },
    create: { organizationId, id, email, ...data },
    update: data,
  });
  await wakeAccount(app.pool, organizationId, id, app.now());
  return id;
}
