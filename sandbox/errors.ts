/** Google's errors, in the JSON envelope that every Google API shares. */
import type { Reply } from './reply.ts';
import { jsonReply } from './reply.ts';

const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

export class GoogleError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly domain: string;
  readonly status: string | undefined;

  constructor(code: number, reason: string, message: string, options: { domain?: string; status?: string } = {}) {
    super(message);
    this.name = 'GoogleError';
    this.code = code;
    this.reason = reason;
    this.domain = options.domain ?? 'global';
    this.status = options.status ?? STATUS_NAMES[code];
  }

  toReply(): Reply {
    const { code, message, domain, reason, status } = this;
    return jsonReply({ error: { code, message, errors: [{ message, domain, reason }], status } }, code);
  }
}

export function badRequest(message: string, reason = 'invalidArgument'): GoogleError {
  return new GoogleError(400, reason, message);
}

export function notFound(): GoogleError {
  return new GoogleError(404, 'notFound', 'Requested entity was not found.');
}

export function unauthorized(): GoogleError {
  return new GoogleError(
    401,
    'authError',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  );
}

export function insufficientScopes(): GoogleError {
  return new GoogleError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.');
}

export function tooLarge(limit: number): GoogleError {
  return new GoogleError(413, 'uploadTooLarge', `Request payload size exceeds the limit: ${limit} bytes.`);
}

/** 403 of a per-minute quota. Gmail sends no Retry-After with it. */
export function rateLimited(reason: 'rateLimitExceeded' | 'userRateLimitExceeded' = 'rateLimitExceeded'): GoogleError {
  const message = reason === 'rateLimitExceeded' ? 'Rate Limit Exceeded' : 'User Rate Limit Exceeded';
  return new GoogleError(403, reason, message, { domain: 'usageLimits' });
}

/** 429 of the mail system itself; the two spaces are Gmail's. */
export function userRateLimited(retryAt: Date, suffix: '' | ' (Mail sending)' = ''): GoogleError {
  const message = `User-rate limit exceeded.  Retry after ${retryAt.toISOString()}${suffix}`;
  return new GoogleError(429, 'rateLimitExceeded', message, { domain: 'usageLimits' });
}

export function tooManyConcurrent(): GoogleError {
  const message = 'Too many concurrent requests for user';
  return new GoogleError(429, 'rateLimitExceeded', message, { domain: 'usageLimits' });
}
