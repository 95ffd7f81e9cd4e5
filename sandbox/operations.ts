/**
 * Every change of the sandbox's state, as data. A request computes its operations, `World.commit` applies and journals them as
 * one record: a record that was cut off by a kill is dropped whole, so that a mail is never sent in one mailbox only.
 */
import type { Grant } from './grants.ts';
import type { ServiceAccountSpec } from './service-accounts.ts';

export interface SendAsAlias {
  readonly email: string;
  readonly displayName?: string;
  /** HTML. */
  readonly signature?: string;
  /** False: the owner has not confirmed it, so a From that names it is rewritten. */
  readonly accepted: boolean;
}

export interface MailboxSpec {
  readonly email: string;
  readonly displayName?: string;
  /** HTML, of the primary address. */
  readonly signature?: string;
  readonly aliases?: readonly SendAsAlias[];
  /** A gmail.com account rather than Workspace: not delegated to service accounts, at most 500 mails a day when days are limited. */
  readonly consumer?: boolean;
}

export interface MessageRecord {
  readonly id: string;
  readonly threadId: string;
  readonly labelIds: readonly string[];
  /** Milliseconds. */
  readonly internalDate: number;
  /** When it came into the mailbox, in milliseconds; `internalDate` can be older. */
  readonly storedAt: number;
  /** Header section, each line ending in CRLF, without the blank line after it. */
  readonly head: Buffer;
  /** Shared by every copy of the mail. */
  readonly body: Buffer;
}

export interface HistoryRecord {
  readonly id: bigint;
  readonly type: HistoryType;
  readonly messageId: string;
  readonly threadId: string;
  /** The message's labels after the change. */
  readonly labelIds: readonly string[];
  /** The labels that were added or removed; empty for messages. */
  readonly changed: readonly string[];
}

export type HistoryType = 'messagesAdded' | 'messagesDeleted' | 'labelsAdded' | 'labelsRemoved';

/** What a compacted journal starts each mailbox with; its messages follow as `restore`. */
export interface MailboxCursor {
  readonly historyId: string;
  readonly history: readonly (Omit<HistoryRecord, 'id'> & { readonly id: string })[];
}

export type Operation =
  | { readonly op: 'mailbox'; readonly spec: MailboxSpec }
  | { readonly op: 'add'; readonly mailbox: string; readonly message: MessageRecord }
  | { readonly op: 'remove'; readonly mailbox: string; readonly id: string }
  | {
      readonly op: 'label';
      readonly mailbox: string;
      readonly id: string;
      readonly add: readonly string[];
      readonly remove: readonly string[];
    }
  /** Null: the draft is gone. */
  | { readonly op: 'draft'; readonly mailbox: string; readonly draftId: string; readonly messageId: string | null }
  | { readonly op: 'grant'; readonly grant: Grant }
  | { readonly op: 'service-account'; readonly spec: ServiceAccountSpec }
  | { readonly op: 'access'; readonly token: string; readonly refreshToken: string; readonly expiresAt: number }
  | { readonly op: 'revoke'; readonly refreshToken: string }
  | { readonly op: 'expire'; readonly email: string }
  | { readonly op: 'forget-history'; readonly mailbox: string }
  | { readonly op: 'cursor'; readonly mailbox: string; readonly cursor: MailboxCursor }
  | { readonly op: 'restore'; readonly mailbox: string; readonly message: MessageRecord; readonly historyId: string };
