import type { Config } from '../config/config.ts';
import { erasePerson, OwnAddressError } from '../retention/erase-person.ts';
import { type Report, UsageError } from './command.ts';
import { withApp } from './with-app.ts';

/** Also addresses to which Epistle does not send: mail was received from them. */
const ONE_ADDRESS = /^(?:"[^"\p{C}]+"|[^\s@<>()[\],;:"\p{C}]+)@(?:\[[\w.:-]+\]|[\p{L}\p{M}\p{N}._-]+)$/u;

/** Erases one person's address and the content of mail with that person, in one organization or in all. */
export async function erase(
  config: Config,
  { organization }: { organization?: string },
  email?: string,
): Promise<Report> {
  if (email === undefined) throw new UsageError('EMAIL is required.');
  if (!ONE_ADDRESS.test(email)) throw new UsageError('EMAIL must be one address, such as maria@example.com.');
  return withApp(config, async (app) => {
    const name = organization?.trim();
    const organizations = await app.db.organization.findMany({
      where: name === undefined ? {} : { name },
      orderBy: { name: 'asc' },
    });
    if (organizations.length === 0) {
      throw new Error(name === undefined ? 'There is no organization.' : `There is no organization "${name}".`);
    }
    const report = { lines: [] as string[], problems: [] as string[] };
    for (const each of organizations) {
      try {
        const { emails, messages, customers, unfinished } = await erasePerson(app, each.id, email);
        report.lines.push(`${each.name}  ${emails} emails  ${messages} messages  ${customers} customers`);
        if (unfinished > 0) {
          report.problems.push(
            `${each.name}: ${unfinished} emails with this address are drafts or not finished, and were left. Delete, cancel or resolve them, then repeat the command.`,
          );
        }
      } catch (error) {
        if (!(error instanceof OwnAddressError)) throw error;
        report.problems.push(`${each.name}: ${error.message} Use account forget.`);
      }
    }
    return report;
  });
}
