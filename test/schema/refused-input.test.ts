/** Values of variables that do not fit their types: each field that uses them answers with every issue, and nothing is done. */
import {
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  isUnionType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { request, useTenant, useTestApp } from '../support/harness.ts';

const t = useTestApp();
const tenant = useTenant(t);

const ISSUES = `... on InvalidInputError { issues { path message } }`;

const UID = '0199aa11-2b3c-7def-8123-456789abcdef';

interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Values that do not fit, and one that does. */
const VALUES: Record<string, { readonly wrong: readonly unknown[]; readonly right: unknown }> = {
  Base64: { wrong: [5, {}], right: 'SGVsbG8=' },
  Boolean: { wrong: ['yes', 1], right: true },
  DateTime: { wrong: ['tomorrow', '2026-02-31T00:00:00Z', '2026-01-01', 5, {}], right: '2026-01-01T00:00:00Z' },
  EmailAddress: { wrong: [5, ['a@b.example']], right: 'a@b.example' },
  HttpUrl: { wrong: [5, {}], right: 'https://example.com' },
  ID: { wrong: [{}, true], right: `Invoice_${UID}` },
  Int: { wrong: ['ten', 1.5, 2 ** 31], right: 1 },
  LocalDate: { wrong: [5, true, {}], right: '2026-01-01' },
  String: { wrong: [5, {}], right: 'text' },
  UUID: { wrong: ['abc', 5, `${UID}0`], right: UID },
};

function wrongValues(type: GraphQLInputType): readonly unknown[] {
  const named = getNamedType(type);
  return isEnumType(named) ? ['RUBBISH', 5] : (VALUES[named.name]?.wrong ?? []);
}

/** The smallest value that fits. */
function smallest(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return smallest(type.ofType);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type)) return VALUES[type.name]?.right;
  const required = Object.values(type.getFields()).filter(isRequiredInputField);
  return Object.fromEntries(required.map((field) => [field.name, smallest(field.type)]));
}

/** Every place below a value where a scalar or an enum stands: `input.fresh.to.0`. */
function leavesOf(type: GraphQLInputType, path: string): { path: string; type: GraphQLInputType }[] {
  if (isNonNullType(type)) return leavesOf(type.ofType, path);
  if (isListType(type)) return leavesOf(type.ofType, `${path}.0`);
  if (isLeafType(type)) return [{ path, type }];
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => leavesOf(field.type, `${path}.${field.name}`));
}

/** The smallest value that fits but for what stands at the path. */
function withValueAt(type: GraphQLInputType, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (isNonNullType(type)) return withValueAt(type.ofType, path, value);
  if (isListType(type)) return [withValueAt(type.ofType, rest, value)];
  const field = isInputObjectType(type) ? type.getFields()[name] : undefined;
  if (field === undefined) throw new Error(`there is no ${name}`);
  const others = isInputObjectType(type) && type.isOneOf ? {} : smallest(type);
  return { ...(others as object), [name]: withValueAt(field.type, rest, value) };
}

function operationOf(kind: string, { name, args, type }: GraphQLField<unknown, unknown>): string {
  const definitions = args.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const given = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const named = getNamedType(type);
  const issues = isUnionType(named) ? '... on InvalidInputError { code retry issues { path message } }' : '';
  const selection = isLeafType(named) ? '' : `{ __typename ${issues} }`;
  return `${kind}(${definitions}) { ${name}(${given}) ${selection} }`;
}

const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) => {
  const kind = type?.name === 'Query' ? 'query' : 'mutation';
  return Object.values(type?.getFields() ?? {}).map((field) => ({ kind, field }));
});

const places = roots.flatMap(({ kind, field }) =>
  field.args.flatMap((arg) =>
    leavesOf(arg.type, arg.name).flatMap(({ path, type }) =>
      wrongValues(type).map((wrong) => ({ kind, field, arg, path, wrong })),
    ),
  ),
);

/** The issues that a field answers with, as data or in `errors`. */
function issuesIn(answer: Awaited<ReturnType<typeof request<Record<string, { issues?: Issue[] } | null>, object>>>) {
  const asData = Object.values(answer.data ?? {}).flatMap((result) => result?.issues ?? []);
  return [...asData, ...answer.errors.flatMap(({ extensions }) => (extensions?.issues as Issue[]) ?? [])];
}

const ask = (operation: string, variables: object) =>
  request<Record<string, { issues?: Issue[] } | null>, object>(t, tenant.key, operation, variables);

