import { createSealer } from '../auth/seal.ts';
import type { Config } from '../config/config.ts';
import { resealSecrets } from '../mail/reseal.ts';
import { generatedEncryptionKey } from '../config/secrets.ts';
import { type Report, withDatabase } from './command.ts';

export const KEYS_ROTATE_USAGE = 'keys rotate';

/** Safe while servers run, and to be run again. */
export async function rotateKeys(config: Config): Promise<Report> {
  const sealer = createSealer(config.encryptionKeys ?? [generatedEncryptionKey(config.dataDir)]);
  const { resealed, current, unopenable } = await withDatabase(config, ({ pool }) => resealSecrets(pool, sealer));
  return {
    lines: [`${resealed} secrets sealed anew under the first key of ENCRYPTION_KEY; ${current} were already.`],
    problems: unopenable.map(
      (email) =>
        `${email}: no key of ENCRYPTION_KEY opens its consent. Add the key that sealed it, or connect it again.`,
    ),
  };
}
