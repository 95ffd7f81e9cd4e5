/** A whole Epistle for a test file: its own database, its own Gmail sandbox, HTTP server and worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig, type QueryConfig } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import type { App } from '../../src/app.ts';
import { issueApiKey } from '../../src/auth/keys.ts';
import { SCOPES, type Scope } from '../../src/auth/scopes.ts';
import { parseConfig } from '../../src/config/config.ts';
import { upsertCustomer } from '../../src/contexts/customer.ts';
import { upsertInvoice } from '../../src/contexts/invoice.ts';
import { createApp } from '../../src/create-app.ts';
import type { ServiceAccount } from '../../src/gmail/oauth-endpoints.ts';
import { createLogger } from '../../src/log.ts';
import { connectAccount } from '../../src/mail/account.ts';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { startServer } from '../../src/http/server.ts';
import { storeMessage } from '../../src/inbox/store-message.ts';
import { startWorker } from '../../src/worker.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import type { TypedDocumentString } from '../generated/graphql.ts';

export interface Tenant {
  readonly organizationId: string;
  /** Of a key with every scope. */
  readonly key: string;
  readonly accountId: string;
  readonly email: string;
}

export interface TestApp {
  readonly app: App;
  readonly sandbox: Sandbox;
  readonly database: TestDatabase;
  readonly url: string;
  /** Statements sent to PostgreSQL since the last `resetStatements`, transaction control left out. */
  statements(): string[];
  resetStatements(): void;
  /** What was logged, one JSON line each. */
  readonly logged: string[];
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Environment variables for the configuration. */
  readonly env?: Record<string, string>;
  readonly now?: () => Date;
  readonly serviceAccount?: ServiceAccount;
  readonly encryptionKeys?: readonly Buffer[];
  /** On the database and the sandbox of this one, as a second process would be. To be closed before it. */
  readonly beside?: Pick<TestApp, 'database' | 'sandbox'>;
}

/** Mailboxes are read when a test asks for it: tests count the calls and statements of what they do. */
export const UNPOLLED = { SYNC_INTERVAL_MS: '0' };

/** Limits that no test reaches: what is tested is not how fast an account may send. */
export const UNPACED = { GMAIL_UNITS_PER_MINUTE: '100000000', GMAIL_DAILY_SENDS: '100000000' };

const ENCRYPTION_KEYS = [Buffer.alloc(32, 7)];

export async function startTestApp({
  env = {},
  now,
  serviceAccount,
  encryptionKeys = ENCRYPTION_KEYS,
  beside,
}: TestAppOptions = {}): Promise<TestApp> {
  const database = beside?.database ?? (await createTestDatabase());
  const sandbox = beside?.sandbox ?? (await startSandbox(now === undefined ? {} : { now }));
  const statements: string[] = [];
  const note = (query: string | QueryConfig) => {
    const text = typeof query === 'string' ? query : query.text;
    if (
      !/^\s*(begin|commit|rollback)\b/i.test(text) &&
      !text.includes('graphile_worker"') &&
      !text.includes('process_heartbeat')
    )
      statements.push(text);
  };
  class CountingClient extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      const apply: ProxyHandler<Client['query']>['apply'] = (query, client, args) => {
        note(args[0]);
        return Reflect.apply(query, client, args);
      };
      Object.defineProperty(this, 'query', { value: new Proxy(this.query, { apply }) });
    }
  }
  const logged: string[] = [];
  const log = createLogger('info', { write: (line) => void logged.push(line) });
  const config = parseConfig({ ...UNPACED, ...UNPOLLED, PORT: '0', LOG_LEVEL: 'info', NODE_ENV: 'test', ...env });
  const google = { clientId: sandbox.clientId, clientSecret: sandbox.clientSecret, baseUrl: sandbox.url };
  const running = await createApp({
    config,
    database: { connectionString: database.url, Client: CountingClient },
    google,
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    encryptionKeys,
    publicUrl: 'http://epistle.test',
    log,
    ...(now === undefined ? {} : { now }),
  });
  // Often, so that no test waits for the clock.
  const worker = await startWorker(running.app, { pollIntervalMs: 50 });
  const server = await startServer(running.app, { demo: null });
  return {
    app: running.app,
    sandbox,
    database,
    url: `http://127.0.0.1:${server.port}`,
    statements: () => [...statements],
    resetStatements: () => void statements.splice(0),
    logged,
    async close() {
      await server.close();
      await worker.stop();
      await running.close();
      if (beside !== undefined) return;
      await sandbox.close();
      await database.drop();
    },
  };
}

let tenants = 0;

