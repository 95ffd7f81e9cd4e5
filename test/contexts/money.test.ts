import { describe, expect, it } from 'vitest';
import { formatMoney, minorUnits } from '../../src/contexts/money.ts';

describe('formatMoney', () => {
  const amounts: [bigint, string, string, string?][] = [
    [150000n, 'USD', '$1,500.00'],
    [5n, 'USD', '$0.05'],
    [0n, 'EUR', '€0.00'],
    [-123456n, 'USD', '-$1,234.56'],
    [1500n, 'JPY', '¥1,500'],
    [1234567n, 'KWD', 'KWD\u00a01,234.567'],
    [-1n, 'KWD', '-KWD\u00a00.001'],
    [100000000000000001n, 'USD', '$1,000,000,000,000,000.01'],
    [150000n, 'EUR', '1.500,00\u00a0€', 'de-DE'],
    [1500n, 'JPY', 'JP¥1,500', 'en-GB'],
    // Written without decimals as a rule, and yet an amount in hundredths.
    [150000n, 'COP', 'COP\u00a01,500.00'],
    [150000n, 'HUF', '1500,00\u00a0Ft', 'hu'],
    [1500000n, 'IQD', 'IQD\u00a01,500.000'],
  ];
  it.each(amounts)('writes %s of %s as %s', (cents, currency, formatted, locale) => {
    expect(formatMoney({ cents, currency }, locale)).toBe(formatted);
  });
});

describe('minorUnits', () => {
  it('are those of ISO 4217', () => {
    expect(['USD', 'EUR', 'JPY', 'KWD', 'CLF', 'IDR', 'ISK', 'UGX'].map(minorUnits)).toEqual([2, 2, 0, 3, 4, 2, 0, 0]);
  });
});
