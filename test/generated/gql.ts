/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contextUid\n          failure { code message retry }\n        }\n      }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on DraftConflictError { current { uid revision } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n": typeof types.SendEmailDocument,
    "query Accounts { emailAccounts { uid email } }": typeof types.AccountsDocument,
    "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n": typeof types.SentDocument,
    "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }": typeof types.ByIdDocument,
    "query Who { viewer { organization { name } scopes } }": typeof types.WhoDocument,
};
const documents: Documents = {
    "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contextUid\n          failure { code message retry }\n        }\n      }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on DraftConflictError { current { uid revision } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n": types.SendEmailDocument,
    "query Accounts { emailAccounts { uid email } }": types.AccountsDocument,
    "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n": types.SentDocument,
    "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }": types.ByIdDocument,
    "query Who { viewer { organization { name } scopes } }": types.WhoDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contextUid\n          failure { code message retry }\n        }\n      }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on DraftConflictError { current { uid revision } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n"): typeof import('./graphql.ts').SendEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Accounts { emailAccounts { uid email } }"): typeof import('./graphql.ts').AccountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n"): typeof import('./graphql.ts').SentDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }"): typeof import('./graphql.ts').ByIdDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Who { viewer { organization { name } scopes } }"): typeof import('./graphql.ts').WhoDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
