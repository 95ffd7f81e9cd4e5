/** GET /oauth/google/callback: where Google sends the browser after the consent page. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../app.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { describeError } from '../log.ts';
import { type ConnectFailure, type ConnectOutcome, finishConnect } from '../accounts/oauth-connect.ts';
import { RETRY_AFTER_S } from '../schema/mask-error.ts';

const MAX_PARAMETER_LENGTH = 2_048;

interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  readonly retryAfterS?: number;
}

const AGAIN = 'Start again from the application that sent you here.';

const FAILURES: Readonly<Record<ConnectFailure | 'database_unavailable' | 'unexpected', Page>> = {
  access_denied: {
    status: 403,
    title: 'The mailbox was not connected',
    text: `You did not allow it. ${AGAIN}`,
  },
  google_refused: {
    status: 400,
    title: 'Google did not ask for your consent',
    text: `It answered with an error instead of a code. ${AGAIN}`,
  },
  state_invalid: {
    status: 400,
    title: 'This link does not work, or no longer',
    text: `Each attempt to connect a mailbox can be answered once. ${AGAIN}`,
  },
  state_expired: {
    status: 400,
    title: 'This took too long',
    text: `The consent must be given within ten minutes. ${AGAIN}`,
  },
  not_permitted: {
    status: 403,
    title: 'The mailbox was not connected',
    text: 'The key that asked for it has been revoked or has expired since.',
  },
  code_expired: {
    status: 400,
    title: 'Google’s code has expired or was used before',
    text: `Nothing was connected. ${AGAIN}`,
  },
  client_misconfigured: {
    status: 502,
    title: 'Google refused this server',
    text: 'Its operator must check GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and the redirect URI that is registered for them.',
  },
  google_unavailable: {
    status: 503,
    title: 'Google could not be reached',
    text: `Nothing was connected. ${AGAIN}`,
  },
  missing_scope: {
    status: 403,
    title: 'A permission is missing',
    text: 'Reading and sending email in Gmail was not ticked, and nothing works without it. Start again and leave it ticked.',
  },
  no_refresh_token: {
    status: 400,
    title: 'Please consent again',
    text: 'Google gave no permission that lasts. Remove this application at https://myaccount.google.com/permissions, then start again.',
  },
  gmail_api_disabled: {
    status: 502,
    title: 'The Gmail API is not enabled',
    text: 'The operator of this server must enable it in the Google Cloud project of its OAuth client.',
  },
  gmail_not_enabled: {
    status: 400,
    title: 'This account has no Gmail mailbox',
    text: `Mail is not enabled for it at Google. ${AGAIN}`,
  },
  gmail_unavailable: {
    status: 503,
    title: 'Gmail could not be read',
    text: `Nothing was connected. ${AGAIN}`,
  },
  account_taken: {
    status: 409,
    title: 'This mailbox is connected elsewhere',
    text: 'It belongs to another organization on this server, and a mailbox can belong to one only.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database cannot be reached now',
    text: 'Nothing is known to be connected. In a moment, start again from the application that sent you here.',
    retryAfterS: RETRY_AFTER_S,
  },
  unexpected: { status: 500, title: 'Something went wrong', text: AGAIN },
};

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}h1{font-size:1.4rem}';

/** Of both answers: the address that they come from holds the code. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

const PAGE_HEADERS = {
  ...HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
};

/** Answers GET only: what a mail scanner or a browser looks at in advance must not use up the state. */
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
    app.log[isAway ? 'warn' : 'error']({ error: describeError(error) }, 'an account could not be connected');
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

/** Null: it is not there, or not as Google sends it. */
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

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
