import { describe, expect, it } from 'vitest';
import { createSealer } from '../../src/auth/seal.ts';

const FIRST = Buffer.alloc(32, 1);
const SECOND = Buffer.alloc(32, 2);
const SECRET = '1//0refresh-token';
const sealer = createSealer([FIRST]);

describe('a sealed secret', () => {
  it('is opened by its key for its purpose, wherever in the list that key is', () => {
    const sealed = sealer.seal(SECRET, 'refresh-token:a');
    expect(createSealer([SECOND, FIRST]).open(sealed, 'refresh-token:a')).toBe(SECRET);
    expect(sealed).not.toContain(SECRET);
    expect(sealer.seal(SECRET, 'refresh-token:a')).not.toBe(sealed);
  });

  it('cannot be moved to another row, or opened without its key', () => {
    const sealed = sealer.seal(SECRET, 'refresh-token:a');
    expect(() => sealer.open(sealed, 'refresh-token:b')).toThrow();
    expect(() => sealer.open(sealed, 'access-token:a')).toThrow();
    expect(() => createSealer([SECOND]).open(sealed, 'refresh-token:a')).toThrow('not in ENCRYPTION_KEY');
    const ofSecond = createSealer([SECOND]).seal(SECRET, 'p');
    const renamed = ofSecond.replace(/^v1\.\w+/, sealed.split('.').slice(0, 2).join('.'));
    expect(() => sealer.open(renamed, 'p')).toThrow();
  });

  it('with any bit of it changed is refused', () => {
    const [version, id, body = ''] = sealer.seal(SECRET, 'p').split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const envelope = [version, id, changed.toString('base64url')].join('.');
      expect(() => sealer.open(envelope, 'p')).toThrow();
    }
  });

  it('that was cut is refused, the shortened tag of an empty one too', () => {
    const [version, id, body = ''] = sealer.seal('', 'p').split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let length = 0; length < bytes.length; length++) {
      const envelope = [version, id, bytes.subarray(0, length).toString('base64url')].join('.');
      expect(() => sealer.open(envelope, 'p')).toThrow();
    }
    for (const envelope of ['', 'v1', `v1.${id}`, `v2.${id}.${body}`, SECRET]) {
      expect(() => sealer.open(envelope, 'p')).toThrow();
    }
    expect(sealer.open(`v1.${id}.${body}`, 'p')).toBe('');
  });
});
