import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFormats } from '../../src/contexts/formats.ts';
import { isLocale, isTimeZone } from '../../src/contexts/locale.ts';
import { fill, parseHtml } from '../../src/email/template.ts';
import { tokenNames } from '../../src/email/token-names.ts';

const LOCALE = fc.constantFrom(
  ...[
    'en-US',
    'en-GB',
    'de',
    'de-CH',
    'fr',
    'ar-EG',
    'ar-u-nu-arab',
    'he',
    'hi',
    'ja',
    'ja-JP-u-ca-japanese',
    'th-TH-u-ca-buddhist',
  ],
  ...['fa-IR', 'zh-Hant', 'pt-BR', 'sr-Latn', 'bn', 'ur', 'ckb', 'en-u-nu-latn-ca-islamic', 'qaa', 'tlh', 'x-private'],
);
const ANY_TEXT = fc.string({ unit: 'binary', maxLength: 40 });
const INSTANT = fc.date({ min: new Date('1970-01-02'), max: new Date('2999-12-30'), noInvalidDate: true });
const MONEY = fc.record({
  cents: fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
  currency: fc.constantFrom(...Intl.supportedValuesOf('currency')),
});

it('writes any value in any locale and time zone, and never as markup', () => {
  const locale = fc.oneof(LOCALE, ANY_TEXT).filter(isLocale);
  const timeZone = fc.oneof(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), ANY_TEXT).filter(isTimeZone);
  fc.assert(
    fc.property(
      locale,
      timeZone,
      INSTANT,
      fc.array(MONEY, { minLength: 1, maxLength: 3 }),
      (tag, zone, now, amounts) => {
        const formats = createFormats({ locale: tag, timeZone: zone, now });
        expect(formats.today).toMatch(/^\d{4}-\d\d-\d\d$/);
        expect(Math.abs(Date.parse(formats.today) - now.getTime())).toBeLessThanOrEqual(2 * 86_400_000);
        const values = new Map([
          ['date', { text: formats.date(formats.today) }],
          ['money', { text: formats.money(amounts) }],
        ]);
        const { words, problems } = fill(
          parseHtml('bodyHtml', '<p title="{date}">{money}</p>'),
          values,
          tokenNames([]),
        );
        expect(problems).toEqual([]);
        expect(words).toMatch(/^<p title="[^"<>]+">[^<>]+<\/p>$/);
      },
    ),
    { numRuns: 500 },
  );
});
