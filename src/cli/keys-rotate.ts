import { createSealer } from '../auth/seal.ts';
import type { Config } from '../config/config.ts';
import { existingEncryptionKeys } from '../config/secrets.ts';
import { type Report, withDatabase } from './command.ts';
import { rotateSecrets } from './rotate-secrets.ts';

/** Safe while servers run, and safe to repeat. */
export async function rotateKeys(config: Config): Promise<Report> {
  const sealer = createSealer(existingEncryptionKeys(config));
  const { rotated, current, unopenable } = await withDatabase(config, ({ pool }) => rotateSecrets(pool, sealer));
  return {
    lines: [
      `Encrypted ${rotated} secrets under the first key of ENCRYPTION_KEY; ${current} were encrypted under it before.`,
    ],
    problems: unopenable.map(
      (email) =>
        `${email}: no key of ENCRYPTION_KEY decrypts its consent. Add the key that encrypted it, or connect the account again.`,
    ),
  };
}
