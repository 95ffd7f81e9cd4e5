import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { addDelegatedAccount } from '../../src/accounts/connect-delegated.ts';
import type { ServiceAccount } from '../../src/config/secrets.ts';
import { readServiceAccount } from '../../src/config/secrets.ts';
import { runAdmin } from '../support/admin.ts';
import { Connect, Disconnect } from '../support/connecting.ts';
import { createTenant, eventually, query, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh, onlyMail } from '../support/mail.ts';
import { EpistleProcess, freePort } from '../support/processes.ts';
import { whenCurrent } from '../support/syncing.ts';

const CLIENT_EMAIL = 'epistle@project.iam.gserviceaccount.com';
const GMAIL_SCOPE = 'https://www.googleapis.com/auth/gmail.modify';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject, type: 'spki' | 'pkcs8') => String(key.export({ format: 'pem', type }));
const serviceAccount: ServiceAccount = {
  clientEmail: CLIENT_EMAIL,
  privateKey: pem(privateKey, 'pkcs8'),
  privateKeyId: 'key-1',
};

let tenant: Tenant;
let owner: string;
let owners = 0;

const t = useTestApp({ serviceAccount });

beforeAll(async () => {
  t.sandbox.admin.registerServiceAccount({ clientEmail: CLIENT_EMAIL, publicKey: pem(publicKey, 'spki') });
});
beforeEach(async () => {
  tenant = await createTenant(t);
  owner = `owner-${++owners}@workspace.example`;
  t.sandbox.admin.createMailbox({ email: owner, displayName: 'Owner' });
});

async function keyFile(content: unknown): Promise<string> {
  const file = path.join(inject('temporaryFolder'), `key-${++owners}.json`);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const KEY_FILE = {
  type: 'service_account',
  project_id: 'project',
  client_email: CLIENT_EMAIL,
  private_key: serviceAccount.privateKey,
  private_key_id: 'key-1',
};

async function add(): Promise<Tenant> {
  const { accountId } = await addDelegatedAccount(t.app, tenant.organizationId, owner);
  return { ...tenant, accountId, email: owner };
}

/** Its first import has ended, and its next call needs a new token. */
async function addWithoutToken(): Promise<Tenant> {
  const delegated = await add();
  await whenCurrent(t, delegated);
  t.sandbox.admin.expireAccessTokens(owner);
  return delegated;
}

const account = () => t.app.db.emailAccount.findFirstOrThrow({ where: { email: owner } });

describe('a delegated mailbox', () => {
  it('sends without anybody’s consent, and holds no refresh token', async () => {
    const delegated = await add();
    const maria = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(t, delegated, fresh(delegated, maria));
    expect(outboundEmail.status).toBe('SENT');
    expect(onlyMail(t, maria).header('From')).toContain(owner);
    expect(await account()).toMatchObject({ grantKind: 'DELEGATION', sealedRefreshToken: null, status: 'ACTIVE' });
  });

  it('takes the place of a consent, and the other way round keeps its uid', async () => {
    owner = tenant.email;
    expect((await add()).accountId).toBe(tenant.accountId);
    expect(await account()).toMatchObject({ grantKind: 'DELEGATION', sealedRefreshToken: null });
  });

  it('of another organization is refused', async () => {
    await add();
    const other = await createTenant(t);
    await expect(addDelegatedAccount(t.app, other.organizationId, owner)).rejects.toMatchObject({
      name: 'AccountTakenError',
    });
    expect((await account()).organizationId).toBe(tenant.organizationId);
  });

  it('that the Workspace has removed NEEDS_REAUTH, and its mail goes once it is added again', async () => {
    const delegated = await addWithoutToken();
    const maria = createRecipient(t, tenant);
    const effect = { kind: 'refusal', name: 'invalid_grant' } as const;
    t.sandbox.admin.fault({ call: 'token', times: 'always', effect });
    const { outboundEmail } = await accepted(t, delegated, fresh(delegated, maria));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'NEEDS_REAUTH' } });
    expect((await account()).statusReason).toContain('service account');
    t.sandbox.admin.clearFaults();
    await add();
    await eventually(async () => t.sandbox.admin.messages(maria).length === 1 || null);
    expect((await account()).status).toBe('ACTIVE');
  });

  it('is disconnected with nothing to revoke, and its mail waits', async () => {
    const delegated = await add();
    await accepted(t, delegated, fresh(delegated, createRecipient(t, tenant)));
    const { disconnectEmailAccount } = await query(t, tenant.key, Disconnect, { uid: delegated.accountId });
    expect(disconnectEmailAccount).toMatchObject({ revoked: false, emailAccount: { status: 'DISCONNECTED' } });
    const { outboundEmail } = await accepted(t, await add(), fresh(delegated, createRecipient(t, tenant, 'joe')));
    expect(outboundEmail.status).toBe('SENT');
  });

  it('is not marked for a key or a clock that is wrong: that is the operator’s to put right', async () => {
    const delegated = await addWithoutToken();
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    t.sandbox.admin.registerServiceAccount({ clientEmail: CLIENT_EMAIL, publicKey: pem(other.publicKey, 'spki') });
    try {
      const maria = createRecipient(t, tenant);
      const { outboundEmail } = await accepted(t, delegated, fresh(delegated, maria));
      expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE', retry: 'AFTER' } });
      expect((await account()).status).toBe('ACTIVE');
    } finally {
      t.sandbox.admin.registerServiceAccount({ clientEmail: CLIENT_EMAIL, publicKey: pem(publicKey, 'spki') });
    }
  });
});

