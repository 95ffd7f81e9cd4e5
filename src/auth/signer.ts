import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Signs texts that come back to Epistle, such as URLs that need no header, so that others can neither create nor change them. */
export interface Signer {
  /** @returns base64url. */
  sign(text: string): string;
  /** Whether `signature` was made for `text` under one of the keys. */
  verify(text: string, signature: string): boolean;
}

/** HMAC-SHA-256 under keys that are derived for this purpose alone (HKDF, RFC 5869). The first key signs, every one verifies. */
export function createSigner(encryptionKeys: readonly Buffer[]): Signer {
  const keys = encryptionKeys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'epistle signed urls', 32)));
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  return {
    sign(text) {
      const [key] = keys;
      if (key === undefined) throw new Error('no encryption key');
      return hmac(key, text).toString('base64url');
    },
    verify(text, signature) {
      const given = Buffer.from(signature, 'base64url');
      return keys.some((key) => {
        const expected = hmac(key, text);
        return given.length === expected.length && timingSafeEqual(given, expected);
      });
    },
  };
}
