/** Organizations to send from, written by Epistle's own functions into the database that its server is using. */
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../src/app.ts';
import { type Identity, issueApiKey } from '../src/auth/keys.ts';
import { SCOPES } from '../src/auth/scopes.ts';
import { parseConfig } from '../src/config/config.ts';
import { upsertCustomer } from '../src/contexts/customer.ts';
import { upsertInvoice } from '../src/contexts/invoice.ts';
import { createApp } from '../src/create-app.ts';
import type { ConnectionParameters } from '../src/db/embedded-postgres.ts';
import { createLogger } from '../src/log.ts';
import { connectAccount } from '../src/mail/account.ts';

export interface Tenant {
  readonly organizationId: string;
  readonly name: string;
  /** An API key with every scope. */
  readonly key: string;
  readonly accountIds: readonly string[];
  /** One for each account. */
  readonly invoiceIds: readonly string[];
}

/** Runs `work` with an Epistle that neither serves nor runs jobs. */
export async function withApp<Result>(
  database: ConnectionParameters,
  encryptionKey: Buffer,
  work: (app: App) => Promise<Result>,
): Promise<Result> {
  const running = await createApp({
    config: parseConfig({}),
    database: { ...database },
    google: { clientId: 'bench', clientSecret: 'bench', baseUrl: null },
    encryptionKeys: [encryptionKey],
    publicUrl: 'http://localhost',
    log: createLogger('warn'),
  });
  try {
    return await work(running.app);
  } finally {
    await running.close();
  }
}

/**
 * An organization with a key, so many connected accounts and as many invoices of one customer.
 * @param consent gives an account's refresh token; the Gmail of the other scenarios takes any.
 */
export async function createTenant(
  app: App,
  name: string,
  accounts: number,
  consent = (email: string) => `refresh-${email}`,
): Promise<Tenant> {
  const organizationId = uuidv7();
  await app.db.organization.create({ data: { id: organizationId, name } });
  const { key } = await issueApiKey(app.db, { organizationId, name: 'bench', scopes: SCOPES, expiresAt: null });
  const customerUid = await upsertCustomer(app.pool, organizationId, {
    externalId: 'acme',
    name: 'Acme Corp',
    email: 'maria@acme.example',
  });
  const accountIds: string[] = [];
  const invoiceIds: string[] = [];
  for (let n = 1; n <= accounts; n++) {
    const grant = { email: `billing-${n}@${name}.example`, displayName: 'Billing', aliases: [] };
    accountIds.push(await connectAccount(app, organizationId, { ...grant, refreshToken: consent(grant.email) }));
    invoiceIds.push(
      await upsertInvoice(app.pool, organizationId, {
        number: `INV-${n}`,
        customerUid,
        status: 'OPEN',
        currency: 'USD',
        issueDate: new Date('2026-01-01T00:00:00Z'),
        dueDate: new Date('2026-01-15T00:00:00Z'),
        subtotalCents: '150000',
        totalCents: '150000',
      }),
    );
  }
  return { organizationId, name, key, accountIds, invoiceIds };
}

/** As somebody with the tenant's key would be known. */
export function identityOf({ organizationId }: Tenant): Identity {
  return { organizationId, actor: 'system', scopes: new Set(SCOPES) };
}
