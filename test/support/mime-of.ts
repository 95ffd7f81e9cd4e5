import type { Mime } from '../../src/gmail/gateway.ts';

/** A message that is there as a whole. */
export function mimeOf(bytes: Buffer | string): Mime {
  const whole = Buffer.from(bytes);
  return { size: whole.length, chunks: () => [whole] };
}
