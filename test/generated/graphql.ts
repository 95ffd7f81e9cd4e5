/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** A file to attach: exactly one of `dataBase64`, `uploadUid` and `attachmentUid` is its source. An email can have at most 20 files, 25 MB together. */
export type AttachmentInput = {
  /** The uid of a file of any email or message of the organization, to send it again or to forward it. Needs the scope `email:read`. */
  attachmentUid?: string | null | undefined;
  /** For an inline image: the id that the HTML body refers to as `cid:…`, 1 to 255 visible ASCII characters without angle brackets. Omitted: a plain attachment. */
  contentId?: string | null | undefined;
  /** The media type, for example `application/pdf` or `text/plain; charset=utf-8`. Required with `dataBase64`. Omitted with another source: the type that the source has. */
  contentType?: string | null | undefined;
  /** The bytes of the file. For large files use `uploadUid`. */
  dataBase64?: string | null | undefined;
  /** The file name: 1 to 255 characters in any script, no line break. Required with `dataBase64`. Omitted with another source: the name that the source has. */
  filename?: string | null | undefined;
  /** The uid that `POST /attachments` returned. An upload can be used several times; one that no email uses is deleted after 24 hours. */
  uploadUid?: string | null | undefined;
};

/** A condition under which a scheduled email is not sent. It is checked at the planned time, and again immediately before the email is handed to Gmail. */
export type CancelCondition =
  /** Every context of the email is closed. An invoice is closed when it is PAID or VOID; a customer never is. */
  | 'CONTEXT_CLOSED'
  /** A person answered in the conversation of the email, or in a conversation about one of its contexts, after the email was written or last edited. Automatic answers and spam do not count. */
  | 'REPLIED';

/** Options for the consent page and for the way back. */
export type ConnectEmailAccountInput = {
  /** The address of the mailbox. Google's page preselects it; the owner can choose another one. */
  loginHint?: string | null | undefined;
  /** The URL that the browser is sent to afterwards, with `connected=<uid of the account>` or `error=<code>` in the query. It must be on an origin in `CORS_ORIGINS`. Omitted: Epistle shows a page with the result. */
  returnTo?: string | null | undefined;
};

/** Refers to a business entity that email is about. Give either `uid` or `externalId`. */
export type ContextRefInput = {
  /** Your own id of the entity: an invoice's `number`, a customer's `externalId`. */
  externalId?: string | null | undefined;
  /** The kind of entity: one of `contextTypes`, such as `invoice`. */
  type: string;
  /** The uid of the entity. */
  uid?: string | null | undefined;
};

/** Selects conversations. All given conditions must hold. */
export type ConversationFilter = {
  /** Conversations in the mailbox of this account. */
  accountUid?: string | null | undefined;
  /** True: conversations whose last message from a person was received: it is our turn. False: all others. See `Conversation.awaitsOurAnswer`. */
  awaitsOurAnswer?: boolean | null | undefined;
  /** True: without the conversations of disconnected accounts. Omitted, null or false: all conversations. */
  connectedAccountsOnly?: boolean | null | undefined;
  /** Conversations about this entity. A customer includes its invoices. An unknown type matches nothing. */
  context?: ContextRefInput | null | undefined;
  /** Conversations about an entity of this kind: one of `contextTypes`. An unknown kind matches nothing. Only direct links count: a conversation about an invoice is not found by `customer`. */
  contextType?: string | null | undefined;
  /** True: conversations with an answer written by a person. False: all others. See `Conversation.hasReply`. */
  hasReply?: boolean | null | undefined;
  /** True: conversations whose messages were all read. False: all others. */
  isRead?: boolean | null | undefined;
  /** Conversations whose last message is in this range. */
  lastMessage?: DateTimeRange | null | undefined;
  /** Conversations with this address among the participants. Case is ignored. */
  participant?: string | null | undefined;
  /** Conversations with a message that contains all of these terms in its subject, body, file names or addresses. A term of three letters or more also matches words that start with it: `invo` finds `invoice`. In a joined term only the last part is a prefix: `inv-007` finds `INV-0077`. An email address is one term; each part of `invoice_7.pdf` is a term too. Order, case and accents are ignored; quotes and operators have no meaning. Only the first 16 terms count. Empty text matches everything; text of symbols alone matches nothing. */
  search?: string | null | undefined;
};

/** The key to create. */
export type CreateApiKeyInput = {
  /** When the key stops working: a time in the future. If the calling key expires, this is required and not later than that expiry. Omitted: the key does not expire. */
  expiresAt?: string | null | undefined;
  /** A name that tells keys apart, 1 to 100 characters. */
  name: string;
  /** The scopes of the new key, at least one of email:read, email:send, drafts:write, accounts:manage, contexts:write, keys:manage. A key can only pass on scopes that it has itself. */
  scopes: Array<string>;
};

/** The draft to create. Its fields must be valid. It may be incomplete: sending it checks that nothing is missing. */
export type CreateDraftInput = {
  /** The files to attach: at most 20, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** The recipients in Bcc, hidden from the others. */
  bcc?: Array<string> | null | undefined;
  /** The HTML body, at most 2 MB. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body, at most 2 MB. */
  bodyText?: string | null | undefined;
  /** Do not send the email if one of these conditions is true at `plannedSendAt`: it is then CANCELED, with the condition in `canceledBecause`. Only with `plannedSendAt`. */
  cancelWhen?: Array<CancelCondition> | null | undefined;
  /** The recipients in Cc. */
  cc?: Array<string> | null | undefined;
  /** The entities that the draft is about, the main one first; at most 50. A reply without any is about those of its conversation when it is sent. */
  contexts?: Array<ContextRefInput> | null | undefined;
  /** The account to send from. Give exactly one of this, `replyToMessageUid` and `replyToOutboundEmailUid`. */
  fromAccountUid?: string | null | undefined;
  /** The sender address: one of `EmailAccount.sendAs`. Omitted: the account's own address. Sending the draft checks it; with `plannedSendAt` it is checked now. */
  fromAlias?: string | null | undefined;
  /** Makes the request safe to repeat: the same key and content return the draft that the first request created, as it is now. 1 to 255 visible characters, unique in the organization among drafts and emails, never expires. Deleting the draft frees it. */
  idempotencyKey?: string | null | undefined;
  /** When to send the draft: between now and 400 days from now. The draft must be complete, and text that is not from a template must not contain tokens. Needs the scope `email:send` as well. */
  plannedSendAt?: string | null | undefined;
  /** The addresses that answers should go to, at most 10. Omitted: the sender. */
  replyTo?: Array<string> | null | undefined;
  /** The message to reply to. The account that owns its conversation sends the reply. */
  replyToMessageUid?: string | null | undefined;
  /** A sent email of your own to follow up, in its thread. An email that was not sent yet is refused with InvalidStateError. */
  replyToOutboundEmailUid?: string | null | undefined;
  /** The subject: at most 998 characters, no line break. A reply draft takes nothing from `replySuggestion`: fill it in yourself. With a `template`, a reply without a subject gets that of its thread. */
  subject?: string | null | undefined;
  /** The template that supplies the bodies, and the subject unless one is given or the email is a reply. Omit `bodyText` and `bodyHtml` then. Its tokens are replaced by the values of `contexts` when the email is sent. */
  template?: TemplateUseInput | null | undefined;
  /** The recipients in To. At most 100 recipients in To, Cc and Bcc together. A reply draft takes nothing from `replySuggestion`: fill it in yourself. */
  to?: Array<string> | null | undefined;
};

/** A person at a customer. */
export type CustomerContactInput = {
  /** The email address of the person. */
  email: string;
  /** True: the person to write to. At most one contact may be primary. If none is, the first contact becomes primary. */
  isPrimary?: boolean | null | undefined;
  /** The name of the person, 1 to 255 characters. Null: none. */
  name?: string | null | undefined;
  /** What the person does there, 1 to 255 characters, for example `Accounts payable`. Null: none. */
  role?: string | null | undefined;
};

/** Selects customers. All given conditions must hold. */
export type CustomerFilter = {
  /** True: customers that were contacted and have not answered since. False: all others. See `Customer.awaitingReply`. */
  awaitingReply?: boolean | null | undefined;
  /** True: customers with an OVERDUE invoice. False: all others. */
  hasOverdueInvoices?: boolean | null | undefined;
  /** Contacted in this range, see `lastContactedAt`. A range without `gte` includes those never contacted. */
  lastContacted?: DateTimeRange | null | undefined;
  /** Customers with all of these terms in name, externalId or email address. A term of three letters or more also matches words that start with it. Order, case and accents are ignored. Only the first 16 terms count. Empty text matches everything; text of symbols alone matches nothing. */
  search?: string | null | undefined;
};

/** The order of a list of customers. */
export type CustomerOrder =
  /** By `lastContactedAt`, earliest first. Customers never contacted come first. */
  | 'LAST_CONTACTED_ASC'
  /** By `name`. Case and accents are ignored. */
  | 'NAME_ASC';

/** A range of time. Without a bound it is open on that side. */
export type DateTimeRange = {
  /** This time or later. */
  gte?: string | null | undefined;
  /** Before this time. */
  lt?: string | null | undefined;
};

/** The direction of a message, seen from the account. */
export type Direction =
  /** The account received the message. */
  | 'INBOUND'
  /** The account sent the message. */
  | 'OUTBOUND';

/** Selects drafts. All given conditions must hold. */
export type DraftFilter = {
  /** Drafts to be sent from this account. */
  accountUid?: string | null | undefined;
  /** True: without the drafts of disconnected accounts. Omitted, null or false: all drafts. */
  connectedAccountsOnly?: boolean | null | undefined;
  /** Drafts about this entity. A customer includes its invoices. An unknown type matches nothing. */
  context?: ContextRefInput | null | undefined;
  /** Replies in this conversation. */
  conversationUid?: string | null | undefined;
  /** Drafts with a `plannedSendAt` in this range. */
  planned?: DateTimeRange | null | undefined;
  /** True: SCHEDULED drafts. False: drafts without a planned time. */
  scheduled?: boolean | null | undefined;
};

/** Whether an account can send. */
export type EmailAccountStatus =
  /** The account can send. */
  | 'ACTIVE'
  /** The account was disconnected. Its record and its emails stay. `connectEmailAccount` connects it again. */
  | 'DISCONNECTED'
  /** Google no longer accepts the stored consent. The owner of the mailbox must connect it again. */
  | 'NEEDS_REAUTH'
  /** The daily sending limit is reached until `pausedUntil`. New emails are QUEUED and sent then. */
  | 'PAUSED';

