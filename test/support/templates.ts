import { graphql } from '../generated/gql.ts';
import type { SaveTemplateInput } from '../generated/graphql.ts';
import { expectType, query, type Tenant, type TestApp } from './harness.ts';

export const SaveTemplate = graphql(`
  mutation SaveTemplate($input: SaveTemplateInput!) {
    saveTemplate(input: $input) {
      __typename
      ... on SaveTemplatePayload {
        template { id uid name contextType locale version subject bodyText bodyHtml }
        problems { token kind field }
      }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
    }
  }
`);

/** A sound template about invoices, changed as the test needs it. */
export function reminder(changes: Partial<SaveTemplateInput> = {}): SaveTemplateInput {
  const words = { subject: 'Invoice {invoice_number}', bodyText: 'Dear {client_name}, please pay {amount_due}.' };
  return { name: 'Reminder', contextType: 'invoice', ...words, ...changes };
}

/** Saves what must be accepted. @returns the new version. */
export async function saved(app: Pick<TestApp, 'url'>, tenant: Tenant, changes: Partial<SaveTemplateInput> = {}) {
  const { saveTemplate } = await query(app, tenant.key, SaveTemplate, { input: reminder(changes) });
  return expectType(saveTemplate, 'SaveTemplatePayload').template;
}

const DeleteTemplate = graphql(`
  mutation DeleteUsedTemplate($uid: UUID!) { deleteTemplate(uid: $uid) { __typename } }
`);

export async function deleted(app: Pick<TestApp, 'url'>, tenant: Tenant, uid: string): Promise<void> {
  expectType((await query(app, tenant.key, DeleteTemplate, { uid })).deleteTemplate, 'DeleteTemplatePayload');
}
