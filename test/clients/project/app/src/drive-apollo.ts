import { gql, type TypedDocumentNode } from '@apollo/client';
import { tell } from '../../own-backend';
import { client } from './apollo';
import { SendEmail } from './send-email';

interface Emails {
  outboundEmails: { edges: { node: { id: string; subject: string } }[]; pageInfo: { endCursor: string | null } };
}

const Page: TypedDocumentNode<Emails, { after?: string | null }> = gql`
  query ApolloPage($after: String) {
    outboundEmails(first: 2, after: $after) { edges { node { id subject } } pageInfo { endCursor hasNextPage } }
  }
`;

const first = await client.query({ query: Page });
const emails = client.watchQuery({ query: Page });
emails.subscribe({});
await emails.fetchMore({ variables: { after: first.data?.outboundEmails.pageInfo.endCursor ?? null } });
const merged = client.readQuery({ query: Page })?.outboundEmails.edges.map(({ node }) => node.id);

// `... on UserError` is a fragment on an interface: without possibleTypes, its fields are lost.
const input = { fresh: { fromAccountUid: 'no uid', to: ['nobody'], subject: '', bodyText: '' } };
const sent = await client.mutate({ mutation: SendEmail, variables: { input } });

// By its type and id, without a request.
const fragment = gql`fragment Subject on OutboundEmail { subject }`;
const cached = merged?.map((id) => client.cache.readFragment({ id: `OutboundEmail:${id}`, fragment }));

tell({ merged, cached, sent: sent.data?.sendEmail });
client.stop();