/** The kind of an error, for programs. GraphQL errors have it as `extensions.code`. */
export type ErrorCode =
  /** The account is NEEDS_REAUTH or DISCONNECTED. Connect it again, then repeat the request. */
  | 'ACCOUNT_NOT_READY'
  /** The draft has changed, or is no longer a draft. Read `current`, then repeat the request with its revision. */
  | 'DRAFT_CONFLICT'
  /** The API key does not have the scope named in `message`. Use a key that has it. */
  | 'FORBIDDEN'
  /** The idempotencyKey was used for a different request. Use a new key, or read `existing`. */
  | 'IDEMPOTENCY_CONFLICT'
  /** Epistle failed. The log of the server has the cause, under the id of the request. */
  | 'INTERNAL_SERVER_ERROR'
  /** Correct the input. See `issues`, or `message` if there are none. */
  | 'INVALID_INPUT'
  /** The state of the email does not allow this. Read `status` and `message`. */
  | 'INVALID_STATE'
  /** The organization has no such object. Check the uid and the organization of the key. */
  | 'NOT_FOUND'
  /** A call to Gmail failed. See `providerReason` and `retry`. */
  | 'PROVIDER_ERROR'
  /** The message cannot be replied to in its thread. See `reason`. */
  | 'REPLY_NOT_POSSIBLE'
  /** The email was refused and not sent. See `providerReason` and `retry`. */
  | 'SEND_REJECTED'
  /** The database is unavailable or the server is busy: HTTP status 503 with Retry-After, or an error in `errors`. A mutation may have been carried out if `retry` is CHECK_FIRST. */
  | 'SERVICE_UNAVAILABLE'
  /** The mailbox cannot be read now. Epistle retries by itself; see `reason`. */
  | 'SYNC_NOT_POSSIBLE'
  /** The request has no API key, or one that is unknown, expired or revoked. Send a valid key. */
  | 'UNAUTHENTICATED'
  /** The email still contains tokens. See `problems`; `sendEmail` with `allowUnresolved` sends it as it is. */
  | 'UNRESOLVED_TOKENS';

/** Selects invoices. All given conditions must hold. */
export type InvoiceFilter = {
  /** True: invoices that were contacted and have had no answer since. False: all others. See `Invoice.awaitingReply`. */
  awaitingReply?: boolean | null | undefined;
  /** Invoices of this customer. */
  customerUid?: string | null | undefined;
  /** Invoices with a `dueDate` in this range. */
  due?: LocalDateRange | null | undefined;
  /** Contacted in this range, see `lastContactedAt`. A range without `gte` includes those never contacted. */
  lastContacted?: DateTimeRange | null | undefined;
  /** True: OVERDUE invoices. False: all others. */
  overdue?: boolean | null | undefined;
  /** Invoices with all of these terms in their number or in the name of their customer. A term of three letters or more also matches words that start with it. Order, case and accents are ignored. Only the first 16 terms count. Empty text matches everything; text of symbols alone matches nothing. */
  search?: string | null | undefined;
  /** Invoices in one of these states. OPEN does not include OVERDUE: name both for all unpaid ones. */
  status?: Array<InvoiceStatus> | null | undefined;
};

/** The order of a list of invoices. */
export type InvoiceOrder =
  /** By `dueDate`, earliest first. */
  | 'DUE_ASC'
  /** By `issueDate`, last issued first. */
  | 'ISSUED_DESC'
  /** By `lastContactedAt`, earliest first. Invoices never contacted come first. */
  | 'LAST_CONTACTED_ASC'
  /** By `number`, character by character: `INV-10` is before `INV-9`. */
  | 'NUMBER_ASC';

/** The state of an invoice. */
export type InvoiceStatus =
  /** The invoice was not issued yet. */
  | 'DRAFT'
  /** The invoice was issued, and is neither paid nor overdue. */
  | 'OPEN'
  /** The invoice is not paid, and its due date is before today in UTC. This state is computed and never stored: an input with OVERDUE stores OPEN. */
  | 'OVERDUE'
  /** The invoice is paid. */
  | 'PAID'
  /** The invoice was withdrawn. */
  | 'VOID';

/** A range of dates. Without a bound it is open on that side. */
export type LocalDateRange = {
  /** This date or later. */
  gte?: string | null | undefined;
  /** Before this date. */
  lt?: string | null | undefined;
};

/** Why the last attempt to read a mailbox failed, for programs. Epistle retries by itself, except after REAUTH. */
export type MailboxSyncErrorCode =
  /** Google's limit for the day is reached. If it repeats, read `message`. */
  | 'DAILY_LIMIT'
  /** The Gmail API is not enabled, a scope is missing, or a policy of the Workspace forbids it. Correct it at Google; Epistle retries every hour. */
  | 'FORBIDDEN'
  /** The last reading did not finish, because its process ended or stalled. If it repeats, look for restarts in the log of the server. */
  | 'INTERRUPTED'
  /** Gmail does not find something that Epistle requested. If it repeats, read `message`. */
  | 'NOT_FOUND'
  /** Gmail limits the requests of the account. No action is needed. */
  | 'RATE_LIMITED'
  /** Google no longer accepts the consent. Connect the account again. */
  | 'REAUTH'
  /** Gmail refused a request. If it repeats, read `message`. */
  | 'REJECTED'
  /** Gmail refused a request as too large. If it repeats, read `message`. */
  | 'TOO_LARGE'
  /** Gmail refused the access token. If it repeats, read `message`. */
  | 'UNAUTHORIZED'
  /** The Google account has no Gmail. Enable it at Google; Epistle retries every hour. */
  | 'UNAVAILABLE'
  /** The database could not store a message, or Epistle failed. If it repeats, read the log of the server. */
  | 'UNEXPECTED'
  /** Gmail did not answer, or failed. No action is needed. */
  | 'UNKNOWN'
  /** Google could not be reached, or gave no access token. If it repeats, read `message`. */
  | 'UNREACHABLE'
  /** Some messages could not be read or stored completely. All others are stored, and Epistle requests these every hour. No action is needed. */
  | 'UNREADABLE';

/** What Epistle is doing with a mailbox. */
export type MailboxSyncState =
  /** Changes are missing: they are being read, wait for the quota of the account, or could not be read. In the last case `error` says why. Epistle retries by itself. */
  | 'BEHIND'
  /** Gmail no longer reports what changed since the last sync. Epistle lists all messages and compares them. */
  | 'COMPARING'
  /** Epistle has the mailbox as of the last sync. New changes are read as they happen. */
  | 'CURRENT'
  /** The first import is running, newest messages first. New messages are imported as they arrive. */
  | 'IMPORTING'
  /** The account is not connected. See its `status`. */
  | 'STOPPED'
  /** The mailbox was not read yet. */
  | 'WAITING';

/** What happened to an outbound email. */
export type OutboundEmailEventType =
  /** It was stored to be sent now. From here on it cannot be lost. */
  | 'ACCEPTED'
  /** A mail system reported that it could not deliver it. `detail.recipients` has the recipients. */
  | 'BOUNCED'
  /** A user canceled it, or a condition of its `cancelWhen` was true: see `detail.because`. */
  | 'CANCELED'
  /** It was stored as a draft, or to be sent at its `plannedSendAt`. */
  | 'CREATED'
  /** It could not be sent yet. `detail.nextAttemptAt` says when Epistle tries again. While its account cannot send, only the first time is recorded. */
  | 'DEFERRED'
  /** A mail system reported that it could not deliver it yet. It keeps trying. */
  | 'DELAYED'
  /** A user changed the draft. `detail.changed` names the fields. */
  | 'EDITED'
  /** Reading proved that it was never sent, and Epistle does not try again by itself. */
  | 'FAILED'
  /** Epistle read the mailbox, which did not prove yet whether the email was sent. */
  | 'READ'
  /** It was not sent, and Epistle does not try again by itself. `detail.code` says why. */
  | 'REFUSED'
  /** A person answered it. `detail.messageUid` is the answer. */
  | 'REPLIED'
  /** Reading proved that it was not sent. The same Gmail draft is sent again; Gmail sends a draft once at most. */
  | 'RESEND'
  /** A user decided with `resolveOutboundEmail` whether it was sent. */
  | 'RESOLVED'
  /** A user retried it with `retryOutboundEmail`. */
  | 'RETRIED'
  /** It was handed to Gmail. `detail` has the size and the SHA-256 of what was composed. */
  | 'SENDING'
  /** Gmail accepted it, or Epistle found it among the sent mail. */
  | 'SENT'
  /** Gmail's answer was lost: it may have been sent. Epistle reads the mailbox to find out. */
  | 'UNCONFIRMED'
  /** Reading proved nothing. A user has to decide with `resolveOutboundEmail`. */
  | 'UNRESOLVED';

/** Selects outbound emails. All given conditions must hold. */
export type OutboundEmailFilter = {
  /** Emails sent from this account. */
  accountUid?: string | null | undefined;
  /** Emails with a delivery report received in this range. */
  bounced?: DateTimeRange | null | undefined;
  /** True: without the emails of disconnected accounts. Omitted, null or false: all emails. */
  connectedAccountsOnly?: boolean | null | undefined;
  /** Emails about this entity. A customer includes its invoices. An unknown type matches nothing. */
  context?: ContextRefInput | null | undefined;
  /** Emails in this conversation. */
  conversationUid?: string | null | undefined;
  /** Emails created in this range. */
  created?: DateTimeRange | null | undefined;
  /** The same as `context` with the type `customer`. */
  customerUid?: string | null | undefined;
  /** True: emails in a conversation with an answer written by a person. False: all others. See `Conversation.hasReply`. */
  hasReply?: boolean | null | undefined;
  /** Emails created in one of these ways. */
  mode?: Array<SendMode> | null | undefined;
  /** Emails with a `plannedSendAt` in this range. */
  planned?: DateTimeRange | null | undefined;
  /** Emails with this address in To, Cc or Bcc. */
  recipient?: string | null | undefined;
  /** Emails that contain all of these terms in subject, body, file names or addresses. A term of three letters or more also matches words that start with it: `invo` finds `invoice`. In a joined term only the last part is a prefix: `inv-007` finds `INV-0077`. An email address is one term; each part of `invoice_7.pdf` is a term too. Order, case and accents are ignored; quotes and operators have no meaning. Only the first 16 terms count. Empty text matches everything; text of symbols alone matches nothing. */
  search?: string | null | undefined;
  /** Emails with a `sentAt` in this range. */
  sent?: DateTimeRange | null | undefined;
  /** Emails in one of these states. */
  status?: Array<OutboundEmailStatus> | null | undefined;
  /** Emails that last changed in this range. */
  updated?: DateTimeRange | null | undefined;
};

/** The order of a list of outbound emails. */
export type OutboundEmailOrder =
  /** By `createdAt`, oldest first. */
  | 'CREATED_ASC'
  /** By `createdAt`, newest first. */
  | 'CREATED_DESC'
  /** By `plannedSendAt`, earliest first. Emails that were never scheduled are left out. */
  | 'PLANNED_ASC'
  /** By `sentAt`, latest first. Emails that were not sent are left out. */
  | 'SENT_DESC'
  /** By `updatedAt`, earliest first. To poll for changes, filter by `updated: { gte }` from one minute before your last poll: changes of the same moment can become visible in another order. */
  | 'UPDATED_ASC';

