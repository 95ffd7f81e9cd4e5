import type { ErrorCode as Code } from '../errors.ts';
import { builder } from './builder.ts';

export const OutboundEmailStatus = builder.enumType('OutboundEmailStatus', {
  description: 'Where an outbound email stands, from draft to bounce.',
  values: {
    DRAFT: { description: 'Being written; only `sendEmail` or `deleteDraft` ends this.' },
    SCHEDULED: { description: 'A draft with a time at which it will leave.' },
    QUEUED: { description: 'Accepted and durable; it leaves as soon as the account may send.' },
    SENDING: { description: 'Being handed to Gmail at this moment.' },
    SENT: { description: 'Gmail has accepted it; the provider ids are there.' },
    FAILED: { description: 'It did not leave and will not by itself; see `failure`.' },
    CANCELED: { description: 'Cancelled before it left.' },
    UNCONFIRMED: {
      description:
        'Handed to Gmail, but its answer was lost. It is being settled by reading, never by sending again blindly.',
    },
    BOUNCED: { description: 'Sent, and returned for at least one recipient.' },
  } as const,
});

export const SendMode = builder.enumType('SendMode', {
  description: 'How an outbound email came to be.',
  values: {
    DRAFT: { description: 'Written as a draft first.' },
    FRESH: { description: 'Sent at once, in a conversation of its own.' },
    REPLY: { description: 'Sent at once, as the answer to a stored message.' },
  } as const,
});

export const Threading = builder.enumType('Threading', {
  description: 'What was achieved for the thread of a sent email.',
  values: {
    NATIVE: {
      description: "In the conversation's Gmail thread, with the reply headers that other mail programs go by.",
    },
    HEADERS_ONLY: { description: 'Gmail has put it into another thread than asked for; the reply headers are there.' },
    NEW_THREAD: { description: 'It starts a thread of its own.' },
  } as const,
});

export const RetryAdvice = builder.enumType('RetryAdvice', {
  description: 'What a client may do after an error.',
  values: {
    SAFE: { description: 'The same request may be made again at once; nothing was sent.' },
    AFTER: {
      description: 'The same request may be made again once what the message names is mended; nothing was sent.',
    },
    NEVER: { description: 'The same request will fail again; change it.' },
    CHECK_FIRST: { description: 'It may have been sent. Look at the record before anything else.' },
  } as const,
});

/** Every code must have a description, or this does not compile. */
function describeCodes(descriptions: Record<Code, string>) {
  const values = Object.entries(descriptions).map(([code, description]) => [code, { description }] as const);
  return Object.fromEntries(values) as Record<Code, { description: string }>;
}

export const ErrorCode = builder.enumType('ErrorCode', {
  description: 'What went wrong, for programs. Also found as `extensions.code` of a GraphQL error.',
  values: describeCodes({
    INVALID_INPUT: 'The input is wrong; see the issues.',
    NOT_FOUND: 'There is no such object in the organization.',
    IDEMPOTENCY_CONFLICT: 'The idempotencyKey belongs to another request.',
    ACCOUNT_NOT_READY: 'The account cannot send now.',
    REPLY_NOT_POSSIBLE: 'The message cannot be replied to in its thread.',
    DRAFT_CONFLICT: 'The draft is not what the request took it for.',
    SEND_REJECTED: 'Gmail refused the email before it accepted it.',
    UNAUTHENTICATED: 'No API key came, or one that is not known, expired or revoked.',
    FORBIDDEN: 'The API key lacks the scope that the message names.',
    RATE_LIMITED: 'Too many requests; try again later.',
    MAILBOX_UNAVAILABLE: 'The mailbox cannot be read now.',
    INVALID_STATE: 'The email is not in a state in which this can be done.',
    PROVIDER_ERROR: 'Gmail did not do what was asked of it; see providerReason.',
    SERVICE_UNAVAILABLE:
      'The database cannot be reached now; the answer is HTTP 503 with Retry-After. A mutation may have been carried out all the same.',
  }),
});

export const Direction = builder.enumType('Direction', {
  description: 'Which way a message went, seen from the account.',
  values: { INBOUND: { description: 'Received.' }, OUTBOUND: { description: 'Sent.' } } as const,
});

export const EmailAccountStatus = builder.enumType('EmailAccountStatus', {
  description: 'Whether an account can send.',
  values: {
    ACTIVE: { description: 'It can send.' },
    NEEDS_REAUTH: { description: 'Its owner must consent at Google again.' },
    PAUSED: { description: 'It may not send for the time being; see `statusReason`.' },
    DISCONNECTED: { description: 'It was disconnected; the record stays.' },
  } as const,
});

export const InvoiceStatus = builder.enumType('InvoiceStatus', {
  description: 'Where an invoice stands.',
  values: {
    DRAFT: { description: 'Not issued yet.' },
    OPEN: { description: 'Issued and not paid.' },
    OVERDUE: { description: 'Not paid, past its due date.' },
    PAID: { description: 'Paid.' },
    VOID: { description: 'Withdrawn.' },
  } as const,
});

export const ReplyNotPossibleReason = builder.enumType('ReplyNotPossibleReason', {
  description: 'Why a message cannot be replied to in its thread.',
  values: {
    NO_MESSAGE_ID: { description: 'The message has no Message-ID header that a reply could refer to.' },
    NO_PROVIDER_THREAD: { description: 'The conversation has no Gmail thread.' },
    NO_OWNER_ACCOUNT: { description: 'The conversation belongs to no connected account.' },
  } as const,
});
