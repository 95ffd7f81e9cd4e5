/**
 * The port to Gmail, written from the caller's side: our words in, our words out, no client type crosses it.
 *
 * Calls with an effect (`createDraft`, `sendDraft`, `deleteDraft`) are made once: neither the transport nor the client repeats them.
 * What a failure means for an effect is in `GmailError.outcome`, read from the one table in `errors.ts` beside this file.
 */

/** How the gateway gets into one mailbox. */
export interface MailboxAccess {
  readonly accountId: string;
  /**
   * A valid access token; another one than `refused`, which Gmail has just refused.
   * @throws {GmailError} kind `reauth` when the grant is gone, `unreachable` when the token endpoint is.
   */
  readonly accessToken: (options?: { readonly refused?: string }) => Promise<string>;
}

/** A Gmail message id and the id of its thread; both belong to one mailbox only. */
export interface MessageRef {
  readonly messageId: string;
  readonly threadId: string;
}

/** A Gmail draft. `messageId` changes at each edit, `draftId` does not. */
export interface DraftRef extends MessageRef {
  readonly draftId: string;
  /** Labels of the draft's message: exactly `DRAFT` while it has not been sent. Empty in the answer to `createDraft`. */
  readonly labels: readonly string[];
}

export interface SendAsAlias {
  readonly email: string;
  readonly displayName: string | null;
  readonly isPrimary: boolean;
  /** Gmail's own composer starts with this address. */
  readonly isDefault: boolean;
  /** HTML, as its owner wrote it in Gmail's settings. Null: none. */
  readonly signatureHtml: string | null;
  /** False while the owner has not confirmed the alias: Gmail would rewrite such a From silently. */
  readonly isAccepted: boolean;
}

export interface MimeHeader {
  readonly name: string;
  /** Unfolded, not decoded. */
  readonly value: string;
}

/** One leaf of the MIME tree that is not a body: an attachment or an inline image. */
export interface GmailPart {
  /** Position in the MIME tree ("1.2"), stable for a message, unlike `attachmentId`. */
  readonly partId: string;
  readonly filename: string;
  readonly contentType: string;
  /** Without angle brackets. Null when the part has none. */
  readonly contentId: string | null;
  /** Decoded bytes. */
  readonly size: number;
  /** For `getAttachment`. Null when Gmail sent the bytes along in `data`. */
  readonly attachmentId: string | null;
  readonly data: Buffer | null;
}

/** One recipient that a mail system could not deliver to, or not yet. */
export interface ReportedRecipient {
  /** The address that it could not reach in the end. Null: the report names none that is an address. */
  readonly recipient: string | null;
  /** The address that the sender wrote to, if the report says so. It differs when mail is forwarded. */
  readonly original: string | null;
  /** RFC 3463: `5.1.1`. */
  readonly status: string;
  /** At most 1,000 characters. */
  readonly diagnostic: string | null;
  /** False: a delay; the mail system will retry. */
  readonly permanent: boolean;
}

/** What a message reports on the delivery of another (RFC 3464), or only returns of it. */
export interface DeliveryReport {
  /**
   * `report`: a status part in a `multipart/report` (RFC 6522). `status`: a status part in another container. `text`:
   * the fields of a status in the plain text. `returned`: no status, only a returned message.
   */
  readonly form: 'report' | 'status' | 'text' | 'returned';
  /** Recipients that failed or are delayed; at most 500. */
  readonly recipients: readonly ReportedRecipient[];
  /** Some recipient was delivered, relayed or expanded. */
  readonly hasSuccess: boolean;
  /** The `X-Epistle-Id` of the returned message. Null: nothing is returned, or not an email of Epistle. */
  readonly opId: string | null;
  /** Message-IDs of the returned message, with angle brackets. */
  readonly returnedMessageIds: readonly string[];
}

export interface GmailMessage extends MessageRef {
  readonly labels: readonly string[];
  /** Plain text. */
  readonly snippet: string;
  /** Gmail's own time of receipt or sending, the one to sort by. */
  readonly internalDate: Date;
  readonly headers: readonly MimeHeader[];
  /** Its inline parts of this type one after the other, decoded from their charsets. Null when it has none. */
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
  readonly parts: readonly GmailPart[];
  /** Null: it has no delivery status and returns no message. */
  readonly report: DeliveryReport | null;
  /** What could not be read of it, in sentences for people, without anything of its content. */
  readonly problems: readonly string[];
}

/** What tells one message of a thread from another, without its content. */
export interface MessageHead extends MessageRef {
  readonly labels: readonly string[];
  /** Gmail's own time of receipt or sending. */
  readonly internalDate: Date;
  /** The `X-Epistle-Id` that it was composed with. Null: it is not from Epistle. */
  readonly opId: string | null;
  /** The revision of the draft that it was composed from, from 1. */
  readonly revision: number;
}

/** A page of the mailbox's messages, newest first. */
export interface MessagePage {
  readonly ids: readonly string[];
  /** Where the next page begins. Null: this is the last one. */
  readonly nextPageToken: string | null;
}

/** One change of a mailbox. Trash and spam are labels. */
export type MailboxChange = { readonly messageId: string } & (
  | { readonly type: 'added'; readonly labels: readonly string[] }
  | { readonly type: 'deleted' }
  | { readonly type: 'relabelled'; readonly added: readonly string[]; readonly removed: readonly string[] }
);

/** What changed since a history id, in the order in which it did. */
export interface HistoryPage {
  readonly changes: readonly MailboxChange[];
  /** From here the next changes are listed: the mailbox's newest id, or the last one on this page when there are more. */
  readonly historyId: string;
  readonly hasMore: boolean;
}