/** The state of an outbound email. */
export type OutboundEmailStatus =
  /** The email was sent, and delivery to at least one recipient failed permanently. See `bounces`. */
  | 'BOUNCED'
  /** The email was canceled before it was sent. It becomes SENT if its sent copy is found in Gmail nevertheless. */
  | 'CANCELED'
  /** The email is being written. `sendEmail` sends it, `deleteDraft` deletes it. */
  | 'DRAFT'
  /** The email was not sent, as far as Epistle knows, and will not be retried by itself. See `failure`. It becomes SENT if its sent copy is found in Gmail. */
  | 'FAILED'
  /** The email is stored and is sent as soon as the account may send. See `nextAttemptAt`. */
  | 'QUEUED'
  /** The email waits for its `plannedSendAt`. */
  | 'SCHEDULED'
  /** The email is being handed to Gmail. */
  | 'SENDING'
  /** The email was sent. If a user decided so with `resolveOutboundEmail`, its ids in Gmail are null; `message` has those of the sent copy once that is found. */
  | 'SENT'
  /** The email was handed to Gmail, but the response was lost. Epistle reads the mailbox to find out whether it was sent, and does not send it a second time. If `nextAttemptAt` is null, reading did not tell: decide with `resolveOutboundEmail`. */
  | 'UNCONFIRMED';

/** A subject and bodies with tokens, and the entity whose values replace the tokens. */
export type PrepareEmailInput = {
  /** The HTML body with tokens, at most 2 MB. Values are escaped for the place of the token. Omitted: it is made from `bodyText`. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body with tokens, at most 2 MB. `{{` is a literal `{`. */
  bodyText: string;
  /** The entity that the email is about. */
  context: ContextRefInput;
  /** The language in which dates and amounts are written (BCP 47), such as `de-DE`. Omitted: that of the customer, or en-US. */
  locale?: string | null | undefined;
  /** The subject with tokens: at most 998 characters, no line break. `{{` is a literal `{`. */
  subject: string;
  /** The time zone that decides which day is today (IANA), such as `Europe/Berlin`. Omitted: that of the customer, or UTC. */
  timeZone?: string | null | undefined;
};

/** A subject and bodies with tokens, and what to show in place of the tokens. */
export type PreviewEmailInput = {
  /** The HTML body with tokens, at most 2 MB. Values are escaped for the place of the token. Omitted: it is made from `bodyText`. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body with tokens, at most 2 MB. `{{` is a literal `{`. */
  bodyText: string;
  /** The kind of entity: one of `contextTypes`. */
  contextType: string;
  /** The entity whose values to show. Omitted: sample data. */
  contextUid?: string | null | undefined;
  /** The language in which dates and amounts are written (BCP 47), such as `de-DE`. Omitted: that of the customer, or en-US. */
  locale?: string | null | undefined;
  /** The subject with tokens: at most 998 characters, no line break. Omitted: empty. */
  subject?: string | null | undefined;
  /** The time zone that decides which day is today (IANA), such as `Europe/Berlin`. Omitted: that of the customer, or UTC. */
  timeZone?: string | null | undefined;
};

/** What to do with images that an email loads from the web. */
export type RemoteImages =
  /** Leave them out. Their sender does not learn that the message was read. */
  | 'BLOCK'
  /** Keep them. Loading them tells their sender when the message was read, and from where. */
  | 'KEEP';

/** Why a message cannot be replied to in its thread. */
export type ReplyNotPossibleReason =
  /** The message has no Message-ID, or the sent copy of the email to follow up was deleted in Gmail. Send a new email. */
  | 'NO_MESSAGE_ID'
  /** The account of the conversation is not connected. Connect it, then repeat the request. */
  | 'NO_OWNER_ACCOUNT'
  /** The conversation has no Gmail thread. */
  | 'NO_PROVIDER_THREAD';

/** Whether a failed request can be repeated. */
export type RetryAdvice =
  /** Nothing was sent. Wait, or fix the problem named in `message`, then repeat the same request; after a `SendRejectedError`, call `retryOutboundEmail` instead, or send the draft again if the email is a DRAFT. */
  | 'AFTER'
  /** The request may have been carried out. Read the record before you repeat it. */
  | 'CHECK_FIRST'
  /** The same request fails every time. Change the request. */
  | 'NEVER'
  /** Nothing was sent. The same request can be repeated at once; after a `SendRejectedError`, call `retryOutboundEmail` instead, or send the draft again if the email is a DRAFT. */
  | 'SAFE';

/** A new version of a template. */
export type SaveTemplateInput = {
  /** The HTML body with tokens, at most 100,000 bytes. Omitted: it is made from `bodyText`. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body with tokens, at most 100,000 bytes. `{{` is a literal `{`. */
  bodyText: string;
  /** The kind of entity that its emails are about: one of `contextTypes`. It cannot be changed later. */
  contextType: string;
  /** The language of this version (BCP 47), such as `de`. Customers of this language get it. Omitted: for customers whose language has no version of its own. */
  locale?: string | null | undefined;
  /** The name of the template: 1 to 100 characters, no line break, unique in the organization. */
  name: string;
  /** The subject with tokens: 1 to 998 characters, no line break. `{{` is a literal `{`. */
  subject: string;
  /** The template that gets a new version. Omitted: the template with this name, or a new one if there is none. */
  uid?: string | null | undefined;
};

/** Sends a draft. A draft is sent at most once: repeating the request returns the first result. */
export type SendDraftInput = {
  /** True: send the email even if it still contains tokens, which then stay as they are. False: such an email is refused with an UnresolvedTokensError. */
  allowUnresolved?: boolean | null | undefined;
  /** The uid of the draft. */
  draftUid: string;
  /** The revision that was reviewed. If the draft has another revision, nothing is sent and the result is a DraftConflictError. Omitted: no check. */
  expectedRevision?: number | null | undefined;
};

/** The email to send. Give exactly one field. */
export type SendEmailInput =
  {   /** Send a stored draft. */
  draft: SendDraftInput; fresh?: never; reply?: never; }
  |  { draft?: never;   /** Send a new email in a conversation of its own. */
  fresh: SendFreshInput; reply?: never; }
  |  { draft?: never; fresh?: never;   /** Reply to a stored message, or follow up a sent email. */
  reply: SendReplyInput; };

/** Why an email was not sent, for programs. Where a value says `retryOutboundEmail`: if the email is a DRAFT, send the draft again instead. */
export type SendFailureCode =
  /** The account is not connected. Connect it again; the email is then sent. */
  | 'ACCOUNT_NOT_ACTIVE'
  /** Gmail no longer lets the account send from the sender address of the email. Send it from another address of `EmailAccount.sendAs`. */
  | 'ALIAS_NOT_ACCEPTED'
  /** At its planned time the template did not give a valid email. It is a draft now: read `message`, correct it and send it. */
  | 'CONTENT_INVALID'
  /** The account has reached the sending limit of the day. If the email is QUEUED, it is sent later; if it is FAILED, call `retryOutboundEmail`. */
  | 'DAILY_LIMIT'
  /** A user decided that it was not sent and is not to be sent. */
  | 'DISCARDED'
  /** The Gmail API is not enabled, a scope is missing, or a policy of the Workspace forbids it. Correct it at Google, then call `retryOutboundEmail`. */
  | 'FORBIDDEN'
  /** The Google account has no Gmail. Enable it, then call `retryOutboundEmail`. */
  | 'MAIL_SERVICE_OFF'
  /** Google no longer accepts the consent of the account. Connect it again; the email is then sent. */
  | 'NEEDS_REAUTH'
  /** Gmail was asked several times and did not send it. It was certainly not sent: call `retryOutboundEmail`. */
  | 'NOT_ACCEPTED'
  /** The answer of Gmail was lost, and the email may have been sent. Wait, or see UNCONFIRMED. */
  | 'OUTCOME_UNKNOWN'
  /** Gmail refused the email as it is. Read `message`, correct it and send a new email. */
  | 'REJECTED'
  /** At its planned time the reply could no longer be sent in its thread. Send a new email. */
  | 'REPLY_NOT_POSSIBLE'
  /** Gmail asked the account to send more slowly. Epistle sends the email later. */
  | 'THROTTLED'
  /** Gmail refused the access token of the account. Epistle tries again for about a day; then call `retryOutboundEmail`. */
  | 'UNAUTHORIZED'
  /** Gmail could not be reached or failed. Epistle tries again for about a day; then call `retryOutboundEmail`. */
  | 'UNREACHABLE'
  /** At its planned time the email still contained tokens. It is a draft now: read `message`, correct it and send it. */
  | 'UNRESOLVED_TOKENS';

/** An email in a conversation of its own. */
export type SendFreshInput = {
  /** True: send the email even if it still contains tokens, which then stay as they are. False: such an email is refused with an UnresolvedTokensError. */
  allowUnresolved?: boolean | null | undefined;
  /** True: append the Gmail signature of the sender address, once, above a quote. See `EmailAccount.sendAs`. */
  appendSignature?: boolean | null | undefined;
  /** The files to attach: at most 20, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** The recipients in Bcc, hidden from the others. */
  bcc?: Array<string> | null | undefined;
  /** The HTML body, at most 2 MB. With `bodyText` as well, both are sent as alternatives, and most mail programs show the HTML. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body, at most 2 MB. Give it, `bodyHtml`, `template` or a file; `""` sends an email without text. */
  bodyText?: string | null | undefined;
  /** Do not send the email if one of these conditions is true at `plannedSendAt`: it is then CANCELED, with the condition in `canceledBecause`. Only with `plannedSendAt`. */
  cancelWhen?: Array<CancelCondition> | null | undefined;
  /** The recipients in Cc. */
  cc?: Array<string> | null | undefined;
  /** The entities that the email is about, the main one first; at most 50. */
  contexts?: Array<ContextRefInput> | null | undefined;
  /** The account that sends the email. */
  fromAccountUid: string;
  /** The sender address: one of `EmailAccount.sendAs`. Omitted: the account's own address. */
  fromAlias?: string | null | undefined;
  /** Makes the request safe to repeat: the same key and content return the first result and send nothing. 1 to 255 visible characters, unique in the organization, never expires. */
  idempotencyKey?: string | null | undefined;
  /** When to send the email: between now and 400 days from now. It is then SCHEDULED, and `cancelOutboundEmail` cancels it. Omitted: now. */
  plannedSendAt?: string | null | undefined;
  /** The addresses that answers should go to, at most 10. Omitted: the sender. */
  replyTo?: Array<string> | null | undefined;
  /** The subject: 1 to 998 characters, no line break. Required unless a template supplies it. */
  subject?: string | null | undefined;
  /** The template that supplies the bodies, and the subject unless one is given or the email is a reply. Omit `bodyText` and `bodyHtml` then. Its tokens are replaced by the values of `contexts` when the email is sent. */
  template?: TemplateUseInput | null | undefined;
  /** The recipients in To. 1 to 100 recipients in To, Cc and Bcc together. */
  to: Array<string>;
};

