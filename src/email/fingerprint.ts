/**
 * Idempotency keys: unique in an organization, and kept without expiry with a hash of each field of the request, so that a repeated key
 * with another request is detected, and the differing fields are known.
 */
import { hash } from 'node:crypto';

/** 1 to 255 visible characters: no space, no control or format character. */
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
  return Object.fromEntries(fields.map(([field, value]) => [field, hashOf(value)]));
}

/** The fields that differ between two requests, sorted. Empty: the same request. */
export function differingFields(a: Fingerprint, b: Fingerprint): string[] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...fields].filter((field) => a[field] !== b[field]).sort();
}

function hashOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url').slice(0, 22);
}
