import { beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { SaveTemplateInput, TemplateFilter } from '../generated/graphql.ts';
import { createKey, createTenant, expectType, query, request, type Tenant, useTestApp } from '../support/harness.ts';
import { reminder, SaveTemplate, saved } from '../support/templates.ts';

const t = useTestApp({ env: { WORKER: 'off' } });

const FindTemplate = graphql(`
  query FindTemplate($uid: UUID!, $version: Int) {
    template(uid: $uid, version: $version) { id uid name contextType version locale subject bodyText bodyHtml }
  }
`);
const Templates = graphql(`
  query Templates($filter: TemplateFilter, $first: Int, $after: String) {
    templates(filter: $filter, first: $first, after: $after) {
      totalCount
      nodes { id name version locale contextType }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
const DeleteTemplate = graphql(`
  mutation DeleteTemplate($uid: UUID!) {
    deleteTemplate(uid: $uid) {
      __typename
      ... on DeleteTemplatePayload { deletedId templateUid }
      ... on NotFoundError { entity uid }
    }
  }
`);

let tenant: Tenant;
beforeEach(async () => {
  tenant = await createTenant(t);
});

const find = async (uid: string, version?: number) =>
  (await query(t, tenant.key, FindTemplate, { uid, version: version ?? null })).template;
const list = async (filter?: TemplateFilter) =>
  (await query(t, tenant.key, Templates, { filter: filter ?? null, first: null, after: null })).templates;
const save = async (input: SaveTemplateInput) => (await query(t, tenant.key, SaveTemplate, { input })).saveTemplate;
async function issuesOf(changes: Partial<SaveTemplateInput>): Promise<string[]> {
  return expectType(await save(reminder(changes)), 'InvalidInputError').issues.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('saveTemplate', () => {
  it('makes a template, and a new version of it under its uid or its name', async () => {
    const first = await saved(t, tenant);
    expect(first).toMatchObject({ name: 'Reminder', contextType: 'invoice', locale: null, version: 1, bodyHtml: null });
    const second = await saved(t, tenant, { uid: first.uid, name: 'Friendly reminder', subject: 'two' });
    const third = await saved(t, tenant, { name: 'Friendly reminder', subject: 'three', bodyHtml: '<p>{status}</p>' });
    expect([second.uid, third.uid]).toEqual([first.uid, first.uid]);
    expect(await find(first.uid)).toMatchObject({
      id: third.id,
      version: 3,
      subject: 'three',
      bodyHtml: '<p>{status}</p>',
    });
    expect(await find(first.uid, 1)).toMatchObject({ ...first, name: 'Friendly reminder' });
    expect(await find(first.uid, 4)).toBeNull();
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
  });

  it('keeps the newest version of each language, in one form of its tag', async () => {
    const { uid } = await saved(t, tenant);
    await saved(t, tenant, { uid, locale: 'DE-at', subject: 'Rechnung' });
    expect(await find(uid)).toMatchObject({ version: 1, locale: null });
    expect(await list()).toMatchObject({
      totalCount: 2,
      nodes: [
        { version: 2, locale: 'de-AT' },
        { version: 1, locale: null },
      ],
    });
    await saved(t, tenant, { uid, locale: 'de-AT', subject: 'Rechnung {invoice_number}' });
    expect((await list()).nodes.map(({ version }) => version)).toEqual([3, 1]);
  });

  it('reports tokens that no email can fill, and stores the template', async () => {
    const { problems } = expectType(
      await save(reminder({ subject: '{invoice_numbr}', bodyHtml: '<p class={status}>{paid_date}' })),
      'SaveTemplatePayload',
    );
    expect(problems).toEqual([
      { token: '{invoice_numbr}', kind: 'UNKNOWN', field: 'subject' },
      { token: '{status}', kind: 'FORBIDDEN_PLACE', field: 'bodyHtml' },
    ]);
    expect((await list()).totalCount).toBe(1);
  });

  it('refuses what is wrong with every path', async () => {
    const body = 'x'.repeat(100_001);
    const wrong = { name: ' ', contextType: 'order', locale: '??', subject: 'a\nb', bodyText: body, bodyHtml: body };
    expect(await issuesOf(wrong)).toEqual([
      'input.contextType: Must be one of: invoice, customer.',
      'input.name: Must be 1 to 100 characters without line breaks or control characters.',
      'input.locale: Must be a language tag of BCP 47, such as de-DE.',
      'input.subject: Must not contain line breaks or control characters.',
      'input.bodyText: Must be at most 100000 bytes as UTF-8.',
      'input.bodyHtml: Must be at most 100000 bytes as UTF-8.',
    ]);
    expect(await issuesOf({ subject: ' ' })).toEqual(['input.subject: Must be 1 to 998 characters.']);
  });

  it('refuses the name of another template and another kind, and does not find what is not ours', async () => {
    const { uid } = await saved(t, tenant);
    await saved(t, tenant, { name: 'Thanks' });
    expect(await issuesOf({ uid, name: 'Thanks', contextType: 'customer' })).toEqual([
      'input.name: Must not be the name of another template.',
      'input.contextType: Must stay invoice, which its emails are about. Save another template under another name.',
    ]);
    const other = await createTenant(t);
    const answer = await query(t, other.key, SaveTemplate, { input: reminder({ uid }) });
    expect(answer.saveTemplate).toMatchObject({ __typename: 'NotFoundError', entity: 'Template', uid });
    expect((await query(t, other.key, FindTemplate, { uid, version: null })).template).toBeNull();
    expect((await query(t, other.key, Templates, {})).templates.totalCount).toBe(0);
    expect((await query(t, other.key, DeleteTemplate, { uid })).deleteTemplate).toMatchObject({ entity: 'Template' });
    expect(await find(uid)).toMatchObject({ version: 1 });
  });

  it('numbers versions that are saved at the same time', async () => {
    const versions = await Promise.all(Array.from({ length: 8 }, () => saved(t, tenant)));
    expect(new Set(versions.map(({ uid }) => uid)).size).toBe(1);
    expect(versions.map(({ version }) => version).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await list()).totalCount).toBe(1);
  });

  it('needs drafts:write, which reads back what it has written', async () => {
    const reader = await createKey(t, tenant.organizationId, ['email:read']);
    const refused = await request(t, reader, SaveTemplate, { input: reminder() });
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const writer = await createKey(t, tenant.organizationId, ['drafts:write']);
    const { saveTemplate } = await query(t, writer, SaveTemplate, { input: reminder() });
    expect(saveTemplate).toMatchObject({ template: { version: 1, bodyText: reminder().bodyText } });
  });
});

describe('templates', () => {
  it('are listed by kind and by a part of their name, in pages', async () => {
    await saved(t, tenant, { name: 'First reminder' });
    await saved(t, tenant, { name: 'Welcome 100%', contextType: 'customer', subject: 's', bodyText: 'b' });
    await saved(t, tenant, { name: 'Last REMINDER' });
    const names = async (filter: TemplateFilter) => (await list(filter)).nodes.map(({ name }) => name);
    expect(await names({ search: 'Reminder' })).toEqual(['Last REMINDER', 'First reminder']);
    expect(await names({ contextType: 'customer' })).toEqual(['Welcome 100%']);
    expect(await names({ search: '0%' })).toEqual(['Welcome 100%']);
    expect(await names({ search: '_' })).toEqual([]);
    expect(await names({ contextType: 'or\0der' })).toEqual([]);
    const page = async (after: string | null) => (await query(t, tenant.key, Templates, { first: 2, after })).templates;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor ?? null);
    expect([...first.nodes, ...second.nodes].map(({ name }) => name)).toEqual([
      'Last REMINDER',
      'Welcome 100%',
      'First reminder',
    ]);
  });

  it('are found by their id, in one statement with their bodies in two more', async () => {
    const { id } = await saved(t, tenant, { bodyHtml: '<p></p>' });
    const operation = '{ nodes(ids: ["ID"]) { ... on Template { name bodyText bodyHtml } } }'.replace('ID', id);
    t.resetStatements();
    const { data } = await request(t, tenant.key, operation);
    expect(data).toMatchObject({ nodes: [{ name: 'Reminder', bodyHtml: '<p></p>' }] });
    expect(t.statements().filter((statement) => !statement.includes('api_key'))).toHaveLength(3);
  });
});

describe('deleteTemplate', () => {
  it('removes it from the lists and frees its name', async () => {
    const { uid, id } = await saved(t, tenant);
    const { deleteTemplate } = await query(t, tenant.key, DeleteTemplate, { uid });
    expect(deleteTemplate).toEqual({ __typename: 'DeleteTemplatePayload', deletedId: id, templateUid: uid });
    expect(await find(uid)).toBeNull();
    expect((await list()).totalCount).toBe(0);
    expect((await query(t, tenant.key, DeleteTemplate, { uid })).deleteTemplate).toMatchObject({ uid });
    expect(await save(reminder({ uid }))).toMatchObject({ __typename: 'NotFoundError', uid });
    expect((await saved(t, tenant)).uid).not.toBe(uid);
  });
});
