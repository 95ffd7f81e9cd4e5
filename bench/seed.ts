/** Organizations to send from, written by Epistle's own functions into the database that its server is using. */
import { v7 as uuidv7 } from 'uuid';
import { connectAccount } from '../src/accounts/store-account.ts';
import type { App } from '../src/app.ts';
import { type Identity, issueApiKey } from '../src/auth/keys.ts';
import { SCOPES } from '../src/auth/scopes.ts';
import { parseConfig } from '../src/config/config.ts';
import { upsertCustomer } from '../src/contexts/upsert-customers.ts';
import { upsertInvoice } from '../src/contexts/upsert-invoices.ts';
import { createApp } from '../src/create-app.ts';
import type { ConnectionParameters } from '../src/db/embedded-postgres.ts';
import { createLogger } from '../src/log.ts';

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
 * An organization with a key, with as many connected accounts as asked for, and as many customers with an invoice each.
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
  const accountIds: string[] = [];
  const invoiceIds: string[] = [];
  for (let n = 1; n <= accounts; n++) {
    const grant = { email: `billing-${n}@${name}.example`, displayName: 'Billing', aliases: [] };
    accountIds.push(await connectAccount(app, organizationId, { ...grant, refreshToken: consent(grant.email) }));
    const customerUid = await upsertCustomer(app.pool, organizationId, {
      externalId: `acme-${n}`,
      name: 'Acme Corp',
      email: 'maria@acme.example',
    });
    invoiceIds.push(
      await upsertInvoice(app.pool, organizationId, {
        number: `INV-${n}`,
        customerUid,
        status: 'OPEN',
        currency: 'USD',
        issueDate: '2026-01-01',
        dueDate: '2026-01-15',
        subtotalCents: '150000',
        totalCents: '150000',
      }),
    );
  }
  return { organizationId, name, key, accountIds, invoiceIds };
}

/** The identity that the tenant's key gives. */
export function identityOf({ organizationId }: Tenant): Identity {
  return { organizationId, actor: 'system', scopes: new Set(SCOPES), expiresAt: null };
}
