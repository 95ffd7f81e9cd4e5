/**
 * Idempotency keys: one per organization and key, kept for ever with a hash of each field of the request, so that the
 * same key with another request can be told apart, and by which fields.
 */
import { createHash } from 'node:crypto';

/** 1 to 255 characters that can be seen: no space, no control, no format character. */
const KEY = /^[^\p{C}\p{Z}]{1,255}$/u;
export const KEY_RULE = 'Must be 1 to 255 visible characters.';

export function isIdempotencyKey(key: string): boolean {
  return KEY.test(key);
}

/** Hash of each field of a request, by the field's name. */
export type Fingerprint = Readonly<Record<string, string>>;

/** @param request its fields; null and absent are the same request. */
export function fingerprintOf(request: Readonly<Record<string, unknown>>): Fingerprint {
  const fields = Object.entries(request).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(fields.map(([field, value]) => [field, hash(value)]));
}

/** The fields in which two requests differ, sorted. Empty: the same request. */
export function differingFields(a: Fingerprint, b: Fingerprint): string[] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...fields].filter((field) => a[field] !== b[field]).sort();
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}
