import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueApiKey } from '../../src/auth/keys.ts';
import { SCOPES, type Scope } from '../../src/auth/scopes.ts';
import { graphql } from '../generated/gql.ts';
import type { ApiKeysQuery } from '../generated/graphql.ts';
import { createKey, createTenant, expectType, query, request, useTenant, useTestApp } from '../support/harness.ts';

const WhoAmI = graphql(`
  query WhoAmI { viewer { actor scopes organization { uid name } } }
`);
const Keys = graphql(`
  query ApiKeys($first: Int, $after: String) {
    apiKeys(first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { node { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }
    }
  }
`);
const CreateKey = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      __typename
      ... on CreateApiKeyPayload { secret apiKey { uid name prefix scopes expiresAt lastUsedAt } }
      ... on InvalidInputError { code issues { path message } }
    }
  }
`);
const RevokeKey = graphql(`
  mutation RevokeApiKey($uid: UUID!) {
    revokeApiKey(uid: $uid) {
      __typename
      ... on RevokeApiKeyPayload { apiKey { uid revokedAt } }
      ... on NotFoundError { entity uid }
    }
  }
`);

let clock = new Date('2026-06-01T12:00:00Z');

const app = useTestApp({ now: () => clock });
const tenant = useTenant(app);

/** The key's uid is in the actor. */
async function uidOf(key: string): Promise<string> {
  return (await query(app, key, WhoAmI)).viewer.actor.replace('key:', '');
}

describe('authentication', () => {
  const UNAUTHENTICATED = { code: 'UNAUTHENTICATED', retry: 'NEVER' };

  const strangers: [string, string | null][] = [
    ['no key', null],
    ['a key of the wrong form', 'epk_short'],
    ['a key that nobody has', `epk_${'A'.repeat(43)}`],
    ['an empty key', ''],
  ];
  for (const [what, key] of strangers) {
    it(`answers 401 to ${what}`, async () => {
      const { status, data, errors } = await request(app, key, WhoAmI);
      expect({ status, data }).toEqual({ status: 401, data: null });
      expect(errors).toMatchObject([{ extensions: UNAUTHENTICATED }]);
    });
  }

  it('answers 401 to another scheme than Bearer', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Basic ${tenant.key}` };
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query":"{viewer{actor}}"}',
    });
    expect(response.status).toBe(401);
  });

  it('answers 401 to introspection and to broken operations, so that the schema is not told', async () => {
    for (const operation of [
      '{ __schema { types { name } } }',
      '{ node }',
      '{ noSuchField }',
      '{ broken',
      '{ __typename }',
    ]) {
      const { status, errors } = await request(app, null, operation);
      expect(status).toBe(401);
      expect(errors).toMatchObject([{ extensions: UNAUTHENTICATED }]);
      expect(JSON.stringify(errors)).not.toMatch(/Did you mean|Syntax|node/);
    }
  });

  it('answers 401 from the moment at which a key expires', async () => {
    const expiresAt = new Date(clock.getTime() + 60_000);
    const { key } = await issueApiKey(app.app.db, {
      organizationId: tenant.organizationId,
      name: 'short',
      scopes: SCOPES,
      expiresAt,
    });
    expect((await request(app, key, WhoAmI)).status).toBe(200);
    const before = clock;
    clock = expiresAt;
    expect((await request(app, key, WhoAmI)).status).toBe(401);
    clock = before;
  });

  it('answers 401 at once to a key that was revoked, and keeps the time of the first revocation', async () => {
    const key = await createKey(app, tenant.organizationId, ['email:read']);
    const uid = await uidOf(key);
    const first = expectType((await query(app, tenant.key, RevokeKey, { uid })).revokeApiKey, 'RevokeApiKeyPayload');
    expect(first.apiKey).toEqual({ uid, revokedAt: clock.toISOString() });
    expect((await request(app, key, WhoAmI)).status).toBe(401);
    clock = new Date(clock.getTime() + 5_000);
    const second = expectType((await query(app, tenant.key, RevokeKey, { uid })).revokeApiKey, 'RevokeApiKeyPayload');
    expect(second.apiKey).toEqual(first.apiKey);
  });

  it('answers 401 within five seconds to a key that another process has revoked', async () => {
    const key = await createKey(app, tenant.organizationId, ['email:read']);
    expect((await request(app, key, WhoAmI)).status).toBe(200);
    await app.app.db.apiKey.updateMany({ where: { id: await uidOf(key) }, data: { revokedAt: clock } });
    clock = new Date(clock.getTime() + 5_000);
    expect((await request(app, key, WhoAmI)).status).toBe(401);
  });

  it('tells the caller who is asking', async () => {
    const key = await createKey(app, tenant.organizationId, ['email:send', 'email:read']);
    const { viewer } = await query(app, key, WhoAmI);
    const { name } = await app.app.db.organization.findUniqueOrThrow({ where: { id: tenant.organizationId } });
    expect(viewer).toEqual({
      actor: expect.stringMatching(/^key:[0-9a-f-]{36}$/),
      scopes: ['email:send', 'email:read'],
      organization: { uid: tenant.organizationId, name },
    });
  });

  it('lets who may only write contexts read back what was written, and no email about it', async () => {
    const key = await createKey(app, tenant.organizationId, ['contexts:write']);
    const upsert = (more: string) =>
      `mutation { upsertCustomer(input: { externalId: "own", name: "Own" }) {
        ... on UpsertCustomerPayload { customer { name ${more} } } } }`;
    expect(await request(app, key, upsert(''))).toMatchObject({
      data: { upsertCustomer: { customer: { name: 'Own' } } },
      errors: [],
    });
  });

  it('records when a key was last used, to the minute', async () => {
    const key = await createKey(app, tenant.organizationId, []);
    const uid = await uidOf(key);
    const lastUsed = async () => {
      const { apiKeys } = await query(app, tenant.key, Keys, { first: 100 });
      return apiKeys.edges.find(({ node }) => node.uid === uid)?.node.lastUsedAt;
    };
    const first = clock.toISOString();
    expect(await lastUsed()).toBe(first);
    clock = new Date(clock.getTime() + 30_000);
    await uidOf(key);
    expect(await lastUsed()).toBe(first);
    clock = new Date(clock.getTime() + 31_000);
    await uidOf(key);
    expect(await lastUsed()).toBe(clock.toISOString());
  });
});