export interface CallOptions {
  /** Aborts the call: `unknown` once its request may have left, `unreachable` while it waited for its turn. */
  readonly signal?: AbortSignal;
  /** Of the answer to a read, in bytes. Omitted: 64 MB. */
  readonly maxBytes?: number;
}

/**
 * Runs a fetch of a large message or attachment in its turn.
 * @param signal ends the wait for the turn, but not the fetch. Omitted: it waits for up to a minute.
 * @throws {GmailError} `unreachable` when it has waited in vain, and what `fetch` throws.
 */
export type LargeFetches = <T>(accountId: string, fetch: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export interface MessageOptions extends CallOptions {
  /** Runs before each further call: for a body that Gmail gives only by id. What it throws ends the reading. */
  readonly beforeFetch?: () => Promise<void>;
}

/** Of an answer with a message, in bytes. Gmail leaves attachments out of it, so few are larger. */
export const MAX_SMALL_MESSAGE_BYTES = 1_048_576;

/** CRLF-terminated RFC 5322 bytes, in chunks because they may be many. */
export interface Mime {
  /** Bytes. */
  readonly size: number;
  /** The same bytes whenever it is called. */
  chunks(): Iterable<Buffer>;
}

export interface GmailGateway {
  /** The mailbox's address and the history id from which changes can be listed later (uint64 as text). */
  getProfile(mailbox: MailboxAccess, options?: CallOptions): Promise<{ email: string; historyId: string }>;
  /** The addresses that the mailbox may send from, the primary one included. */
  listSendAs(mailbox: MailboxAccess): Promise<SendAsAlias[]>;
  /**
   * Stores a message as a draft. Above 3.5 MB it goes through the upload endpoint, streamed.
   * @param message.mime with its Bcc header. Read once for each request that is made.
   * @param message.threadId the mailbox's own thread to put it in, null for a thread of its own.
   */
  createDraft(
    mailbox: MailboxAccess,
    message: { readonly mime: Mime; readonly threadId: string | null },
    options?: CallOptions,
  ): Promise<DraftRef>;
  /** Sends a draft, exactly one request. Null when Gmail knows no such draft: sent already, or deleted. */
  sendDraft(mailbox: MailboxAccess, draftId: string, options?: CallOptions): Promise<MessageRef | null>;
  /** Null when Gmail knows no such draft: sent already, or deleted. */
  getDraft(mailbox: MailboxAccess, draftId: string, options?: CallOptions): Promise<DraftRef | null>;
  /** The messages of a thread, trash and drafts included. A consistent read. Null when the thread is gone. */
  getThread(mailbox: MailboxAccess, threadId: string): Promise<MessageHead[] | null>;
  /** The last `limit` messages with the label SENT, newest first. What it does not show may be there all the same. */
  listSent(mailbox: MailboxAccess, limit: number): Promise<MessageHead[]>;
  /** The newest `limit` drafts, with what they were composed for. What it does not show may be there all the same. */
  listDrafts(mailbox: MailboxAccess, limit: number): Promise<(MessageHead & { readonly draftId: string })[]>;
  /** Deletes a draft for good. @returns false when it was gone already: sent, or deleted. */
  deleteDraft(mailbox: MailboxAccess, draftId: string): Promise<boolean>;
  /** The whole message, bodies decoded; of one that is too large to be read, the headers. Null when it is gone. */
  getMessage(mailbox: MailboxAccess, messageId: string, options?: MessageOptions): Promise<GmailMessage | null>;
  /** As `getMessage`, unless Gmail's answer, or the bodies that it gives only by id, are larger than `options.maxBytes`: then 'large'. */
  getSmallMessage(
    mailbox: MailboxAccess,
    messageId: string,
    options: MessageOptions & { readonly maxBytes: number },
  ): Promise<GmailMessage | 'large' | null>;
  /** As `getMessage`, without bodies and parts, which it names as its problem. Null when it is gone. */
  getMessageHeaders(mailbox: MailboxAccess, messageId: string, options?: CallOptions): Promise<GmailMessage | null>;
  /**
   * The mailbox's messages, newest first, with drafts, Spam and Trash. A consistent read, unless `query` asks for a search: what
   * that does not show may be there all the same.
   * @param list.limit 1..500.
   * @param list.query in the language of Gmail's search box.
   */
  listMessages(
    mailbox: MailboxAccess,
    list: {
      readonly pageToken: string | null;
      readonly limit: number;
      readonly query?: string;
      readonly labelId?: string;
    },
    options?: CallOptions,
  ): Promise<MessagePage>;
  /** The ids of the mailbox's labels, Gmail's own included. */
  listLabels(mailbox: MailboxAccess, options?: CallOptions): Promise<string[]>;
  /** The changes after a history id, at most 500. Null when Gmail no longer knows it. A consistent read. */
  listHistory(mailbox: MailboxAccess, startHistoryId: string, options?: CallOptions): Promise<HistoryPage | null>;
  /** Has Gmail publish the mailbox's changes to a Pub/Sub topic. @returns until when it does. */
  watch(mailbox: MailboxAccess, topic: string): Promise<Date>;
  /** Adds and removes labels of messages, all at once. Ids that are gone are passed over; doing it twice is the same. */
  modifyMessages(
    mailbox: MailboxAccess,
    messageIds: readonly string[],
    labels: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void>;
  /** The bytes of one attachment. Null when the message or the attachment is gone. */
  getAttachment(
    mailbox: MailboxAccess,
    ref: { readonly messageId: string; readonly attachmentId: string },
    options?: CallOptions,
  ): Promise<Buffer | null>;
}
