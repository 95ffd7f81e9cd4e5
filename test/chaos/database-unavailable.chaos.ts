/** What a client is told while the database is away: when to come back, and never that nothing was done. */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import { DatabaseError } from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { Prisma } from '#generated/prisma/client.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { isDatabaseUnavailable } from '../../src/db/unavailable.ts';
import { describeError } from '../../src/log.ts';
import { SendEmail } from '../support/documents.ts';
import { eventually, type GraphqlAnswer, request } from '../support/harness.ts';
import { fresh } from '../support/mail.ts';
import { type Fleet, startFleet } from '../support/processes.ts';

const MARIA = 'maria@acme.example';
const UNKNOWN_UID = '0199aa11-2b3c-7def-8123-456789abcdef';
const ORIGIN = 'https://app.example';
const ENV = { SEND_WAIT_MS: '5000', CORS_ORIGINS: ORIGIN };
/** The first two read the table that is locked. */
const QUERIES = [
  '{ emailAccounts { uid } }',
  '{ outboundEmails { edges { node { fromAccount { uid } } } } }',
  '{ apiKeys { edges { cursor } } }',
];

/** Of a server that each test stops in its own way; the next one starts it again. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(inject('temporaryFolder'), 'unavailable-'));
});

async function startOn(work: (fleet: Fleet, postgres: EmbeddedPostgres) => Promise<void>): Promise<void> {
  const postgres = await startEmbeddedPostgres(path.join(folder, 'data'), { log: () => {} });
  const fleet = await startFleet({ processes: 1, databaseUrl: postgres.url, env: ENV });
  try {
    fleet.sandbox.admin.createMailbox({ email: MARIA });
    await work(fleet, postgres);
  } finally {
    await fleet.close();
    await postgres.stop();
  }
}

function ask({ processes: [server], tenant }: Fleet, document: string): Promise<GraphqlAnswer<unknown>> {
  if (server === undefined) throw new Error('there is no process');
  return request(server, tenant.key, document);
}

function send({ processes: [server], tenant }: Fleet, subject: string): Promise<GraphqlAnswer<unknown>> {
  if (server === undefined) throw new Error('there is no process');
  return request(server, tenant.key, SendEmail, { input: fresh(tenant, MARIA, { subject }) });
}

function expectUnavailable(answer: GraphqlAnswer<unknown>, retry: 'AFTER' | 'CHECK_FIRST' = 'AFTER'): void {
  const extensions = { code: 'SERVICE_UNAVAILABLE', retry };
  expect(answer, JSON.stringify(answer)).toMatchObject({ status: 503, data: null, errors: [{ extensions }] });
  const { errors } = answer;
  if (retry === 'AFTER') expect(errors[0]?.message).toMatch(/^The database is unavailable\. Repeat the request later/);
  else expect(errors[0]?.message).toMatch(/may have been carried out.*same idempotencyKey/);
  expect(errors[0]?.message).not.toMatch(/nothing was|not accepted|not sent/i);
}

/** `work` has statements that wait for this lock when the database goes. */
async function whileLocked<Result>({ app }: Fleet, table: string, work: () => Promise<Result>): Promise<Result> {
  const client = await app.pool.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return await work();
  } finally {
    client.release(true);
  }
}

const waitingForLocks = ({ app }: Fleet, count: number) =>
  eventually(async () => {
    const { rowCount } = await app.pool.query('SELECT FROM pg_stat_activity WHERE wait_event_type = $1', ['Lock']);
    return (rowCount ?? 0) >= count || null;
  });

