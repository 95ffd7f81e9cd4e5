import { describe, expect, it } from 'vitest';
import { newText } from '../../src/email/new-text.ts';

/** By mail program and language, as they write it themselves. */
const ATTRIBUTIONS: Record<string, readonly string[]> = {
  Gmail: [
    'On Thu, Jan 15, 2026 at 2:05 PM Ann Lee <ann@example.com> wrote:',
    'On Thu, 15 Jan 2026 at 14:05, Ann Lee <ann@example.com> wrote:',
    'Am Do., 15. Jan. 2026 um 14:05 Uhr schrieb Ann Lee <ann@example.com>:',
    'Le jeu. 15 janv. 2026 à 14:05, Ann Lee <ann@example.com> a écrit :',
    'El jue, 15 ene 2026 a las 14:05, Ann Lee (<ann@example.com>) escribió:',
    'Il giorno gio 15 gen 2026 alle ore 14:05 Ann Lee <ann@example.com> ha scritto:',
    'Em qui., 15 de jan. de 2026 às 14:05, Ann Lee <ann@example.com> escreveu:',
    'Op do 15 jan 2026 om 14:05 schreef Ann Lee <ann@example.com>:',
    'czw., 15 sty 2026 o 14:05 Ann Lee <ann@example.com> napisał(a):',
    'Den tors 15 jan. 2026 kl 14:05 skrev Ann Lee <ann@example.com>:',
    'Den tors. 15. jan. 2026 kl. 14.05 skrev Ann Lee <ann@example.com>:',
    'tor. 15. jan. 2026 kl. 14:05 skrev Ann Lee <ann@example.com>:',
    'to 15. tammik. 2026 klo 14.05 Ann Lee (ann@example.com) kirjoitti:',
    'čt 15. 1. 2026 v 14:05 odesílatel Ann Lee <ann@example.com> napsal:',
    'Ann Lee <ann@example.com> ezt írta (időpont: 2026. jan. 15., Cs, 14:05):',
    'În joi, 15 ian. 2026 la 14:05, Ann Lee <ann@example.com> a scris:',
    'чт, 15 янв. 2026 г. в 14:05, Ann Lee <ann@example.com>:',
    'чт, 15 січ. 2026 р. о 14:05 Ann Lee <ann@example.com> пише:',
    'Στις Πέμ 15 Ιαν 2026 στις 2:05 μ.μ., ο χρήστης Ann Lee <ann@example.com> έγραψε:',
    'Ann Lee <ann@example.com>, 15 Oca 2026 Per, 14:05 tarihinde şunu yazdı:',
    '2026年1月15日(木) 14:05 Ann Lee <ann@example.com>:',
    'Ann Lee <ann@example.com> 于2026年1月15日周四 14:05写道：',
    'Ann Lee <ann@example.com> 於 2026年1月15日 週四 下午2:05寫道：',
    '2026년 1월 15일 (목) 오후 2:05, Ann Lee <ann@example.com>님이 작성:',
    '‫בתאריך יום ה׳, 15 בינו׳ 2026 ב-14:05 מאת ‪Ann Lee‬‏ <‪ann@example.com‬‏>:‬',
    'في الخميس، 15 يناير 2026 في 2:05 م تمت كتابة ما يلي بواسطة Ann Lee <ann@example.com>:',
    'Vào Th 5, 15 thg 1, 2026 vào lúc 14:05 Ann Lee <ann@example.com> đã viết:',
  ],
  'Apple Mail': [
    'On 15 Jan 2026, at 14:05, Ann Lee <ann@example.com> wrote:',
    'On Jan 15, 2026, at 2:05 PM, Ann Lee <ann@example.com> wrote:',
    'Am 15.01.2026 um 14:05 schrieb Ann Lee <ann@example.com>:',
    'Le 15 janv. 2026 à 14:05, Ann Lee <ann@example.com> a écrit :',
    'El 15 ene 2026, a las 14:05, Ann Lee <ann@example.com> escribió:',
    'Il giorno 15 gen 2026, alle ore 14:05, Ann Lee <ann@example.com> ha scritto:',
    'Op 15 jan. 2026, om 14:05 heeft Ann Lee <ann@example.com> het volgende geschreven:',
    'No dia 15/01/2026, às 14:05, Ann Lee <ann@example.com> escreveu:',
    'Wiadomość napisana przez Ann Lee <ann@example.com> w dniu 15 sty 2026, o godz. 14:05:',
    '15 jan. 2026 kl. 14:05 skrev Ann Lee <ann@example.com>:',
    'Ann Lee <ann@example.com> kirjoitti 15.1.2026 kello 14.05:',
    '15 янв. 2026 г., в 14:05, Ann Lee <ann@example.com> написал(а):',
    '2026/01/15 14:05、Ann Lee <ann@example.com>のメール:',
    '2026年1月15日 14:05，Ann Lee <ann@example.com> 写道：',
  ],
  Thunderbird: [
    'On 15/01/2026 14:05, Ann Lee wrote:',
    'On 1/15/26 2:05 PM, Ann Lee wrote:',
    'Am 15.01.26 um 14:05 schrieb Ann Lee:',
    'Le 15/01/2026 à 14:05, Ann Lee a écrit :',
    'El 15/1/26 a las 14:05, Ann Lee escribió:',
    'Il 15/01/26 14:05, Ann Lee ha scritto:',
    'Em 15/01/2026 14:05, Ann Lee escreveu:',
    'Op 15-01-2026 om 14:05 schreef Ann Lee:',
    'W dniu 15.01.2026 o 14:05, Ann Lee pisze:',
    'Den 2026-01-15 kl. 14:05, skrev Ann Lee:',
    'Dne 15. 01. 26 v 14:05 Ann Lee napsal(a):',
    '15.01.2026 14:05, Ann Lee пишет:',
    'On 2026/01/15 14:05, Ann Lee さんが書きました:',
    '在 2026/1/15 14:05, Ann Lee 写道:',
    'Ann Lee wrote:',
  ],
};
const QUOTE = '> Dear Bob,\n>\n> the invoice is due.\n>> Really?\n> Ann';

