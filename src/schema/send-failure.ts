import type { OutboundEmail } from '#generated/prisma/client.ts';
import { FAILURE_CODES, type FailureCode } from '../outbound/transition-parts.ts';
import { builder } from './builder.ts';
import { enumOf } from './enum-of.ts';
import { RetryAdvice } from './enums.ts';

const SendFailureCode = enumOf<FailureCode>(
  'SendFailureCode',
  'Why an email was not sent, for programs. Where a value says `retryOutboundEmail`: if the email is a DRAFT, send the draft again instead.',
  {
    REJECTED: 'Gmail refused the email as it is. Read `message`, correct it and send a new email.',
    FORBIDDEN:
      'The Gmail API is not enabled, a scope is missing, or a policy of the Workspace forbids it. Correct it at Google, then call `retryOutboundEmail`.',
    MAIL_SERVICE_OFF: 'The Google account has no Gmail. Enable it, then call `retryOutboundEmail`.',
    NEEDS_REAUTH: 'Google no longer accepts the consent of the account. Connect it again; the email is then sent.',
    UNAUTHORIZED:
      'Gmail refused the access token of the account. Epistle tries again for about a day; then call `retryOutboundEmail`.',
    UNREACHABLE:
      'Gmail could not be reached or failed. Epistle tries again for about a day; then call `retryOutboundEmail`.',
    THROTTLED: 'Gmail asked the account to send more slowly. Epistle sends the email later.',
    DAILY_LIMIT:
      'The account has reached the sending limit of the day. If the email is QUEUED, it is sent later; if it is FAILED, call `retryOutboundEmail`.',
    ACCOUNT_NOT_ACTIVE: 'The account is not connected. Connect it again; the email is then sent.',
    REPLY_NOT_POSSIBLE: 'At its planned time the reply could no longer be sent in its thread. Send a new email.',
    ALIAS_NOT_ACCEPTED:
      'Gmail no longer lets the account send from the sender address of the email. Send it from another address of `EmailAccount.sendAs`.',
    UNRESOLVED_TOKENS:
      'At its planned time the email still contained tokens. It is a draft now: read `message`, correct it and send it.',
    CONTENT_INVALID:
      'At its planned time the template did not give a valid email. It is a draft now: read `message`, correct it and send it.',
    OUTCOME_UNKNOWN: 'The answer of Gmail was lost, and the email may have been sent. Wait, or see UNCONFIRMED.',
    NOT_ACCEPTED:
      'Gmail was asked several times and did not send it. It was certainly not sent: call `retryOutboundEmail`.',
    DISCARDED: 'A user decided that it was not sent and is not to be sent.',
  },
);

function isFailureCode(code: string): code is FailureCode {
  return FAILURE_CODES.some((each) => each === code);
}

type RetryAdviceValue = typeof RetryAdvice.$inferType;

export const SendFailure = builder
  .objectRef<{ code: FailureCode; message: string; retry: RetryAdviceValue; at: Date }>('SendFailure')
  .implement({
    description: 'Why an email was not sent.',
    fields: (t) => ({
      code: t.expose('code', { type: SendFailureCode, description: 'The reason, for programs.' }),
      message: t.exposeString('message', { description: 'The reason, for people.' }),
      retry: t.expose('retry', { type: RetryAdvice, description: 'Whether the email can be sent again.' }),
      at: t.expose('at', { type: 'DateTime', description: 'When the attempt failed.' }),
    }),
  });

/** The columns behind `SendFailure`. */
export const FAILURE_COLUMNS = { failureCode: true, failureMessage: true, failureRetry: true, failedAt: true } as const;

/** Null when the last attempt did not fail. */
export function sendFailure(email: Pick<OutboundEmail, keyof typeof FAILURE_COLUMNS>) {
  const { failureCode: code, failureMessage: message, failureRetry: retry, failedAt: at } = email;
  if (code === null || message === null || retry === null || at === null) return null;
  if (!isFailureCode(code)) throw new Error(`unknown failure code ${code}`);
  return { code, message, retry, at };
}
