import { createPrivateKey, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Config, ConfigError } from './config.ts';
import { prepareDataDir } from './data-dir.ts';

/** The secret in a file of the data folder, which is created if it does not exist. Only its owner can read it. */
function keptSecret(dataDir: string, name: string, make: () => string): string {
  const file = path.join(dataDir, name);
  if (!existsSync(file)) {
    prepareDataDir(dataDir);
    // Written to another file and renamed: a crash must not leave half a key, under which everything would then be encrypted.
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, `${make()}\n`, { mode: 0o600 });
    renameSync(aside, file);
  }
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}

const ENCRYPTION_KEY_FILE = 'encryption-key';

/** The key that encrypts stored secrets if ENCRYPTION_KEY is not set. 32 bytes. */
export function generatedEncryptionKey(dataDir: string): Buffer {
  return Buffer.from(
    keptSecret(dataDir, ENCRYPTION_KEY_FILE, () => randomBytes(32).toString('base64')),
    'base64',
  );
}

/**
 * The keys of a command that works beside the servers. A generated key would decrypt nothing of their database.
 * @throws {ConfigError} when DATABASE_URL is set, and neither ENCRYPTION_KEY nor the file of a generated key exists.
 */
export function existingEncryptionKeys({ databaseUrl, dataDir, encryptionKeys }: Config): readonly Buffer[] {
  if (encryptionKeys !== null) return encryptionKeys;
  if (databaseUrl !== null && !existsSync(path.join(dataDir, ENCRYPTION_KEY_FILE))) {
    throw new ConfigError('ENCRYPTION_KEY: must be that of the servers on DATABASE_URL; DATA_DIR has no generated key');
  }
  return [generatedEncryptionKey(dataDir)];
}

/** The API key of the demo organization, the same at every start. */
export function demoApiKey(dataDir: string): string {
  return keptSecret(dataDir, 'demo-api-key', () => `epk_${randomBytes(32).toString('base64url')}`);
}

/** A key of the operator's service account, which the administrator of the Workspace trusts for all of its mailboxes. */
export interface ServiceAccount {
  readonly clientEmail: string;
  /** PEM. */
  readonly privateKey: string;
  readonly privateKeyId: string;
}

/** The JSON key file of the Google Cloud console. Its other fields are not needed. */
const KeyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3),
  private_key: z.string().refine(isRsaKey),
  private_key_id: z.string().min(1),
});

/**
 * The service account that GOOGLE_SERVICE_ACCOUNT_FILE names. Null when it names none.
 * @throws {ConfigError} whose message contains nothing of the file.
 */
export function readServiceAccount(file: string | null): ServiceAccount | null {
  if (file === null) return null;
  const refuse = (problem: string) => new ConfigError(`GOOGLE_SERVICE_ACCOUNT_FILE: ${problem}`);
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