/** An organization with one connected account, whose mailbox the sandbox has. */
export async function createTenant(
  { app, sandbox }: Pick<TestApp, 'app' | 'sandbox'>,
  name = `tenant-${++tenants}`,
): Promise<Tenant> {
  const organization = await app.db.organization.create({ data: { id: uuidv7(), name } });
  const organizationId = organization.id;
  const { key } = await issueApiKey(app.db, { organizationId, name: 'test', scopes: SCOPES, expiresAt: null });
  const email = `billing@${name}.example`;
  const accountId = await createAccount({ app, sandbox }, organizationId, email);
  return { organizationId, key, accountId, email };
}

/** Another account of an organization. */
export async function createAccount(
  { app, sandbox }: Pick<TestApp, 'app' | 'sandbox'>,
  organizationId: string,
  email: string,
  { displayName = 'Billing', aliases = [] as readonly string[] } = {},
): Promise<string> {
  const specs = aliases.map((alias) => ({ email: alias, accepted: true }));
  sandbox.admin.createMailbox({ email, displayName, aliases: specs });
  return connectAccount(app, organizationId, { email, displayName, aliases, refreshToken: sandbox.admin.grant(email) });
}

/** A key of the organization with these scopes only. */
export async function createKey({ app }: TestApp, organizationId: string, scopes: readonly Scope[]): Promise<string> {
  return (await issueApiKey(app.db, { organizationId, name: 'limited', scopes, expiresAt: null })).key;
}

/** A customer with one invoice. */
export async function createInvoice({ app }: TestApp, { organizationId }: Tenant, number: string) {
  const customerId = await upsertCustomer(app.pool, organizationId, {
    externalId: `customer-of-${number}`,
    name: 'Acme Corp',
    email: 'maria@acme.example',
  });
  const invoiceId = await upsertInvoice(app.pool, organizationId, {
    number,
    customerUid: customerId,
    status: 'OPEN',
    currency: 'USD',
    issueDate: new Date('2026-01-01T00:00:00Z'),
    dueDate: new Date('2026-01-15T00:00:00Z'),
    subtotalCents: '150000',
    totalCents: '150000',
  });
  return { customerId, invoiceId };
}

/** Brings a message of the sandbox into the tenant's mailbox and from there into the database. @returns its uid. */
export async function receive(
  { app, sandbox }: TestApp,
  tenant: Tenant,
  mail: { readonly from: string; readonly raw: string },
): Promise<string> {
  const raw = mail.raw.replace(/\r?\n/g, '\r\n');
  const [copy] = sandbox.admin.deliverExternal({ from: mail.from, to: tenant.email, raw });
  const mailbox = await findMailbox(app.pool, tenant.organizationId, tenant.accountId);
  if (copy === undefined || mailbox === null) throw new Error('nothing was delivered');
  const message = await app.gmail.getMessage(mailboxAccess(app, mailbox), copy.id);
  if (message === null) throw new Error('the delivered message is gone');
  return storeMessage(app.pool, mailbox, message, null);
}

export interface GraphqlAnswer<Data> {
  readonly status: number;
  readonly data: Data | null;
  readonly errors: readonly { message: string; path?: unknown; extensions?: Record<string, unknown> }[];
}

/** One GraphQL request over HTTP. */
export async function request<Data, Variables>(
  { url }: Pick<TestApp, 'url'>,
  key: string | null,
  document: TypedDocumentString<Data, Variables> | string,
  variables?: Variables,
): Promise<GraphqlAnswer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const body = (await response.json()) as { data?: Data; errors?: GraphqlAnswer<Data>['errors'] };
  return { status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
}

/** As `request`, for what must succeed: gives the data. */
export async function query<Data, Variables>(
  app: Pick<TestApp, 'url'>,
  key: string,
  document: TypedDocumentString<Data, Variables>,
  variables?: Variables,
): Promise<Data> {
  const { data, errors } = await request(app, key, document, variables);
  if (data === null || errors.length > 0) throw new Error(`unexpected errors: ${JSON.stringify(errors)}`);
  return data;
}

/** Asks again until there is an answer. @throws after `timeoutMs`. */
export async function eventually<Value>(
  ask: () => Promise<Value | null | undefined>,
  timeoutMs = 30_000,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== null && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`it did not happen within ${timeoutMs / 1000} s`);
    await delay(20);
  }
}

/** Narrows a member of a result union. @throws when it is another one. */
export function expectType<Union extends { __typename?: string }, Name extends NonNullable<Union['__typename']>>(
  value: Union,
  name: Name,
): Extract<Union, { __typename?: Name }> {
  if (value.__typename !== name) throw new Error(`expected ${name}, got ${JSON.stringify(value)}`);
  return value as Extract<Union, { __typename?: Name }>;
}