/** How an outbound email was created. */
export type SendMode =
  /** It was written as a draft, or became one because it could not be rendered at its planned time. */
  | 'DRAFT'
  /** It was sent directly, in a conversation of its own. */
  | 'FRESH'
  /** It was sent directly, as the reply to a stored message. */
  | 'REPLY';

/** A reply to a stored message or a follow-up to a sent email, in its thread, from the account that owns the conversation. */
export type SendReplyInput = {
  /** True: send the email even if it still contains tokens, which then stay as they are. False: such an email is refused with an UnresolvedTokensError. */
  allowUnresolved?: boolean | null | undefined;
  /** True: append the Gmail signature of the sender address, once, above a quote. See `EmailAccount.sendAs`. */
  appendSignature?: boolean | null | undefined;
  /** The files to attach: at most 20, 25 MB together. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** The recipients in Bcc, hidden from the others. */
  bcc?: Array<string> | null | undefined;
  /** The HTML body, at most 2 MB. With `bodyText` as well, both are sent as alternatives, and most mail programs show the HTML. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body, at most 2 MB. Give it, `bodyHtml`, `template` or a file; `""` sends an email without text. */
  bodyText?: string | null | undefined;
  /** Do not send the email if one of these conditions is true at `plannedSendAt`: it is then CANCELED, with the condition in `canceledBecause`. Only with `plannedSendAt`. */
  cancelWhen?: Array<CancelCondition> | null | undefined;
  /** The recipients in Cc. */
  cc?: Array<string> | null | undefined;
  /** The entities that the email is about, the main one first; at most 50. Omitted or empty: those of the conversation. */
  contexts?: Array<ContextRefInput> | null | undefined;
  /** Accepted and ignored: the account that owns the conversation sends the reply. */
  fromAccountUid?: string | null | undefined;
  /** The sender address: one of `EmailAccount.sendAs`. Omitted: the account's own address. */
  fromAlias?: string | null | undefined;
  /** Makes the request safe to repeat: the same key and content return the first result and send nothing. 1 to 255 visible characters, unique in the organization, never expires. */
  idempotencyKey?: string | null | undefined;
  /** When to send the email: between now and 400 days from now. It is then SCHEDULED, and `cancelOutboundEmail` cancels it. Omitted: now. */
  plannedSendAt?: string | null | undefined;
  /** True: append the message to the bodies, as a quote. Needs the scope `email:read`. */
  quote?: boolean | null | undefined;
  /** True: take the suggestion for a reply to all. If `cc` is omitted, the other recipients of the message are in Cc. */
  replyAll?: boolean | null | undefined;
  /** The addresses that answers should go to, at most 10. Omitted: the sender. */
  replyTo?: Array<string> | null | undefined;
  /** The uid of the message to reply to. Give this or `replyToOutboundEmailUid`. */
  replyToMessageUid?: string | null | undefined;
  /** The uid of a sent email of your own to follow up, in its thread. An email that was not sent yet is refused with InvalidStateError. */
  replyToOutboundEmailUid?: string | null | undefined;
  /** The subject: 1 to 998 characters, no line break. Omitted: that of `replySuggestion`. If it differs from the subject of the thread, mail programs can show the reply as a new thread. */
  subject?: string | null | undefined;
  /** The template that supplies the bodies, and the subject unless one is given or the email is a reply. Omit `bodyText` and `bodyHtml` then. Its tokens are replaced by the values of `contexts` when the email is sent. */
  template?: TemplateUseInput | null | undefined;
  /** The recipients in To: 1 to 100 recipients in To, Cc and Bcc together. Omitted: those of `replySuggestion`. */
  to?: Array<string> | null | undefined;
};

/** Selects templates. All given conditions must hold. */
export type TemplateFilter = {
  /** Templates about this kind of entity: one of `contextTypes`. An unknown kind matches nothing. */
  contextType?: string | null | undefined;
  /** Templates whose name contains this text, in any case. */
  search?: string | null | undefined;
};

/** The template that supplies the subject and bodies of an email. */
export type TemplateUseInput = {
  /** The language of the text, dates and amounts (BCP 47), such as `de-DE`. Omitted: that of the customer, of the version, or en-US. */
  locale?: string | null | undefined;
  /** The time zone that decides which day is today (IANA), such as `Europe/Berlin`. Omitted: that of the customer, or UTC. */
  timeZone?: string | null | undefined;
  /** The uid of the template. The email must be about an entity of its `contextType`. */
  uid: string;
  /** The number of the version. Omitted: when the email is sent, the newest in `locale` or else in the language of the customer, or else the newest for all languages, or else the newest in any language. */
  version?: number | null | undefined;
};

/** How a sent email was placed into a thread. */
export type Threading =
  /** Gmail put it into another thread than requested. It has the reply headers, so other mail programs show it in the right place. */
  | 'HEADERS_ONLY'
  /** It is in the Gmail thread of the conversation and has the reply headers that other mail programs use. */
  | 'NATIVE'
  /** It starts a new thread. */
  | 'NEW_THREAD';

/** Why a token was not replaced by a value. */
export type TokenProblemKind =
  /** The token is where a value is not safe: in the name of a tag or an attribute, an unquoted attribute, a script, a style, an event handler, a comment, or the scheme or host of a URL. */
  | 'FORBIDDEN_PLACE'
  /** The entity has no value for the token. */
  | 'NO_VALUE'
  /** Tags or character references interrupt the token in the HTML body, as in `{invoice_<b>number</b>}`. Write it in one piece. */
  | 'SPLIT'
  /** The token is in text that is not from a template. Use `template` or `prepareEmail`. */
  | 'UNFILLED'
  /** There is no such token. `message` names the token that was probably meant. */
  | 'UNKNOWN';

/** The decision of a person on an UNCONFIRMED email. */
export type UnconfirmedOutcome =
  /** The email was not sent and must not be sent. It becomes FAILED, or a draft again if it was one. */
  | 'NOT_SENT_DISCARD'
  /** The email was not sent. Send it now. */
  | 'NOT_SENT_RESEND'
  /** The email was sent. It becomes SENT. */
  | 'SENT';

/** The changes to a draft. An omitted field stays as it is. Null clears a field, except `fromAccountUid`, which cannot be null. A list replaces the whole list. */
export type UpdateDraftInput = {
  /** All files of the draft: at most 20, 25 MB together. They replace the present files. */
  attachments?: Array<AttachmentInput> | null | undefined;
  /** The recipients in Bcc, hidden from the others. */
  bcc?: Array<string> | null | undefined;
  /** The HTML body, at most 2 MB. */
  bodyHtml?: string | null | undefined;
  /** The plain-text body, at most 2 MB. */
  bodyText?: string | null | undefined;
  /** Do not send the email if one of these conditions is true at `plannedSendAt`: it is then CANCELED, with the condition in `canceledBecause`. Only with `plannedSendAt`. */
  cancelWhen?: Array<CancelCondition> | null | undefined;
  /** The recipients in Cc. */
  cc?: Array<string> | null | undefined;
  /** All entities that the draft is about, the main one first; at most 50. Null or empty: none; a reply is then about those of its conversation when it is sent. */
  contexts?: Array<ContextRefInput> | null | undefined;
  /** The uid of the draft. */
  draftUid: string;
  /** The revision that the changes are based on. If the draft has another revision, nothing changes and the result is a DraftConflictError. Omitted: no check. */
  expectedRevision?: number | null | undefined;
  /** Another account to send from, under its own address unless `fromAlias` is given. Not for a reply. */
  fromAccountUid?: string | null | undefined;
  /** The sender address: one of `EmailAccount.sendAs`. Null: the account's own address. */
  fromAlias?: string | null | undefined;
  /** When to send the draft: between now and 400 days from now. The draft must be complete, and text that is not from a template must not contain tokens. Null: not scheduled; `cancelWhen` is cleared too. A time needs the scope `email:send` as well. */
  plannedSendAt?: string | null | undefined;
  /** The addresses that answers should go to, at most 10. */
  replyTo?: Array<string> | null | undefined;
  /** The subject: at most 998 characters, no line break. */
  subject?: string | null | undefined;
  /** The template that supplies the subject and bodies when the draft is sent. It replaces the present bodies, and the subject unless one is given. Omit `bodyText` and `bodyHtml` then. Null: the draft has its own subject and bodies. */
  template?: TemplateUseInput | null | undefined;
  /** The recipients in To. At most 100 recipients in To, Cc and Bcc together. */
  to?: Array<string> | null | undefined;
};

/** A customer, identified by its id in your own system. A field that is omitted stays as it is. */
export type UpsertCustomerInput = {
  /** The people at the customer, at most 50. The list replaces the stored one. Null: all are removed. */
  contacts?: Array<CustomerContactInput> | null | undefined;
  /** The email address of the customer. Null: the stored address is removed. */
  email?: string | null | undefined;
  /** The id of the customer in your own system, 1 to 255 characters. It decides whether a customer is created or updated. */
  externalId: string;
  /** The language and region of the customer, a BCP 47 tag such as `de-DE`. Null: the stored one is removed. */
  locale?: string | null | undefined;
  /** The name of the customer, 1 to 255 characters. Required for a new customer, and never null. */
  name?: string | null | undefined;
  /** The time zone of the customer, a name of the IANA database such as `Europe/Berlin`. Null: the stored one is removed. */
  timeZone?: string | null | undefined;
};

/** An invoice, identified by its number. A field that is omitted stays as it is; one that is required for a new invoice cannot be null. Amounts are strings of digits in the smallest unit of the currency, for example cents: 0 to 10^17. */
export type UpsertInvoiceInput = {
  /** The amount still owed. Null: it is computed as the total minus the amount paid, but not below 0; it is 0 if the invoice is PAID or VOID. Omitted: it is computed if the total or the amount paid is given, or if the invoice becomes PAID or VOID or is open again; otherwise it stays as it is. */
  amountDueCents?: string | null | undefined;
  /** The amount paid so far. 0 if null, and in a new invoice. */
  amountPaidCents?: string | null | undefined;
  /** How the invoice is paid, as your billing system names it, such as `send_invoice`: 1 to 100 characters. Null: not known. */
  collectionMethod?: string | null | undefined;
  /** The credit notes. They do not change the other amounts. 0 if null, and in a new invoice. */
  creditNotesCents?: string | null | undefined;
  /** The currency of all amounts: an ISO 4217 code in capitals, for example `USD`. Required for a new invoice. */
  currency?: string | null | undefined;
  /** The id of that customer in your own system. Give either this or `customerUid`. */
  customerExternalId?: string | null | undefined;
  /** The uid of the customer who owes the invoice. A new invoice needs either this or `customerExternalId`. */
  customerUid?: string | null | undefined;
  /** The discounts. 0 if null, and in a new invoice. */
  discountsCents?: string | null | undefined;
  /** When the invoice is due; not before `issueDate`. Required for a new invoice. */
  dueDate?: string | null | undefined;
  /** When the invoice was issued. Required for a new invoice. */
  issueDate?: string | null | undefined;
  /** The number of the invoice, 1 to 100 characters. It decides whether an invoice is created or updated. */
  number: string;
  /** When the invoice was paid. Null: it is not paid. */
  paidDate?: string | null | undefined;
  /** A page where the invoice can be paid, at most 2,000 characters. Null: there is none. */
  paymentLink?: string | null | undefined;
  /** The state of the invoice. OVERDUE means OPEN. If the invoice becomes PAID or VOID, the amount still owed becomes 0 unless `amountDueCents` is given; `paidDate` and the amount paid stay as they are. Required for a new invoice. */
  status?: InvoiceStatus | null | undefined;
  /** The amount before discounts and tax. Required for a new invoice. */
  subtotalCents?: string | null | undefined;
  /** The tax. 0 if null, and in a new invoice. */
  taxCents?: string | null | undefined;
  /** The total amount. Required for a new invoice. */
  totalCents?: string | null | undefined;
};

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { viewer: { actor: string, scopes: Array<string>, organization: { uid: string, name: string } } };

