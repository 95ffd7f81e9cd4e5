/** The GraphQL types of `src/errors.ts`, one each. */
import * as errors from '../errors.ts';
import { builder } from './builder.ts';
import { Draft } from './draft.ts';
import { EmailAccount } from './email-account.ts';
import { ErrorCode, OutboundEmailStatus, ReplyNotPossibleReason, RetryAdvice } from './enums.ts';
import { OutboundEmail } from './outbound-email.ts';

const ErrorInterface = builder.interfaceRef<errors.DomainError>('Error').implement({
  description: 'What every error tells.',
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCode, description: 'For programs.' }),
    message: t.exposeString('message', { description: 'For people: what is wrong, and what is allowed.' }),
    retry: t.expose('retry', { type: RetryAdvice, description: 'What may be done about it.' }),
  }),
});

const InputIssue = builder.objectRef<errors.InputIssue>('InputIssue').implement({
  description: 'One thing that is wrong with the input.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where: `input.fresh.to.1`.' }),
    message: t.exposeString('message', { description: 'What is wrong, and what is allowed.' }),
  }),
});

builder.objectType(errors.InvalidInputError, {
  name: 'InvalidInputError',
  description: 'The input is wrong. Nothing was stored and nothing was sent.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.field({
      type: [InputIssue],
      description: 'Every issue, not the first.',
      resolve: ({ issues }) => [...issues],
    }),
  }),
});

builder.objectType(errors.NotFoundError, {
  name: 'NotFoundError',
  description: "There is no such object in the organization; another one's is not found either.",
  interfaces: [ErrorInterface],
  fields: (t) => ({
    entity: t.exposeString('entity', { description: 'The type that was looked for: `EmailAccount`.' }),
    uid: t.expose('uid', { type: 'UUID', description: 'The uid that was looked for.' }),
  }),
});

builder.objectType(errors.IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: 'The idempotencyKey belongs to another request. Nothing was sent.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    existing: t.prismaField({
      type: OutboundEmail,
      description: 'The email that the key belongs to.',
      resolve: (query, { existingId }, _args, { db }) =>
        db.outboundEmail.findFirstOrThrow({ ...query, where: { id: existingId } }),
    }),
    differingFields: t.field({
      type: ['String'],
      description: 'The fields in which the requests differ.',
      resolve: ({ differingFields }) => [...differingFields],
    }),
  }),
});

builder.objectType(errors.AccountNotReadyError, {
  name: 'AccountNotReadyError',
  description: 'The account cannot send now. Nothing was sent.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    account: t.prismaField({
      type: EmailAccount,
      description: 'The account; its status and statusReason say why.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
  }),
});

builder.objectType(errors.SyncNotPossibleError, {
  name: 'SyncNotPossibleError',
  description: 'The mailbox cannot be read now: Gmail throttles or is not reached. Epistle tries again by itself.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    account: t.prismaField({
      type: EmailAccount,
      description: 'The account; its `sync` says how far it has been read.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
    reason: t.exposeString('reason', { description: "Google's reason as a word, or the network error's code." }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When Gmail allows the next try. Null: it does not say.',
    }),
  }),
});

builder.objectType(errors.ReplyNotPossibleError, {
  name: 'ReplyNotPossibleError',
  description: 'The message cannot be replied to in its thread. Nothing was sent.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ reason: t.expose('reason', { type: ReplyNotPossibleReason, description: 'Why.' }) }),
});

builder.objectType(errors.DraftConflictError, {
  name: 'DraftConflictError',
  description: 'The draft is not what the request took it for. Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    current: t.prismaField({
      type: Draft,
      nullable: true,
      description: 'The draft as it is now. Null: it is no longer a draft.',
      // Looked for even when it is known to be none: Pothos takes a query that is not used for a mistake.
      resolve: (query, { currentId }, _args, { db }) =>
        db.outboundEmail.findFirst({ ...query, where: { id: { in: currentId === null ? [] : [currentId] } } }),
    }),
  }),
});

builder.objectType(errors.SendRejectedError, {
  name: 'SendRejectedError',
  description: 'Gmail refused the email before it accepted it: nothing was sent.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    outboundEmail: t.prismaField({
      type: OutboundEmail,
      description: 'The record: FAILED, or DRAFT again when it was a draft.',
      resolve: (query, { outboundEmailId }, _args, { db }) =>
        db.outboundEmail.findFirstOrThrow({ ...query, where: { id: outboundEmailId } }),
    }),
    providerStatus: t.exposeInt('providerStatus', { description: "HTTP status of Gmail's answer; 0 when none came." }),
    providerReason: t.exposeString('providerReason', { description: "Gmail's reason." }),
  }),
});

builder.objectType(errors.InvalidStateError, {
  name: 'InvalidStateError',
  description: 'The email is not in a state in which this can be done. Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    status: t.expose('status', { type: OutboundEmailStatus, description: 'The state that it is in.' }),
  }),
});

builder.objectType(errors.ProviderError, {
  name: 'ProviderError',
  description: 'Gmail did not do what was asked of it. Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    providerStatus: t.exposeInt('providerStatus', { description: "HTTP status of Gmail's answer; 0 when none came." }),
    providerReason: t.exposeString('providerReason', { description: "Gmail's reason." }),
  }),
});