describe('scopes', () => {
  const uid = '0199aa11-2b3c-7def-8123-456789abcdef';
  const customer = 'input: { externalId: "1", name: "N" }';
  const invoice = `input: { number: "1", customerUid: "${uid}", status: OPEN, currency: "USD", subtotalCents: "1",
    totalCents: "1", issueDate: "2026-01-01", dueDate: "2026-01-02" }`;
  const reads = [
    'outboundEmails { edges { cursor } }',
    `outboundEmail(uid: "${uid}") { uid }`,
    'drafts { edges { cursor } }',
    `draft(uid: "${uid}") { uid }`,
    'conversations { edges { cursor } }',
    `conversation(uid: "${uid}") { uid }`,
    `emailMessage(uid: "${uid}") { uid }`,
    'emailAccounts { uid }',
    `emailAccount(uid: "${uid}") { uid }`,
    'invoices { edges { cursor } }',
    'invoice(number: "1") { uid }',
    'customers { edges { cursor } }',
    'customer(externalId: "1") { uid }',
    `node(id: "Invoice_${uid}") { id }`,
    `nodes(ids: ["Invoice_${uid}"]) { id }`,
    'contextTypes',
  ];
  const needed: [Scope, string][] = [
    ...reads.map((field): [Scope, string] => ['email:read', `query { ${field} }`]),
    ['keys:manage', 'query { apiKeys { edges { cursor } } }'],
    ['email:send', `mutation { sendEmail(input: { draft: { draftUid: "${uid}" } }) { __typename } }`],
    ['drafts:write', `mutation { createDraft(input: { fromAccountUid: "${uid}" }) { __typename } }`],
    ['drafts:write', `mutation { updateDraft(input: { draftUid: "${uid}" }) { __typename } }`],
    ['drafts:write', `mutation { deleteDraft(uid: "${uid}") { __typename } }`],
    ['contexts:write', `mutation { upsertCustomer(${customer}) { __typename } }`],
    ['contexts:write', `mutation { upsertInvoice(${invoice}) { __typename } }`],
    ['accounts:manage', 'mutation { connectEmailAccount(input: {}) { __typename } }'],
    ['accounts:manage', `mutation { disconnectEmailAccount(uid: "${uid}") { __typename } }`],
    ['keys:manage', 'mutation { createApiKey(input: { name: "x", scopes: ["email:read"] }) { __typename } }'],
    ['keys:manage', `mutation { revokeApiKey(uid: "${uid}") { __typename } }`],
  ];
  let allBut: Map<Scope, string>;
  let only: Map<Scope, string>;

  beforeAll(async () => {
    allBut = new Map();
    only = new Map();
    for (const scope of SCOPES) {
      const others = SCOPES.filter((each) => each !== scope);
      allBut.set(scope, await createKey(app, tenant.organizationId, others));
      only.set(scope, await createKey(app, tenant.organizationId, [scope]));
    }
  });

  for (const [scope, operation] of needed) {
    it(`needs ${scope}, and nothing else, for ${operation.slice(0, 60)}`, async () => {
      const refused = await request(app, allBut.get(scope) ?? '', operation);
      expect(refused.errors).toMatchObject([
        { extensions: { code: 'FORBIDDEN' }, message: expect.stringContaining(scope) },
      ]);
      const allowed = await request(app, only.get(scope) ?? '', operation);
      expect(allowed.errors).toEqual([]);
    });
  }
});

