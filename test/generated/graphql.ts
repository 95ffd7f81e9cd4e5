/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** A file to send along. At most 20 in one email, 25 MB together. */
export type AttachmentInput = {
  /** For an inline image: what the html names as `cid:…`, without angle brackets. */
  contentId?: string | null | undefined;
  /** A media type: `application/pdf`, `text/plain; charset=utf-8`. */
  contentType: string;
  /** The bytes. */
  dataBase64: string;
  /** 1 to 255 characters in any script, no line break. */
  filename: string;
};

/** What Google and the owner of the mailbox are told. */
export type ConnectEmailAccountInput = {
  /** The address to be connected, chosen on the page beforehand; its owner can choose another one. */
  loginHint?: string | null | undefined;
  /** Where the browser goes afterwards, with `connected=<uid of the account>` or `error=<code>` in the query. It must be on an origin that CORS_ORIGINS names. Omitted: Epistle shows a page that says what happened. */
  returnTo?: string | null | undefined;
};

/** Names a business entity that an email is about. */
export type ContextRefInput = {
  /** One of `contextTypes`: `invoice`, `customer`. */
  type: string;
  /** The entity's uid. */
  uid: string;
};

/** Every condition that is given must hold. */
export type ConversationFilter = {
  /** In this account's mailbox. */
  accountUid?: string | null | undefined;
  /** About this entity. One of an unknown type is what nothing is about. */
  context?: ContextRefInput | null | undefined;
  /** Answered by a person, or not: see `Conversation.hasReply`. */
  hasReply?: boolean | null | undefined;
  /** Read wholly, or not. */
  isRead?: boolean | null | undefined;
  /** With this address among the participants, whatever its case. */
  participant?: string | null | undefined;
  /** With all of these words, the first 16, in subjects, bodies, file names or addresses: whole, in any order, whatever their case and accents. Of `invoice_7.pdf` each part is a word too. An address is one word. Quotes and operators mean nothing; symbols alone find nothing, blanks everything. */
  search?: string | null | undefined;
};

/** A new key. */
export type CreateApiKeyInput = {
  /** When it ends; in the future. Omitted: never. */
  expiresAt?: string | null | undefined;
  /** What to call it, 1 to 100 characters. */
  name: string;
  /** What it may do: email:read, email:send, drafts:write, accounts:manage, contexts:write, keys:manage. No more than the caller may. */
  scopes: Array<string>;
};

/** A draft may be incomplete; it is judged when it is sent. What is there must be sound. */
export type CreateDraftInput = {
  /** At most 20 files, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** Recipients that the others do not see. */
  bcc?: Array<string> | null | undefined;
  /** HTML. */
  bodyHtml?: string | null | undefined;
  /** Plain text. */
  bodyText?: string | null | undefined;
  /** Recipients in copy. */
  cc?: Array<string> | null | undefined;
  /** What it is about. */
  context?: ContextRefInput | null | undefined;
  /** The account that will send. Not with replyToMessageUid. */
  fromAccountUid?: string | null | undefined;
  /** Send it then: from now to 400 days ahead. It must be complete. */
  plannedSendAt?: string | null | undefined;
  /** Where answers are wanted, at most 10. */
  replyTo?: Array<string> | null | undefined;
  /** The message it will answer, from the account that owns the conversation. */
  replyToMessageUid?: string | null | undefined;
  /** At most 998 characters, no line break. */
  subject?: string | null | undefined;
  /** At most 100 recipients with cc and bcc together. */
  to?: Array<string> | null | undefined;
};

/** Which way a message went, seen from the account. */
export type Direction =
  /** Received. */
  | 'INBOUND'
  /** Sent. */
  | 'OUTBOUND';

/** Every condition that is given must hold. */
export type DraftFilter = {
  /** From this account. */
  accountUid?: string | null | undefined;
  /** About this entity. */
  context?: ContextRefInput | null | undefined;
  /** Scheduled or not. */
  scheduled?: boolean | null | undefined;
};

/** Whether an account can send. */
export type EmailAccountStatus =
  /** It can send. */
  | 'ACTIVE'
  /** It was disconnected; the record stays. */
  | 'DISCONNECTED'
  /** Its owner must consent at Google again. */
  | 'NEEDS_REAUTH'
  /** It may not send for the time being; see `statusReason`. */
  | 'PAUSED';

/** What went wrong, for programs. Also found as `extensions.code` of a GraphQL error. */
export type ErrorCode =
  /** The account cannot send now. */
  | 'ACCOUNT_NOT_READY'
  /** The draft is not what the request took it for. */
  | 'DRAFT_CONFLICT'
  /** The API key lacks the scope that the message names. */
  | 'FORBIDDEN'
  /** The idempotencyKey belongs to another request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The input is wrong; see the issues. */
  | 'INVALID_INPUT'
  /** The email is not in a state in which this can be done. */
  | 'INVALID_STATE'
  /** The mailbox cannot be read now. */
  | 'MAILBOX_UNAVAILABLE'
  /** There is no such object in the organization. */
  | 'NOT_FOUND'
  /** Gmail did not do what was asked of it; see providerReason. */
  | 'PROVIDER_ERROR'
  /** Too many requests; try again later. */
  | 'RATE_LIMITED'
  /** The message cannot be replied to in its thread. */
  | 'REPLY_NOT_POSSIBLE'
  /** Gmail refused the email before it accepted it. */
  | 'SEND_REJECTED'
  /** The database cannot be reached now; the answer is HTTP 503 with Retry-After. A mutation may have been carried out all the same. */
  | 'SERVICE_UNAVAILABLE'
  /** No API key came, or one that is not known, expired or revoked. */
  | 'UNAUTHENTICATED';

/** Every condition that is given must hold. */
export type InvoiceFilter = {
  /** Contacted with nothing come in since, or not: see `Invoice.awaitingReply`. */
  awaitingReply?: boolean | null | undefined;
  /** Of this customer. */
  customerUid?: string | null | undefined;
  /** In one of these states. */
  status?: Array<InvoiceStatus> | null | undefined;
};

/** Where an invoice stands. */
export type InvoiceStatus =
  /** Not issued yet. */
  | 'DRAFT'
  /** Issued and not paid. */
  | 'OPEN'
  /** Not paid, past its due date. */
  | 'OVERDUE'
  /** Paid. */
  | 'PAID'
  /** Withdrawn. */
  | 'VOID';

/** What is being done with a mailbox. */
export type MailboxSyncState =
  /** Gmail no longer tells what changed since the last reading: everything is listed and compared. */
  | 'COMPARING'
  /** It is here; changes are brought as they happen. */
  | 'CURRENT'
  /** What it already holds is being read, newest first. What comes in meanwhile is here at once. */
  | 'IMPORTING'
  /** The account is not connected; see its status. */
  | 'STOPPED'
  /** It was not read yet. */
  | 'WAITING';

