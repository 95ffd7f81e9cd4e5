import { graphql } from '../generated/gql.ts';

/** Sends an email and tells everything that the result can be. */
export const SendEmail = graphql(`
  mutation SendEmail($input: SendEmailInput!) {
    sendEmail(input: $input) {
      __typename
      ... on SendEmailPayload {
        replayed
        outboundEmail {
          uid
          status
          mode
          threading
          providerMessageId
          providerThreadId
          sentAt
          attempts
          nextAttemptAt
          contexts { uid }
          failure { code message retry }
        }
      }
      ... on UserError { code message retry }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
      ... on IdempotencyConflictError { differingFields existing { uid } }
      ... on AccountNotReadyError { account { uid status } }
      ... on ReplyNotPossibleError { reason }
      ... on InvalidStateError { status }
      ... on DraftConflictError { current { uid revision } }
      ... on UnresolvedTokensError { problems { token kind message field offset length } }
      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }
    }
  }
`);