describe.each(Object.entries(ATTRIBUTIONS))('a quote of %s', (_, attributions) => {
  it.each(attributions)('%s', (attribution) => {
    expect(newText(`Thank you.\n\nBob\n\n${attribution}\n\n${QUOTE}\n`)).toBe('Thank you.\n\nBob');
    expect(newText(`${attribution}\r\n${QUOTE}\r\n\r\nThank you.\r\nBob\r\n`)).toBe('Thank you.\nBob');
    expect(
      newText(`Yes: see\nbelow.\n${attribution}\n> Paid?\n\nYes.\n\n> When?\n\nAt 10:30:\n\n> Where?\nHere.`),
    ).toBe('Yes: see\nbelow.\n\nYes.\n\nAt 10:30:\n\nHere.');
  });
});

const OUTLOOK = [
  'From: Ann Lee <ann@example.com>\nSent: Thursday, January 15, 2026 2:05 PM\nTo: Bob <bob@example.com>\nSubject: Invoice',
  'Von: Ann Lee <ann@example.com>\nGesendet: Donnerstag, 15. Januar 2026 14:05\nAn: Bob\nBetreff: Rechnung',
  'De : Ann Lee <ann@example.com>\nEnvoyé : jeudi 15 janvier 2026 14:05\nÀ : Bob\nObjet : Facture',
  'De: Ann Lee <ann@example.com>\nEnviado: jueves, 15 de enero de 2026 14:05\nPara: Bob\nAsunto: Factura',
  'Da: Ann Lee <ann@example.com>\nInviato: giovedì 15 gennaio 2026 14:05\nA: Bob\nOggetto: Fattura',
  'De: Ann Lee <ann@example.com>\nEnviada em: quinta-feira, 15 de janeiro de 2026 14:05\nPara: Bob\nAssunto: Fatura',
  'Van: Ann Lee <ann@example.com>\nVerzonden: donderdag 15 januari 2026 14:05\nAan: Bob\nOnderwerp: Factuur',
  'Fra: Ann Lee <ann@example.com>\nSendt: 15. januar 2026 14:05\nTil: Bob\nEmne: Faktura',
  'Från: Ann Lee <ann@example.com>\nSkickat: den 15 januari 2026 14:05\nTill: Bob\nÄmne: Faktura',
  'Od: Ann Lee <ann@example.com>\nWysłano: czwartek, 15 stycznia 2026 14:05\nDo: Bob\nTemat: Faktura',
  'От: Ann Lee <ann@example.com>\nОтправлено: 15 января 2026 г. 14:05\nКому: Bob\nТема: Счёт',
  'Lähettäjä: Ann Lee <ann@example.com>\nLähetetty: torstai 15. tammikuuta 2026 14.05\nVastaanottaja: Bob\nAihe: Lasku',
  'Kimden: Ann Lee <ann@example.com>\nGönderildi: 15 Ocak 2026 14:05\nKime: Bob\nKonu: Fatura',
  '差出人: Ann Lee <ann@example.com>\n送信日時: 2026年1月15日 14:05\n宛先: Bob\n件名: 請求書',
  '发件人: Ann Lee <ann@example.com>\n发送时间: 2026年1月15日 14:05\n收件人: Bob\n主题: 发票',
  '보낸 사람: Ann Lee <ann@example.com>\n보낸 날짜: 2026년 1월 15일 목요일 14:05\n받는 사람: Bob\n제목: 송장',
  '*From:* Ann Lee <ann@example.com>\n*Sent:* Thursday, January 15, 2026 2:05 PM\n*To:* Bob\n*Subject:* Invoice',
];

