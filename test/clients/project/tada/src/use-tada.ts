import type { ResultOf, VariablesOf } from 'gql.tada';
import { graphql } from './tada';

export const Email = graphql(`
  query Email($uid: UUID!) {
    outboundEmail(uid: $uid) { id status sentAt to contexts { __typename ... on Invoice { number } } }
  }
`);

export const variables: VariablesOf<typeof Email> = { uid: '01a22383-e478-7087-be4e-a72790107c37' };

export function describe({ outboundEmail }: ResultOf<typeof Email>): string {
  if (outboundEmail === null) return 'gone';
  const numbers = outboundEmail.contexts.map((each) => (each.__typename === 'Invoice' ? each.number : each.__typename));
  const at: string = outboundEmail.sentAt ?? outboundEmail.status;
  // @ts-expect-error: the schema has no such status.
  return outboundEmail.status === 'LOST' ? '' : `${at} ${numbers.join()}`;
}