/** Every condition that is given must hold. */
export type OutboundEmailFilter = {
  /** From this account. */
  accountUid?: string | null | undefined;
  /** About this entity. */
  context?: ContextRefInput | null | undefined;
  /** In this conversation. */
  conversationUid?: string | null | undefined;
  /** Created at this time or later. */
  createdFrom?: string | null | undefined;
  /** Created before this time. */
  createdTo?: string | null | undefined;
  /** Come to be in one of these ways. */
  mode?: Array<SendMode> | null | undefined;
  /** With this address in to, cc or bcc. */
  recipient?: string | null | undefined;
  /** With all of these words, the first 16, in subject, body, file names or addresses: whole, in any order, whatever their case and accents. Of `invoice_7.pdf` each part is a word too. An address is one word. Quotes and operators mean nothing; symbols alone find nothing, blanks everything. */
  search?: string | null | undefined;
  /** In one of these states. */
  status?: Array<OutboundEmailStatus> | null | undefined;
};

/** How outbound emails are ordered. */
export type OutboundEmailOrder =
  /** The oldest first. */
  | 'CREATED_ASC'
  /** The newest first. */
  | 'CREATED_DESC'
  /** The first planned first; those that were not planned are left out. */
  | 'PLANNED_ASC'
  /** The last sent first; those that were not sent are left out. */
  | 'SENT_DESC';

/** Where an outbound email stands, from draft to bounce. */
export type OutboundEmailStatus =
  /** Sent, and returned for at least one recipient. */
  | 'BOUNCED'
  /** Cancelled before it left. */
  | 'CANCELED'
  /** Being written; only `sendEmail` or `deleteDraft` ends this. */
  | 'DRAFT'
  /** It did not leave and will not by itself; see `failure`. */
  | 'FAILED'
  /** Accepted and durable; it leaves as soon as the account may send. */
  | 'QUEUED'
  /** A draft with a time at which it will leave. */
  | 'SCHEDULED'
  /** Being handed to Gmail at this moment. */
  | 'SENDING'
  /** Gmail has accepted it; the provider ids are there. */
  | 'SENT'
  /** Handed to Gmail, but its answer was lost. It is being settled by reading, never by sending again blindly. */
  | 'UNCONFIRMED';

/** Why a message cannot be replied to in its thread. */
export type ReplyNotPossibleReason =
  /** The message has no Message-ID header that a reply could refer to. */
  | 'NO_MESSAGE_ID'
  /** The conversation belongs to no connected account. */
  | 'NO_OWNER_ACCOUNT'
  /** The conversation has no Gmail thread. */
  | 'NO_PROVIDER_THREAD';

/** What a client may do after an error. */
export type RetryAdvice =
  /** The same request may be made again once what the message names is mended; nothing was sent. */
  | 'AFTER'
  /** It may have been sent. Look at the record before anything else. */
  | 'CHECK_FIRST'
  /** The same request will fail again; change it. */
  | 'NEVER'
  /** The same request may be made again at once; nothing was sent. */
  | 'SAFE';

/** Sends a draft. The draft is its own idempotency key: sent twice, it answers the first result. */
export type SendDraftInput = {
  /** The draft. */
  draftUid: string;
  /** Refuse when the draft was edited since this revision. */
  expectedRevision?: number | null | undefined;
};

/** One of three ways to send. */
export type SendEmailInput =
  {   /** Send a draft as it is. */
  draft: SendDraftInput; fresh?: never; reply?: never; }
  |  { draft?: never;   /** Send a new email. */
  fresh: SendFreshInput; reply?: never; }
  |  { draft?: never; fresh?: never;   /** Answer a message. */
  reply: SendReplyInput; };

/** Sends an email in a conversation of its own. */
export type SendFreshInput = {
  /** At most 20 files, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** Recipients that the others do not see. */
  bcc?: Array<string> | null | undefined;
  /** HTML. With bodyText: two forms of one message, of which programs show the html. */
  bodyHtml?: string | null | undefined;
  /** Plain text. `""` for an email without words. */
  bodyText?: string | null | undefined;
  /** Recipients in copy. */
  cc?: Array<string> | null | undefined;
  /** What it is about. */
  context?: ContextRefInput | null | undefined;
  /** The account that sends. */
  fromAccountUid: string;
  /** One of the aliases of the account. Omitted: its own address. */
  fromAlias?: string | null | undefined;
  /** Makes the request safe to repeat: 1 to 255 visible characters, unique in the organization, never expires. */
  idempotencyKey?: string | null | undefined;
  /** Where answers are wanted, at most 10. */
  replyTo?: Array<string> | null | undefined;
  /** 1 to 998 characters, no line break. */
  subject: string;
  /** 1 to 100 recipients with cc and bcc together. */
  to: Array<string>;
};

/** How an outbound email came to be. */
export type SendMode =
  /** Written as a draft first. */
  | 'DRAFT'
  /** Sent at once, in a conversation of its own. */
  | 'FRESH'
  /** Sent at once, as the answer to a stored message. */
  | 'REPLY';

/** Answers a stored message, in its thread, from the account that owns the conversation. */
export type SendReplyInput = {
  /** At most 20 files, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** Recipients that the others do not see. */
  bcc?: Array<string> | null | undefined;
  /** HTML. With bodyText: two forms of one message, of which programs show the html. */
  bodyHtml?: string | null | undefined;
  /** Plain text. `""` for an email without words. */
  bodyText?: string | null | undefined;
  /** Recipients in copy. */
  cc?: Array<string> | null | undefined;
  /** What it is about. Omitted: what the conversation is about. */
  context?: ContextRefInput | null | undefined;
  /** Accepted and ignored: the owner of the conversation sends. */
  fromAccountUid?: string | null | undefined;
  /** Makes the request safe to repeat: 1 to 255 visible characters, unique in the organization, never expires. */
  idempotencyKey?: string | null | undefined;
  /** Where answers are wanted, at most 10. */
  replyTo?: Array<string> | null | undefined;
  /** The message that it answers. */
  replyToMessageUid: string;
  /** 1 to 998 characters, no line break. Another subject breaks the thread at the recipient. */
  subject: string;
  /** 1 to 100 recipients with cc and bcc together; see `replySuggestion`. */
  to: Array<string>;
};

/** What was achieved for the thread of a sent email. */
export type Threading =
  /** Gmail has put it into another thread than asked for; the reply headers are there. */
  | 'HEADERS_ONLY'
  /** In the conversation's Gmail thread, with the reply headers that other mail programs go by. */
  | 'NATIVE'
  /** It starts a thread of its own. */
  | 'NEW_THREAD';

/** What a person has found out about an UNCONFIRMED email. */
export type UnconfirmedOutcome =
  /** It was not sent, and is not to be. */
  | 'NOT_SENT_DISCARD'
  /** It was not sent: send it. */
  | 'NOT_SENT_RESEND'
  /** It was sent. */
  | 'SENT';

