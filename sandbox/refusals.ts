/** Answers that a fault can put in the place of the true one. */
import {
  GoogleError,
  insufficientScopes,
  rateLimited,
  tooManyConcurrent,
  unauthorized,
  userRateLimited,
} from './errors.ts';
import { jsonReply, type Reply } from './reply.ts';

/** Google's refusals by name; see `refusal` for the answers they stand for. */
export const REFUSAL_NAMES = [
  'user-rate-limit', // 429 User-rate limit exceeded.  Retry after ...
  'mail-sending-limit', // 429 the same with (Mail sending): the day's limit
  'too-many-concurrent', // 429
  'rateLimitExceeded', // 403, throttling
  'userRateLimitExceeded', // 403, throttling
  'dailyLimitExceeded', // 403
  'insufficientPermissions', // 403
  'authError', // 401
  'mail-service-not-enabled', // 400 failedPrecondition
  'accessNotConfigured', // 403: the project has not enabled the Gmail API
  'invalid_grant', // 400 of the token endpoint
] as const;
export type RefusalName = (typeof REFUSAL_NAMES)[number];

/** The answer of a refusal, as Google words it. */
export function refusal(name: RefusalName, retryAt: Date): Reply {
  switch (name) {
    case 'user-rate-limit':
      return userRateLimited(retryAt).toReply();
    case 'mail-sending-limit':
      return userRateLimited(retryAt, ' (Mail sending)').toReply();
    case 'too-many-concurrent':
      return tooManyConcurrent().toReply();
    case 'rateLimitExceeded':
    case 'userRateLimitExceeded':
      return rateLimited(name).toReply();
    case 'dailyLimitExceeded':
      return new GoogleError(403, name, 'Daily Limit Exceeded', { domain: 'usageLimits' }).toReply();
    case 'insufficientPermissions':
      return insufficientScopes().toReply();
    case 'authError':
      return unauthorized().toReply();
    case 'mail-service-not-enabled':
      return new GoogleError(400, 'failedPrecondition', 'Mail service not enabled', {
        status: 'FAILED_PRECONDITION',
      }).toReply();
    case 'accessNotConfigured':
      return new GoogleError(403, name, 'Gmail API has not been used in project 1 before or it is disabled.', {
        domain: 'usageLimits',
      }).toReply();
    case 'invalid_grant':
      return jsonReply({ error: name, error_description: 'Token has been expired or revoked.' }, 400);
  }
}

/** The body of a `status` fault. */
export function statusReply(status: number, body: 'json' | 'html' | 'empty'): Reply {
  if (body === 'json') return new GoogleError(status, 'backendError', 'Backend Error').toReply();
  const html = `<!DOCTYPE html>\n<html lang=en><title>Error ${status}</title><p>That’s an error.</html>\n`;
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: body === 'html' ? html : '' };
}
