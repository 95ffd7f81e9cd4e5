/**
 * Encrypts secrets at rest with AES-256-GCM. The envelope names the key, so that keys can be rotated.
 * Format: `v1.<key id>.<base64url of nonce, tag and ciphertext>`.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
/** Required when decrypting: Node.js also accepts shorter tags, which could be guessed. */
const TAG_BYTES = 16;

export interface Sealer {
  /** @param purpose bound into the seal (AAD), so that an envelope cannot be moved to another row. */
  seal(secret: string, purpose: string): string;
  /** @throws {Error} when no configured key decrypts it, or when it was changed or sealed for another purpose. */
  open(envelope: string, purpose: string): string;
  /** As `open`. Null: it cannot be opened. */
  openOrNull(envelope: string, purpose: string): string | null;
  /** Whether it is encrypted under the first key. Does not decrypt it. */
  isCurrent(envelope: string): boolean;
  /** Fingerprints of the keys, the one that seals first: the second part of an envelope. */
  readonly keyIds: readonly string[];
}

/** @param keys 32 bytes each; the first one encrypts, every one decrypts. */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const ids = keys.map((key) => hash('sha256', key, 'hex').slice(0, 8));
  const sealer: Sealer = {
    keyIds: ids,
    seal(secret, purpose) {
      const [key, id] = [keys[0], ids[0]];
      if (key === undefined || id === undefined) throw new Error('no encryption key');
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `v1.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    isCurrent: (envelope) => envelope.startsWith(`v1.${ids[0]}.`),
    open(envelope, purpose) {
      const [version, id, body] = envelope.split('.');
      const key = keys[ids.indexOf(id ?? '')];
      if (version !== 'v1' || body === undefined) throw new Error('not a sealed secret');
      if (key === undefined) throw new Error('sealed under a key that is not in ENCRYPTION_KEY');
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const opened = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
      return Buffer.concat(opened).toString('utf8');
    },
    openOrNull(envelope, purpose) {
      try {
        return sealer.open(envelope, purpose);
      } catch {
        return null;
      }
    },
  };
  return sealer;
}
