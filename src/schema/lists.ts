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

/** Of a filter `context`: see `isLinkedTo`. */
export const CONTEXT_RULES = 'A customer includes its invoices. An unknown type matches nothing.';

export const EMAIL_SEARCH_RULES =
  'A term of three letters or more also matches words that start with it: `invo` finds `invoice`. In a joined term only the last part is a prefix: `inv-007` finds `INV-0077`. An email address is one term; each part of `invoice_7.pdf` is a term too. Order, case and accents are ignored; quotes and operators have no meaning. Only the first 16 terms count. Empty text matches everything; text of symbols alone matches nothing.';

export const ENTITY_SEARCH_RULES =
  'A term of three letters or more also matches words that start with it. Order, case and accents are ignored. Only the first 16 terms count. Empty text matches everything; text of symbols alone matches nothing.';

/** Conversations with messages outside trash and spam. */
export const HAS_MESSAGES = { messageCount: { gt: 0 } } as const;

/** Messages that are still in the mailbox. */
export const NOT_DELETED = { deletedAt: null } as const;

export const ISSUED_DESC: KeysetOrder<'issueDate'> = { column: 'issueDate', direction: 'desc' };
export const CREATED_DESC: KeysetOrder<'createdAt'> = { column: 'createdAt', direction: 'desc' };
export const LAST_MESSAGE_DESC: KeysetOrder<'lastMessageAt'> = { column: 'lastMessageAt', direction: 'desc' };
export const MESSAGE_ORDER: KeysetOrder<'sentAt'> = { column: 'sentAt', direction: 'asc' };
export const EVENT_ORDER: KeysetOrder<'at'> = { column: 'at', direction: 'asc' };
