import type { Sandbox } from '../../sandbox/server.ts';
import type { MailboxAccess } from '../../src/gmail/gateway.ts';
import { createOAuthEndpoints } from '../../src/gmail/oauth-endpoints.ts';

/** The OAuth endpoints of a sandbox, for its own client. */
function sandboxEndpoints({ url: baseUrl, clientId, clientSecret }: Sandbox) {
  const now = () => new Date();
  return createOAuthEndpoints({ baseUrl, clientId, clientSecret, serviceAccount: null, timeoutMs: 5_000, now });
}

/** A way into a mailbox for tests of the gateway alone: a token of its own, another one when it was refused. */
export function sandboxMailbox(sandbox: Sandbox, email: string): MailboxAccess {
  const refreshToken = sandbox.admin.grant(email);
  const oauth = sandboxEndpoints(sandbox);
  const fetchToken = async () => (await oauth.fetchToken({ kind: 'refresh', refreshToken })).accessToken;
  let token: Promise<string> | undefined;
  return {
    accountId: email,
    async accessToken({ refused } = {}) {
      token ??= fetchToken();
      if ((await token) === refused) token = fetchToken();
      return token;
    },
  };
}