it.each(OUTLOOK)('a quote of Outlook: %s', (fields) => {
  const quote = `${fields}\n\nDear Bob,\n\nthe invoice is due.\n`;
  expect(newText(`Thank you.\n\nBob\n\n${quote}`)).toBe('Thank you.\n\nBob');
  expect(newText(`Thank you.\n\n________________________________\n${quote}`)).toBe('Thank you.');
  expect(newText(`\n${quote}\nThank you.`)).toBeNull();
});

it.each([
  ['-----Original Message-----\nAnn', '-----Ursprüngliche Nachricht-----\nAnn', '-----Message d’origine-----\nAnn'],
  [
    '-----Mensaje original-----\nAnn',
    '-------- Messaggio originale --------\nAnn',
    '-----Oorspronkelijk bericht-----\nAnn',
  ],
  ['________________________________\nXyz: ann@example.com\nAbc: 15.1.2026 14:05\nDef: Bob\n\nDear Bob'],
  ['On Thu, Jan 15, 2026 at 2:05 PM Ann Lee <ann@example.com> wrote:\n\nDear Bob,\nthe invoice is due.'],
])('an unmarked quote, whose end cannot be told: %s', (...quotes) => {
  for (const quote of quotes) {
    expect(newText(`Thank you.\n\n${quote}`)).toBe('Thank you.');
    expect(newText(`${quote}\n\nThank you.`)).toBeNull();
  }
});

it.each([
  '---------- Forwarded message ---------\nFrom: Ann <ann@example.com>\n\nDear Bob',
  'Begin forwarded message:\n\n> From: Ann <ann@example.com>\n>\n> Dear Bob',
  'Anfang der weitergeleiteten Nachricht:\n\n> Von: Ann',
  '-------- Weitergeleitete Nachricht --------\nBetreff: x',
])('a forwarded message is not new: %j', (forwarded) => {
  expect(newText(`See below.\n\n${forwarded}`)).toBe('See below.');
  expect(newText(forwarded)).toBe('');
});

it('drops no sentence before an attribution', () => {
  expect(newText(`I paid on 2026-01-15.\nAs Ann wrote:\n${QUOTE}`)).toBe('I paid on 2026-01-15.');
});

