/** Google's consent screen: who, and which of the scopes asked for. Every mailbox of the sandbox can be chosen. */
import type { OAuth } from './oauth.ts';
import { escapeHtml, htmlReply, type Reply, redirectReply } from './reply.ts';
import type { World } from './world.ts';

export interface Decision {
  /** The mailbox that consents. */
  readonly email: string;
  readonly allow: boolean;
  /** The scopes left ticked; absent, all that were asked for. */
  readonly scopes?: readonly string[];
}

/** The page, or the reason why there is none. */
export function consentPage(world: World, oauth: OAuth, request: URLSearchParams): Reply {
  const problem = problemOf(oauth, request);
  if (problem !== null) return htmlReply(page(`<h1>Access blocked</h1><p>Error 400: ${escapeHtml(problem)}</p>`), 400);
  const hint = request.get('login_hint')?.toLowerCase();
  const mailboxes = [...world.mailboxes.values()].map(({ email, spec }, index) => {
    const checked = hint === undefined ? index === 0 : email === hint;
    const label = `${escapeHtml(spec.displayName ?? email)} &lt;${escapeHtml(email)}&gt;`;
    return `<label><input type="radio" name="email" value="${escapeHtml(email)}" required${checked ? ' checked' : ''}> ${label}</label>`;
  });
  const scopes = requestedScopes(request).map((scope) => {
    const value = escapeHtml(scope);
    return `<label><input type="checkbox" name="scope" value="${value}" checked> ${value}</label>`;
  });
  return htmlReply(
    page(`<h1>Sign in with the Gmail sandbox</h1>
<form method="post" action="?${escapeHtml(request.toString())}">
<fieldset><legend>Choose an account</legend>${mailboxes.join('\n')}</fieldset>
<fieldset><legend>${escapeHtml(oauth.client.clientId)} wants to</legend>${scopes.join('\n')}</fieldset>
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny" formnovalidate>Deny</button>
</form>`),
  );
}

/** The form of the page, sent back by the browser. */
export function consentForm(world: World, oauth: OAuth, request: URLSearchParams, form: URLSearchParams): Reply {
  const allow = form.get('decision') === 'allow';
  const decision = { email: form.get('email') ?? '', allow, scopes: form.getAll('scope') };
  const location = decide(world, oauth, request, decision);
  return location === null ? consentPage(world, oauth, request) : redirectReply(location);
}

/** Where the browser goes after the decision. Null when the request is invalid or the mailbox does not exist. */
export function decide(world: World, oauth: OAuth, request: URLSearchParams, decision: Decision): string | null {
  if (problemOf(oauth, request) !== null) return null;
  const location = new URL(request.get('redirect_uri') ?? '');
  const state = request.get('state');
  if (state !== null) location.searchParams.set('state', state);
  if (!decision.allow) {
    location.searchParams.set('error', 'access_denied');
    return location.href;
  }
  const mailbox = world.mailbox(decision.email);
  if (mailbox === null) return null;
  const ticked = decision.scopes;
  const scopes = requestedScopes(request).filter((scope) => ticked === undefined || ticked.includes(scope));
  location.searchParams.set('code', oauth.issueCode(request, mailbox.email, scopes));
  location.searchParams.set('scope', scopes.join(' '));
  return location.href;
}

function requestedScopes(request: URLSearchParams): string[] {
  return (request.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
}

function problemOf(oauth: OAuth, request: URLSearchParams): string | null {
  if (request.get('client_id') !== oauth.client.clientId) return 'invalid_client: The OAuth client was not found.';
  if (request.get('response_type') !== 'code') return 'invalid_request: response_type must be code';
  if (requestedScopes(request).length === 0) return 'invalid_request: Missing required parameter: scope';
  const redirectUri = request.get('redirect_uri') ?? '';
  if (!/^https?:\/\//.test(redirectUri) || !URL.canParse(redirectUri)) return 'redirect_uri_mismatch';
  if (request.has('code_challenge') && request.get('code_challenge_method') !== 'S256') {
    return 'invalid_request: code_challenge_method must be S256';
  }
  return null;
}

function page(content: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gmail sandbox</title>
<style>body{font:16px/1.5 system-ui;max-width:36rem;margin:3rem auto;padding:0 1rem}label{display:block}fieldset{margin:1rem 0}</style>
</head><body>${content}</body></html>
`;
}
