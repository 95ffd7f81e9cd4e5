import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ConfigError } from './config.ts';

/** @throws {ConfigError} when the folder cannot be made or written. */
export function prepareDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ConfigError(`Invalid environment:\n  DATA_DIR: must be a folder that can be made and written (${code})`);
  }
}

/** The secret in a file of the data folder, made and written when there is none yet. Readable by its owner alone. */
function keptSecret(dataDir: string, name: string, make: () => string): string {
  const file = path.join(dataDir, name);
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
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
