/** Google's own client library, pointed at a mailbox of the sandbox; for tests and scripts. */
import { gmail, type gmail_v1 } from '@googleapis/gmail';
import { OAuth2Client } from 'google-auth-library';
import type { Sandbox } from './server.ts';

/** The sandbox's OAuth client with every endpoint that the library would look for at Google. */
export function sandboxOAuthClient(sandbox: Sandbox, redirectUri?: string): OAuth2Client {
  return new OAuth2Client({
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    ...(redirectUri === undefined ? {} : { redirectUri }),
    endpoints: {
      oauth2AuthBaseUrl: `${sandbox.url}/o/oauth2/v2/auth`,
      oauth2TokenUrl: `${sandbox.url}/oauth2/token`,
      oauth2RevokeUrl: `${sandbox.url}/oauth2/revoke`,
    },
  });
}

/** A client that never retries, signed in to the mailbox. Uploads need `{ rootUrl: sandbox.url }` with the call, too. */
export function sandboxGmailClient(sandbox: Sandbox, email: string, scopes?: readonly string[]): gmail_v1.Gmail {
  const auth = sandboxOAuthClient(sandbox);
  auth.setCredentials({ refresh_token: sandbox.admin.grant(email, scopes) });
  return gmail({ version: 'v1', auth, rootUrl: sandbox.url, retry: false });
}
