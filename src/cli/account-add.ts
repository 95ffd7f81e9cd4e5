import type { Config } from '../config/config.ts';
import { createApp } from '../create-app.ts';
import { startDatabase } from '../db/start-database.ts';
import { GmailError } from '../gmail/errors.ts';
import { AccountTakenError } from '../mail/account.ts';
import { addressProblem } from '../email/address.ts';
import { addDelegatedAccount, delegationProblem } from '../accounts/connect-delegated.ts';
import { generatedEncryptionKey, readServiceAccount } from '../config/secrets.ts';
import { CommandError, commandLog, type Report, UsageError } from './command.ts';

export const ACCOUNT_ADD_USAGE = 'account add EMAIL --organization NAME';

/** A mailbox that its Workspace delegates to the service account. The last line is the account's uid. */
export async function addAccount(
  config: Config,
  email: string | undefined,
  { organization }: { organization?: string },
): Promise<Report> {
  if (email === undefined || !organization?.trim()) throw new UsageError('EMAIL and --organization are needed.');
  const problem = addressProblem(email);
  if (problem !== null) throw new UsageError(problem);
  const serviceAccount = readServiceAccount(config.googleServiceAccountFile);
  if (serviceAccount === null || config.google === null) {
    throw new CommandError('Set GOOGLE_SERVICE_ACCOUNT_FILE first.');
  }
  const log = commandLog(config);
  const server = await startDatabase(config, log);
  try {
    const { app, close } = await createApp({
      config,
      database: server.pool,
      google: config.google,
      serviceAccount,
      encryptionKeys: config.encryptionKeys ?? [generatedEncryptionKey(config.dataDir)],
      publicUrl: config.publicUrl ?? '',
      log,
    });
    try {
      const found = await app.db.organization.findUnique({ where: { name: organization.trim() } });
      if (found === null) throw new CommandError(`There is no organization "${organization.trim()}".`);
      const added = await addDelegatedAccount(app, found.id, email);
      return { lines: [`${added.email} is connected.`, added.accountId], problems: [] };
    } finally {
      await close();
    }
  } catch (error) {
    if (error instanceof GmailError) throw new CommandError(delegationProblem(error));
    if (error instanceof AccountTakenError) throw new CommandError('Another organization has this mailbox.');
    throw error;
  } finally {
    await server.stop();
  }
}