async function countRows(): Promise<unknown> {
  const { rows } = await t.app.pool.query(
    `SELECT (SELECT count(*) FROM outbound_email) AS emails, (SELECT count(*) FROM context_entity) AS entities,
      (SELECT count(*) FROM api_key WHERE revoked_at IS NULL) AS keys,
      (SELECT count(*) FROM email_account WHERE status = 'ACTIVE') AS accounts`,
  );
  return rows;
}

describe('a value that does not fit', () => {
  it('is tried for every scalar of the inputs, in every argument', () => {
    const inputs = roots.flatMap(({ field }) => field.args.flatMap((arg) => leavesOf(arg.type, arg.name)));
    const scalars = new Set(inputs.map(({ type }) => getNamedType(type)).filter((type) => !isEnumType(type)));
    expect([...scalars].map(({ name }) => name).toSorted()).toEqual(Object.keys(VALUES));
    expect(places.length).toBeGreaterThan(200);
  });

  for (const { kind, field } of roots) {
    const ofField = places.filter((place) => place.field === field);
    if (ofField.length === 0) continue;
    it(`is refused with its path and an example, and nothing is done: ${field.name}`, async () => {
      const before = await countRows();
      for (const { arg, path, wrong } of ofField) {
        const others = field.args.filter((each) => each !== arg && isNonNullType(each.type));
        const variables = {
          ...Object.fromEntries(others.map((each) => [each.name, smallest(each.type)])),
          [arg.name]: withValueAt(arg.type, path.split('.').slice(1), wrong),
        };
        const answer = await ask(operationOf(kind, field), variables);
        const [first] = issuesIn(answer);
        const told = `${path}: ${JSON.stringify(wrong)} ${JSON.stringify(answer)}`;
        expect(first, told).toEqual({
          path,
          message: expect.stringMatching(/^Must be .*(?: such as |: |one of|true or)/),
        });
        if (kind === 'mutation' || isUnionType(getNamedType(field.type))) {
          expect(answer, told).toMatchObject({ errors: [], data: { [field.name]: { code: 'INVALID_INPUT' } } });
        } else {
          const extensions = { code: 'INVALID_INPUT', retry: 'NEVER' };
          expect(answer.errors, told).toMatchObject([{ path: [field.name], extensions }]);
        }
      }
      expect(await countRows()).toEqual(before);
    });
  }
});

