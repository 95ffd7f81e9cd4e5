import { gql } from '@urql/core';
import { tell } from '../../own-backend';
import { SendEmail } from './send-email';
import { client } from './urql';

const Page = gql`
  query UrqlPage($after: String) {
    outboundEmails(first: 2, after: $after) {
      edges { node { id subject bounces { recipient } } }
      pageInfo { endCursor hasNextPage startCursor hasPreviousPage }
    }
  }
`;

const first = await client.query(Page, {}).toPromise();
const after = first.data?.outboundEmails.pageInfo.endCursor;
const both = await client.query(Page, { after }).toPromise();
const input = { fresh: { fromAccountUid: 'no uid', to: ['nobody'], subject: '', bodyText: '' } };
const sent = await client.mutation(SendEmail, { input }).toPromise();
const again = await client.query(Page, {}, { requestPolicy: 'cache-only' }).toPromise();

tell({
  errors: [first.error, both.error, sent.error].filter(Boolean).map(String),
  merged: both.data?.outboundEmails.edges.map((edge: { node: { id: string } }) => edge.node.id),
  cached: again.data?.outboundEmails.edges.length,
  sent: sent.data?.sendEmail,
});
