import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { renewWatches } from '../../src/sync/watch.ts';
import { createTenant, eventually, request, startTestApp, type Tenant, useTestApp } from '../support/harness.ts';
import { callsOf } from '../support/mail.ts';
import { deliver, mailboxHere, mailboxInGmail, startReading, whenCurrent } from '../support/syncing.ts';

const AUDIENCE = 'https://epistle.example/google/push';
const SERVICE_ACCOUNT = 'push@project.iam.gserviceaccount.com';

let tenant: Tenant;

const app = useTestApp({
  env: {
    GOOGLE_PUBSUB_TOPIC: 'projects/p/topics/gmail',
    GOOGLE_PUSH_AUDIENCE: AUDIENCE,
    GOOGLE_PUSH_SERVICE_ACCOUNT: SERVICE_ACCOUNT,
  },
});

beforeAll(async () => {
  app.sandbox.admin.setPushEndpoint({
    url: `${app.url}/google/push`,
    audience: AUDIENCE,
    serviceAccount: SERVICE_ACCOUNT,
  });
  tenant = await createTenant(app);
  await startReading(app, tenant);
  await whenCurrent(app, tenant);
  await eventually(async () => (await watchOf(tenant)) ?? null);
});

async function watchOf({ accountId }: Tenant): Promise<Date | null> {
  const { watchExpiresAt } = await app.app.db.mailboxSync.findFirstOrThrow({ where: { accountId } });
  return watchExpiresAt;
}

function notice(emailAddress: string): string {
  const data = Buffer.from(JSON.stringify({ emailAddress, historyId: 1 })).toString('base64');
  return JSON.stringify({ message: { data, messageId: '1' }, subscription: 'projects/p/subscriptions/s' });
}

