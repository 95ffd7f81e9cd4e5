/** How values are written in an email: `January 15, 2024` and `$1,500.00` in the locale en-US. */
import { formatMoney, type Money } from './money.ts';

export interface Formats {
  /** The calendar date of today in the time zone: RFC 3339 full-date. */
  readonly today: string;
  /** @param day RFC 3339 full-date. */
  date(day: string): string;
  /** Amounts of several currencies are listed: `$1,500.00 and €200.00`. */
  money(amounts: Money | readonly Money[]): string;
}

interface FormatOptions {
  /** BCP 47. */
  readonly locale: string;
  /** Of the IANA time zone database. */
  readonly timeZone: string;
  readonly now: Date;
}

export function createFormats({ locale, timeZone, now }: FormatOptions): Formats {
  const long = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
  // The locale en-CA writes full-dates.
  const fullDate = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone });
  return {
    today: fullDate.format(now),
    date: (day) => long.format(new Date(`${day}T00:00:00Z`)),
    money: (amounts) => {
      const written = [amounts].flat().map((amount: Money) => formatMoney(amount, locale));
      return new Intl.ListFormat(locale, { type: 'conjunction' }).format(written);
    },
  };
}
