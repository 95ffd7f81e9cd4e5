import { describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { UpsertCustomerInput } from '../generated/graphql.ts';
import { expectType, query, useTenant, useTestApp } from '../support/harness.ts';

const UpsertCustomer = graphql(`
  mutation UpsertCustomer($input: UpsertCustomerInput!) {
    upsertCustomer(input: $input) {
      __typename
      ... on UpsertCustomerPayload {
        customer { uid externalId name email locale timeZone contacts { name email role isPrimary } }
      }
      ... on InvalidInputError { issues { path message } }
    }
  }
`);
const UpsertCustomers = graphql(`
  mutation UpsertCustomers($inputs: [UpsertCustomerInput!]!) {
    upsertCustomers(inputs: $inputs) {
      __typename
      ... on UpsertCustomersPayload { customers { externalId name contacts { email } } }
      ... on InvalidInputError { issues { path message } }
    }
  }
`);

const app = useTestApp({ env: { WORKER: 'off' } });
const tenant = useTenant(app);

const upsertOne = async (input: UpsertCustomerInput) =>
  (await query(app, tenant.key, UpsertCustomer, { input })).upsertCustomer;
const upsertMany = async (inputs: UpsertCustomerInput[]) =>
  (await query(app, tenant.key, UpsertCustomers, { inputs })).upsertCustomers;
const stored = (externalId: string) =>
  app.app.db.customer.count({ where: { organizationId: tenant.organizationId, externalId } });

describe('upsertCustomer', () => {
  it('creates once, updates after, keeps what is omitted and clears what is null', async () => {
    const contacts = [
      { name: 'Maria', email: 'maria@acme.example', role: 'Accounts payable', isPrimary: false },
      { name: null, email: 'boss@acme.example', role: null, isPrimary: true },
    ];
    const create = {
      externalId: 'C-1',
      name: 'Acme',
      email: 'maria@acme.example',
      locale: 'de-DE',
      timeZone: 'Europe/Berlin',
      contacts,
    };
    const { customer } = expectType(await upsertOne(create), 'UpsertCustomerPayload');
    expect(customer).toEqual({ uid: customer?.uid, ...create });
    const renamed = expectType(await upsertOne({ externalId: 'C-1', name: 'Acme Corp' }), 'UpsertCustomerPayload');
    expect(renamed.customer).toEqual({ ...customer, name: 'Acme Corp' });
    const nothing = { email: null, locale: null, timeZone: null, contacts: null };
    const cleared = expectType(await upsertOne({ externalId: 'C-1', ...nothing }), 'UpsertCustomerPayload');
    expect(cleared.customer).toEqual({ ...renamed.customer, ...nothing, contacts: [] });
    const other = expectType(await upsertOne({ externalId: 'C-1', locale: 'pt-br' }), 'UpsertCustomerPayload');
    expect(other.customer?.locale).toBe('pt-BR');
    expect(await stored('C-1')).toBe(1);
  });

  it('makes the first contact the primary one unless another is', async () => {
    const contacts = ['a@acme.example', 'b@acme.example'].map((email) => ({ email }));
    const input = { externalId: 'C-contacts', name: 'Acme', contacts };
    const { customer } = expectType(await upsertOne(input), 'UpsertCustomerPayload');
    expect(customer?.contacts.map(({ isPrimary }) => isPrimary)).toEqual([true, false]);
  });

  it('lets concurrent twins agree on one customer', async () => {
    const twins = await Promise.all(
      Array.from({ length: 12 }, (_, n) => upsertOne({ externalId: 'C-twin', name: `Twin ${n}` })),
    );
    const uids = twins.map((twin) => expectType(twin, 'UpsertCustomerPayload').customer?.uid ?? '');
    expect(new Set(uids).size).toBe(1);
    expect(await stored('C-twin')).toBe(1);
  });

  it('reports every issue and stores nothing', async () => {
    const primary = { email: 'a@acme.example', isPrimary: true };
    const answer = await upsertOne({
      externalId: ' ',
      name: 'x'.repeat(256),
      email: 'no address',
      locale: 'de_DE',
      timeZone: '+02:00',
      contacts: [primary, { email: 'no address', role: 'a\nb' }, primary],
    });
    const { issues } = expectType(answer, 'InvalidInputError');
    expect(issues.map(({ path }) => path).toSorted()).toEqual([
      'input.contacts.1.email',
      'input.contacts.1.role',
      'input.contacts.2.isPrimary',
      'input.email',
      'input.externalId',
      'input.locale',
      'input.name',
      'input.timeZone',
    ]);
    for (const name of ['a\0b', 'a\nb', '\ud800', null]) {
      expectType(await upsertOne({ externalId: 'C-bad', name }), 'InvalidInputError');
    }
    const unnamed = expectType(await upsertOne({ externalId: 'C-bad' }), 'InvalidInputError');
    expect(unnamed.issues).toEqual([{ path: 'input.name', message: 'Is required for a new customer.' }]);
    expect(await stored('C-bad')).toBe(0);
  });
});

describe('upsertCustomers', () => {
  const many = (size: number, name: string) =>
    Array.from({ length: size }, (_, n) => ({
      externalId: `M-${n}`,
      name: `${name} ${n}`,
      contacts: [{ email: `person@m-${n}.example` }],
    }));

  it('stores a thousand in a few statements, and answers in their order', async () => {
    for (const name of ['First', 'Second']) {
      const inputs = many(1_000, name).toReversed();
      app.resetStatements();
      const { customers } = expectType(await upsertMany(inputs), 'UpsertCustomersPayload');
      expect(customers?.map((customer) => customer.name)).toEqual(inputs.map((input) => input.name));
      expect(customers?.[7]?.contacts).toEqual(inputs[7]?.contacts);
      expect(app.statements().length).toBeLessThanOrEqual(12);
    }
  });

  it('stores none when anything is wrong, and says all of it', async () => {
    const inputs = [
      { externalId: 'A-1', name: 'Fine' },
      { externalId: 'A-2', email: 'no address' },
      { externalId: 'A-1', name: 'Twin' },
    ];
    const { issues } = expectType(await upsertMany(inputs), 'InvalidInputError');
    expect(issues).toEqual([
      { path: 'inputs.1.email', message: 'An address must not contain spaces.' },
      { path: 'inputs.2.externalId', message: 'Must differ from inputs.0.externalId.' },
      { path: 'inputs.1.name', message: 'Is required for a new customer.' },
    ]);
    expect(await stored('A-1')).toBe(0);
  });

  it('takes no inputs, too', async () => {
    expect(await upsertMany([])).toEqual({ __typename: 'UpsertCustomersPayload', customers: [] });
  });
});
