/** A whole Epistle for a test file: its own database, its own Gmail sandbox, HTTP server and worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig, type QueryConfig } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, type beforeEach } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import type { App } from '../../src/app.ts';
import { issueApiKey } from '../../src/auth/keys.ts';
import { SCOPES, type Scope } from '../../src/auth/scopes.ts';
import { parseConfig } from '../../src/config/config.ts';
import type { ServiceAccount } from '../../src/config/secrets.ts';
import type { Timing } from '../../src/config/timing.ts';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import { createApp } from '../../src/create-app.ts';
import type { Sender } from '../../src/db/sender.ts';
import { listenForRequests } from '../../src/http/server.ts';
import { storeMessage } from '../../src/inbox/store-message.ts';
import { createLogger } from '../../src/log.ts';
import { startWorker } from '../../src/worker.ts';
import type { TypedDocumentString } from '../generated/graphql.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export interface Tenant {
  readonly organizationId: string;
  /** Of a key with every scope. */
  readonly key: string;
  readonly accountId: string;
  readonly email: string;
}

/** Serves all HTTP routes, as a process does once it is ready. @throws {ConfigError} */
export async function startServer(app: App) {
  const server = await listenForRequests(app);
  server.open({ demo: null });
  return server;
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
  readonly timing?: Partial<Timing>;
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
  timing = {},
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
      !/^\s*(begin|commit|rollback|set)\b|^SELECT 1$/i.test(text) &&
      !text.includes('graphile_worker"') &&
      !/process_heartbeat|periodic_task|clock_timestamp/.test(text)
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
    // No test is interrupted by what looks for overdue work; one that is about it says how often.
    timing: { requeueOverdueMs: 3_600_000, ...timing },
    ...(now === undefined ? {} : { now }),
  });
  // Often, so that no test waits for the clock.
  const worker = await startWorker(running.app, { pollIntervalMs: 50 });
  const server = await startServer(running.app);
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

/** For all tests of a file, which use it from the first `beforeAll` on. Each test finds a Gmail without faults. */
export function useTestApp(options: TestAppOptions = {}): TestApp {
  let started: TestApp | null = null;
  const get = () => {
    if (started === null) throw new Error('no test of this file is running');
    return started;
  };
  beforeAll(async () => {
    started = await startTestApp(options);
  });
  afterEach(() => get().sandbox.admin.clearFaults());
  afterAll(() => started?.close());
  return {
    get app() {
      return get().app;
    },
    get sandbox() {
      return get().sandbox;
    },
    get database() {
      return get().database;
    },
    get url() {
      return get().url;
    },
    get logged() {
      return get().logged;
    },
    statements: () => get().statements(),
    resetStatements: () => get().resetStatements(),
    close: () => get().close(),
  };
}

let tenants = 0;

/** As `useTestApp`: a tenant for all tests of a file, or with `beforeEach` another one for each. */
export function useTenant(
  t: Pick<TestApp, 'app' | 'sandbox'>,
  before: typeof beforeAll | typeof beforeEach = beforeAll,
): Tenant {
  const tenant = { organizationId: '', key: '', accountId: '', email: '' };
  before(async () => void Object.assign(tenant, await createTenant(t)));
  return tenant;
}

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
    issueDate: '2026-01-01',
    dueDate: '2026-01-15',
    subtotalCents: '150000',
    totalCents: '150000',
  });
  return { customerId, invoiceId };
}

/** The tenant's account as the process reads it now. */
export async function mailboxOf({ app }: Pick<TestApp, 'app'>, { organizationId, accountId }: Tenant): Promise<Sender> {
  const mailbox = await findMailbox(app.pool, organizationId, accountId);
  if (mailbox === null) throw new Error('there is no such account');
  return mailbox;
}

/** Stores a message of the tenant's mailbox, as the sent copy of an email if it is one. @returns its uid. */
export async function importMessage(
  { app }: Pick<TestApp, 'app'>,
  tenant: Tenant,
  providerMessageId: string,
  outboundEmailId: string | null = null,
): Promise<string> {
  const mailbox = await mailboxOf({ app }, tenant);
  const message = await app.gmail.getMessage(mailboxAccess(app, mailbox), providerMessageId);
  if (message === null) throw new Error('there is no such message');
  return storeMessage(app.pool, mailbox, message, outboundEmailId);
}

/** Brings a mail from outside into the tenant's mailbox. @param mail.from of the envelope. @returns its id there. */
export function deliverTo(
  { sandbox }: Pick<TestApp, 'sandbox'>,
  { email: to }: Pick<Tenant, 'email'>,
  { from, raw, spam = false }: { readonly from: string; readonly raw: string; readonly spam?: boolean },
): string {
  const [copy] = sandbox.admin.deliverExternal({ from, to, raw: raw.replace(/\r?\n/g, '\r\n'), spam });
  if (copy === undefined) throw new Error('nothing was delivered');
  return copy.id;
}

/** As `deliverTo`, and stores it. @returns its uid. */
export function receive(t: TestApp, tenant: Tenant, mail: Parameters<typeof deliverTo>[2]): Promise<string> {
  return importMessage(t, tenant, deliverTo(t, tenant, mail));
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
  timeoutMs = 60_000,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== null && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`it did not happen within ${timeoutMs / 1000} s`);
    await delay(20);
  }
}

/** Waits until a statement, or so many of them, wait for a lock. */
export function lockAwaited({ app }: Pick<TestApp, 'app'>, statements = 1, timeoutMs?: number): Promise<true> {
  return eventually(async () => {
    const sql = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    return (await app.pool.query(sql)).rowCount === statements || null;
  }, timeoutMs);
}

/** What an operator was told with these words. @throws when one of the lines has an address in it. */
export function warnings({ logged }: Pick<TestApp, 'logged'>, words: string): Record<string, unknown>[] {
  const lines = logged.filter((line) => line.includes(words));
  if (lines.some((line) => line.includes('@'))) throw new Error(`an address was logged: ${lines.join('')}`);
  return lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40);
}

/** Narrows a member of a result union. @throws when it is another one. */
export function expectType<Union extends { __typename?: string }, Name extends NonNullable<Union['__typename']>>(
  value: Union,
  name: Name,
): Extract<Union, { __typename?: Name }> {
  if (value.__typename !== name) throw new Error(`expected ${name}, got ${JSON.stringify(value)}`);
  return value as Extract<Union, { __typename?: Name }>;
}
