import { describe, expect, it } from 'vitest';
import type { InvoiceStatus } from '#generated/prisma/enums.ts';
import { daysOverdue, statusOf } from '../../src/contexts/invoice.ts';
import { isLocale, isTimeZone } from '../../src/contexts/locale.ts';

describe('an invoice', () => {
  const at = (now: string, status: InvoiceStatus = 'OPEN') => {
    const invoice = { status, dueDate: new Date('2026-01-15') };
    return [daysOverdue(invoice, new Date(now)), statusOf(invoice, new Date(now))];
  };

  it('is overdue from the day after its due date, in UTC, if it is OPEN', () => {
    expect(at('2026-01-14T23:00:00Z')).toEqual([0, 'OPEN']);
    expect(at('2026-01-15T23:59:59Z')).toEqual([0, 'OPEN']);
    expect(at('2026-01-16T00:00:00Z')).toEqual([1, 'OVERDUE']);
    expect(at('2026-01-16T01:00:00+02:00')).toEqual([0, 'OPEN']);
    expect(at('2027-01-15T12:00:00Z')).toEqual([365, 'OVERDUE']);
    for (const status of ['PAID', 'VOID', 'DRAFT'] as const)
      expect(at('2027-01-15T00:00:00Z', status)).toEqual([0, status]);
  });
});

describe('a locale', () => {
  it('is a tag that this process has data for', () => {
    expect(['en-US', 'de', 'zh-Hant-TW', 'de-DE-u-co-phonebk'].map(isLocale)).toEqual([true, true, true, true]);
    expect(['', 'de_DE', 'xx-XX', 'x'.repeat(200), '\0', 'C'].map(isLocale)).toEqual(Array(6).fill(false));
  });
});

describe('a time zone', () => {
  it('is a name of the IANA database, not an offset', () => {
    expect(['UTC', 'Europe/Berlin', 'Asia/Kolkata'].map(isTimeZone)).toEqual([true, true, true]);
    expect(['', '+02:00', 'Berlin', 'Mars/Olympus', 'Europe/Berlin\0'].map(isTimeZone)).toEqual(Array(5).fill(false));
  });
});
