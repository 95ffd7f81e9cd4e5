import { createOperationDescriptor, fetchQuery, getRequest, getSingularSelector, graphql } from 'relay-runtime';
import { tell } from '../../own-backend';
import query, { type driveRelayQuery } from './__generated__/driveRelayQuery.graphql';
import fragment, { type invoice_emails$data } from './__generated__/invoice_emails.graphql';
import refetch from './__generated__/invoiceEmailsRefetch.graphql';
import { environment } from './relay';

// Read by the compiler, which writes the modules imported above.
export const tag = () => graphql`
  query driveRelayQuery($number: String!) {
    invoice(number: $number) {
      id
      ...invoice_emails @arguments(first: 2)
      start: outboundEmails(first: 2) { pageInfo { endCursor } }
    }
  }
`;

const variables = { number: 'INV-1' };
const fetched = await fetchQuery<driveRelayQuery>(environment, query, variables).toPromise();
environment.retain(createOperationDescriptor(getRequest(query), variables));
const invoice = fetched?.invoice;
if (invoice == null) throw new Error('there is no invoice');

/** The ids that a component with the fragment shows. */
function shown(): string[] {
  const selector = getSingularSelector(fragment, invoice);
  if (selector == null) throw new Error('the fragment is not part of the query');
  const data = environment.lookup(selector).data as unknown as invoice_emails$data;
  return data.outboundEmails.edges.map(({ node }) => node.id);
}

const page = shown();
const next = { id: invoice.id, first: 2, after: invoice.start.pageInfo.endCursor };
await fetchQuery(environment, refetch, next).toPromise();

tell({ page, merged: shown() });
