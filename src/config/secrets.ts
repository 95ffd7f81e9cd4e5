import { createPrivateKey, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config.ts';
import { prepareDataDir } from './data-dir.ts';
import type { ServiceAccount } from '../gmail/oauth-endpoints.ts';

/** The secret in a file of the data folder, made and written when there is none yet. Readable by its owner alone. */
function keptSecret(dataDir: string, name: string, make: () => string): string {
  const file = path.join(dataDir, name);
  if (!existsSync(file)) {
    prepareDataDir(dataDir);
    // Written aside and renamed: a crash must not leave half a key that everything is then sealed under.
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, `${make()}\n`, { mode: 0o600 });
    renameSync(aside, file);
  }
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}

/** The key that seals what is stored when ENCRYPTION_KEY is not set. 32 bytes. */
export function generatedEncryptionKey(dataDir: string): Buffer {
  return Buffer.from(
    keptSecret(dataDir, 'encryption-key', () => randomBytes(32).toString('base64')),
    'base64',
  );
}

/** The API key of the demo organization, the same at every start. */
export function demoApiKey(dataDir: string): string {
  return keptSecret(dataDir, 'demo-api-key', () => `epk_${randomBytes(32).toString('base64url')}`);
}

/** The JSON key file as the Google Cloud console makes it; what else is in it is not needed. */
const KeyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3),
  private_key: z.string().refine(isRsaKey),
  private_key_id: z.string().min(1),
});

/**
 * The service account that GOOGLE_SERVICE_ACCOUNT_FILE names. Null when it names none.
 * @throws {ConfigError} that says nothing of what is in the file.
 */
export function readServiceAccount(file: string | null): ServiceAccount | null {
  if (file === null) return null;
  const refuse = (problem: string) =>
    new ConfigError(`Invalid environment:\n  GOOGLE_SERVICE_ACCOUNT_FILE: ${problem}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const isUnreadable = error instanceof Error && 'code' in error;
    throw refuse(isUnreadable ? `cannot be read (${String(error.code)})` : 'must be a JSON file');
  }
  const parsed = KeyFile.safeParse(content);
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map(({ path: [field] }) => String(field ?? 'its content')))];
    throw refuse(`must be the JSON key file of a service account; wrong or missing: ${fields.join(', ')}`);
  }
  const { client_email: clientEmail, private_key: privateKey, private_key_id: privateKeyId } = parsed.data;
  return { clientEmail, privateKey, privateKeyId };
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