describe('the rest of the input', () => {
  const PAST = '2020-01-01T00:00:00Z';
  const email = { to: ['nobody'], subject: 'two\nlines', attachments: [{ uploadUid: 'abc' }], plannedSendAt: PAST };
  const inputs: [string, object, string[]][] = [
    [
      'sendEmail',
      { fresh: { fromAccountUid: 'abc', ...email, idempotencyKey: ' ', cc: ['a@b.example', 5] } },
      [
        'fresh.fromAccountUid',
        'fresh.attachments.0.uploadUid',
        'fresh.cc.1',
        'fresh.to.0',
        'fresh.subject',
        'fresh.idempotencyKey',
        'fresh.plannedSendAt',
      ],
    ],
    [
      'sendEmail',
      { reply: { replyToMessageUid: 'abc', ...email, contexts: [{ type: 'order', uid: 'abc' }] } },
      [
        'reply.replyToMessageUid',
        'reply.attachments.0.uploadUid',
        'reply.contexts.0.uid',
        'reply.to.0',
        'reply.subject',
        'reply.contexts.0.type',
        'reply.plannedSendAt',
      ],
    ],
    ['sendEmail', { draft: { draftUid: 'abc', expectedRevision: 'x' } }, ['draft.draftUid', 'draft.expectedRevision']],
    [
      'createDraft',
      { fromAccountUid: 'abc', ...email, cancelWhen: ['NEVER'] },
      ['fromAccountUid', 'attachments.0.uploadUid', 'cancelWhen.0', 'to.0', 'subject', 'plannedSendAt'],
    ],
    [
      'updateDraft',
      { draftUid: 'abc', ...email },
      ['draftUid', 'attachments.0.uploadUid', 'to.0', 'subject', 'plannedSendAt'],
    ],
    [
      'upsertInvoice',
      {
        number: '',
        customerUid: 'abc',
        status: 'LATE',
        currency: 'usd',
        subtotalCents: '-1',
        totalCents: '1',
        issueDate: '2026-02-01',
        dueDate: '2026-01-01',
        paidDate: 'yesterday',
      },
      ['customerUid', 'status', 'number', 'currency', 'paidDate', 'subtotalCents', 'dueDate'],
    ],
    ['upsertCustomer', { externalId: 5, name: '', email: 'nobody' }, ['externalId', 'name', 'email']],
    ['createApiKey', { name: 5, scopes: ['nothing'], expiresAt: PAST }, ['name', 'scopes.0', 'expiresAt']],
    [
      'saveTemplate',
      { uid: 'abc', name: '', contextType: 'order', subject: 'two\nlines', bodyText: 5 },
      ['uid', 'bodyText', 'contextType', 'name', 'subject'],
    ],
    ['connectEmailAccount', { loginHint: 'nobody', returnTo: 5 }, ['returnTo', 'loginHint']],
  ];

  it.each(inputs)('of %s is checked too, so that all issues arrive together', async (name, input, paths) => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`;
    const answer = await ask(`mutation($input: ${type}) { ${name}(input: $input) { ${ISSUES} } }`, { input });
    expect(answer.errors).toEqual([]);
    expect(issuesIn(answer).map(({ path }) => path)).toEqual(paths.map((path) => `input.${path}`));
  });

  it.each(['linkConversation', 'unlinkConversation'])('of %s is checked too', async (name) => {
    const operation = `mutation($uid: UUID!, $context: ContextRefInput!) { ${name}(uid: $uid, context: $context) { ${ISSUES} } }`;
    const answer = await ask(operation, { uid: 'abc', context: { type: 'order' } });
    expect(issuesIn(answer).map(({ path }) => path)).toEqual(['uid', 'context.type', 'context']);
  });

  it.each([
    [
      'upsertCustomers',
      'UpsertCustomerInput',
      [
        { externalId: 'C-1', name: '', locale: 5 },
        { externalId: 'C-1', name: '' },
      ],
      ['0.locale', '0.name', '1.name', '1.externalId'],
    ],
    [
      'upsertInvoices',
      'UpsertInvoiceInput',
      [{ number: '', status: 'LATE' }, { number: '' }],
      ['0.status', '0.number', '1.number'],
    ],
  ])('of %s is checked too, in every entry', async (name, type, inputs, paths) => {
    const operation = `mutation($inputs: [${type}!]!) { ${name}(inputs: $inputs) { ${ISSUES} } }`;
    expect(issuesIn(await ask(operation, { inputs })).map(({ path }) => path)).toEqual(
      paths.map((path) => `inputs.${path}`),
    );
  });

  it('of a query that answers errors as data is checked too', async () => {
    const operation = `query($prepare: PrepareEmailInput!, $preview: PreviewEmailInput!) {
      prepareEmail(input: $prepare) { ${ISSUES} }
      previewEmail(input: $preview) { ${ISSUES} }
    }`;
    const words = { bodyText: 5, locale: 'nowhere!' };
    const prepare = { context: { type: 'order', uid: 'abc' }, subject: 's', ...words };
    const answer = await ask(operation, { prepare, preview: { contextType: 'order', contextUid: 'abc', ...words } });
    expect(issuesIn(answer).map(({ path }) => path)).toEqual(
      ['context.uid', 'bodyText', 'context.type', 'locale', 'contextUid', 'bodyText', 'contextType', 'locale'].map(
        (path) => `input.${path}`,
      ),
    );
  });

  it('is not told to be wrong because of a placeholder', async () => {
    const invoice = {
      number: 'INV-1',
      customerUid: UID,
      status: 'OPEN',
      currency: 'USD',
      subtotalCents: '1',
      totalCents: '1',
    };
    const operation = `mutation($input: UpsertInvoiceInput!) { upsertInvoice(input: $input) { ${ISSUES} } }`;
    const dates = [
      { issueDate: 5, dueDate: '2026-01-01' },
      { issueDate: '2026-01-01', dueDate: 5 },
    ];
    const answers = await Promise.all(dates.map((each) => ask(operation, { input: { ...invoice, ...each } })));
    expect(answers.map((answer) => issuesIn(answer).map(({ path }) => path))).toEqual([
      ['input.issueDate'],
      ['input.dueDate'],
    ]);
  });

  it('of every mutation with an input object is checked', () => {
    const ofObjects = roots.filter(
      ({ kind, field }) => kind === 'mutation' && field.args.some(({ type }) => isInputObjectType(getNamedType(type))),
    );
    const others = ['linkConversation', 'unlinkConversation', 'upsertCustomers', 'upsertInvoices'];
    const tried = [...inputs.map(([name]) => name), ...others];
    expect(ofObjects.map(({ field }) => field.name).filter((name) => !tried.includes(name))).toEqual([]);
  });
});

describe('a refused variable', () => {
  it('leaves the other fields of the operation alone', async () => {
    const operation = `query($uid: UUID!) { viewer { actor } invoice(uid: $uid) { uid } }`;
    const { data, errors } = await ask(operation, { uid: 'abc' });
    expect(data).toEqual({ viewer: { actor: expect.any(String) }, invoice: null });
    expect(errors).toMatchObject([{ path: ['invoice'], extensions: { issues: [{ path: 'uid' }] } }]);
  });

  it('is named by its place in the argument, in objects, lists and fragments', async () => {
    const operation = `
      mutation($from: UUID!, $to: EmailAddress!) { ...Send }
      fragment Send on Mutation {
        sendEmail(input: { fresh: { fromAccountUid: $from, to: ["a@b.example", $to], subject: "s", bodyText: "" } }) { ${ISSUES} }
      }`;
    const answer = await ask(operation, { from: 'abc', to: 5 });
    expect(issuesIn(answer).map(({ path }) => path)).toEqual(['input.fresh.fromAccountUid', 'input.fresh.to.1']);
  });

  it('of another operation of the same document does not matter', async () => {
    const operation = `
      query Other($uid: UUID) { conversations { edges { node { messages(after: "x") { edges { cursor } } } } } invoice(uid: $uid) { uid } }
      query Asked($uid: UUID) { invoice(uid: $uid) { uid } }`;
    const response = await fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` },
      body: JSON.stringify({ query: operation, operationName: 'Asked', variables: { uid: 'abc' } }),
    });
    expect(await response.json()).toMatchObject({ data: { invoice: null }, errors: [{ path: ['invoice'] }] });
  });

  it.each([
    [
      'a nested field',
      'sendEmail(input: $input) { ... on SendEmailPayload { outboundEmail { events(first: $x) { totalCount } } } }',
    ],
    ['a directive', 'sendEmail(input: $input) @include(if: $x) { __typename }'],
  ])('of %s stops the whole operation, before anything is done', async (_what, selection) => {
    const type = selection.includes('@include') ? 'Boolean!' : 'Int';
    const fresh = { fromAccountUid: tenant.accountId, to: ['a@b.example'], subject: 's', bodyText: '' };
    const variables = { input: { fresh }, x: 'rubbish' };
    const before = await countRows();
    const answer = await ask(`mutation($input: SendEmailInput!, $x: ${type}) { ${selection} }`, variables);
    expect(answer.data).toBeNull();
    expect(answer.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', issues: [{ path: 'x' }] } }]);
    expect(await countRows()).toEqual(before);
  });

  it('has the first 100 issues, and counts the others', async () => {
    const fresh = { fromAccountUid: tenant.accountId, to: Array(150).fill(5), subject: 's' };
    const operation = `mutation($input: SendEmailInput!) { sendEmail(input: $input) { ... on InvalidInputError { message issues { path } } } }`;
    const { data } = await ask(operation, { input: { fresh } });
    expect(data?.sendEmail?.issues).toHaveLength(100);
    expect(data?.sendEmail).toMatchObject({ message: expect.stringMatching(/ And 50 more\.$/) });
  });

  it('refuses what it does not look at after 1,000 issues', async () => {
    const operation = `mutation($a: SendEmailInput!, $b: UpsertCustomerInput!) {
      sendEmail(input: $a) { ... on InvalidInputError { message } }
      upsertCustomer(input: $b) { ${ISSUES} }
    }`;
    const wrong = Array(1_000).fill(5);
    const a = { fresh: { fromAccountUid: tenant.accountId, to: wrong, cc: wrong, subject: 's' } };
    const before = await countRows();
    const { data } = await ask(operation, { a, b: { externalId: 'acme', name: 'Acme' } });
    expect(data).toMatchObject({
      sendEmail: { message: expect.stringMatching(/ And 900 more\.$/) },
      upsertCustomer: { issues: [{ path: 'input', message: expect.stringMatching(/^Not checked: /) }] },
    });
    expect(await countRows()).toEqual(before);
  });
});
