import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ComposedMime } from '../../src/email/mime.ts';

/** One line, and what is encoded at a time. */
const [LINE, SLICE] = [57, 57 * 1024];
const SIZES = [0, 1, 2, 3, LINE - 1, LINE, LINE + 1, 2 * LINE, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE, 200_000];

describe('a file in a message', () => {
  it.each(SIZES)('of %i bytes is base64 in lines, as long as was said', (size) => {
    const bytes = randomBytes(size);
    const text = Buffer.from('head\r\n\r\n');
    const mime = new ComposedMime([
      { kind: 'text', bytes: text },
      { kind: 'file', bytes },
    ]);
    const whole = Buffer.concat([...mime.chunks()]);
    const lines = whole.subarray(text.length).toString('latin1').split('\r\n');
    const last = lines.pop() ?? '';
    expect(whole.length).toBe(mime.size);
    expect(lines.every((line) => line.length === 76)).toBe(true);
    expect(last.length).toBeGreaterThan(size === 0 ? -1 : 0);
    expect(Buffer.from(lines.join('') + last, 'base64').equals(bytes)).toBe(true);
  });

  it('is the same whenever it is read, and so is its hash, read or not', () => {
    const parts = [{ kind: 'file', bytes: randomBytes(200_000) }] as const;
    const [read, unread] = [new ComposedMime(parts), new ComposedMime(parts)];
    const [first, second] = [Buffer.concat([...read.chunks()]), Buffer.concat([...read.chunks()])];
    expect(first.equals(second)).toBe(true);
    expect(read.sha256()).toBe(createHash('sha256').update(first).digest('hex'));
    expect(unread.sha256()).toBe(read.sha256());
  });
});
