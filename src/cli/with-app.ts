import type { App } from '../app.ts';
import type { Config } from '../config/config.ts';
import { existingEncryptionKeys, readServiceAccount } from '../config/secrets.ts';
import { createApp } from '../create-app.ts';
import { withServer } from './command.ts';

/** Without a client of Google: what a command does at Google then fails, and it says so. */
const NO_GOOGLE = { clientId: null, clientSecret: null, baseUrl: null };

/** Runs `work` with an App that serves no requests and runs no jobs. The database is brought up to date first. */
export function withApp<Result>(config: Config, work: (app: App) => Promise<Result>): Promise<Result> {
  return withServer(config, async (database, log) => {
    const { app, close } = await createApp({
      config,
      database,
      google: config.google ?? NO_GOOGLE,
      serviceAccount: readServiceAccount(config.googleServiceAccountFile),
      encryptionKeys: existingEncryptionKeys(config),
      publicUrl: config.publicUrl ?? '',
      log,
    });
    return work(app).finally(close);
  });
}

/** @returns its id. @throws {Error} when there is none of this name. */
export async function findOrganization(app: App, name: string): Promise<string> {
  const found = await app.db.organization.findUnique({ where: { name } });
  if (found === null) throw new Error(`There is no organization "${name}".`);
  return found.id;
}
