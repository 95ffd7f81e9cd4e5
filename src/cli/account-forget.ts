import type { Config } from '../config/config.ts';
import { forgetMailbox } from '../retention/forget-mailbox.ts';
import { type Report, UsageError } from './command.ts';
import { withApp } from './with-app.ts';

/** Ends an account's consent and deletes what is stored of its mailbox; with `--sent` also the content of what it has sent. */
export async function forgetAccount(
  config: Config,
  { organization, sent = false }: { organization?: string; sent?: boolean },
  email?: string,
): Promise<Report> {
  if (email === undefined) throw new UsageError('EMAIL is required.');
  const address = email.toLowerCase();
  return withApp(config, async (app) => {
    const forgotten = await forgetMailbox(app, address, { organization: organization?.trim() ?? null, sent });
    if (forgotten === null) throw new Error(`No account has ${address}.`);
    const { account, revoked, messages, drafts, emails } = forgotten;
    const hadConsent = account.sealedRefreshToken !== null;
    const notRevoked =
      'Google did not confirm that its consent has ended: revoke it at https://myaccount.google.com/connections.';
    return {
      lines: [
        `${address} of "${account.organization}" is forgotten: ${messages} messages and ${drafts} drafts were deleted.`,
        sent
          ? `The content of ${emails} sent emails was erased; their record stays.`
          : 'The record of what it sent stays.',
        ...(revoked ? ['Google has revoked its consent.'] : []),
        ...(hadConsent ? [] : ['It had no consent to revoke.']),
      ],
      problems: hadConsent && !revoked ? [notRevoked] : [],
    };
  });
}