/** Omitted fields stay as they are, null clears, lists are replaced whole. */
export type UpdateDraftInput = {
  /** All files it is to have: at most 20, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** Recipients that the others do not see. */
  bcc?: Array<string> | null | undefined;
  /** HTML. */
  bodyHtml?: string | null | undefined;
  /** Plain text. */
  bodyText?: string | null | undefined;
  /** Recipients in copy. */
  cc?: Array<string> | null | undefined;
  /** What it is about. */
  context?: ContextRefInput | null | undefined;
  /** The draft. */
  draftUid: string;
  /** Refuse when the draft was edited since this revision. */
  expectedRevision?: number | null | undefined;
  /** Another account to send from. Not for a reply. */
  fromAccountUid?: string | null | undefined;
  /** Send it then: from now to 400 days ahead. It must be complete. */
  plannedSendAt?: string | null | undefined;
  /** Where answers are wanted, at most 10. */
  replyTo?: Array<string> | null | undefined;
  /** At most 998 characters, no line break. */
  subject?: string | null | undefined;
  /** At most 100 recipients with cc and bcc together. */
  to?: Array<string> | null | undefined;
};

/** A customer, named by its id in your own system. */
export type UpsertCustomerInput = {
  /** Where it is written to. Omitted: as it was; null: unknown. */
  email?: string | null | undefined;
  /** Its id in your own system, 1 to 255 characters. */
  externalId: string;
  /** Its name, 1 to 255 characters. */
  name: string;
};

/** An invoice, named by its number. Amounts are in the currency's smallest unit, as strings of digits. */
export type UpsertInvoiceInput = {
  /** What is still owed. Omitted: the total less what was paid. */
  amountDueCents?: string | null | undefined;
  /** What was paid so far. Omitted: 0. */
  amountPaidCents?: string | null | undefined;
  /** ISO 4217 in capitals: `USD`. */
  currency: string;
  /** Who owes it. */
  customerUid: string;
  /** What is taken off. Omitted: 0. */
  discountsCents?: string | null | undefined;
  /** When it is due; not before issueDate. */
  dueDate: string;
  /** When it was issued. */
  issueDate: string;
  /** Its number, 1 to 100 characters. */
  number: string;
  /** When it was paid. Omitted or null: not paid. */
  paidDate?: string | null | undefined;
  /** Where it can be paid. */
  paymentLink?: string | null | undefined;
  /** Where it stands. */
  status: InvoiceStatus;
  /** Before discounts and tax. */
  subtotalCents: string;
  /** Tax. Omitted: 0. */
  taxCents?: string | null | undefined;
  /** What is asked for. */
  totalCents: string;
};

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { viewer: { actor: string, scopes: Array<string>, organization: { uid: string, name: string } } };

export type ApiKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type ApiKeysQuery = { apiKeys: Array<{ uid: string, name: string, prefix: string, scopes: Array<string>, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, revokedAt: string | null }> };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { createApiKey:
    | { __typename: 'CreateApiKeyPayload', secret: string, apiKey: { uid: string, name: string, prefix: string, scopes: Array<string>, expiresAt: string | null, lastUsedAt: string | null } }
    | { __typename: 'InvalidInputError', code: ErrorCode, issues: Array<{ path: string, message: string }> }
   };

export type RevokeApiKeyMutationVariables = Exact<{
  uid: string;
}>;


export type RevokeApiKeyMutation = { revokeApiKey:
    | { __typename: 'NotFoundError', entity: string, uid: string }
    | { __typename: 'RevokeApiKeyPayload', apiKey: { uid: string, revokedAt: string | null } }
   };

export type ConnectEmailAccountMutationVariables = Exact<{
  input: ConnectEmailAccountInput;
}>;