export type ApiKeysQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ApiKeysQuery = { apiKeys: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { uid: string, name: string, prefix: string, scopes: Array<string>, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, revokedAt: string | null } }> } };

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
    | { __typename: 'InvalidInputError' }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
    | { __typename: 'RevokeApiKeyPayload', apiKey: { uid: string, revokedAt: string | null } }
   };

export type InvoiceStateQueryVariables = Exact<{
  uid: string;
}>;


export type InvoiceStateQuery = { invoice: { lastContactedAt: string | null, awaitingReply: boolean, conversations: { edges: Array<{ node: { uid: string, hasReply: boolean, isRead: boolean, messageCount: number, snippet: string, participants: Array<string>, messages: { edges: Array<{ node: { uid: string, direction: Direction } }> } } }> } } | null };

export type EntitiesQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type EntitiesQuery = { nodes: Array<
    | { label: string, lastContactedAt: string | null, awaitingReply: boolean, outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> }, drafts: { totalCount: number, edges: Array<{ node: { uid: string } }> }, conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> } }
    | { label: string, lastContactedAt: string | null, awaitingReply: boolean, outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> }, drafts: { totalCount: number, edges: Array<{ node: { uid: string } }> }, conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> } }
    | Record<PropertyKey, never>
   | null> };

export type LinkSeveralMutationVariables = Exact<{
  uid: string;
  context: ContextRefInput;
}>;


export type LinkSeveralMutation = { linkConversation:
    | { __typename: 'InvalidInputError' }
    | { __typename: 'LinkConversationPayload', conversation: { contexts: Array<
          | { label: string }
          | { label: string }
        > } | null }
    | { __typename: 'NotFoundError' }
   };

export type UnlinkSeveralMutationVariables = Exact<{
  uid: string;
  context: ContextRefInput;
}>;


export type UnlinkSeveralMutation = { unlinkConversation:
    | { __typename: 'InvalidInputError' }
    | { __typename: 'NotFoundError' }
    | { __typename: 'UnlinkConversationPayload', conversation: { contexts: Array<
          | { label: string }
          | { label: string }
        > } | null }
   };

export type UpsertCustomerMutationVariables = Exact<{
  input: UpsertCustomerInput;
}>;


export type UpsertCustomerMutation = { upsertCustomer:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'UpsertCustomerPayload', customer: { uid: string, externalId: string, name: string, email: string | null, locale: string | null, timeZone: string | null, contacts: Array<{ name: string | null, email: string, role: string | null, isPrimary: boolean }> } | null }
   };

export type UpsertCustomersMutationVariables = Exact<{
  inputs: Array<UpsertCustomerInput> | UpsertCustomerInput;
}>;


export type UpsertCustomersMutation = { upsertCustomers:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'UpsertCustomersPayload', customers: Array<{ externalId: string, name: string, contacts: Array<{ email: string }> }> | null }
   };

export type UpsertInvoiceMutationVariables = Exact<{
  input: UpsertInvoiceInput;
}>;


export type UpsertInvoiceMutation = { upsertInvoice:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
    | { __typename: 'UpsertInvoicePayload', invoice: { uid: string, number: string, status: InvoiceStatus, currency: string, issueDate: string, dueDate: string, paidDate: string | null, paymentLink: string | null, daysOverdue: number, awaitingReply: boolean, lastContactedAt: string | null, total: { cents: string, formatted: string }, amountPaid: { cents: string }, amountDue: { cents: string, formatted: string }, customer: { uid: string } } | null }
   };

export type UpsertInvoicesMutationVariables = Exact<{
  inputs: Array<UpsertInvoiceInput> | UpsertInvoiceInput;
}>;


export type UpsertInvoicesMutation = { upsertInvoices:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'UpsertInvoicesPayload', invoices: Array<{ number: string, status: InvoiceStatus, total: { cents: string }, customer: { externalId: string } }> | null }
   };

export type CountsQueryVariables = Exact<{
  externalId: string;
}>;


export type CountsQuery = { customer: { lastContactedAt: string | null, outboundEmails: { totalCount: number } } | null };

export type ReadMessageQueryVariables = Exact<{
  uid: string;
}>;


export type ReadMessageQuery = { emailMessage: { subject: string, snippet: string, bodyText: string | null, bodyHtml: string | null, sentAt: string, problem: string | null, references: Array<string>, from: { address: string, name: string | null }, to: Array<{ address: string }>, cc: Array<{ address: string }>, replyTo: Array<{ address: string, name: string | null }>, attachments: Array<{ filename: string, contentType: string, size: number }>, conversation: { subject: string, participants: Array<string>, messageCount: number }, replySuggestion: { to: Array<string>, cc: Array<string>, subject: string, quotedText: string, quotedHtml: string } | null } | null };

export type FilesOfMessageQueryVariables = Exact<{
  uid: string;
}>;


export type FilesOfMessageQuery = { emailMessage: { attachments: Array<{ id: string, uid: string, filename: string, sha256: string | null }> } | null };

export type AttachmentNodeQueryVariables = Exact<{
  id: string | number;
}>;


export type AttachmentNodeQuery = { node:
    | { id: string }
    | { uid: string, filename: string, size: number, sha256: string | null, id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
   | null };

export type DownloadUrlsQueryVariables = Exact<{
  uid: string;
}>;


export type DownloadUrlsQuery = { outboundEmail: { attachments: Array<{ downloadUrl: string }> } | null };

export type DraftDownloadUrlsMutationVariables = Exact<{
  input: CreateDraftInput;
}>;


export type DraftDownloadUrlsMutation = { createDraft:
    | { __typename: 'AccountNotReadyError' }
    | { __typename: 'CreateDraftPayload', draft: { attachments: Array<{ uid: string, downloadUrl: string }> } }
    | { __typename: 'IdempotencyConflictError' }
    | { __typename: 'InvalidInputError' }
    | { __typename: 'InvalidStateError' }
    | { __typename: 'NotFoundError' }
    | { __typename: 'ProviderError' }
    | { __typename: 'ReplyNotPossibleError' }
    | { __typename: 'UnresolvedTokensError' }
   };

export type CreateDraftWithFilesMutationVariables = Exact<{
  input: CreateDraftInput;
}>;


export type CreateDraftWithFilesMutation = { createDraft:
    | { __typename: 'AccountNotReadyError' }
    | { __typename: 'CreateDraftPayload', draft: { attachments: Array<{ uid: string, filename: string, size: number, sha256: string | null, downloadUrl: string }> } }
    | { __typename: 'IdempotencyConflictError' }
    | { __typename: 'InvalidInputError' }
    | { __typename: 'InvalidStateError' }
    | { __typename: 'NotFoundError' }
    | { __typename: 'ProviderError' }
    | { __typename: 'ReplyNotPossibleError' }
    | { __typename: 'UnresolvedTokensError' }
   };

export type ReceivedFilesQueryVariables = Exact<{
  uid: string;
}>;


export type ReceivedFilesQuery = { emailMessage: { attachments: Array<{ uid: string, filename: string, contentType: string, size: number, contentId: string | null, downloadUrl: string }> } | null };

export type ReceivedHashQueryVariables = Exact<{
  uid: string;
}>;


export type ReceivedHashQuery = { emailMessage: { attachments: Array<{ sha256: string | null }> } | null };

export type MarkMessageAutomaticMutationVariables = Exact<{
  uid: string;
  automatic?: boolean;
}>;


export type MarkMessageAutomaticMutation = { markMessageAutomatic:
    | { __typename: 'InvalidInputError' }
    | { __typename: 'MarkMessageAutomaticPayload', message: { uid: string, isAutomatic: boolean, conversation: { hasReply: boolean } } }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
   };

export type StoredMessagesQueryVariables = Exact<{
  search: string;
}>;


export type StoredMessagesQuery = { emailAccounts: Array<{ sync: { state: MailboxSyncState, error: { code: MailboxSyncErrorCode, message: string } | null } }>, conversations: { edges: Array<{ node: { hasReply: boolean, messages: { edges: Array<{ node: { subject: string, bodyText: string | null, problem: string | null, attachments: Array<{ filename: string, size: number }> } }> } } }> } };

export type MarkReadMutationVariables = Exact<{
  uid: string;
  read?: boolean;
}>;


export type MarkReadMutation = { markConversationRead:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, retry: RetryAdvice, account: { status: EmailAccountStatus } }
    | { __typename: 'InvalidInputError', code: ErrorCode, retry: RetryAdvice }
    | { __typename: 'MarkConversationReadPayload', conversation: { uid: string, isRead: boolean, messages: { edges: Array<{ node: { isRead: boolean, labels: Array<string> } }> } } | null }
    | { __typename: 'NotFoundError', code: ErrorCode, retry: RetryAdvice }
    | { __typename: 'ProviderError', code: ErrorCode, retry: RetryAdvice, providerStatus: number, providerReason: string }
   };

export type ReceivedMessageQueryVariables = Exact<{
  uid: string;
}>;


export type ReceivedMessageQuery = { emailMessage: { subject: string, bodyText: string | null, from: { address: string, name: string | null }, to: Array<{ address: string }>, cc: Array<{ address: string }>, conversation: { participants: Array<string> }, replySuggestion: { to: Array<string>, cc: Array<string>, quotedText: string } | null } | null };

export type FoundConversationsQueryVariables = Exact<{
  search: string;
}>;


export type FoundConversationsQuery = { conversations: { totalCount: number } };

export type AccountBudgetQueryVariables = Exact<{
  uid: string;
}>;


export type AccountBudgetQuery = { emailAccount: { status: EmailAccountStatus, statusReason: string | null, pausedUntil: string | null, sendBudget: { sentLast24h: number, dailyLimit: number, nextSendAt: string } } | null };

export type StateQueryVariables = Exact<{
  uid: string;
}>;