describe('createApiKey', () => {
  it('shows the secret once and stores only its hash', async () => {
    const input = { name: '  Dashboard ', scopes: ['email:read'], expiresAt: '2027-01-01T00:00:00Z' };
    const { createApiKey } = await query(app, tenant.key, CreateKey, { input });
    const { secret, apiKey } = expectType(createApiKey, 'CreateApiKeyPayload');
    expect(secret).toMatch(/^epk_[A-Za-z0-9_-]{43}$/);
    expect(apiKey).toMatchObject({ name: 'Dashboard', scopes: ['email:read'], expiresAt: '2027-01-01T00:00:00.000Z' });
    expect(apiKey).toMatchObject({ prefix: secret.slice(0, 10), lastUsedAt: null });
    expect((await query(app, secret, WhoAmI)).viewer.scopes).toEqual(['email:read']);

    const { rows } = await app.app.pool.query<{ row: string; hash: Buffer }>(
      'SELECT k::text AS row, secret_hash AS hash FROM api_key k WHERE id = $1',
      [apiKey.uid],
    );
    expect(rows[0]?.hash).toEqual(createHash('sha256').update(secret).digest());
    expect(rows[0]?.row).not.toContain(secret.slice(10));
    expect(JSON.stringify(await query(app, tenant.key, Keys, {}))).not.toContain(secret.slice(10));
    expect(app.logged.join('')).not.toContain(secret.slice(10));
  });

  it('gives no scope that the caller has not', async () => {
    const key = await createKey(app, tenant.organizationId, ['keys:manage', 'email:read']);
    const input = { name: 'more', scopes: ['email:read', 'email:send', 'keys:manage', 'drafts:write'] };
    const { issues } = expectType((await query(app, key, CreateKey, { input })).createApiKey, 'InvalidInputError');
    expect(issues.map(({ path }) => path)).toEqual(['input.scopes.1', 'input.scopes.3']);
  });

  describe('by a key that ends', () => {
    const ends = () => new Date(clock.getTime() + 86_400_000);
    const create = async (expiresAt: string | null | undefined) => {
      const request = { name: 'ends', scopes: SCOPES, expiresAt: ends() };
      const { key } = await issueApiKey(app.app.db, { organizationId: tenant.organizationId, ...request });
      const input = { name: 'more', scopes: ['keys:manage'], expiresAt };
      return (await query(app, key, CreateKey, { input })).createApiKey;
    };

    it.each([
      ['without an end', () => undefined],
      ['with null for its end', () => null],
      ['that ends a millisecond later', () => new Date(ends().getTime() + 1).toISOString()],
    ])('makes none %s', async (_what, expiresAt) => {
      const count = await app.app.db.apiKey.count({ where: { name: 'more' } });
      const { issues } = expectType(await create(expiresAt()), 'InvalidInputError');
      expect(issues).toMatchObject([
        { path: 'input.expiresAt', message: expect.stringContaining(ends().toISOString()) },
      ]);
      expect(await app.app.db.apiKey.count({ where: { name: 'more' } })).toBe(count);
    });

    it('makes one that ends with it, which makes none that lasts longer', async () => {
      const { secret, apiKey } = expectType(await create(ends().toISOString()), 'CreateApiKeyPayload');
      expect(apiKey.expiresAt).toBe(ends().toISOString());
      const input = { name: 'grandchild', scopes: ['keys:manage'] };
      expectType((await query(app, secret, CreateKey, { input })).createApiKey, 'InvalidInputError');
    });
  });

  it('reports every issue of the input', async () => {
    const input = { name: ' ', scopes: ['email:read', 'email:everything'] };
    const { issues } = expectType(
      (await query(app, tenant.key, CreateKey, { input })).createApiKey,
      'InvalidInputError',
    );
    expect(issues.map(({ path }) => path)).toEqual(['input.name', 'input.scopes.1']);
    expect(issues[1]?.message).toContain('keys:manage');
    for (const bad of [
      { name: 'x', scopes: [] },
      { name: 'x'.repeat(101), scopes: ['email:read'] },
      { name: 'x', scopes: ['email:read'], expiresAt: clock.toISOString() },
    ]) {
      expectType((await query(app, tenant.key, CreateKey, { input: bad })).createApiKey, 'InvalidInputError');
    }
  });
});

