/** Which rows the lists of each entity show, and in what order. */
import type { EmailAccountStatus, OutboundEmailStatus, SendMode } from '#generated/prisma/enums.ts';
import type { KeysetOrder } from './keyset.ts';

/** Emails that their author can edit. An email that `sendEmail` has scheduled is not one of them. */
export const A_DRAFT: { mode: SendMode; status: { in: OutboundEmailStatus[] } } = {
  mode: 'DRAFT',
  status: { in: ['DRAFT', 'SCHEDULED'] },
};
export const NOT_A_DRAFT: { status: { not: OutboundEmailStatus } } = { status: { not: 'DRAFT' } };

/**
 * Of accounts that are not disconnected. As `isNot`, because PostgreSQL would otherwise count the emails of one account after the other,
 * each time from all over the table.
 */
export const CONNECTED: { isNot: { status: EmailAccountStatus } } = { isNot: { status: 'DISCONNECTED' } };
export const CONNECTED_DESCRIPTION = (what: string) =>
  `True: without the ${what} of disconnected accounts. Omitted, null or false: all ${what}.`;

export const EMAIL_SEARCH_RULES =
  'A beginning of three letters or more finds the words that begin like it: `invo` finds `invoice`. Of words that are joined, only the last one can be a beginning: `inv-007` finds `INV-0077`. Order, case and accents are ignored. An address is one word; each part of `invoice_7.pdf` is a word too. At most the first 16 words count. Quotes and operators have no meaning. A text of symbols alone matches nothing, an empty text everything.';

export const ENTITY_SEARCH_RULES =
  'A word of three letters or more finds those that begin with it. Order, case and accents are ignored. At most the first 16 words count. A text of symbols alone matches nothing, an empty text everything.';

/** Conversations with messages outside trash and spam. */
export const HAS_MESSAGES = { messageCount: { gt: 0 } } as const;

/** Messages that are still in the mailbox. */
export const NOT_DELETED = { deletedAt: null } as const;

export const ISSUED_DESC: KeysetOrder<'issueDate'> = { column: 'issueDate', direction: 'desc' };
export const CREATED_DESC: KeysetOrder<'createdAt'> = { column: 'createdAt', direction: 'desc' };
export const LAST_MESSAGE_DESC: KeysetOrder<'lastMessageAt'> = { column: 'lastMessageAt', direction: 'desc' };
export const MESSAGE_ORDER: KeysetOrder<'sentAt'> = { column: 'sentAt', direction: 'asc' };
export const EVENT_ORDER: KeysetOrder<'at'> = { column: 'at', direction: 'asc' };