export type StateQuery = { outboundEmail: { status: OutboundEmailStatus, threading: Threading | null, providerMessageId: string | null, providerThreadId: string | null, attempts: number, failure: { code: SendFailureCode, retry: RetryAdvice } | null, events: { edges: Array<{ node: { type: OutboundEmailEventType, at: string, detail: unknown } }> } } | null };

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

export type ConversationsPageQueryVariables = Exact<{
  filter?: ConversationFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type ConversationsPageQuery = { conversations: { totalCount: number, edges: Array<{ cursor: string, node: { uid: string, subject: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

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
        > } | null }
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
        > } | null }
   };

export type WithParticipantQueryVariables = Exact<{
  participant: string;
}>;


export type WithParticipantQuery = { conversations: { totalCount: number } };

export type ListedInvoicesQueryVariables = Exact<{
  filter?: InvoiceFilter | null | undefined;
  orderBy?: InvoiceOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type ListedInvoicesQuery = { invoices: { totalCount: number, edges: Array<{ node: { number: string, status: InvoiceStatus, issueDate: string, dueDate: string, lastContactedAt: string | null, awaitingReply: boolean, customer: { uid: string, name: string } } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type ListedCustomersQueryVariables = Exact<{
  filter?: CustomerFilter | null | undefined;
  orderBy?: CustomerOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type ListedCustomersQuery = { customers: { totalCount: number, edges: Array<{ node: { name: string, lastContactedAt: string | null, awaitingReply: boolean } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type FilteredEmailsQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
}>;


export type FilteredEmailsQuery = { outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> } };

export type FilteredDraftsQueryVariables = Exact<{
  filter?: DraftFilter | null | undefined;
}>;


export type FilteredDraftsQuery = { drafts: { totalCount: number, edges: Array<{ node: { uid: string, status: OutboundEmailStatus } }> } };

export type ConversationOfDraftQueryVariables = Exact<{
  uid: string;
}>;


export type ConversationOfDraftQuery = { draft: { conversation: { uid: string } | null } | null };

export type FilteredConversationsQueryVariables = Exact<{
  filter?: ConversationFilter | null | undefined;
}>;


export type FilteredConversationsQuery = { conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> } };

export type OfConnectedAccountsQueryVariables = Exact<{
  only?: boolean | null | undefined;
}>;


export type OfConnectedAccountsQuery = { outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> }, drafts: { totalCount: number, edges: Array<{ node: { uid: string } }> }, conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> }, outboundEmailCounts: Array<{ status: OutboundEmailStatus, count: number }> };

export type OutboundEmailsPageQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
  orderBy?: OutboundEmailOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type OutboundEmailsPageQuery = { outboundEmails: { edges: Array<{ cursor: string, node: { uid: string } }>, nodes: Array<{ uid: string }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

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


export type OutboundEmailEventsQuery = { outboundEmail: { events: { totalCount: number, edges: Array<{ cursor: string, node: { type: OutboundEmailEventType } }>, pageInfo: { hasNextPage: boolean } } } | null };

export type SortedOrWalkedQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
  orderBy?: OutboundEmailOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type SortedOrWalkedQuery = { outboundEmails: { nodes: Array<{ uid: string }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type SearchedEmailsQueryVariables = Exact<{
  filter?: OutboundEmailFilter | null | undefined;
}>;


export type SearchedEmailsQuery = { outboundEmails: { edges: Array<{ node: { uid: string } }> } };

export type SearchAllQueryVariables = Exact<{
  search: string;
}>;


export type SearchAllQuery = { conversations: { totalCount: number }, outboundEmails: { totalCount: number } };

export type ShownMessageQueryVariables = Exact<{
  uid: string;
  remoteImages?: RemoteImages;
}>;


export type ShownMessageQuery = { emailMessage: { newText: string | null, safeHtml: { html: string, blockedImages: number, isTruncated: boolean } | null, attachments: Array<{ filename: string, downloadUrl: string }> } | null };

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
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
   };

export type AccountAddressesQueryVariables = Exact<{
  uid: string;
}>;


export type AccountAddressesQuery = { emailAccount: { sendAs: Array<{ email: string, displayName: string | null, signatureHtml: string | null, isDefault: boolean }> } | null };

export type SendEmailMutationVariables = Exact<{
  input: SendEmailInput;
}>;


export type SendEmailMutation = { sendEmail:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice, account: { uid: string, status: EmailAccountStatus } }
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice, current: { uid: string, revision: number } | null }
    | { __typename: 'IdempotencyConflictError', code: ErrorCode, message: string, retry: RetryAdvice, differingFields: Array<string>, existing: { uid: string } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
    | { __typename: 'ProviderError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'ReplyNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice, reason: ReplyNotPossibleReason }
    | { __typename: 'SendEmailPayload', replayed: boolean, outboundEmail: { uid: string, status: OutboundEmailStatus, mode: SendMode, threading: Threading | null, providerMessageId: string | null, providerThreadId: string | null, sentAt: string | null, attempts: number, nextAttemptAt: string | null, contexts: Array<
          | { uid: string }
          | { uid: string }
        >, failure: { code: SendFailureCode, message: string, retry: RetryAdvice } | null } }
    | { __typename: 'SendRejectedError', code: ErrorCode, message: string, retry: RetryAdvice, providerStatus: number, providerReason: string, outboundEmail: { uid: string, status: OutboundEmailStatus } }
    | { __typename: 'UnresolvedTokensError', code: ErrorCode, message: string, retry: RetryAdvice, problems: Array<{ token: string, kind: TokenProblemKind, message: string, field: string, offset: number, length: number }> }
   };

export type BouncesQueryVariables = Exact<{
  uid: string;
}>;


export type BouncesQuery = { outboundEmail: { status: OutboundEmailStatus, providerMessageId: string | null, messageId: string | null, failure: { code: SendFailureCode, retry: RetryAdvice } | null, conversation: { uid: string, hasReply: boolean, isRead: boolean, messageCount: number } | null, message: { uid: string } | null, bounces: Array<{ recipient: string, status: string, diagnostic: string | null, permanent: boolean, at: string }>, events: { edges: Array<{ node: { type: OutboundEmailEventType, fromStatus: OutboundEmailStatus | null, toStatus: OutboundEmailStatus | null, actor: string, detail: unknown } }> } } | null };

export type OutboundRecordQueryVariables = Exact<{
  uid: string;
}>;


export type OutboundRecordQuery = { outboundEmail: { uid: string, status: OutboundEmailStatus, mode: SendMode, threading: Threading | null, fromEmail: string, to: Array<string>, cc: Array<string>, bcc: Array<string>, replyTo: Array<string>, subject: string, bodyText: string | null, bodyHtml: string | null, providerMessageId: string | null, providerThreadId: string | null, messageId: string | null, idempotencyKey: string | null, plannedSendAt: string | null, cancelWhen: Array<CancelCondition>, canceledBecause: CancelCondition | null, sentAt: string | null, attempts: number, nextAttemptAt: string | null, actor: string, fromAccount: { uid: string, email: string }, contexts: Array<
      | { __typename: 'Customer', uid: string }
      | { __typename: 'Invoice', number: string, uid: string }
    >, template: { version: number, values: unknown, template: { id: string, uid: string, name: string, locale: string | null } } | null, failure: { code: SendFailureCode, message: string, retry: RetryAdvice } | null, replyToMessage: { uid: string } | null, attachments: Array<{ filename: string, contentType: string, size: number, sha256: string | null, contentId: string | null, downloadUrl: string }>, conversation: { uid: string, ownerEmail: string, providerThreadId: string, subject: string, messageCount: number, hasReply: boolean, participants: Array<string>, contexts: Array<
        | { __typename: 'Customer' }
        | { __typename: 'Invoice', number: string }
      > } | null, message: { uid: string, direction: Direction, subject: string, bodyText: string | null, messageId: string | null, inReplyTo: string | null, references: Array<string>, providerMessageId: string, labels: Array<string>, from: { address: string, name: string | null }, attachments: Array<{ filename: string, sha256: string | null }> } | null, events: { edges: Array<{ node: { type: OutboundEmailEventType, fromStatus: OutboundEmailStatus | null, toStatus: OutboundEmailStatus | null, actor: string, detail: unknown } }> } } | null };

export type InvoiceContactQueryVariables = Exact<{
  uid: string;
}>;


export type InvoiceContactQuery = { invoice: { lastContactedAt: string | null, awaitingReply: boolean, outboundEmails: { totalCount: number, edges: Array<{ node: { uid: string } }> }, conversations: { totalCount: number, edges: Array<{ node: { uid: string } }> }, drafts: { totalCount: number, edges: Array<{ node: { uid: string } }> } } | null };

export type StoredMessageQueryVariables = Exact<{
  uid: string;
}>;


export type StoredMessageQuery = { emailMessage: { uid: string, messageId: string | null, references: Array<string>, conversation: { uid: string, providerThreadId: string, messageCount: number, hasReply: boolean }, replySuggestion: { to: Array<string>, cc: Array<string>, subject: string } | null } | null };

export type OutboundUidsQueryVariables = Exact<{ [key: string]: never; }>;


export type OutboundUidsQuery = { outboundEmails: { edges: Array<{ node: { uid: string } }> } };

export type CreateDraftMutationVariables = Exact<{
  input: CreateDraftInput;
}>;


export type CreateDraftMutation = { createDraft:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'CreateDraftPayload', replayed: boolean, draft: { uid: string, revision: number, status: OutboundEmailStatus } }
    | { __typename: 'IdempotencyConflictError', code: ErrorCode, message: string, retry: RetryAdvice, differingFields: Array<string>, existing: { uid: string } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
    | { __typename: 'ProviderError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'ReplyNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'UnresolvedTokensError', code: ErrorCode, message: string, retry: RetryAdvice, problems: Array<{ token: string, kind: TokenProblemKind, field: string }> }
   };

export type UpdateDraftMutationVariables = Exact<{
  input: UpdateDraftInput;
}>;


export type UpdateDraftMutation = { updateDraft:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice, current: { uid: string, revision: number, subject: string } | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice, issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
    | { __typename: 'ProviderError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'UnresolvedTokensError', code: ErrorCode, message: string, retry: RetryAdvice, problems: Array<{ token: string, kind: TokenProblemKind, field: string }> }
    | { __typename: 'UpdateDraftPayload', draft: { uid: string, revision: number, status: OutboundEmailStatus, plannedSendAt: string | null } }
   };

export type DeleteDraftMutationVariables = Exact<{
  uid: string;
}>;


export type DeleteDraftMutation = { deleteDraft:
    | { __typename: 'DeleteDraftPayload', deletedId: string, draftUid: string }
    | { __typename: 'DraftConflictError', code: ErrorCode, message: string, retry: RetryAdvice, current: { uid: string } | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
   };

export type DraftRecordQueryVariables = Exact<{
  uid: string;
}>;


export type DraftRecordQuery = { draft: { uid: string, revision: number, status: OutboundEmailStatus, fromEmail: string, to: Array<string>, cc: Array<string>, bcc: Array<string>, replyTo: Array<string>, subject: string, bodyText: string | null, bodyHtml: string | null, plannedSendAt: string | null, fromAccount: { uid: string }, contexts: Array<
      | { contextType: string, uid: string }
      | { contextType: string, uid: string }
    >, template: { version: number, values: unknown, template: { uid: string } } | null, replyToMessage: { uid: string } | null, attachments: Array<{ filename: string, contentType: string, size: number, sha256: string | null, contentId: string | null }>, lastFailure: { code: SendFailureCode, message: string, retry: RetryAdvice } | null } | null };

export type ScheduledDraftsQueryVariables = Exact<{
  scheduled: boolean;
}>;


export type ScheduledDraftsQuery = { drafts: { edges: Array<{ node: { uid: string, status: OutboundEmailStatus, plannedSendAt: string | null } }> } };

export type CancelOutboundEmailMutationVariables = Exact<{
  uid: string;
}>;


export type CancelOutboundEmailMutation = { cancelOutboundEmail:
    | { __typename: 'CancelOutboundEmailPayload', outboundEmail: { uid: string, status: OutboundEmailStatus } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
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
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
    | { __typename: 'ProviderError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'ReplyNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'SendEmailPayload', replayed: boolean, outboundEmail: { uid: string, status: OutboundEmailStatus, attempts: number, failure: { code: SendFailureCode } | null } }
    | { __typename: 'SendRejectedError', code: ErrorCode, message: string, retry: RetryAdvice, providerStatus: number, outboundEmail: { uid: string, status: OutboundEmailStatus } }
    | { __typename: 'UnresolvedTokensError', code: ErrorCode, message: string, retry: RetryAdvice }
   };

export type ResolveOutboundEmailMutationVariables = Exact<{
  uid: string;
  outcome: UnconfirmedOutcome;
}>;


export type ResolveOutboundEmailMutation = { resolveOutboundEmail:
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'InvalidStateError', code: ErrorCode, message: string, retry: RetryAdvice, status: OutboundEmailStatus }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
    | { __typename: 'ResolveOutboundEmailPayload', outboundEmail: { uid: string, status: OutboundEmailStatus, failure: { code: SendFailureCode } | null } }
   };

export type SaveTemplateMutationVariables = Exact<{
  input: SaveTemplateInput;
}>;


export type SaveTemplateMutation = { saveTemplate:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
    | { __typename: 'SaveTemplatePayload', template: { id: string, uid: string, name: string, contextType: string, locale: string | null, version: number, subject: string, bodyText: string, bodyHtml: string | null }, problems: Array<{ token: string, kind: TokenProblemKind, field: string }> }
   };

export type DeleteUsedTemplateMutationVariables = Exact<{
  uid: string;
}>;


export type DeleteUsedTemplateMutation = { deleteTemplate:
    | { __typename: 'DeleteTemplatePayload' }
    | { __typename: 'InvalidInputError' }
    | { __typename: 'NotFoundError' }
   };

export type FilesOfEmailQueryVariables = Exact<{
  uid: string;
}>;


export type FilesOfEmailQuery = { outboundEmail: { attachments: Array<{ id: string, uid: string, filename: string, contentType: string, size: number, sha256: string | null, contentId: string | null, downloadUrl: string }> } | null };

export type DraftWithFilesMutationVariables = Exact<{
  input: CreateDraftInput;
}>;


export type DraftWithFilesMutation = { createDraft:
    | { __typename: 'AccountNotReadyError' }
    | { __typename: 'CreateDraftPayload', draft: { uid: string, attachments: Array<{ uid: string, filename: string, contentType: string, size: number, downloadUrl: string }> } }
    | { __typename: 'IdempotencyConflictError' }
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'InvalidStateError' }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
    | { __typename: 'ProviderError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'ReplyNotPossibleError' }
    | { __typename: 'UnresolvedTokensError' }
   };

export type SyncEmailAccountMutationVariables = Exact<{
  uid: string;
}>;


export type SyncEmailAccountMutation = { syncEmailAccount:
    | { __typename: 'AccountNotReadyError', code: ErrorCode, message: string, retry: RetryAdvice, account: { status: EmailAccountStatus } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, retry: RetryAdvice }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string, retry: RetryAdvice, entity: string, uid: string | null }
    | { __typename: 'SyncEmailAccountPayload', emailAccount: { lastSyncedAt: string | null, sync: { state: MailboxSyncState, imported: number, estimated: number | null, error: { code: MailboxSyncErrorCode, message: string, at: string } | null } } }
    | { __typename: 'SyncNotPossibleError', code: ErrorCode, message: string, retry: RetryAdvice, reason: string, retryAt: string | null, account: { uid: string } }
   };

export type SuggestionQueryVariables = Exact<{
  uid: string;
}>;


export type SuggestionQuery = { emailMessage: { subject: string, replySuggestion: { to: Array<string>, cc: Array<string>, subject: string, quotedText: string } | null } | null };

export type DynamicFieldsQueryVariables = Exact<{
  contextType: string;
}>;


export type DynamicFieldsQuery = { dynamicFields: Array<{ token: string, label: string, type: string }> };

export type PrepareQueryVariables = Exact<{
  input: PrepareEmailInput;
}>;


export type PrepareQuery = { prepareEmail:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
    | { __typename: 'RenderedEmail', subject: string, bodyText: string, bodyHtml: string, problems: Array<{ token: string, kind: TokenProblemKind, message: string, field: string, offset: number, length: number }> }
   };

export type PreviewQueryVariables = Exact<{
  input: PreviewEmailInput;
}>;


export type PreviewQuery = { previewEmail:
    | { __typename: 'InvalidInputError', issues: Array<{ path: string, message: string }> }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
    | { __typename: 'RenderedEmail', subject: string, bodyText: string, bodyHtml: string, problems: Array<{ token: string, kind: TokenProblemKind }> }
   };

export type FindTemplateQueryVariables = Exact<{
  uid: string;
  version?: number | null | undefined;
}>;


export type FindTemplateQuery = { template: { id: string, uid: string, name: string, contextType: string, version: number, locale: string | null, subject: string, bodyText: string, bodyHtml: string | null } | null };

export type TemplatesQueryVariables = Exact<{
  filter?: TemplateFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type TemplatesQuery = { templates: { totalCount: number, nodes: Array<{ id: string, name: string, version: number, locale: string | null, contextType: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type DeleteTemplateMutationVariables = Exact<{
  uid: string;
}>;


export type DeleteTemplateMutation = { deleteTemplate:
    | { __typename: 'DeleteTemplatePayload', deletedId: string, templateUid: string }
    | { __typename: 'InvalidInputError' }
    | { __typename: 'NotFoundError', entity: string, uid: string | null }
   };

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
    query ApiKeys($first: Int, $after: String) {
  apiKeys(first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
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
export const EntitiesDocument = new TypedDocumentString(`
    query Entities($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on ContextEntity {
      label
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
      drafts {
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
    }
  }
}
    `) as unknown as TypedDocumentString<EntitiesQuery, EntitiesQueryVariables>;
export const LinkSeveralDocument = new TypedDocumentString(`
    mutation LinkSeveral($uid: UUID!, $context: ContextRefInput!) {
  linkConversation(uid: $uid, context: $context) {
    __typename
    ... on LinkConversationPayload {
      conversation {
        contexts {
          label
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LinkSeveralMutation, LinkSeveralMutationVariables>;
export const UnlinkSeveralDocument = new TypedDocumentString(`
    mutation UnlinkSeveral($uid: UUID!, $context: ContextRefInput!) {
  unlinkConversation(uid: $uid, context: $context) {
    __typename
    ... on UnlinkConversationPayload {
      conversation {
        contexts {
          label
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<UnlinkSeveralMutation, UnlinkSeveralMutationVariables>;
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
        locale
        timeZone
        contacts {
          name
          email
          role
          isPrimary
        }
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
export const UpsertCustomersDocument = new TypedDocumentString(`
    mutation UpsertCustomers($inputs: [UpsertCustomerInput!]!) {
  upsertCustomers(inputs: $inputs) {
    __typename
    ... on UpsertCustomersPayload {
      customers {
        externalId
        name
        contacts {
          email
        }
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
    `) as unknown as TypedDocumentString<UpsertCustomersMutation, UpsertCustomersMutationVariables>;
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
        issueDate
        dueDate
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
          formatted(locale: "de-DE")
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
export const UpsertInvoicesDocument = new TypedDocumentString(`
    mutation UpsertInvoices($inputs: [UpsertInvoiceInput!]!) {
  upsertInvoices(inputs: $inputs) {
    __typename
    ... on UpsertInvoicesPayload {
      invoices {
        number
        status
        total {
          cents
        }
        customer {
          externalId
        }
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
    `) as unknown as TypedDocumentString<UpsertInvoicesMutation, UpsertInvoicesMutationVariables>;
export const CountsDocument = new TypedDocumentString(`
    query Counts($externalId: String!) {
  customer(externalId: $externalId) {
    lastContactedAt
    outboundEmails {
      totalCount
    }
  }
}
    `) as unknown as TypedDocumentString<CountsQuery, CountsQueryVariables>;
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
export const FilesOfMessageDocument = new TypedDocumentString(`
    query FilesOfMessage($uid: UUID!) {
  emailMessage(uid: $uid) {
    attachments {
      id
      uid
      filename
      sha256
    }
  }
}
    `) as unknown as TypedDocumentString<FilesOfMessageQuery, FilesOfMessageQueryVariables>;
export const AttachmentNodeDocument = new TypedDocumentString(`
    query AttachmentNode($id: ID!) {
  node(id: $id) {
    id
    ... on Attachment {
      uid
      filename
      size
      sha256
    }
  }
}
    `) as unknown as TypedDocumentString<AttachmentNodeQuery, AttachmentNodeQueryVariables>;
export const DownloadUrlsDocument = new TypedDocumentString(`
    query DownloadUrls($uid: UUID!) {
  outboundEmail(uid: $uid) {
    attachments {
      downloadUrl
    }
  }
}
    `) as unknown as TypedDocumentString<DownloadUrlsQuery, DownloadUrlsQueryVariables>;
export const DraftDownloadUrlsDocument = new TypedDocumentString(`
    mutation DraftDownloadUrls($input: CreateDraftInput!) {
  createDraft(input: $input) {
    __typename
    ... on CreateDraftPayload {
      draft {
        attachments {
          uid
          downloadUrl
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DraftDownloadUrlsMutation, DraftDownloadUrlsMutationVariables>;
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
export const MarkMessageAutomaticDocument = new TypedDocumentString(`
    mutation MarkMessageAutomatic($uid: UUID!, $automatic: Boolean! = true) {
  markMessageAutomatic(uid: $uid, automatic: $automatic) {
    __typename
    ... on MarkMessageAutomaticPayload {
      message {
        uid
        isAutomatic
        conversation {
          hasReply
        }
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<MarkMessageAutomaticMutation, MarkMessageAutomaticMutationVariables>;
export const StoredMessagesDocument = new TypedDocumentString(`
    query StoredMessages($search: String!) {
  emailAccounts {
    sync {
      state
      error {
        code
        message
      }
    }
  }
  conversations(filter: { search: $search }, first: 10) {
    edges {
      node {
        hasReply
        messages(first: 20) {
          edges {
            node {
              subject
              bodyText
              problem
              attachments {
                filename
                size
              }
            }
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StoredMessagesQuery, StoredMessagesQueryVariables>;
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
    ... on UserError {
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
export const ReceivedMessageDocument = new TypedDocumentString(`
    query ReceivedMessage($uid: UUID!) {
  emailMessage(uid: $uid) {
    subject
    bodyText
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
    conversation {
      participants
    }
    replySuggestion(all: true) {
      to
      cc
      quotedText
    }
  }
}
    `) as unknown as TypedDocumentString<ReceivedMessageQuery, ReceivedMessageQueryVariables>;
export const FoundConversationsDocument = new TypedDocumentString(`
    query FoundConversations($search: String!) {
  conversations(filter: { search: $search }) {
    totalCount
  }
}
    `) as unknown as TypedDocumentString<FoundConversationsQuery, FoundConversationsQueryVariables>;
export const AccountBudgetDocument = new TypedDocumentString(`
    query AccountBudget($uid: UUID!) {
  emailAccount(uid: $uid) {
    status
    statusReason
    pausedUntil
    sendBudget {
      sentLast24h
      dailyLimit
      nextSendAt
    }
  }
}
    `) as unknown as TypedDocumentString<AccountBudgetQuery, AccountBudgetQueryVariables>;
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
          at
          detail
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StateQuery, StateQueryVariables>;
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
    ... on UserError {
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
    ... on UserError {
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
export const ListedInvoicesDocument = new TypedDocumentString(`
    query ListedInvoices($filter: InvoiceFilter, $orderBy: InvoiceOrder, $first: Int, $after: String, $last: Int, $before: String) {
  invoices(
    filter: $filter
    orderBy: $orderBy
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    totalCount
    edges {
      node {
        number
        status
        issueDate
        dueDate
        lastContactedAt
        awaitingReply
        customer {
          uid
          name
        }
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
    `) as unknown as TypedDocumentString<ListedInvoicesQuery, ListedInvoicesQueryVariables>;
export const ListedCustomersDocument = new TypedDocumentString(`
    query ListedCustomers($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {
  customers(
    filter: $filter
    orderBy: $orderBy
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    totalCount
    edges {
      node {
        name
        lastContactedAt
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
    `) as unknown as TypedDocumentString<ListedCustomersQuery, ListedCustomersQueryVariables>;
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
export const ConversationOfDraftDocument = new TypedDocumentString(`
    query ConversationOfDraft($uid: UUID!) {
  draft(uid: $uid) {
    conversation {
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<ConversationOfDraftQuery, ConversationOfDraftQueryVariables>;
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
export const OfConnectedAccountsDocument = new TypedDocumentString(`
    query OfConnectedAccounts($only: Boolean) {
  outboundEmails(filter: { connectedAccountsOnly: $only }) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
  drafts(filter: { connectedAccountsOnly: $only }) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
  conversations(filter: { connectedAccountsOnly: $only }) {
    totalCount
    edges {
      node {
        uid
      }
    }
  }
  outboundEmailCounts(filter: { connectedAccountsOnly: $only }) {
    status
    count
  }
}
    `) as unknown as TypedDocumentString<OfConnectedAccountsQuery, OfConnectedAccountsQueryVariables>;
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
    nodes {
      uid
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
export const SortedOrWalkedDocument = new TypedDocumentString(`
    query SortedOrWalked($filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String) {
  outboundEmails(
    filter: $filter
    orderBy: $orderBy
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    nodes {
      uid
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<SortedOrWalkedQuery, SortedOrWalkedQueryVariables>;
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
export const ShownMessageDocument = new TypedDocumentString(`
    query ShownMessage($uid: UUID!, $remoteImages: RemoteImages! = BLOCK) {
  emailMessage(uid: $uid) {
    newText
    safeHtml(remoteImages: $remoteImages) {
      html
      blockedImages
      isTruncated
    }
    attachments {
      filename
      downloadUrl
    }
  }
}
    `) as unknown as TypedDocumentString<ShownMessageQuery, ShownMessageQueryVariables>;
export const ConnectEmailAccountDocument = new TypedDocumentString(`
    mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {
  connectEmailAccount(input: $input) {
    __typename
    ... on ConnectEmailAccountPayload {
      authorizationUrl
      expiresAt
    }
    ... on UserError {
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
    ... on UserError {
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
export const AccountAddressesDocument = new TypedDocumentString(`
    query AccountAddresses($uid: UUID!) {
  emailAccount(uid: $uid) {
    sendAs {
      email
      displayName
      signatureHtml
      isDefault
    }
  }
}
    `) as unknown as TypedDocumentString<AccountAddressesQuery, AccountAddressesQueryVariables>;
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
        contexts {
          uid
        }
        failure {
          code
          message
          retry
        }
      }
    }
    ... on UserError {
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
    ... on InvalidStateError {
      status
    }
    ... on DraftConflictError {
      current {
        uid
        revision
      }
    }
    ... on UnresolvedTokensError {
      problems {
        token
        kind
        message
        field
        offset
        length
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
          fromStatus
          toStatus
          actor
          detail
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<BouncesQuery, BouncesQueryVariables>;
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
    contexts {
      __typename
      uid
      ... on Invoice {
        number
      }
    }
    providerMessageId
    providerThreadId
    messageId
    idempotencyKey
    template {
      version
      values
      template {
        id
        uid
        name
        locale
      }
    }
    plannedSendAt
    cancelWhen
    canceledBecause
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
    actor
    events(first: 100) {
      edges {
        node {
          type
          fromStatus
          toStatus
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
export const OutboundUidsDocument = new TypedDocumentString(`
    query OutboundUids {
  outboundEmails(first: 50) {
    edges {
      node {
        uid
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OutboundUidsQuery, OutboundUidsQueryVariables>;
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
      replayed
    }
    ... on UnresolvedTokensError {
      problems {
        token
        kind
        field
      }
    }
    ... on UserError {
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
      existing {
        uid
      }
      differingFields
    }
    ... on InvalidStateError {
      status
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
    ... on UserError {
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
    ... on UnresolvedTokensError {
      problems {
        token
        kind
        field
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
      deletedId
      draftUid
    }
    ... on UserError {
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
    contexts {
      contextType
      uid
    }
    template {
      version
      values
      template {
        uid
      }
    }
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
    ... on UserError {
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
    ... on UserError {
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
    ... on UserError {
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
export const SaveTemplateDocument = new TypedDocumentString(`
    mutation SaveTemplate($input: SaveTemplateInput!) {
  saveTemplate(input: $input) {
    __typename
    ... on SaveTemplatePayload {
      template {
        id
        uid
        name
        contextType
        locale
        version
        subject
        bodyText
        bodyHtml
      }
      problems {
        token
        kind
        field
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
    `) as unknown as TypedDocumentString<SaveTemplateMutation, SaveTemplateMutationVariables>;
export const DeleteUsedTemplateDocument = new TypedDocumentString(`
    mutation DeleteUsedTemplate($uid: UUID!) {
  deleteTemplate(uid: $uid) {
    __typename
  }
}
    `) as unknown as TypedDocumentString<DeleteUsedTemplateMutation, DeleteUsedTemplateMutationVariables>;
export const FilesOfEmailDocument = new TypedDocumentString(`
    query FilesOfEmail($uid: UUID!) {
  outboundEmail(uid: $uid) {
    attachments {
      id
      uid
      filename
      contentType
      size
      sha256
      contentId
      downloadUrl
    }
  }
}
    `) as unknown as TypedDocumentString<FilesOfEmailQuery, FilesOfEmailQueryVariables>;
export const DraftWithFilesDocument = new TypedDocumentString(`
    mutation DraftWithFiles($input: CreateDraftInput!) {
  createDraft(input: $input) {
    __typename
    ... on CreateDraftPayload {
      draft {
        uid
        attachments {
          uid
          filename
          contentType
          size
          downloadUrl
        }
      }
    }
    ... on NotFoundError {
      entity
      uid
    }
    ... on InvalidInputError {
      issues {
        path
        message
      }
    }
    ... on ProviderError {
      code
      message
      retry
    }
  }
}
    `) as unknown as TypedDocumentString<DraftWithFilesMutation, DraftWithFilesMutationVariables>;
export const SyncEmailAccountDocument = new TypedDocumentString(`
    mutation SyncEmailAccount($uid: UUID!) {
  syncEmailAccount(uid: $uid) {
    __typename
    ... on SyncEmailAccountPayload {
      emailAccount {
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
    ... on UserError {
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
export const DynamicFieldsDocument = new TypedDocumentString(`
    query DynamicFields($contextType: String!) {
  dynamicFields(contextType: $contextType) {
    token
    label
    type
  }
}
    `) as unknown as TypedDocumentString<DynamicFieldsQuery, DynamicFieldsQueryVariables>;
export const PrepareDocument = new TypedDocumentString(`
    query Prepare($input: PrepareEmailInput!) {
  prepareEmail(input: $input) {
    __typename
    ... on RenderedEmail {
      subject
      bodyText
      bodyHtml
      problems {
        token
        kind
        message
        field
        offset
        length
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
    `) as unknown as TypedDocumentString<PrepareQuery, PrepareQueryVariables>;
export const PreviewDocument = new TypedDocumentString(`
    query Preview($input: PreviewEmailInput!) {
  previewEmail(input: $input) {
    __typename
    ... on RenderedEmail {
      subject
      bodyText
      bodyHtml
      problems {
        token
        kind
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
    `) as unknown as TypedDocumentString<PreviewQuery, PreviewQueryVariables>;
export const FindTemplateDocument = new TypedDocumentString(`
    query FindTemplate($uid: UUID!, $version: Int) {
  template(uid: $uid, version: $version) {
    id
    uid
    name
    contextType
    version
    locale
    subject
    bodyText
    bodyHtml
  }
}
    `) as unknown as TypedDocumentString<FindTemplateQuery, FindTemplateQueryVariables>;
export const TemplatesDocument = new TypedDocumentString(`
    query Templates($filter: TemplateFilter, $first: Int, $after: String) {
  templates(filter: $filter, first: $first, after: $after) {
    totalCount
    nodes {
      id
      name
      version
      locale
      contextType
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<TemplatesQuery, TemplatesQueryVariables>;
export const DeleteTemplateDocument = new TypedDocumentString(`
    mutation DeleteTemplate($uid: UUID!) {
  deleteTemplate(uid: $uid) {
    __typename
    ... on DeleteTemplatePayload {
      deletedId
      templateUid
    }
    ... on NotFoundError {
      entity
      uid
    }
  }
}
    `) as unknown as TypedDocumentString<DeleteTemplateMutation, DeleteTemplateMutationVariables>;