import { describe, expect, it } from 'vitest';
import { decodeCharset, decodeConverted, isKnownCharset } from '../../src/gmail/charset.ts';

describe('UTF-7', () => {
  // The first are the examples of RFC 2152.
  it.each([
    ['A+ImIDkQ.', 'A≢Α.'],
    ['Hi Mom -+Jjo--!', 'Hi Mom -☺-!'],
    ['+ZeVnLIqe-', '日本語'],
    ['Item 3 is +AKM-1.', 'Item 3 is £1.'],
    ['a+-b', 'a+b'],
    ['+2D3cHg', '🐞'],
  ])('is decoded: %s', (encoded, text) => {
    expect(decodeCharset(Buffer.from(encoded), 'UTF-7')).toBe(text);
    expect(decodeConverted(Buffer.from(encoded), 'unicode-1-1-utf-7')).toBe(text);
    expect(isKnownCharset('utf-7')).toBe(true);
  });

  it.each(['1 + 1 = 2', 'Call +49 30 1234', 'C++', '+', 'x+////-y', 'converted: ü +APw-'])(
    'leaves what is none of it as it is: %s',
    (text) => {
      expect(decodeConverted(Buffer.from(text), 'utf-7')).toBe(text);
    },
  );
});
