/**
 * Connecting a mailbox by its owner's consent:
 *   beginConnect    the URL of Google's consent page, with a state that is valid for one answer
 *   finishConnect   the browser is back: state -> code -> tokens -> profile -> account
 * A failure before the last step leaves no account. The grant is not revoked then: Google would end every grant of the owner to
 * this client, including that of a working account.
 */
import type { App } from '../app.ts';
import { type Identity, isActorActive } from '../auth/keys.ts';
import { addressProblem } from '../email/address.ts';
import { type InputIssue, InvalidInputError } from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';
import type { MailboxAccess } from '../gmail/gateway.ts';
import { issueState, takeState } from './oauth-state.ts';
import { readProfile } from './send-as.ts';
import { AccountTakenError, connectAccount, NoRefreshTokenError, startReading } from './store-account.ts';

const MAX_RETURN_TO_LENGTH = 2_000;

const NO_CLIENT =
  'Consent is not possible: GOOGLE_CLIENT_ID is not set. The operator adds mailboxes with `npm run admin -- account add`.';

/** The path of the redirect URI that the operator registers at Google. */
export const CALLBACK_PATH = '/oauth/google/callback';

/** Why no account was connected; also the `error` that `returnTo` gets. */
export type ConnectFailure =
  | 'access_denied'
  | 'google_refused'
  | 'state_invalid'
  | 'state_expired'
  | 'not_permitted'
  | 'code_expired'
  | 'client_misconfigured'
  | 'google_unavailable'
  | 'missing_scope'
  | 'no_refresh_token'
  | 'gmail_api_disabled'
  | 'gmail_not_enabled'
  | 'gmail_unavailable'
  | 'account_taken';

export type ConnectOutcome = {
  /** Null: the browser is shown a page. */
  readonly returnTo: string | null;
} & ({ readonly accountId: string; readonly email: string } | { readonly failure: ConnectFailure });

interface ConnectInput {
  readonly loginHint?: string | null | undefined;
  readonly returnTo?: string | null | undefined;
}

/** @throws {InvalidInputError} with every issue. */
export function requireConnectable(app: App, { loginHint = null, returnTo = null }: ConnectInput): void {
  const issues: InputIssue[] = app.oauth.hasClient ? [] : [{ path: 'input', message: NO_CLIENT }];
  const addressIssue = loginHint === null ? null : addressProblem(loginHint);
  if (addressIssue !== null) issues.push({ path: 'input.loginHint', message: addressIssue });
  if (returnTo !== null && !isAllowed(app, returnTo)) {
    const message = `Must be a URL of at most ${MAX_RETURN_TO_LENGTH} characters on one of the origins in CORS_ORIGINS.`;
    issues.push({ path: 'input.returnTo', message });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}

/** @throws {InvalidInputError} */
export async function beginConnect(
  app: App,
  identity: Identity,
  input: ConnectInput,
): Promise<{ readonly authorizationUrl: string; readonly expiresAt: Date }> {
  requireConnectable(app, input);
  const { loginHint = null, returnTo = null } = input;
  // In the form in which it is sent to the browser, without characters that a URL drops, such as line breaks.
  const address = returnTo === null ? null : new URL(returnTo).href;
  const { state, codeChallenge, expiresAt } = await issueState(app, identity, address);
  const request = { redirectUri: redirectUri(app), state, codeChallenge, loginHint };
  return { authorizationUrl: app.oauth.authorizationUrl(request), expiresAt };
}

function redirectUri({ publicUrl }: App): string {
  return `${publicUrl}${CALLBACK_PATH}`;
}

/** Otherwise a caller could send the owner of the mailbox to a page of their own. */
function isAllowed({ config }: App, returnTo: string): boolean {
  const url = URL.parse(returnTo);
  if (url === null || url.href.length > MAX_RETURN_TO_LENGTH) return false;
  // `blob:` has the origin of the URL that it wraps. A name before the `@` imitates a host.
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return false;
  return config.corsOrigins.includes(url.origin);
}

/**
 * Handles the answer that the browser brings from Google. Its state is used up, whatever the result.
 * @param answer.error Google's code for the missing code. Null if there is a code.
 */
export async function finishConnect(
  app: App,
  answer: { readonly state: string; readonly code: string | null; readonly error: string | null },
): Promise<ConnectOutcome> {
  const pending = await takeState(app, answer.state);
  if (pending === null) return { returnTo: null, failure: 'state_invalid' };
  // The operator may have changed the origins meanwhile.
  const returnTo = pending.returnTo !== null && isAllowed(app, pending.returnTo) ? pending.returnTo : null;
  const { codeVerifier, organizationId, actor } = pending;
  const failed = (failure: ConnectFailure) => ({ returnTo, failure });
  if (codeVerifier === null) return failed('state_expired');
  if (!(await isActorActive(app.pool, pending, app.now()))) return failed('not_permitted');
  if (answer.error === 'access_denied') return failed('access_denied');
  // RFC 6749 section 4.1.2: an answer has either a code or an error.
  if (answer.error !== null || answer.code === null) return failed('google_refused');

  const exchange = { code: answer.code, codeVerifier, redirectUri: redirectUri(app) };
  const consent = await app.oauth.exchange(exchange).catch(exchangeFailure);
  if (typeof consent === 'string') return failed(consent);
  if (!consent.allowsGmail) return failed('missing_scope');
  const mailbox: MailboxAccess = { accountId: `consent:${answer.state}`, accessToken: async () => consent.accessToken };
  const profile = await readProfile(app.gmail, mailbox).catch(profileFailure);
  if (typeof profile === 'string') return failed(profile);
  try {
    const { refreshToken } = consent;
    const accountId = await connectAccount(app, organizationId, { ...profile, refreshToken }, startReading);
    // The application behind `returnTo` reads the account with the key that asked for it.
    await app.replica?.noteWrite(actor);
    app.log.info({ accountId, actor }, 'account connected');
    return { returnTo, accountId, email: profile.email };
  } catch (error) {
    if (error instanceof AccountTakenError) return failed('account_taken');
    if (error instanceof NoRefreshTokenError) return failed('no_refresh_token');
    throw error;
  }
}

function exchangeFailure(error: unknown): ConnectFailure {
  if (!(error instanceof GmailError)) throw error;
  if (error.kind !== 'rejected') return 'google_unavailable';
  return error.reason === 'invalid_grant' ? 'code_expired' : 'client_misconfigured';
}

function profileFailure(error: unknown): ConnectFailure {
  if (!(error instanceof GmailError)) throw error;
  if (error.kind === 'unavailable') return 'gmail_not_enabled';
  const isDisabled = error.kind === 'forbidden' && /^(?:accessNotConfigured|SERVICE_DISABLED)$/.test(error.reason);
  return isDisabled ? 'gmail_api_disabled' : 'gmail_unavailable';
}
