import { addDelegatedAccount, delegationProblem } from '../accounts/connect-delegated.ts';
import type { Config } from '../config/config.ts';
import { readServiceAccount } from '../config/secrets.ts';
import { addressProblem } from '../email/address.ts';
import { GmailError } from '../gmail/errors.ts';
import { type Report, UsageError } from './command.ts';
import { findOrganization, withApp } from './with-app.ts';

/** Connects a mailbox that its Workspace delegates to the service account. The last line is the account's uid. */
export async function addAccount(
  config: Config,
  { organization }: { organization?: string },
  email?: string,
): Promise<Report> {
  if (email === undefined || !organization?.trim()) throw new UsageError('EMAIL and --organization are required.');
  const problem = addressProblem(email);
  if (problem !== null) throw new UsageError(problem);
  const serviceAccount = readServiceAccount(config.googleServiceAccountFile);
  if (serviceAccount === null || config.google === null) {
    throw new Error('Set GOOGLE_SERVICE_ACCOUNT_FILE first.');
  }
  return withApp(config, async (app) => {
    const organizationId = await findOrganization(app, organization.trim());
    const added = await addDelegatedAccount(app, organizationId, email);
    return { lines: [`${added.email} is connected.`, added.accountId] };
  }).catch((error: unknown) => {
    if (error instanceof GmailError) throw new Error(delegationProblem(error));
    throw error;
  });
}
