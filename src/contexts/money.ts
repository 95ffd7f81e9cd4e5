/** An amount in the currency's smallest unit, exact. */
export interface Money {
  readonly cents: bigint;
  /** ISO 4217. */
  readonly currency: string;
}

/** `$1,500.00`: as English-language invoices write it. Exact at any size. */
export function formatMoney({ cents, currency }: Money): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const sign = cents < 0n ? '-' : '';
  const units = String(cents < 0n ? -cents : cents).padStart(digits + 1, '0');
  const decimal = digits === 0 ? units : `${units.slice(0, -digits)}.${units.slice(-digits)}`;
  return format.format(`${sign}${decimal}` as Intl.StringNumericLiteral);
}

const KNOWN_CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

export function isCurrency(code: string): boolean {
  return KNOWN_CURRENCIES.has(code);
}
