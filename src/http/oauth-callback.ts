/** GET /oauth/google/callback: where Google sends the browser after the consent page. */
import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ConnectFailure, type ConnectOutcome, finishConnect } from '../accounts/oauth-connect.ts';
import type { App } from '../app.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { escapeHtml } from '../email/escape-html.ts';
import { describeError } from '../log.ts';
import { RETRY_AFTER_S } from '../schema/mask-error.ts';

const MAX_PARAMETER_LENGTH = 2_048;

interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  readonly retryAfterS?: number;
}

const AGAIN = 'Start again from the application that sent you here.';

const page = (status: number, title: string, text: string): Page => ({ status, title, text });

const FAILURES: Readonly<Record<ConnectFailure | 'database_unavailable' | 'unexpected', Page>> = {
  access_denied: page(403, 'The mailbox was not connected', `You did not allow it. ${AGAIN}`),
  google_refused: page(
    400,
    'Google did not ask for your consent',
    `It answered with an error instead of a code. ${AGAIN}`,
  ),
  state_invalid: page(400, 'This link is not valid', `A link to connect a mailbox works once. ${AGAIN}`),
  state_expired: page(400, 'This took too long', `A link to connect a mailbox works for ten minutes. ${AGAIN}`),
  not_permitted: page(
    403,
    'The mailbox was not connected',
    'The API key that asked for it was revoked or has expired since.',
  ),
  code_expired: page(400, 'Google’s code has expired or was used before', `Nothing was connected. ${AGAIN}`),
  client_misconfigured: page(
    502,
    'Google refused this server',
    'The operator of this server must check GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and the redirect URI registered for them.',
  ),
  google_unavailable: page(503, 'Google could not be reached', `Nothing was connected. ${AGAIN}`),
  missing_scope: page(
    403,
    'A permission is missing',
    'The permission to read and send email in Gmail was not ticked, and nothing works without it. Start again, and tick it.',
  ),
  no_refresh_token: page(
    400,
    'Please consent again',
    'Google did not grant permanent access. Remove this application at https://myaccount.google.com/connections, then start again.',
  ),
  gmail_api_disabled: page(
    502,
    'The Gmail API is not enabled',
    'The operator of this server must enable it in the Google Cloud project of its OAuth client.',
  ),
  gmail_not_enabled: page(400, 'This account has no Gmail mailbox', `Mail is not enabled for it at Google. ${AGAIN}`),
  gmail_unavailable: page(503, 'Gmail could not be read', `Nothing was connected. ${AGAIN}`),
  account_taken: page(
    409,
    'This mailbox is connected elsewhere',
    'It belongs to another organization on this server. A mailbox can belong to one organization only.',
  ),
  database_unavailable: {
    status: 503,
    title: 'The database is unavailable',
    text: 'The mailbox may not be connected. Wait a moment, then start again from the application that sent you here.',
    retryAfterS: RETRY_AFTER_S,
  },
  unexpected: page(500, 'Something went wrong', AGAIN),
};

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}h1{font-size:1.4rem}';

/** Headers of both answers. Their address contains the code, so it must not be stored or sent on. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

const PAGE_HEADERS = {
  ...HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
};

/** Answers GET only: a mail scanner or a browser that checks links in advance with HEAD must not use up the state. */
export async function serveOAuthCallback(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET') {
    response.writeHead(405, { ...HEADERS, allow: 'GET' });
    response.end();
    return;
  }
  const query = URL.parse(request.url ?? '/', 'http://localhost')?.searchParams ?? new URLSearchParams();
  let outcome: ConnectOutcome;
  try {
    outcome = await outcomeOf(app, query);
  } catch (error) {
    const isAway = isDatabaseUnavailable(error);
    if (isAway) app.logFailure(error, 'database unavailable', { pathname: 'oauth' });
    else app.log.error({ error: describeError(error) }, 'an account could not be connected');
    show(response, FAILURES[isAway ? 'database_unavailable' : 'unexpected']);
    return;
  }
  if (outcome.returnTo !== null) redirect(response, outcome.returnTo, outcome);
  else show(response, pageOf(outcome));
}

async function outcomeOf(app: App, query: URLSearchParams): Promise<ConnectOutcome> {
  const state = only(query, 'state');
  if (state === null) return { returnTo: null, failure: 'state_invalid' };
  const error = query.has('error') ? (only(query, 'error') ?? 'malformed') : null;
  return finishConnect(app, { state, code: only(query, 'code'), error });
}

/** Null when the parameter is missing, empty, repeated or too long: not as Google sends it. */
function only(query: URLSearchParams, name: string): string | null {
  const [value, ...others] = query.getAll(name);
  return value === undefined || value === '' || others.length > 0 || value.length > MAX_PARAMETER_LENGTH ? null : value;
}

function redirect(response: ServerResponse, returnTo: string, outcome: ConnectOutcome): void {
  const location = new URL(returnTo);
  for (const name of ['connected', 'error']) location.searchParams.delete(name);
  if ('failure' in outcome) location.searchParams.set('error', outcome.failure);
  else location.searchParams.set('connected', outcome.accountId);
  response.writeHead(303, { ...HEADERS, location: location.href });
  response.end();
}

function pageOf(outcome: ConnectOutcome): Page {
  if ('failure' in outcome) return FAILURES[outcome.failure];
  const text = `Email can now be sent from ${outcome.email}. You can close this window.`;
  return { status: 200, title: 'The mailbox is connected', text };
}

function show(response: ServerResponse, { status, title, text, retryAfterS }: Page): void {
  const again = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  response.writeHead(status, { ...PAGE_HEADERS, ...again });
  response.end(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></body></html>
`);
}