describe('apiKeys', () => {
  it('gives page after page, the newest key first, and revoked ones too', async () => {
    const other = await createTenant(app);
    for (let index = 0; index < 6; index++) await createKey(app, other.organizationId, []);
    const created = await app.app.db.apiKey.findMany({
      where: { organizationId: other.organizationId },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    });
    await query(app, other.key, RevokeKey, { uid: created[2]?.id ?? '' });
    const uids: string[] = [];
    for (let after: string | null | undefined = null; ; ) {
      const { apiKeys }: ApiKeysQuery = await query(app, other.key, Keys, { first: 3, after });
      expect(apiKeys.totalCount).toBe(7);
      uids.push(...apiKeys.edges.map(({ node }) => node.uid));
      if (!apiKeys.pageInfo.hasNextPage) break;
      after = apiKeys.pageInfo.endCursor;
    }
    expect(uids).toEqual(created.map(({ id }) => id));
  });

  it('is read by its index, however many there are', async () => {
    const other = await createTenant(app);
    await app.app.pool.query(
      `INSERT INTO api_key (organization_id, id, name, prefix, secret_hash, scopes, created_at)
       SELECT $1, gen_random_uuid(), 'many', 'epk_', sha256(n::text::bytea), '{}', now() - n * interval '1 s'
       FROM generate_series(1, 5000) n`,
      [other.organizationId],
    );
    await app.app.pool.query('ANALYZE api_key');
    app.resetStatements();
    const { apiKeys } = await query(app, other.key, Keys, { first: 2 });
    expect(apiKeys.edges).toHaveLength(2);
    const statement = app.statements().find((text) => text.includes('ORDER BY') && text.includes('api_key')) ?? '';
    const values = [other.organizationId, 3, 0].slice(0, statement.match(/\$\d/g)?.length);
    const { rows } = await app.app.pool.query<Record<string, string>>(`EXPLAIN ${statement}`, values);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(
      /Index .*api_key_organization_id_created_at_id_idx/,
    );
  });
});
