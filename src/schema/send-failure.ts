import type { OutboundEmail } from '#generated/prisma/client.ts';
import { FAILURE_CODES, type FailureCode } from '../outbound/transition-parts.ts';
import { builder } from './builder.ts';
import { enumOf } from './enum-of.ts';
import { RetryAdvice } from './enums.ts';

const SendFailureCode = enumOf<FailureCode>('SendFailureCode', 'Why an email was not sent, for programs.', {
  REJECTED: 'Gmail refused the email as it is.',
  FORBIDDEN: 'Gmail does not allow the account to send.',
  MAIL_SERVICE_OFF: 'Gmail is not enabled for the account.',
  NEEDS_REAUTH: 'Google no longer accepts the consent of the account. Connect it again; the email then leaves.',
  UNAUTHORIZED:
    'Gmail refused the access token of the account. Epistle tries again for about a day; then use `retryOutboundEmail`.',
  UNREACHABLE:
    'Gmail could not be reached or failed. Epistle tries again for about a day; then use `retryOutboundEmail`.',
  THROTTLED: 'Gmail asked the account to send more slowly. Epistle tries again.',
  DAILY_LIMIT: 'The account has reached the sending limit of the day.',
  ACCOUNT_NOT_ACTIVE: 'The account cannot send. Connect it again; the email then leaves.',
  REPLY_NOT_POSSIBLE: 'When the time of the reply had come, it could no longer be sent in its thread.',
  ALIAS_NOT_ACCEPTED:
    'When the email was about to leave, its sender address was no longer an accepted address of the account.',
  UNRESOLVED_TOKENS: 'When its time had come, its words still had tokens. It is a draft now: see `Draft.lastFailure`.',
  CONTENT_INVALID: 'When its time had come, the words of its template could not be sent. It is a draft now.',
  OUTCOME_UNKNOWN: 'The answer of Gmail was lost. The email may have been sent.',
  NOT_ACCEPTED: 'Gmail was asked several times and did not send it.',
  DISCARDED: 'A user decided that it was not sent and is not to be sent.',
});

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
      retry: t.expose('retry', { type: RetryAdvice, description: 'Whether sending can be tried again.' }),
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
