import type { App } from '../app.ts';
import type { GmailError } from '../gmail/errors.ts';
import { readProfile } from './send-as.ts';
import { startReading, storeAccount } from './store-account.ts';

/**
 * Connects a mailbox that its Workspace delegates to the operator's service account, after it was read once.
 * @returns the account's id and its primary address, should `email` be an alias.
 * @throws {GmailError} when Google does not let the service account in.
 * @throws {AccountTakenError} when another organization has this mailbox.
 */
export async function addDelegatedAccount(
  app: App,
  organizationId: string,
  email: string,
): Promise<{ readonly accountId: string; readonly email: string }> {
  const { accessToken } = await app.oauth.fetchToken({ kind: 'assertion', subject: email });
  const profile = await readProfile(app.gmail, {
    accountId: `delegated:${email}`,
    accessToken: async () => accessToken,
  });
  const grant = { grantKind: 'DELEGATION', sealedGrant: () => null, alongside: startReading } as const;
  const accountId = await storeAccount(app, organizationId, profile, grant);
  app.log.info({ accountId }, 'account connected');
  return { accountId, email: profile.email.toLowerCase() };
}

/** What an operator can do about it. */
export function delegationProblem({ kind, reason, message }: GmailError): string {
  const advice =
    ': check that its client id and the scope gmail.modify are authorized in the Admin console (Security, API controls, Domain-wide delegation), and that the address is a mailbox of that Workspace.';
  if (kind === 'reauth' || reason === 'unauthorized_client')
    return `Google refuses the service account (${reason})${advice}`;
  if (reason === 'invalid_jwt')
    return "Google refuses the service account's assertion: check its key, and this machine's clock.";
  return message;
}