it('serves delegated mailboxes alone where there is no OAuth client, and says so to who wants to consent', async () => {
  const delegated = await add();
  const epistle = new EpistleProcess(await freePort(), {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://mail.example.com',
    LOG_LEVEL: 'warn',
    DATABASE_URL: t.database.url,
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    GOOGLE_BASE_URL: t.sandbox.url,
    GOOGLE_SERVICE_ACCOUNT_FILE: await keyFile(KEY_FILE),
  });
  await epistle.start();
  try {
    const maria = createRecipient(t, tenant);
    expect((await accepted(epistle, delegated, fresh(delegated, maria))).outboundEmail.status).toBe('SENT');
    const states = await t.app.db.oAuthState.count();
    const { connectEmailAccount } = await query(epistle, tenant.key, Connect, { input: {} });
    const message = expect.stringContaining('npm run admin -- account add');
    expect(connectEmailAccount).toMatchObject({ issues: [{ path: 'input', message }] });
    expect(await t.app.db.oAuthState.count()).toBe(states);
    // It was connected by consent, with a client that is no longer there.
    const waiting = await accepted(epistle, tenant, fresh(tenant, maria));
    expect(waiting.outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE' } });
  } finally {
    await epistle.kill();
  }
});

describe('npm run admin -- account add', () => {
  async function run(args: readonly string[], content: unknown = KEY_FILE) {
    return runAdmin(['account', 'add', ...args], {
      DATABASE_URL: t.database.url,
      GOOGLE_BASE_URL: t.sandbox.url,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      GOOGLE_SERVICE_ACCOUNT_FILE: await keyFile(content),
    });
  }
  const organization = async () =>
    (await t.app.db.organization.findUniqueOrThrow({ where: { id: tenant.organizationId } })).name;

  it('connects the mailbox and prints its uid last', async () => {
    const { code, stdout } = await run([owner, '--organization', await organization()]);
    expect([code, stdout]).toEqual([0, `${owner} is connected.\n${(await account()).id}\n`]);
  });

  it('says what is wrong: no organization, no such mailbox, a consumer mailbox, another key', async () => {
    expect(await run([owner, '--organization', 'Nobody'])).toMatchObject({
      code: 1,
      stderr: 'There is no organization "Nobody".\n',
    });
    t.sandbox.admin.createMailbox({ email: 'private@gmail.example', consumer: true });
    for (const address of ['nobody@workspace.example', 'private@gmail.example']) {
      const refused = await run([address, '--organization', await organization()]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Domain-wide delegation') });
    }
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const forged = await run([owner, '--organization', await organization()], {
      ...KEY_FILE,
      private_key: pem(other, 'pkcs8'),
    });
    expect(forged).toMatchObject({ code: 1, stderr: expect.stringContaining("the service account's assertion") });
    expect(await t.app.db.emailAccount.count({ where: { email: owner } })).toBe(0);
  });
});

describe('GOOGLE_SERVICE_ACCOUNT_FILE', () => {
  it.each([
    ['no JSON', 'SECRET-not-json', /must be a JSON file$/],
    ['another kind of key', { ...KEY_FILE, type: 'SECRET' }, /wrong or missing: type$/],
    ['no key', { ...KEY_FILE, private_key: 'SECRET', client_email: undefined }, /: client_email, private_key$/],
    ['a list', ['SECRET'], /its content$/],
  ])('that holds %s is refused by name, without a word of its content', async (_name, content, words) => {
    const file = await keyFile(content);
    expect(() => readServiceAccount(file)).toThrow(words);
    expect(() => readServiceAccount(file)).toThrow(/^Invalid environment:\n {2}GOOGLE_SERVICE_ACCOUNT_FILE: /);
    expect(() => readServiceAccount(file)).not.toThrow(/SECRET/);
  });

  it('that does not exist stops the start', async () => {
    const epistle = new EpistleProcess(await freePort(), {
      GOOGLE_SERVICE_ACCOUNT_FILE: '/nonexistent/key.json',
    });
    await expect(epistle.start()).rejects.toThrow('GOOGLE_SERVICE_ACCOUNT_FILE: cannot be read (ENOENT)');
  });
});

describe('the sandbox', () => {
  function assertion(claims: Record<string, unknown>, header: object = { alg: 'RS256', typ: 'JWT' }): string {
    const iat = Math.floor(Date.now() / 1_000);
    const sound = { iss: CLIENT_EMAIL, sub: owner, scope: GMAIL_SCOPE, aud: `${t.sandbox.url}/oauth2/token`, iat };
    const parts = [header, { ...sound, exp: iat + 3_600, ...claims }];
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
  }

  async function ask(jwt: string) {
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt });
    const response = await fetch(`${t.sandbox.url}/oauth2/token`, { method: 'POST', body });
    const { error } = (await response.json()) as { error?: string };
    return [response.status, error];
  }

  it('takes a sound assertion, and refuses one with anything wrong in it', async () => {
    const now = Math.floor(Date.now() / 1_000);
    expect(await ask(assertion({}))).toEqual([200, undefined]);
    expect(await ask(assertion({ aud: 'https://oauth2.googleapis.com/token' }))).toEqual([200, undefined]);
    expect(await ask(assertion({ aud: 'https://elsewhere.example/' }))).toEqual([400, 'invalid_grant']);
    expect(await ask(assertion({ exp: now - 1, iat: now - 3_000 }))).toEqual([400, 'invalid_grant']);
    expect(await ask(assertion({ exp: now + 7_200 }))).toEqual([400, 'invalid_grant']);
    expect(await ask(assertion({ iss: 'other@project.iam.gserviceaccount.com' }))).toEqual([400, 'invalid_grant']);
    expect(await ask(assertion({ sub: 'nobody@workspace.example' }))).toEqual([400, 'invalid_grant']);
    expect(await ask(assertion({ scope: 'https://mail.google.com/' }))).toEqual([401, 'unauthorized_client']);
    expect(await ask(assertion({}, { alg: 'none' }))).toEqual([400, 'invalid_request']);
    expect(await ask(`${assertion({})}x`)).toEqual([400, 'invalid_grant']);
    const [head, , signature] = assertion({}).split('.');
    const swapped = assertion({ sub: tenant.email }).split('.')[1];
    expect(await ask([head, swapped, signature].join('.'))).toEqual([400, 'invalid_grant']);
  });
});
