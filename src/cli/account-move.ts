import { moveMailbox } from '../accounts/move-mailbox.ts';
import type { Config } from '../config/config.ts';
import { type Report, UsageError } from './command.ts';
import { findOrganization, withApp } from './with-app.ts';

/** Moves a mailbox with its consent. Its history stays with the organization that it leaves. The last line is the new account's uid. */
export async function moveAccount(
  config: Config,
  { organization }: { organization?: string },
  email?: string,
): Promise<Report> {
  const name = organization?.trim();
  if (email === undefined || !name) throw new UsageError('EMAIL and --organization are required.');
  const address = email.toLowerCase();
  return withApp(config, async (app) => {
    const organizationId = await findOrganization(app, name);
    const { from, accountId } = await moveMailbox(app, address, { organizationId, organization: name });
    return {
      lines: [
        `${address} moved from "${from.organization}" to "${name}". Its history stays in "${from.organization}"; its mailbox is imported in "${name}".`,
        accountId,
      ],
    };
  });
}
