import type { ErrorCode as Code } from '../errors.ts';
import { enumOf } from './enum-of.ts';

export const OutboundEmailStatus = enumOf('OutboundEmailStatus', 'The state of an outbound email.', {
  DRAFT: 'The email is being written. `sendEmail` sends it, `deleteDraft` deletes it.',
  SCHEDULED: 'The email waits for its `plannedSendAt`.',
  QUEUED: 'The email is stored and is sent as soon as the account may send. See `nextAttemptAt`.',
  SENDING: 'The email is being handed to Gmail.',
  SENT: 'The email was sent. If a user decided so with `resolveOutboundEmail`, its ids in Gmail are null; `message` has those of the sent copy once that is found.',
  FAILED:
    'The email was not sent, as far as Epistle knows, and will not be retried by itself. See `failure`. It becomes SENT if its sent copy is found in Gmail.',
  CANCELED:
    'The email was canceled before it was sent. It becomes SENT if its sent copy is found in Gmail nevertheless.',
  UNCONFIRMED:
    'The email was handed to Gmail, but the response was lost. Epistle reads the mailbox to find out whether it was sent, and does not send it a second time. If `nextAttemptAt` is null, reading did not tell: decide with `resolveOutboundEmail`.',
  BOUNCED: 'The email was sent, and delivery to at least one recipient failed permanently. See `bounces`.',
});

export const CancelCondition = enumOf(
  'CancelCondition',
  'A condition under which a scheduled email is not sent. It is checked at the planned time, and again immediately before the email is handed to Gmail.',
  {
    REPLIED:
      'A person answered in the conversation of the email, or in a conversation about one of its contexts, after the email was written or last edited. Automatic answers and spam do not count.',
    CONTEXT_CLOSED:
      'Every context of the email is closed. An invoice is closed when it is PAID or VOID; a customer never is.',
  },
);

export const CANCEL_DESCRIPTION =
  'Do not send the email if one of these conditions is true at `plannedSendAt`: it is then CANCELED, with the condition in `canceledBecause`. Only with `plannedSendAt`.';

export const SendMode = enumOf('SendMode', 'How an outbound email was created.', {
  DRAFT: 'It was written as a draft, or became one because it could not be rendered at its planned time.',
  FRESH: 'It was sent directly, in a conversation of its own.',
  REPLY: 'It was sent directly, as the reply to a stored message.',
});

export const Threading = enumOf('Threading', 'How a sent email was placed into a thread.', {
  NATIVE: 'It is in the Gmail thread of the conversation and has the reply headers that other mail programs use.',
  HEADERS_ONLY:
    'Gmail put it into another thread than requested. It has the reply headers, so other mail programs show it in the right place.',
  NEW_THREAD: 'It starts a new thread.',
});

export const RetryAdvice = enumOf('RetryAdvice', 'Whether a failed request can be repeated.', {
  SAFE: 'Nothing was sent. The same request can be repeated at once; after a `SendRejectedError`, call `retryOutboundEmail` instead, or send the draft again if the email is a DRAFT.',
  AFTER:
    'Nothing was sent. Wait, or fix the problem named in `message`, then repeat the same request; after a `SendRejectedError`, call `retryOutboundEmail` instead, or send the draft again if the email is a DRAFT.',
  NEVER: 'The same request fails every time. Change the request.',
  CHECK_FIRST: 'The request may have been carried out. Read the record before you repeat it.',
});

export const ErrorCode = enumOf<Code>(
  'ErrorCode',
  'The kind of an error, for programs. GraphQL errors have it as `extensions.code`.',
  {
    INVALID_INPUT: 'Correct the input. See `issues`, or `message` if there are none.',
    NOT_FOUND: 'The organization has no such object. Check the uid and the organization of the key.',
    IDEMPOTENCY_CONFLICT: 'The idempotencyKey was used for a different request. Use a new key, or read `existing`.',
    ACCOUNT_NOT_READY: 'The account is NEEDS_REAUTH or DISCONNECTED. Connect it again, then repeat the request.',
    REPLY_NOT_POSSIBLE: 'The message cannot be replied to in its thread. See `reason`.',
    DRAFT_CONFLICT:
      'The draft has changed, or is no longer a draft. Read `current`, then repeat the request with its revision.',
    SEND_REJECTED: 'The email was refused and not sent. See `providerReason` and `retry`.',
    UNRESOLVED_TOKENS:
      'The email still contains tokens. See `problems`; `sendEmail` with `allowUnresolved` sends it as it is.',
    UNAUTHENTICATED: 'The request has no API key, or one that is unknown, expired or revoked. Send a valid key.',
    FORBIDDEN: 'The API key does not have the scope named in `message`. Use a key that has it.',
    SYNC_NOT_POSSIBLE: 'The mailbox cannot be read now. Epistle retries by itself; see `reason`.',
    INVALID_STATE: 'The state of the email does not allow this. Read `status` and `message`.',
    PROVIDER_ERROR: 'A call to Gmail failed. See `providerReason` and `retry`.',
    SERVICE_UNAVAILABLE:
      'The database is unavailable or the server is busy: HTTP status 503 with Retry-After, or an error in `errors`. A mutation may have been carried out if `retry` is CHECK_FIRST.',
    INTERNAL_SERVER_ERROR: 'Epistle failed. The log of the server has the cause, under the id of the request.',
  },
);

export const Direction = enumOf('Direction', 'The direction of a message, seen from the account.', {
  INBOUND: 'The account received the message.',
  OUTBOUND: 'The account sent the message.',
});

export const EmailAccountStatus = enumOf('EmailAccountStatus', 'Whether an account can send.', {
  ACTIVE: 'The account can send.',
  NEEDS_REAUTH: 'Google no longer accepts the stored consent. The owner of the mailbox must connect it again.',
  PAUSED: 'The daily sending limit is reached until `pausedUntil`. New emails are QUEUED and sent then.',
  DISCONNECTED:
    'The account was disconnected. Its record and its emails stay. `connectEmailAccount` connects it again.',
});

export const InvoiceStatus = enumOf('InvoiceStatus', 'The state of an invoice.', {
  DRAFT: 'The invoice was not issued yet.',
  OPEN: 'The invoice was issued, and is neither paid nor overdue.',
  OVERDUE:
    'The invoice is not paid, and its due date is before today in UTC. This state is computed and never stored: an input with OVERDUE stores OPEN.',
  PAID: 'The invoice is paid.',
  VOID: 'The invoice was withdrawn.',
});

export const ReplyNotPossibleReason = enumOf(
  'ReplyNotPossibleReason',
  'Why a message cannot be replied to in its thread.',
  {
    NO_MESSAGE_ID:
      'The message has no Message-ID, or the sent copy of the email to follow up was deleted in Gmail. Send a new email.',
    NO_PROVIDER_THREAD: 'The conversation has no Gmail thread.',
    NO_OWNER_ACCOUNT: 'The account of the conversation is not connected. Connect it, then repeat the request.',
  },
);
