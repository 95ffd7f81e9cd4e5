/**
 * Sealing of secrets at rest: AES-256-GCM, the key's id in the envelope, so that keys can be rotated.
 * Envelope: `v1.<key id>.<base64url of nonce, tag and ciphertext>`.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
/** Required when opening: shorter ones, which Node takes too, could be guessed. */
const TAG_BYTES = 16;

export interface Sealer {
  /** @param purpose bound into the seal (AAD), so that an envelope cannot be moved to another row. */
  seal(secret: string, purpose: string): string;
  /** @throws {Error} when no configured key opens it, or when it was tampered with or sealed for another purpose. */
  open(envelope: string, purpose: string): string;
  /** Whether it is sealed under the key that seals now. Says nothing of what is inside. */
  isCurrent(envelope: string): boolean;
}

/** @param keys 32 bytes each; the first one seals, every one opens. */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const ids = keys.map((key) => createHash('sha256').update(key).digest('hex').slice(0, 8));
  return {
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
  };
}