describe('a request while the database goes away', () => {
  // A fast shutdown ends sessions with 57P01, an immediate one with 57P02; a killed server says nothing.
  it.each(['SIGINT', 'SIGQUIT', 'SIGKILL'] as const)(
    'is answered with 503 and when to come back, and so are those after it (%s)',
    async (signal) => {
      await startOn(async (fleet, postgres) => {
        expect((await send(fleet, 'before')).status).toBe(200);
        const underWay = await whileLocked(fleet, 'email_account', async () => {
          const asked = [send(fleet, 'under way'), ...QUERIES.slice(0, 2).map((document) => ask(fleet, document))];
          await waitingForLocks(fleet, 3);
          process.kill(postgres.pid, signal);
          return Promise.all(asked);
        });
        const [sending, ...reading] = underWay;
        expectUnavailable(sending ?? expect.fail(), 'CHECK_FIRST');
        for (const answer of reading) expectUnavailable(answer);
        await postgres.stop();

        for (const document of QUERIES) expectUnavailable(await ask(fleet, document));
        // It was not even known whose it was: nothing had begun.
        expectUnavailable(await send(fleet, 'after'));
        const [server] = fleet.processes;
        const headers = { authorization: `Bearer ${fleet.tenant.key}` };
        const callback = '/oauth/google/callback?state=x&code=y';
        for (const place of [`/attachments/${UNKNOWN_UID}`, '/ready', '/graphql?query={viewer{actor}}', callback]) {
          const response = await fetch(`${server?.url}${place}`, { headers });
          expect([place, response.status, response.headers.get('retry-after')]).toEqual([place, 503, '5']);
          const text = await response.text();
          if (place === callback)
            expect(text).toContain('The mailbox may not be connected. Wait a moment, then start again');
        }
        // A web page may read the header too.
        const asked = await fetch(`${server?.url}/graphql?query={viewer{actor}}`, {
          headers: { ...headers, origin: ORIGIN },
        });
        expect([asked.status, asked.headers.get('access-control-expose-headers')]).toEqual([
          503,
          'Retry-After, X-Request-Id',
        ]);
        await asked.body?.cancel();
        expect(server?.output, server?.output).not.toContain('unexpected error');
      });
    },
  );

  it('is not told that its email was not accepted when it was', async () => {
    await startOn(async (fleet, postgres) => {
      const { admin } = fleet.sandbox;
      const held = admin.hold('drafts.create');
      const sending = send(fleet, 'accepted');
      await held.arrived;
      process.kill(postgres.pid, 'SIGKILL');
      await postgres.stop();
      expectUnavailable(await sending, 'CHECK_FIRST');
      held.release();
    });
  });
});

describe('describeError', () => {
  it.each(['timeout expired', 'Connection terminated unexpectedly', 'Query read timeout'])(
    'lets through what pg says of a connection: %s',
    (message) => {
      expect(describeError(new Error(message))).toMatchObject({ message });
      expect(describeError(new Error('x', { cause: new Error(message) }))).toMatchObject({ cause: { message } });
    },
  );

  it('lets nothing else through that an error says', () => {
    expect(JSON.stringify(describeError(new Error('timeout expired for maria@acme.example')))).not.toContain('maria');
  });
});

describe('isDatabaseUnavailable', () => {
  const withCode = <E extends Error>(error: E, properties: object): E => Object.assign(error, properties);
  const ofPostgres = (code: string) => withCode(new DatabaseError('x', 1, 'error'), { code });
  const ofPrisma = (code: string, cause?: ConstructorParameters<typeof DriverAdapterError>[0]) => {
    const meta = cause === undefined ? {} : { driverAdapterError: new DriverAdapterError(cause) };
    return new Prisma.PrismaClientKnownRequestError('x', { code, meta, clientVersion: Prisma.prismaVersion.client });
  };
  const ofAdapter = (code: string) => ({
    ...{ kind: 'postgres' as const, code, originalCode: code, severity: 'FATAL', message: 'x' },
    ...{ detail: undefined, column: undefined, hint: undefined },
  });
  const ofSocket = (code: string, syscall: string) => withCode(new Error('x'), { code, syscall, errno: -1 });

  it.each([
    ...['57P01', '57P02', '57P03', '57P05', '08006', '08P01', '53000', '53100', '53200', '53300'].map(ofPostgres),
    ...['25006', '25P03', '57014', '58030'].map(ofPostgres),
    ...['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037', 'EPIPE', 'ECONNRESET', 'ENOENT'].map((code) =>
      ofPrisma(code),
    ),
    ofPrisma('P2039', ofAdapter('57P01')),
    ofPrisma('P2010', ofAdapter('57P03')),
    ofPrisma('P2010', ofAdapter('53100')),
    ofPrisma('P2039', ofAdapter('25006')),
    ofPrisma('P2010', { kind: 'DatabaseNotReachable' }),
    new DriverAdapterError(ofAdapter('57P01')),
    ofSocket('ECONNREFUSED', 'connect'),
    ofSocket('ECONNRESET', 'read'),
    ofSocket('ENOTFOUND', 'getaddrinfo'),
    ofSocket('ENOENT', 'connect'),
    new AggregateError([ofSocket('ECONNREFUSED', 'connect'), ofSocket('EHOSTUNREACH', 'connect')]),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
  ])('knows a database that is away (%#)', (error) => {
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it.each([
    ...['42P01', '23505', '22P02', '40001', '25P02', '58P01'].map(ofPostgres),
    ...['P2002', 'P2025', 'P2010'].map((code) => ofPrisma(code)),
    ofPrisma('P2039', ofAdapter('42P01')),
    new DriverAdapterError(ofAdapter('42P01')),
    ofSocket('ENOENT', 'open'),
    withCode(new Error('x'), { code: 'ECONNREFUSED' }),
    new TypeError('fetch failed', { cause: ofSocket('ECONNREFUSED', 'connect') }),
    new AggregateError([ofSocket('ECONNREFUSED', 'connect'), new TypeError('x')]),
    new AggregateError([]),
    new Error('the database is away'),
    null,
    'ECONNREFUSED',
  ])('takes nothing else for it (%#)', (error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});
