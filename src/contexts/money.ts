import { LRUCache } from 'lru-cache';

/** An amount in the currency's smallest unit, exact. */
export interface Money {
  readonly cents: bigint;
  /** ISO 4217. */
  readonly currency: string;
}

/** The locale of amounts, dates and numbers where none is given. */
export const DEFAULT_LOCALE = 'en-US';

const KNOWN_CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

export function isCurrency(code: string): boolean {
  return KNOWN_CURRENCIES.has(code);
}

/** Currencies whose smallest unit is not a hundredth: ISO 4217, list one, "minor unit". */
const MINOR_UNITS = new Map([
  ...listed(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...listed(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...listed(4, 'CLF UYW'),
]);

function listed(digits: number, codes: string): [string, number][] {
  return codes.split(' ').map((code) => [code, digits]);
}

/**
 * The number of decimals of a currency by ISO 4217. `Intl` knows how many are usual in writing, which differs: it writes
 * Colombian pesos without decimals, but an amount in cents is still a hundred times the pesos.
 */
export function minorUnits(currency: string): number {
  return MINOR_UNITS.get(currency) ?? 2;
}

/** Making one takes some 30 us; a page of invoices has 300 amounts. */
const formats = new LRUCache<string, Intl.NumberFormat>({ max: 500 });

function formatOf(currency: string, locale: string): Intl.NumberFormat {
  const key = `${currency} ${locale}`;
  let format = formats.get(key);
  if (format === undefined) {
    const digits = minorUnits(currency);
    const decimals = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    format = new Intl.NumberFormat(locale, { style: 'currency', currency, ...decimals });
    formats.set(key, format);
  }
  return format;
}

/** `$1,500.00`, or `1.500,00 $` in German. Exact at any size. @param locale one that `isLocale` accepts. */
export function formatMoney({ cents, currency }: Money, locale = DEFAULT_LOCALE): string {
  const digits = minorUnits(currency);
  const sign = cents < 0n ? '-' : '';
  const units = String(cents < 0n ? -cents : cents).padStart(digits + 1, '0');
  const decimal = digits === 0 ? units : `${units.slice(0, -digits)}.${units.slice(-digits)}`;
  return formatOf(currency, locale).format(`${sign}${decimal}` as Intl.StringNumericLiteral);
}