async function push(token: string | null, body = notice(tenant.email)): Promise<number> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${app.url}/google/push`, { method: 'POST', headers, body });
  await response.text();
  return response.status;
}

/** Jobs that pushes have caused and that have not run. */
async function syncJobs(): Promise<number> {
  const { rows } = await app.app.pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM graphile_worker.jobs WHERE task_identifier = 'sync'",
  );
  return rows[0]?.count ?? 0;
}

describe('a push', () => {
  it('brings an inbound message to GraphQL', async () => {
    deliver(app, tenant, { subject: 'Pushed' });
    await eventually(async () => {
      const { data } = await request<{ conversations: { edges: { node: { subject: string } }[] } }, object>(
        app,
        tenant.key,
        '{ conversations { edges { node { subject } } } }',
      );
      return data?.conversations.edges.some(({ node }) => node.subject === 'Pushed') || null;
    });
  });

  it('leaves a run that failed its pause', async () => {
    const other = await createTenant(app);
    await startReading(app, other);
    await whenCurrent(app, other);
    const effect = { kind: 'status', status: 500 } as const;
    app.sandbox.admin.fault({ call: 'history.list', mailbox: other.email, times: 'always', effect });
    const pause = async () => {
      const sql = `SELECT run_at AS "runAt" FROM graphile_worker.jobs WHERE key = 'sync:' || $1 AND run_at > now() AND locked_at IS NULL`;
      return (await app.app.pool.query<{ runAt: Date }>(sql, [other.accountId])).rows[0]?.runAt.getTime() ?? null;
    };
    expect(await push(app.sandbox.admin.pushToken(), notice(other.email))).toBe(204);
    const runAt = await eventually(pause);
    expect(await push(app.sandbox.admin.pushToken(), notice(other.email))).toBe(204);
    expect(await pause()).toBe(runAt);
    app.sandbox.admin.clearFaults();
  });

  it('may come many times at once, and everything is here', async () => {
    for (let n = 0; n < 30; n++) deliver(app, tenant, { subject: `Many ${n}` });
    const token = app.sandbox.admin.pushToken();
    expect(await Promise.all(Array.from({ length: 20 }, () => push(token)))).toEqual(Array(20).fill(204));
    await expect.poll(() => mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
  });

  it('for a mailbox that is not here is accepted, and does nothing', async () => {
    expect(await push(app.sandbox.admin.pushToken(), notice('nobody@nowhere.example'))).toBe(204);
  });

  it('may come a thousand times at once for one mailbox: it is read a few times, not a thousand', async () => {
    const token = app.sandbox.admin.pushToken();
    app.sandbox.admin.resetCalls();
    const startedAt = performance.now();
    deliver(app, tenant, { subject: 'In the flood' });
    const statuses = await Promise.all(Array.from({ length: 1_000 }, () => push(token)));
    expect(new Set(statuses)).toEqual(new Set([204]));
    await eventually(async () => (await syncJobs()) === 0 || null);
    await expect.poll(() => mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    // Four runs a second, each with one call or two.
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(callsOf(app, tenant.email, 'history.list')).toBeLessThan(10 + 8 * seconds);
  });

  it('for an account that is not ACTIVE does nothing', async () => {
    const { organizationId, accountId } = tenant;
    const setStatus = (status: 'ACTIVE' | 'DISCONNECTED') =>
      app.app.db.emailAccount.updateMany({ where: { organizationId, id: accountId }, data: { status } });
    await setStatus('DISCONNECTED');
    try {
      expect(await push(app.sandbox.admin.pushToken())).toBe(204);
      expect(await syncJobs()).toBe(0);
    } finally {
      await setStatus('ACTIVE');
    }
  });

  it('that breaks off in the middle is no error of ours', async () => {
    const headers = { authorization: `Bearer ${app.sandbox.admin.pushToken()}`, 'content-length': 1_000 };
    const broken = http.request(`${app.url}/google/push`, { method: 'POST', headers });
    broken.write('{', () => broken.destroy());
    await expect(once(broken, 'close')).rejects.toThrow('socket hang up');
    // What comes after it is served after it.
    expect(await push(app.sandbox.admin.pushToken())).toBe(204);
    expect(app.logged.filter((line) => line.includes('unexpected error'))).toEqual([]);
    await eventually(async () => (await syncJobs()) === 0 || null);
  });

  it('from nobody is not listened to, however much it has to say', async () => {
    expect(await push('abc.def.ghi', 'x'.repeat(100_000))).toBe(401);
  });

  it('with an address that no mailbox can have is refused', async () => {
    const token = app.sandbox.admin.pushToken();
    const addresses = [
      '\0@acme.example',
      'a\0b@acme.example',
      'a b@acme.example',
      'nobody',
      '@',
      `${'x'.repeat(320)}@a`,
    ];
    for (const address of addresses) expect([address, await push(token, notice(address))]).toEqual([address, 400]);
    const data = (text: string) => JSON.stringify({ message: { data: Buffer.from(text).toString('base64') } });
    for (const text of [
      '{"emailAddress":["a@b.c"]}',
      '{"emailAddress":{}}',
      '[]',
      '"a@b.c"',
      '{"emailAddress":',
      '\xff',
    ]) {
      expect(await push(token, data(text))).toBe(400);
    }
    for (const body of [
      '[]',
      '{"message":[]}',
      '{"message":{"data":7}}',
      '{"message":null}',
      '\0',
      `${'['.repeat(30_000)}`,
    ]) {
      expect(await push(token, body)).toBe(400);
    }
  });

  it('is refused when it is not what Pub/Sub sends', async () => {
    const token = app.sandbox.admin.pushToken();
    for (const body of ['', '{}', '{"message":{"data":"!"}}', '{"message":{"data":"bnVsbA=="}}']) {
      expect(await push(token, body)).toBe(400);
    }
    expect(await push(token, 'x'.repeat(100_000))).toBe(413);
  });
});

describe('the token of a push', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const bad: [string, () => string | null][] = [
    ['is missing', () => null],
    ['is no JWT', () => 'abc.def'],
    ['is for another audience', () => app.sandbox.admin.pushToken({ aud: 'https://elsewhere.example' })],
    [
      'is of another service account',
      () => app.sandbox.admin.pushToken({ email: 'mallory@project.iam.gserviceaccount.com' }),
    ],
    ['has an address that is not verified', () => app.sandbox.admin.pushToken({ email_verified: false })],
    ['has another issuer', () => app.sandbox.admin.pushToken({ iss: 'https://accounts.example' })],
    ['has expired', () => app.sandbox.admin.pushToken({ exp: seconds() - 120, iat: seconds() - 3_720 })],
    ['is from the future', () => app.sandbox.admin.pushToken({ iat: seconds() + 3_600, exp: seconds() + 7_200 })],
    ['is not signed', () => withHead({ alg: 'none', kid: 'sandbox-push-key' }, () => '')],
    ['is signed with our own secret', () => withHead({ alg: 'HS256', kid: 'sandbox-push-key' }, () => 'c2lnbmF0dXJl')],
    ['is signed by a key that is not known', () => withHead({ alg: 'RS256', kid: 'unknown' }, signOurselves)],
    [
      'is signed by another key of the same name',
      () => withHead({ alg: 'RS256', kid: 'sandbox-push-key' }, signOurselves),
    ],
    ['was changed', () => app.sandbox.admin.pushToken().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
  ];

  /** A good token's claims below another head. */
  function withHead(head: object, signature: (signed: string) => string): string {
    const [, body] = app.sandbox.admin.pushToken().split('.');
    const signed = `${Buffer.from(JSON.stringify(head)).toString('base64url')}.${body}`;
    return `${signed}.${signature(signed)}`;
  }

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  function signOurselves(signed: string): string {
    return sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url');
  }

  for (const [what, token] of bad) {
    it(`is refused when it ${what}`, async () => {
      expect(await push(token())).toBe(401);
      expect(await syncJobs()).toBe(0);
    });
  }

  it('does not have Google asked for its keys each time', async () => {
    app.sandbox.admin.resetCalls();
    for (let n = 0; n < 5; n++) await push(withHead({ alg: 'RS256', kid: `unknown-${n}` }, signOurselves));
    expect(app.sandbox.admin.calls().filter(({ call }) => call === 'certs').length).toBeLessThanOrEqual(1);
  });
});

describe('watch', () => {
  it('is renewed once it is a day old, not before', async () => {
    const before = callsOf(app, tenant.email, 'watch');
    await renewWatches(app.app);
    expect(callsOf(app, tenant.email, 'watch')).toBe(before);
    await app.app.pool.query(
      "UPDATE mailbox_sync SET watch_expires_at = now() + interval '5 days' WHERE account_id = $1",
      [tenant.accountId],
    );
    await renewWatches(app.app);
    const inSixDays = Date.now() + 6 * 86_400_000;
    await eventually(async () => ((await watchOf(tenant))?.getTime() ?? 0) > inSixDays || null);
  });
});

it('there is nothing to push to when no topic is set', async () => {
  const plain = await startTestApp();
  try {
    const response = await fetch(`${plain.url}/google/push`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
  } finally {
    await plain.close();
  }
});
