/** The GraphQL types of `src/errors.ts`, one each. */

import * as errors from '../errors.ts';
import { builder } from './builder.ts';
import { ErrorCode, OutboundEmailStatus, ReplyNotPossibleReason, RetryAdvice } from './enums.ts';
import { Draft, EmailAccount, OutboundEmail } from './refs.ts';
import { TokenProblem } from './token-problem.ts';

const ErrorInterface = builder.interfaceRef<errors.DomainError>('UserError').implement({
  description: 'The common fields of all errors.',
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCode, description: 'The kind of the error, for programs.' }),
    message: t.exposeString('message', { description: 'What is wrong and how to fix it, for people.' }),
    retry: t.expose('retry', { type: RetryAdvice, description: 'Whether the request can be repeated.' }),
  }),
});

const error = (name: string, description: string) => ({ name, description, interfaces: [ErrorInterface] });

const InputIssue = builder.objectRef<errors.InputIssue>('InputIssue').implement({
  description: 'One problem with the input.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'The dotted path to the value, from the argument on: `input.fresh.to.1`.',
    }),
    message: t.exposeString('message', { description: 'What is wrong and what is allowed.' }),
  }),
});

builder.objectType(errors.InvalidInputError, {
  ...error('InvalidInputError', 'The input is invalid. Nothing was stored and nothing was sent.'),
  fields: (t) => ({
    issues: t.field({
      type: [InputIssue],
      description:
        'All problems, at most the first 100. If there are more, `message` says how many were found: the search ends at 1,000 values that do not fit their types.',
      resolve: ({ issues }) => [...issues],
    }),
  }),
});

builder.objectType(errors.NotFoundError, {
  ...error(
    'NotFoundError',
    'The organization has no such object. An object of another organization is not found either.',
  ),
  fields: (t) => ({
    entity: t.exposeString('entity', { description: 'The type of the missing object, for example `EmailAccount`.' }),
    uid: t.expose('uid', {
      type: 'UUID',
      nullable: true,
      description: 'The uid that was looked for. Null if the object was named by its `externalId`.',
    }),
  }),
});

builder.objectType(errors.IdempotencyConflictError, {
  ...error(
    'IdempotencyConflictError',
    'The idempotencyKey was used for a different request. Nothing was sent or stored.',
  ),
  fields: (t) => ({
    existing: t.prismaField({
      type: OutboundEmail,
      description: 'The email or draft that was requested with the key. Its content needs the scope `email:read`.',
      resolve: (query, { existingId }, _args, { db }) =>
        db.outboundEmail.findFirstOrThrow({ ...query, where: { id: existingId } }),
    }),
    differingFields: t.field({
      type: ['String'],
      description: 'The fields in which the two requests differ.',
      resolve: ({ differingFields }) => [...differingFields],
    }),
  }),
});

builder.objectType(errors.AccountNotReadyError, {
  ...error('AccountNotReadyError', 'The account is NEEDS_REAUTH or DISCONNECTED. Nothing was sent or changed.'),
  fields: (t) => ({
    account: t.prismaField({
      type: EmailAccount,
      description: 'The account. Its `statusReason` says why it cannot be used.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
  }),
});

builder.objectType(errors.SyncNotPossibleError, {
  ...error(
    'SyncNotPossibleError',
    'The mailbox cannot be read now, because Gmail limits requests or cannot be reached, or because another reading takes long. Epistle retries by itself.',
  ),
  fields: (t) => ({
    account: t.prismaField({
      type: EmailAccount,
      description: 'The account. Its `sync` says how far the mailbox has been read.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
    reason: t.exposeString('reason', {
      description:
        'The reason that Google gave, the code of the network error, or `busy`: another reading of the mailbox takes longer than 30 s.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When Gmail allows the next attempt. Null if Gmail gave no time.',
    }),
  }),
});

builder.objectType(errors.ReplyNotPossibleError, {
  ...error('ReplyNotPossibleError', 'The message cannot be replied to in its thread. Nothing was sent.'),
  fields: (t) => ({
    reason: t.expose('reason', { type: ReplyNotPossibleReason, description: 'Why the reply is not possible.' }),
  }),
});

builder.objectType(errors.DraftConflictError, {
  ...error(
    'DraftConflictError',
    'The draft has changed, or is no longer a draft. Nothing was changed by this request.',
  ),
  fields: (t) => ({
    current: t.prismaField({
      type: Draft,
      nullable: true,
      description:
        'The current draft. Null if it is no longer a draft, or if the key has neither `email:read` nor `drafts:write`.',
      // Looked for even when it is known to be none: Pothos takes a query that is not used for a mistake.
      resolve: (query, { currentId }, _args, { db }) =>
        db.outboundEmail.findFirst({ ...query, where: { id: { in: currentId === null ? [] : [currentId] } } }),
    }),
  }),
});

builder.objectType(errors.SendRejectedError, {
  ...error('SendRejectedError', 'The email was refused, by Gmail or before Gmail was asked. Nothing was sent.'),
  fields: (t) => ({
    outboundEmail: t.prismaField({
      type: OutboundEmail,
      description: 'The record of the email: FAILED, or DRAFT if a draft was sent.',
      resolve: (query, { outboundEmailId }, _args, { db }) =>
        db.outboundEmail.findFirstOrThrow({ ...query, where: { id: outboundEmailId } }),
    }),
    providerStatus: t.exposeInt('providerStatus', {
      description: "The HTTP status of Gmail's response. 0 if there was no response.",
    }),
    providerReason: t.exposeString('providerReason', {
      description: 'The reason: the one that Gmail gave, if Gmail refused it.',
    }),
  }),
});

builder.objectType(errors.UnresolvedTokensError, {
  ...error(
    'UnresolvedTokensError',
    'The subject or a body still contains tokens of the entities that the email is about, such as `{invoice_number}`. Nothing was sent or stored. `sendEmail` with `allowUnresolved` sends it as it is; a draft with a planned time must have no tokens.',
  ),
  fields: (t) => ({
    problems: t.field({
      type: [TokenProblem],
      description: 'The tokens with their places. Of a field with more than 100 tokens, the first 100.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

builder.objectType(errors.InvalidStateError, {
  ...error('InvalidStateError', 'The state of the email does not allow this. Nothing was changed.'),
  fields: (t) => ({
    status: t.expose('status', { type: OutboundEmailStatus, description: 'The current state of the email.' }),
  }),
});

builder.objectType(errors.ProviderError, {
  ...error(
    'ProviderError',
    'A call to Gmail failed. In `sendEmail` and drafts it is the reading of a file named by `attachmentUid`: nothing was sent or stored. In `markConversationRead`, Gmail may have changed some of the messages. See `retry`.',
  ),
  fields: (t) => ({
    providerStatus: t.exposeInt('providerStatus', {
      description: "The HTTP status of Gmail's response. 0 if there was no response.",
    }),
    providerReason: t.exposeString('providerReason', { description: 'The reason that Gmail gave.' }),
  }),
});
