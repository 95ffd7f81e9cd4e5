/**
 * The words by which Gmail, Outlook, Apple Mail and Thunderbird introduce a quoted message, in the languages that they are
 * used in most. English comes first, then the others in the order of their codes.
 */

const listed = (words: string) => words.trim().split(/\s*\|\s+/);
/** A pattern that matches one of the words, which are patterns themselves. @param words with " | " between them. */
export const anyOf = (words: string) => `(?:${listed(words).join('|')})`;

/** "wrote" in "On 15 Jan 2026, at 10:00, Ann Lee <ann@example.com> wrote:". */
const VERBS = String.raw`
  wrote | написа | va escriure | napsal(?:\(a\)|a)? | skrev | schrieb | έγραψε | escribió | kirjutas | kirjoitti |
  a écrit | כתב(?:/ה)? | napisao(?:/la)? | ezt írta | menulis | ha scritto | のメール | さんが書きました | 님이 작성 | 작성 | rašė |
  rakstīja | schreef | het volgende geschreven | napisał(?:\(a\)|a)? | escreveu | a scris | пишет | писал(?:\(а\)|а)? |
  написал(?:\(а\)|а)? | napísal(?:\(a\)|a)? | je napisal(?:/a)? | เขียนว่า | şunu yazdı | yazdı | пише |
  написав(?:/ла)? | đã viết | 写道 | 寫道 | 写入 | كتب`;
export const ATTRIBUTION_VERB = new RegExp(`(?<!\\p{L})${anyOf(VERBS)}(?!\\p{L})|[写寫]道|작성|書きました`, 'iu');

/** How such a line begins, when it goes on in the next one. */
const STARTS = `
  On | На | El | Dne | Den | Am | Στις | Le | Dana | Pada | Il | Il giorno | Op | Dnia | W dniu | Em | Pe | În | Dňa |
  V | Vào | Ngày | В | בתאריך | في | เมื่อ`;
export const ATTRIBUTION_START = new RegExp(`^${anyOf(STARTS)}\\s`, 'iu');

/** Between dashes: "-----Original Message-----". */
const ORIGINALS = `
  Original Message | Originalmeddelelse | Oprindelig meddelelse | Ursprüngliche Nachricht | Originalnachricht |
  Mensaje original | Alkuperäinen viesti | Message d['’]origine | Message original | Eredeti üzenet |
  Messaggio originale | Oorspronkelijk bericht | Opprinnelig melding | Oryginalna wiadomość | Wiadomość oryginalna |
  Mensagem original | Mesaj original | Исходное сообщение | Původní zpráva | Pôvodná správa | Ursprungligt meddelande |
  Originalmeddelande | Orijinal İleti | Özgün İleti | 元のメッセージ | 원본 메시지 | 邮件原件 | 原始邮件 | 原始郵件 | הודעה מקורית |
  الرسالة الأصلية`;
export const ORIGINAL_SEPARATOR = new RegExp(`^-{2,}\\s?${anyOf(ORIGINALS)}\\s?-{2,}$`, 'iu');

/** Between dashes, or behind "Begin" in Apple Mail and with a colon. */
const FORWARDS = `
  Forwarded message | Videresendt meddelelse | Weitergeleitete Nachricht | Mensaje reenviado | Välitetty viesti |
  Message transféré | Messaggio inoltrato | Doorgestuurd bericht | Videresendt melding | Wiadomość przekazana |
  Przekazana wiadomość | Mensagem encaminhada | Mesaj redirecționat | Пересылаемое сообщение |
  Переадресованное сообщение | Přeposlaná zpráva | Vidarebefordrat meddelande | Vidarebefordrat brev |
  Yönlendirilmiş ileti | 転送されたメッセージ | 전달된 메일 | 转发的邮件 | 轉寄的郵件`;
const FORWARDS_OF_APPLE_MAIL = `
  Begin forwarded message | Start på videresendt besked | Anfang der weitergeleiteten Nachricht |
  Inicio del mensaje reenviado | Début du message (?:transféré|réexpédié) | Inizio messaggio inoltrato |
  Begin doorgestuurd bericht | Videresendt melding | Początek przekazywanej wiadomości |
  Início da mensagem (?:encaminhada|reencaminhada) | Начало переадресованного сообщения | Vidarebefordrat brev |
  転送されたメッセージ | 开始转发的邮件 | 開始轉寄郵件`;
export const FORWARD_SEPARATOR = new RegExp(
  `^(?:-{2,}\\s?${anyOf(FORWARDS)}\\s?-{2,}|${anyOf(FORWARDS_OF_APPLE_MAIL)}\\s?[:：])$`,
  'iu',
);

/** "From", the first of the header fields that Outlook puts above the earlier message. */
export const SENDER_LABELS = new Set(
  listed(`
    from | от | de | od | fra | von | από | saatja | lähettäjä | מאת | feladó | dari | da | 差出人 | 보낸 사람 | nuo | no | van |
    expeditor | från | จาก | kimden | gönderen | від | từ | 发件人 | 寄件者 | من`),
);

const PRODUCTS = '(?:iPhone|iPad|Android|Samsung|Galaxy|Huawei|Xiaomi|Outlook|Mail)';

/** Those that are other words too, such as that of a number. */
export const AMBIGUOUS_LABELS = new Set(['no', 'nuo', 'da', 'van', 'od']);

/** Its whole line: "Sent from my iPhone", "Get Outlook for iOS<https://aka.ms/o0ukef>". Sentences of people begin like some of them. */
const DEVICES = String.raw`
  Sent from (?:my|Mail for|Outlook) | Get Outlook for | Sendt fra min | Von meine[mr] .{1,40} gesendet | Outlook für (?:iOS|Android|Mac) | Enviado desde mi |
  Obtener Outlook para | Lähetetty .{0,30}${PRODUCTS} | Envoyé (?:de|depuis) (?:mon|ma) | Obtenir Outlook | Inviato da.{0,30}${PRODUCTS} |
  Ottieni Outlook | Verstuurd vanaf mijn | Verzonden vanaf | Outlook voor (?:iOS|Android|Mac) | Wysłane z .{0,30}${PRODUCTS} | Enviado do meu |
  Obter o? ?Outlook | Trimis de pe | Отправлено с .{0,30}${PRODUCTS} | Odesláno z .{0,30}${PRODUCTS} | Odoslané z .{0,30}${PRODUCTS} | Skickat från min | Hämta Outlook |
  \S{1,20}['’]?(?:imden|umdan|dan) gönderildi | 发自我的 | 從我的.{1,30}(?:傳送|寄出|發送) | iPhoneから送信 | 나의.{1,30}에서 (?:보냄|보낸)`;
export const DEVICE_SIGNATURE = new RegExp(`^${anyOf(DEVICES)}.{0,80}$`, 'iu');