it('joins an attribution that is broken over three lines', () => {
  const attribution = 'On Thu, Jan 15, 2026 at\n2:05 PM Ann Lee <ann@example.com>\nwrote:';
  expect(newText(`Thank you, until 10:30.\n${attribution}\n${QUOTE}`)).toBe('Thank you, until 10:30.');
});

it.each([
  ['Paid.\n\n-- \nBob Ray\nExample Ltd', 'Paid.'],
  ['Paid.\n\n--\nBob Ray\n\nOn 1/15/26 2:05 PM, Ann wrote:\n> a', 'Paid.'],
  ['On 1/15/26 2:05 PM, Ann wrote:\n> a\n> -- \n> Ann\n\nPaid.\n\n-- \nBob', 'Paid.'],
  ['Paid.\n\nSent from my iPhone\n\nOn 1/15/26 2:05 PM, Ann wrote:\n> a', 'Paid.'],
  ['Bezahlt.\n\nVon meinem iPhone gesendet', 'Bezahlt.'],
  ['Payé.\n\nEnvoyé de mon iPhone\n', 'Payé.'],
  ['Maksettu.\n\nLähetetty iPhonesta', 'Maksettu.'],
  ['Оплачено.\n\nОтправлено с iPhone', 'Оплачено.'],
  ['지불했습니다.\n\n나의 iPhone에서 보냄', '지불했습니다.'],
  ['付了。\n\n從我的iPhone傳送', '付了。'],
  [
    'Paid.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: A <a@b>\nSent: 15.1.2026\nTo: B',
    'Paid.',
  ],
  [`Steps\n--\n${'one\n'.repeat(40)}end`, `Steps\n--\n${'one\n'.repeat(40)}end`],
])('leaves the signature out: %j', (text, expected) => {
  expect(newText(text)).toBe(expected);
});

it.each([
  'Hello,\n\nFrom: our office\nplease call: 030 1234\n\nBob',
  'You wrote:\nthat the price is 10:30:\n\nfine',
  '>From the start it was clear.\nThe date: 2026-01-15',
  'On Monday we meet at 10:30.\n\n- one\n- two\n\n*****',
  'Date: 1.2.2026\nPlace: Berlin\nTopic: plans',
  'Hi,\n\nwe paid the invoice:\n\nNo: INV-2024-001\nDate: 2026-01-15\nAmount: 1,500.00 USD\n\nPlease confirm.',
  'Hello,\n\nplease bill us for\n\nNo: seven\nFrom: 01.01.2026\nTo: 31.01.2026\nTotal: 500 EUR\n\nCan you confirm?',
  'Hallo,\n\nVon: 01.01.2026\nBis: 31.01.2026\nBetrag: 500 EUR\n\nBitte bestätigen.',
  'Hi,\n\nas I wrote on 15 January 2026:\n\nthe invoice was paid. Please stop.',
  'Hi,\nI paid on 2026-01-15.\nAs Ann wrote:\nThe invoice is closed.',
  'Von meiner Seite aus passt das.',
  'Hallo Ann,\n\ndanke.\n\nVon meiner Seite ist alles bezahlt, bitte stornieren Sie die Mahnung.',
  '나의 답변은 예입니다.',
  '從我的角度看沒問題。',
  'Lähetetty eilen.',
  'Отправлено с курьером.',
  'Inviato da Ann ieri.',
])('keeps what only looks like a quote: %j', (text) => {
  expect(newText(text)?.replace(/\n+\*+$/, '')).toBe(text.replace(/\n+\*+$/, ''));
});

it('has nothing new where a message only quotes', () => {
  expect(newText(`On 1/15/26 2:05 PM, Ann wrote:\n${QUOTE}`)).toBe('');
  expect(newText('')).toBe('');
});

it('does not decide on what is very long', () => {
  expect(newText('a '.repeat(500_001))).toBeNull();
  expect(newText('a\n'.repeat(20_001))).toBeNull();
});