export type ConnectEmailAccountMutation = { connectEmailAccount:
    | { __typename: 'ConnectEmailAccountPayload', authorizationUrl: string, expiresAt: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
   };

export type DisconnectEmailAccountMutationVariables = Exact<{
  uid: string;
}>;


export type DisconnectEmailAccountMutation = { disconnectEmailAccount:
    | { __typename: 'DisconnectEmailAccountPayload', waitingEmails: number, revoked: boolean, emailAccount: { uid: string, email: string, status: EmailAccountStatus, statusReason: string | null } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
   };

export type UpsertCustomerMutationVariables = Exact<{
  input: UpsertCustomerInput;
}>;


export type UpsertCustomerMutation = { upsertCustomer:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'UpsertCustomerPayload', customer: { uid: string, externalId: string, name: string, email: string | null } }
   };

export type UpsertInvoiceMutationVariables = Exact<{
  input: UpsertInvoiceInput;
}>;


export type UpsertInvoiceMutation = { upsertInvoice:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', entity: string, uid: string }
    | { __typename: 'UpsertInvoicePayload', invoice: { uid: string, number: string, status: InvoiceStatus, currency: string, paidDate: string | null, paymentLink: string | null, daysOverdue: number, awaitingReply: boolean, lastContactedAt: string | null, total: { cents: string, formatted: string }, amountPaid: { cents: string }, amountDue: { cents: string, formatted: string }, customer: { uid: string } } }
   };

export type InvoiceStateQueryVariables = Exact<{
  uid: string;
}>;


export type InvoiceStateQuery = { invoice: { lastContactedAt: string | null, awaitingReply: boolean, conversations: { edges: Array<{ node: { uid: string, hasReply: boolean, isRead: boolean, messageCount: number, snippet: string, participants: Array<string>, messages: { edges: Array<{ node: { uid: string, direction: Direction } }> } } }> } } | null };

export type ConversationsPageQueryVariables = Exact<{
  filter?: ConversationFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type ConversationsPageQuery = { conversations: { totalCount: number, edges: Array<{ cursor: string, node: { uid: string, subject: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type InvoicesPageQueryVariables = Exact<{
  filter?: InvoiceFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type InvoicesPageQuery = { invoices: { totalCount: number, edges: Array<{ cursor: string, node: { number: string, issueDate: string, awaitingReply: boolean, total: { cents: string }, customer: { externalId: string } } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type LinkedPageQueryVariables = Exact<{
  number: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type LinkedPageQuery = { invoice: { conversations: { totalCount: number, edges: Array<{ cursor: string, node: { uid: string, subject: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } } | null };

export type LinkMutationVariables = Exact<{
  uid: string;
  context: ContextRefInput;
}>;


export type LinkMutation = { linkConversation:
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
    | { __typename: 'LinkConversationPayload', conversation: { uid: string, contexts: Array<
          | { __typename: 'Customer' }
          | { __typename: 'Invoice', number: string }
        > } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type UnlinkMutationVariables = Exact<{
  uid: string;
  context: ContextRefInput;
}>;


export type UnlinkMutation = { unlinkConversation:
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'UnlinkConversationPayload', conversation: { uid: string, contexts: Array<
          | { __typename: 'Customer' }
          | { __typename: 'Invoice' }
        > } }
   };

export type WithParticipantQueryVariables = Exact<{
  participant: string;
}>;


export type WithParticipantQuery = { conversations: { totalCount: number } };

export type AccountBudgetQueryVariables = Exact<{
  uid: string;
}>;


export type AccountBudgetQuery = { emailAccount: { status: EmailAccountStatus, statusReason: string | null, sendBudget: { sentLast24h: number, dailyLimit: number, nextSendAt: string } } | null };

export type SendEmailMutationVariables = Exact<{
  input: SendEmailInput;
}>;


export type SendEmailMutation = { sendEmail:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice, account: { uid: string, status: EmailAccountStatus } }
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice, current: { uid: string, revision: number } | null }
    | { __typename: 'IdempotencyConflictError', code: ErrorCode, message: string, retry: RetryAdvice, differingFields: Array<string>, existing: { uid: string } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
    | { __typename: 'ReplyNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice, reason: ReplyNotPossibleReason }
    | { __typename: 'SendEmailPayload', replayed: boolean, outboundEmail: { uid: string, status: OutboundEmailStatus, mode: SendMode, threading: Threading | null, providerMessageId: string | null, providerThreadId: string | null, sentAt: string | null, attempts: number, nextAttemptAt: string | null, contextUid: string | null, failure: { code: string, message: string, retry: RetryAdvice } | null } }
    | { __typename: 'SendRejectedError', code: ErrorCode, message: string, retry: RetryAdvice, providerStatus: number, providerReason: string, outboundEmail: { uid: string, status: OutboundEmailStatus } }
   };

export type CreateDraftWithFilesMutationVariables = Exact<{
  input: CreateDraftInput;
}>;


export type CreateDraftWithFilesMutation = { createDraft:
    | { __typename: 'CreateDraftPayload', draft: { attachments: Array<{ uid: string, filename: string, size: number, sha256: string, downloadUrl: string }> } }
    | { __typename: 'InvalidInputError' }
    | { __typename: 'NotFoundError' }
   };

export type ReceivedFilesQueryVariables = Exact<{
  uid: string;
}>;


export type ReceivedFilesQuery = { emailMessage: { attachments: Array<{ uid: string, filename: string, contentType: string, size: number, contentId: string | null, downloadUrl: string }> } | null };

export type ReceivedHashQueryVariables = Exact<{
  uid: string;
}>;


export type ReceivedHashQuery = { emailMessage: { attachments: Array<{ sha256: string }> } | null };

export type FilteredEmailsQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
}>;


export type FilteredEmailsQuery = { outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> } };

export type FilteredDraftsQueryVariables = Exact<{
  filter?: DraftFilter | null | undefined;
}>;


export type FilteredDraftsQuery = { drafts: { totalCount: number, edges: Array<{ node: { uid: string, status: OutboundEmailStatus } }> } };

export type FilteredConversationsQueryVariables = Exact<{
  filter?: ConversationFilter | null | undefined;
}>;


export type FilteredConversationsQuery = { conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> } };

export type FilteredInvoicesQueryVariables = Exact<{
  filter?: InvoiceFilter | null | undefined;
}>;


export type FilteredInvoicesQuery = { invoices: { totalCount: number, edges: Array<{ node: { uid: string } }> } };

export type CustomersQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CustomersQuery = { customers: { totalCount: number, edges: Array<{ cursor: string, node: { uid: string, externalId: string } }>, pageInfo: { endCursor: string | null } } };

export type OutboundEmailsPageQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
  orderBy?: OutboundEmailOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type OutboundEmailsPageQuery = { outboundEmails: { edges: Array<{ cursor: string, node: { uid: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type OutboundEmailsCountQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
}>;


export type OutboundEmailsCountQuery = { outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> } };

export type ConversationMessagesQueryVariables = Exact<{
  uid: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type ConversationMessagesQuery = { conversation: { messages: { totalCount: number, edges: Array<{ cursor: string, node: { uid: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, endCursor: string | null, startCursor: string | null } } } | null };

export type OutboundEmailEventsQueryVariables = Exact<{
  uid: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type OutboundEmailEventsQuery = { outboundEmail: { events: { totalCount: number, edges: Array<{ cursor: string, node: { type: string } }>, pageInfo: { hasNextPage: boolean } } } | null };

export type MarkReadMutationVariables = Exact<{
  uid: string;
  read?: boolean;
}>;


export type MarkReadMutation = { markConversationRead:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, retry: RetryAdvice, account: { status: EmailAccountStatus } }
    | { __typename: 'MarkConversationReadPayload', conversation: { uid: string, isRead: boolean, messages: { edges: Array<{ node: { isRead: boolean, labels: Array<string> } }> } } }
    | { __typename: 'NotFoundError', code: ErrorCode, retry: RetryAdvice }
    | { __typename: 'ProviderError', code: ErrorCode, retry: RetryAdvice, providerStatus: number, providerReason: string }
   };

export type ReadMessageQueryVariables = Exact<{
  uid: string;
}>;


export type ReadMessageQuery = { emailMessage: { subject: string, snippet: string, bodyText: string | null, bodyHtml: string | null, sentAt: string, problem: string | null, references: Array<string>, from: { address: string, name: string | null }, to: Array<{ address: string }>, cc: Array<{ address: string }>, replyTo: Array<{ address: string, name: string | null }>, attachments: Array<{ filename: string, contentType: string, size: number }>, conversation: { subject: string, participants: Array<string>, messageCount: number }, replySuggestion: { to: Array<string>, cc: Array<string>, subject: string, quotedText: string, quotedHtml: string } } | null };

export type BouncesQueryVariables = Exact<{
  uid: string;
}>;


export type BouncesQuery = { outboundEmail: { status: OutboundEmailStatus, providerMessageId: string | null, messageId: string | null, failure: { code: string, retry: RetryAdvice } | null, conversation: { uid: string, hasReply: boolean, isRead: boolean, messageCount: number } | null, message: { uid: string } | null, bounces: Array<{ recipient: string, status: string, diagnostic: string | null, permanent: boolean, at: string }>, events: { edges: Array<{ node: { type: string, actor: string, detail: unknown } }> } } | null };

export type AccountsQueryVariables = Exact<{ [key: string]: never; }>;


export type AccountsQuery = { emailAccounts: Array<{ uid: string, email: string }> };

export type SentQueryVariables = Exact<{ [key: string]: never; }>;


export type SentQuery = { outboundEmails: { edges: Array<{ node: { uid: string, subject: string, status: OutboundEmailStatus } }> } };

export type ByIdQueryVariables = Exact<{
  uid: string;
}>;


export type ByIdQuery = { outboundEmail: { uid: string, status: OutboundEmailStatus } | null };

export type WhoQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoQuery = { viewer: { scopes: Array<string>, organization: { name: string } } };

export type FoundConversationsQueryVariables = Exact<{
  search: string;
}>;


export type FoundConversationsQuery = { conversations: { totalCount: number } };

export type SearchedEmailsQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
}>;


export type SearchedEmailsQuery = { outboundEmails: { edges: Array<{ node: { uid: string } }> } };

export type SearchAllQueryVariables = Exact<{
  search: string;
}>;


export type SearchAllQuery = { conversations: { totalCount: number }, outboundEmails: { totalCount: number } };

export type OutboundRecordQueryVariables = Exact<{
  uid: string;
}>;


export type OutboundRecordQuery = { outboundEmail: { uid: string, status: OutboundEmailStatus, mode: SendMode, threading: Threading | null, fromEmail: string, to: Array<string>, cc: Array<string>, bcc: Array<string>, replyTo: Array<string>, subject: string, bodyText: string | null, bodyHtml: string | null, contextType: string | null, contextUid: string | null, providerMessageId: string | null, providerThreadId: string | null, messageId: string | null, idempotencyKey: string | null, sentAt: string | null, attempts: number, nextAttemptAt: string | null, fromAccount: { uid: string, email: string }, context:
      | { __typename: 'Customer' }
      | { __typename: 'Invoice', number: string }
     | null, failure: { code: string, message: string, retry: RetryAdvice } | null, replyToMessage: { uid: string } | null, attachments: Array<{ filename: string, contentType: string, size: number, sha256: string, contentId: string | null, downloadUrl: string }>, conversation: { uid: string, ownerEmail: string, providerThreadId: string, subject: string, messageCount: number, hasReply: boolean, participants: Array<string>, contexts: Array<
        | { __typename: 'Customer' }
        | { __typename: 'Invoice', number: string }
      > } | null, message: { uid: string, direction: Direction, subject: string, bodyText: string | null, messageId: string | null, inReplyTo: string | null, references: Array<string>, providerMessageId: string, labels: Array<string>, from: { address: string, name: string | null }, attachments: Array<{ filename: string, sha256: string }> } | null, events: { edges: Array<{ node: { type: string, actor: string, detail: unknown } }> } } | null };

export type InvoiceContactQueryVariables = Exact<{
  uid: string;
}>;


export type InvoiceContactQuery = { invoice: { lastContactedAt: string | null, awaitingReply: boolean, outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> }, conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> }, drafts: { totalCount: number, edges: Array<{ node: { uid: string } }> } } | null };

export type StoredMessageQueryVariables = Exact<{
  uid: string;
}>;


export type StoredMessageQuery = { emailMessage: { uid: string, messageId: string | null, references: Array<string>, conversation: { uid: string, providerThreadId: string, messageCount: number, hasReply: boolean }, replySuggestion: { to: Array<string>, cc: Array<string>, subject: string } } | null };

export type CreateDraftMutationVariables = Exact<{
  input: CreateDraftInput;
}>;


export type CreateDraftMutation = { createDraft:
    | { __typename: 'CreateDraftPayload', draft: { uid: string, revision: number, status: OutboundEmailStatus } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
   };

export type UpdateDraftMutationVariables = Exact<{
  input: UpdateDraftInput;
}>;


export type UpdateDraftMutation = { updateDraft:
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice, current: { uid: string, revision: number, subject: string } | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
    | { __typename: 'UpdateDraftPayload', draft: { uid: string, revision: number, status: OutboundEmailStatus, plannedSendAt: string | null } }
   };

export type DeleteDraftMutationVariables = Exact<{
  uid: string;
}>;


export type DeleteDraftMutation = { deleteDraft:
    | { __typename: 'DeleteDraftPayload', draftUid: string }
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice, current: { uid: string } | null }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
   };

export type DraftRecordQueryVariables = Exact<{
  uid: string;
}>;


export type DraftRecordQuery = { draft: { uid: string, revision: number, status: OutboundEmailStatus, fromEmail: string, to: Array<string>, cc: Array<string>, bcc: Array<string>, replyTo: Array<string>, subject: string, bodyText: string | null, bodyHtml: string | null, contextType: string | null, contextUid: string | null, plannedSendAt: string | null, fromAccount: { uid: string }, replyToMessage: { uid: string } | null, attachments: Array<{ filename: string, contentType: string, size: number, sha256: string, contentId: string | null }>, lastFailure: { code: string, message: string, retry: RetryAdvice } | null } | null };

export type ScheduledDraftsQueryVariables = Exact<{
  scheduled: boolean;
}>;


export type ScheduledDraftsQuery = { drafts: { edges: Array<{ node: { uid: string, status: OutboundEmailStatus, plannedSendAt: string | null } }> } };

export type CancelOutboundEmailMutationVariables = Exact<{
  uid: string;
}>;


export type CancelOutboundEmailMutation = { cancelOutboundEmail:
    | { __typename: 'CancelOutboundEmailPayload', outboundEmail: { uid: string, status: OutboundEmailStatus } }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
   };

export type RetryOutboundEmailMutationVariables = Exact<{
  uid: string;
}>;


export type RetryOutboundEmailMutation = { retryOutboundEmail:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'IdempotencyConflictError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
    | { __typename: 'ReplyNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'SendEmailPayload', replayed: boolean, outboundEmail: { uid: string, status: OutboundEmailStatus, attempts: number, failure: { code: string } | null } }
    | { __typename: 'SendRejectedError', code: ErrorCode, message: string, retry: RetryAdvice, providerStatus: number, outboundEmail: { uid: string, status: OutboundEmailStatus } }
   };

export type ResolveOutboundEmailMutationVariables = Exact<{
  uid: string;
  outcome: UnconfirmedOutcome;
}>;


export type ResolveOutboundEmailMutation = { resolveOutboundEmail:
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
    | { __typename: 'ResolveOutboundEmailPayload', outboundEmail: { uid: string, status: OutboundEmailStatus, failure: { code: string } | null } }
   };

export type StateQueryVariables = Exact<{
  uid: string;
}>;


export type StateQuery = { outboundEmail: { status: OutboundEmailStatus, threading: Threading | null, providerMessageId: string | null, providerThreadId: string | null, attempts: number, failure: { code: string, retry: RetryAdvice } | null, events: { edges: Array<{ node: { type: string, detail: unknown } }> } } | null };

export type SyncEmailAccountMutationVariables = Exact<{
  uid: string;
}>;


export type SyncEmailAccountMutation = { syncEmailAccount:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice, account: { status: EmailAccountStatus } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string }
    | { __typename: 'SyncEmailAccountPayload', account: { lastSyncedAt: string | null, sync: { state: MailboxSyncState, imported: number, estimated: number | null, error: { code: string, message: string, at: string } | null } } }
    | { __typename: 'SyncNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice, reason: string, retryAt: string | null, account: { uid: string } }
   };

export type SuggestionQueryVariables = Exact<{
  uid: string;
}>;


export type SuggestionQuery = { emailMessage: { subject: string, replySuggestion: { to: Array<string>, cc: Array<string>, subject: string, quotedText: string } } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const WhoAmIDocument = new TypedDocumentString(`
    query WhoAmI {
  viewer {
    actor
    scopes
    organization {
      uid
      name
    }
  }
}
    `) as unknown as TypedDocumentString<WhoAmIQuery, WhoAmIQueryVariables>;
export const ApiKeysDocument = new TypedDocumentString(`
    query ApiKeys {
  apiKeys {
    uid
    name
    prefix
    scopes
    createdAt
    expiresAt
    lastUsedAt
    revokedAt
  }
}
    `) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
export const CreateApiKeyDocument = new TypedDocumentString(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on CreateApiKeyPayload {
      secret
      apiKey {
        uid
        name
        prefix
        scopes
        expiresAt
        lastUsedAt
      }
    }
    ... on InvalidInputError {
      code
      issues {
        path
        message
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const RevokeApiKeyDocument = new TypedDocumentString(`
    mutation RevokeApiKey($uid: UUID!) {
  revokeApiKey(uid: $uid) {
    __typename
    ... on RevokeApiKeyPayload {
      apiKey {
        uid
        revokedAt
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const ConnectEmailAccountDocument = new TypedDocumentString(`
    mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {
  connectEmailAccount(input: $input) {
    __typename
    ... on ConnectEmailAccountPayload {
      authorizationUrl
      expiresAt
    }
    ... on Error {
      code
      message
      retry
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ConnectEmailAccountMutation, ConnectEmailAccountMutationVariables>;
export const DisconnectEmailAccountDocument = new TypedDocumentString(`
    mutation DisconnectEmailAccount($uid: UUID!) {
  disconnectEmailAccount(uid: $uid) {
    __typename
    ... on DisconnectEmailAccountPayload {
      waitingEmails
      revoked
      emailAccount {
        uid
        email
        status
        statusReason
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on NotFoundError {
      entity
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<DisconnectEmailAccountMutation, DisconnectEmailAccountMutationVariables>;
export const UpsertCustomerDocument = new TypedDocumentString(`
    mutation UpsertCustomer($input: UpsertCustomerInput!) {
  upsertCustomer(input: $input) {
    __typename
    ... on UpsertCustomerPayload {
      customer {
        uid
        externalId
        name
        email
      }
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
  }
}
    `) as unknown as TypedDocumentString<UpsertCustomerMutation, UpsertCustomerMutationVariables>;
export const UpsertInvoiceDocument = new TypedDocumentString(`
    mutation UpsertInvoice($input: UpsertInvoiceInput!) {
  upsertInvoice(input: $input) {
    __typename
    ... on UpsertInvoicePayload {
      invoice {
        uid
        number
        status
        currency
        paidDate
        paymentLink
        daysOverdue
        awaitingReply
        lastContactedAt
        total {
          cents
          formatted
        }
        amountPaid {
          cents
        }
        amountDue {
          cents
          formatted
        }
        customer {
          uid
        }
      }
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<UpsertInvoiceMutation, UpsertInvoiceMutationVariables>;
export const InvoiceStateDocument = new TypedDocumentString(`
    query InvoiceState($uid: UUID!) {
  invoice(uid: $uid) {
    lastContactedAt
    awaitingReply
    conversations {
      edges {
        node {
          uid
          hasReply
          isRead
          messageCount
          snippet
          participants
          messages {
            edges {
              node {
                uid
                direction
              }
            }
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<InvoiceStateQuery, InvoiceStateQueryVariables>;
export const ConversationsPageDocument = new TypedDocumentString(`
    query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {
  conversations(
    filter: $filter
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    totalCount
    edges {
      cursor
      node {
        uid
        subject
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<ConversationsPageQuery, ConversationsPageQueryVariables>;
export const InvoicesPageDocument = new TypedDocumentString(`
    query InvoicesPage($filter: InvoiceFilter, $first: Int, $after: String, $last: Int, $before: String) {
  invoices(
    filter: $filter
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    totalCount
    edges {
      cursor
      node {
        number
        issueDate
        total {
          cents
        }
        customer {
          externalId
        }
        awaitingReply
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<InvoicesPageQuery, InvoicesPageQueryVariables>;
export const LinkedPageDocument = new TypedDocumentString(`
    query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {
  invoice(number: $number) {
    conversations(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges {
        cursor
        node {
          uid
          subject
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LinkedPageQuery, LinkedPageQueryVariables>;
export const LinkDocument = new TypedDocumentString(`
    mutation Link($uid: UUID!, $context: ContextRefInput!) {
  linkConversation(uid: $uid, context: $context) {
    __typename
    ... on LinkConversationPayload {
      conversation {
        uid
        contexts {
          __typename
          ... on Invoice {
            number
          }
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<LinkMutation, LinkMutationVariables>;
export const UnlinkDocument = new TypedDocumentString(`
    mutation Unlink($uid: UUID!, $context: ContextRefInput!) {
  unlinkConversation(uid: $uid, context: $context) {
    __typename
    ... on UnlinkConversationPayload {
      conversation {
        uid
        contexts {
          __typename
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<UnlinkMutation, UnlinkMutationVariables>;
export const WithParticipantDocument = new TypedDocumentString(`
    query WithParticipant($participant: EmailAddress!) {
  conversations(filter: { participant: $participant }) {
    totalCount
  }
}
    `) as unknown as TypedDocumentString<WithParticipantQuery, WithParticipantQueryVariables>;
export const AccountBudgetDocument = new TypedDocumentString(`
    query AccountBudget($uid: UUID!) {
  emailAccount(uid: $uid) {
    status
    statusReason
    sendBudget {
      sentLast24h
      dailyLimit
      nextSendAt
    }
  }
}
    `) as unknown as TypedDocumentString<AccountBudgetQuery, AccountBudgetQueryVariables>;
export const SendEmailDocument = new TypedDocumentString(`
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
        contextUid
        failure {
          code
          message
          retry
        }
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on IdempotencyConflictError {
      differingFields
      existing {
        uid
      }
    }
    ... on AccountNotReadyError {
      account {
        uid
        status
      }
    }
    ... on ReplyNotPossibleError {
      reason
    }
    ... on DraftConflictError {
      current {
        uid
        revision
      }
    }
    ... on SendRejectedError {
      providerStatus
      providerReason
      outboundEmail {
        uid
        status
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SendEmailMutation, SendEmailMutationVariables>;
export const CreateDraftWithFilesDocument = new TypedDocumentString(`
    mutation CreateDraftWithFiles($input: CreateDraftInput!) {
  createDraft(input: $input) {
    __typename
    ... on CreateDraftPayload {
      draft {
        attachments {
          uid
          filename
          size
          sha256
          downloadUrl
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDraftWithFilesMutation, CreateDraftWithFilesMutationVariables>;
export const ReceivedFilesDocument = new TypedDocumentString(`
    query ReceivedFiles($uid: UUID!) {
  emailMessage(uid: $uid) {
    attachments {
      uid
      filename
      contentType
      size
      contentId
      downloadUrl
    }
  }
}
    `) as unknown as TypedDocumentString<ReceivedFilesQuery, ReceivedFilesQueryVariables>;
export const ReceivedHashDocument = new TypedDocumentString(`
    query ReceivedHash($uid: UUID!) {
  emailMessage(uid: $uid) {
    attachments {
      sha256
    }
  }
}
    `) as unknown as TypedDocumentString<ReceivedHashQuery, ReceivedHashQueryVariables>;
export const FilteredEmailsDocument = new TypedDocumentString(`
    query FilteredEmails($filter: OutboundEmailFilter) {
  outboundEmails(filter: $filter, orderBy: CREATED_ASC) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FilteredEmailsQuery, FilteredEmailsQueryVariables>;
export const FilteredDraftsDocument = new TypedDocumentString(`
    query FilteredDrafts($filter: DraftFilter) {
  drafts(filter: $filter) {
    totalCount
    edges {
      node {
        uid
        status
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FilteredDraftsQuery, FilteredDraftsQueryVariables>;
export const FilteredConversationsDocument = new TypedDocumentString(`
    query FilteredConversations($filter: ConversationFilter) {
  conversations(filter: $filter) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FilteredConversationsQuery, FilteredConversationsQueryVariables>;
export const FilteredInvoicesDocument = new TypedDocumentString(`
    query FilteredInvoices($filter: InvoiceFilter) {
  invoices(filter: $filter) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FilteredInvoicesQuery, FilteredInvoicesQueryVariables>;
export const CustomersDocument = new TypedDocumentString(`
    query Customers($first: Int, $after: String) {
  customers(first: $first, after: $after) {
    totalCount
    edges {
      cursor
      node {
        uid
        externalId
      }
    }
    pageInfo {
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<CustomersQuery, CustomersQueryVariables>;
export const OutboundEmailsPageDocument = new TypedDocumentString(`
    query OutboundEmailsPage($filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String) {
  outboundEmails(
    filter: $filter
    orderBy: $orderBy
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    edges {
      cursor
      node {
        uid
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<OutboundEmailsPageQuery, OutboundEmailsPageQueryVariables>;
export const OutboundEmailsCountDocument = new TypedDocumentString(`
    query OutboundEmailsCount($filter: OutboundEmailFilter) {
  outboundEmails(filter: $filter, first: 2) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OutboundEmailsCountQuery, OutboundEmailsCountQueryVariables>;
export const ConversationMessagesDocument = new TypedDocumentString(`
    query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {
  conversation(uid: $uid) {
    messages(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges {
        cursor
        node {
          uid
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        endCursor
        startCursor
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ConversationMessagesQuery, ConversationMessagesQueryVariables>;
export const OutboundEmailEventsDocument = new TypedDocumentString(`
    query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {
  outboundEmail(uid: $uid) {
    events(first: $first, after: $after) {
      totalCount
      edges {
        cursor
        node {
          type
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OutboundEmailEventsQuery, OutboundEmailEventsQueryVariables>;
export const MarkReadDocument = new TypedDocumentString(`
    mutation MarkRead($uid: UUID!, $read: Boolean! = true) {
  markConversationRead(uid: $uid, read: $read) {
    __typename
    ... on MarkConversationReadPayload {
      conversation {
        uid
        isRead
        messages {
          edges {
            node {
              isRead
              labels
            }
          }
        }
      }
    }
    ... on Error {
      code
      retry
    }
    ... on AccountNotReadyError {
      account {
        status
      }
    }
    ... on ProviderError {
      providerStatus
      providerReason
    }
  }
}
    `) as unknown as TypedDocumentString<MarkReadMutation, MarkReadMutationVariables>;
export const ReadMessageDocument = new TypedDocumentString(`
    query ReadMessage($uid: UUID!) {
  emailMessage(uid: $uid) {
    from {
      address
      name
    }
    to {
      address
    }
    cc {
      address
    }
    replyTo {
      address
      name
    }
    subject
    snippet
    bodyText
    bodyHtml
    sentAt
    problem
    references
    attachments {
      filename
      contentType
      size
    }
    conversation {
      subject
      participants
      messageCount
    }
    replySuggestion(all: true) {
      to
      cc
      subject
      quotedText
      quotedHtml
    }
  }
}
    `) as unknown as TypedDocumentString<ReadMessageQuery, ReadMessageQueryVariables>;
export const BouncesDocument = new TypedDocumentString(`
    query Bounces($uid: UUID!) {
  outboundEmail(uid: $uid) {
    status
    failure {
      code
      retry
    }
    providerMessageId
    messageId
    conversation {
      uid
      hasReply
      isRead
      messageCount
    }
    message {
      uid
    }
    bounces {
      recipient
      status
      diagnostic
      permanent
      at
    }
    events(first: 50) {
      edges {
        node {
          type
          actor
          detail
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<BouncesQuery, BouncesQueryVariables>;
export const AccountsDocument = new TypedDocumentString(`
    query Accounts {
  emailAccounts {
    uid
    email
  }
}
    `) as unknown as TypedDocumentString<AccountsQuery, AccountsQueryVariables>;
export const SentDocument = new TypedDocumentString(`
    query Sent {
  outboundEmails(first: 100) {
    edges {
      node {
        uid
        subject
        status
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SentQuery, SentQueryVariables>;
export const ByIdDocument = new TypedDocumentString(`
    query ById($uid: UUID!) {
  outboundEmail(uid: $uid) {
    uid
    status
  }
}
    `) as unknown as TypedDocumentString<ByIdQuery, ByIdQueryVariables>;
export const WhoDocument = new TypedDocumentString(`
    query Who {
  viewer {
    organization {
      name
    }
    scopes
  }
}
    `) as unknown as TypedDocumentString<WhoQuery, WhoQueryVariables>;
export const FoundConversationsDocument = new TypedDocumentString(`
    query FoundConversations($search: String!) {
  conversations(filter: { search: $search }) {
    totalCount
  }
}
    `) as unknown as TypedDocumentString<FoundConversationsQuery, FoundConversationsQueryVariables>;
export const SearchedEmailsDocument = new TypedDocumentString(`
    query SearchedEmails($filter: OutboundEmailFilter) {
  outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) {
    edges {
      node {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SearchedEmailsQuery, SearchedEmailsQueryVariables>;
export const SearchAllDocument = new TypedDocumentString(`
    query SearchAll($search: String!) {
  conversations(filter: { search: $search }) {
    totalCount
  }
  outboundEmails(filter: { search: $search }) {
    totalCount
  }
}
    `) as unknown as TypedDocumentString<SearchAllQuery, SearchAllQueryVariables>;
export const OutboundRecordDocument = new TypedDocumentString(`
    query OutboundRecord($uid: UUID!) {
  outboundEmail(uid: $uid) {
    uid
    status
    mode
    threading
    fromEmail
    fromAccount {
      uid
      email
    }
    to
    cc
    bcc
    replyTo
    subject
    bodyText
    bodyHtml
    contextType
    contextUid
    context {
      __typename
      ... on Invoice {
        number
      }
    }
    providerMessageId
    providerThreadId
    messageId
    idempotencyKey
    sentAt
    attempts
    nextAttemptAt
    failure {
      code
      message
      retry
    }
    replyToMessage {
      uid
    }
    attachments {
      filename
      contentType
      size
      sha256
      contentId
      downloadUrl
    }
    conversation {
      uid
      ownerEmail
      providerThreadId
      subject
      messageCount
      hasReply
      participants
      contexts {
        __typename
        ... on Invoice {
          number
        }
      }
    }
    message {
      uid
      direction
      from {
        address
        name
      }
      subject
      bodyText
      messageId
      inReplyTo
      references
      providerMessageId
      labels
      attachments {
        filename
        sha256
      }
    }
    events(first: 50) {
      edges {
        node {
          type
          actor
          detail
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OutboundRecordQuery, OutboundRecordQueryVariables>;
export const InvoiceContactDocument = new TypedDocumentString(`
    query InvoiceContact($uid: UUID!) {
  invoice(uid: $uid) {
    lastContactedAt
    awaitingReply
    outboundEmails {
      totalCount
      edges {
        node {
          uid
        }
      }
    }
    conversations {
      totalCount
      edges {
        node {
          uid
        }
      }
    }
    drafts {
      totalCount
      edges {
        node {
          uid
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<InvoiceContactQuery, InvoiceContactQueryVariables>;
export const StoredMessageDocument = new TypedDocumentString(`
    query StoredMessage($uid: UUID!) {
  emailMessage(uid: $uid) {
    uid
    messageId
    references
    conversation {
      uid
      providerThreadId
      messageCount
      hasReply
    }
    replySuggestion {
      to
      cc
      subject
    }
  }
}
    `) as unknown as TypedDocumentString<StoredMessageQuery, StoredMessageQueryVariables>;
export const CreateDraftDocument = new TypedDocumentString(`
    mutation CreateDraft($input: CreateDraftInput!) {
  createDraft(input: $input) {
    __typename
    ... on CreateDraftPayload {
      draft {
        uid
        revision
        status
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDraftMutation, CreateDraftMutationVariables>;
export const UpdateDraftDocument = new TypedDocumentString(`
    mutation UpdateDraft($input: UpdateDraftInput!) {
  updateDraft(input: $input) {
    __typename
    ... on UpdateDraftPayload {
      draft {
        uid
        revision
        status
        plannedSendAt
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on DraftConflictError {
      current {
        uid
        revision
        subject
      }
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateDraftMutation, UpdateDraftMutationVariables>;
export const DeleteDraftDocument = new TypedDocumentString(`
    mutation DeleteDraft($uid: UUID!) {
  deleteDraft(uid: $uid) {
    __typename
    ... on DeleteDraftPayload {
      draftUid
    }
    ... on Error {
      code
      message
      retry
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on DraftConflictError {
      current {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DeleteDraftMutation, DeleteDraftMutationVariables>;
export const DraftRecordDocument = new TypedDocumentString(`
    query DraftRecord($uid: UUID!) {
  draft(uid: $uid) {
    uid
    revision
    status
    fromEmail
    fromAccount {
      uid
    }
    to
    cc
    bcc
    replyTo
    subject
    bodyText
    bodyHtml
    contextType
    contextUid
    plannedSendAt
    replyToMessage {
      uid
    }
    attachments {
      filename
      contentType
      size
      sha256
      contentId
    }
    lastFailure {
      code
      message
      retry
    }
  }
}
    `) as unknown as TypedDocumentString<DraftRecordQuery, DraftRecordQueryVariables>;
export const ScheduledDraftsDocument = new TypedDocumentString(`
    query ScheduledDrafts($scheduled: Boolean!) {
  drafts(first: 50, filter: { scheduled: $scheduled }) {
    edges {
      node {
        uid
        status
        plannedSendAt
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ScheduledDraftsQuery, ScheduledDraftsQueryVariables>;
export const CancelOutboundEmailDocument = new TypedDocumentString(`
    mutation CancelOutboundEmail($uid: UUID!) {
  cancelOutboundEmail(uid: $uid) {
    __typename
    ... on CancelOutboundEmailPayload {
      outboundEmail {
        uid
        status
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on InvalidStateError {
      status
    }
  }
}
    `) as unknown as TypedDocumentString<CancelOutboundEmailMutation, CancelOutboundEmailMutationVariables>;
export const RetryOutboundEmailDocument = new TypedDocumentString(`
    mutation RetryOutboundEmail($uid: UUID!) {
  retryOutboundEmail(uid: $uid) {
    __typename
    ... on SendEmailPayload {
      replayed
      outboundEmail {
        uid
        status
        attempts
        failure {
          code
        }
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on InvalidStateError {
      status
    }
    ... on SendRejectedError {
      providerStatus
      outboundEmail {
        uid
        status
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RetryOutboundEmailMutation, RetryOutboundEmailMutationVariables>;
export const ResolveOutboundEmailDocument = new TypedDocumentString(`
    mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {
  resolveOutboundEmail(uid: $uid, outcome: $outcome) {
    __typename
    ... on ResolveOutboundEmailPayload {
      outboundEmail {
        uid
        status
        failure {
          code
        }
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on InvalidStateError {
      status
    }
  }
}
    `) as unknown as TypedDocumentString<ResolveOutboundEmailMutation, ResolveOutboundEmailMutationVariables>;
export const StateDocument = new TypedDocumentString(`
    query State($uid: UUID!) {
  outboundEmail(uid: $uid) {
    status
    threading
    providerMessageId
    providerThreadId
    attempts
    failure {
      code
      retry
    }
    events(first: 100) {
      edges {
        node {
          type
          detail
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StateQuery, StateQueryVariables>;
export const SyncEmailAccountDocument = new TypedDocumentString(`
    mutation SyncEmailAccount($uid: UUID!) {
  syncEmailAccount(uid: $uid) {
    __typename
    ... on SyncEmailAccountPayload {
      account {
        lastSyncedAt
        sync {
          state
          imported
          estimated
          error {
            code
            message
            at
          }
        }
      }
    }
    ... on Error {
      code
      message
      retry
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on AccountNotReadyError {
      account {
        status
      }
    }
    ... on SyncNotPossibleError {
      reason
      retryAt
      account {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SyncEmailAccountMutation, SyncEmailAccountMutationVariables>;
export const SuggestionDocument = new TypedDocumentString(`
    query Suggestion($uid: UUID!) {
  emailMessage(uid: $uid) {
    subject
    replySuggestion(all: true) {
      to
      cc
      subject
      quotedText
    }
  }
}
    `) as unknown as TypedDocumentString<SuggestionQuery, SuggestionQueryVariables>;