/** Messages of other mail systems (test/inbox/cases), delivered as Gmail does and read by a sync. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deliverTo, type Tenant, type TestApp } from './harness.ts';
import { accepted, fetchSentCopy, fresh } from './mail.ts';
import { gmailOf, syncWholly } from './syncing.ts';

const CASES = path.join(import.meta.dirname, '..', 'inbox', 'cases');

const Q_ENCODED = new Map([
  ['@', '=40'],
  ['=', '=3D'],
]);

/** The email that a case is about. */
export interface SentForCase {
  readonly uid: string;
  readonly messageId: string;
}

export function readCase(name: string): string {
  return readFileSync(path.join(CASES, `${name}.eml`), 'utf8');
}

/** Sends the email that a case is about. */
export async function sendForCase(t: TestApp, tenant: Tenant, to: readonly string[]): Promise<SentForCase> {
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, '', { to: [...to] }));
  return fetchSentCopy(t, tenant, outboundEmail.uid);
}

/** With the placeholders of the README replaced, and CRLF at the ends of lines. @param sent null: they are not in it. */
export function fillCase(raw: string, tenant: Tenant, sent: SentForCase | null): string {
  const id = sent?.messageId.replace(/^<|>$/g, '') ?? '';
  const characters = Array.from(id, (character) => Q_ENCODED.get(character) ?? character);
  const half = Math.floor(characters.length / 2);
  return raw
    .replaceAll('@@ME@@', tenant.email)
    .replaceAll('@@MEPLUS@@', tenant.email.replace('@', '+inv@'))
    .replaceAll('@@MID@@', id)
    .replaceAll('@@MIDQ@@', characters.join(''))
    .replaceAll('@@MIDQ1@@', characters.slice(0, half).join(''))
    .replaceAll('@@MIDQ2@@', characters.slice(half).join(''))
    .replaceAll('@@OP@@', sent?.uid ?? '')
    .replace(/@@B64:([\s\S]*?)@@/g, (_, text: string) => Buffer.from(text.replace(/\n/g, '\r\n')).toString('base64'))
    .replace(/\r?\n/g, '\r\n');
}

/** Delivers a message and reads the mailbox. @param from of the envelope; `google`: it comes from Google's own system. */
export async function receiveCase(t: TestApp, tenant: Tenant, raw: string, from: string): Promise<string> {
  const id = from === 'google' ? await insert(t, tenant, raw) : deliverTo(t, tenant, { from, raw });
  await syncWholly(t, tenant);
  const { accountId } = tenant;
  const { id: uid } = await t.app.db.emailMessage.findFirstOrThrow({ where: { accountId, providerMessageId: id } });
  return uid;
}

async function insert(t: TestApp, tenant: Tenant, raw: string): Promise<string> {
  const requestBody = { raw: Buffer.from(raw).toString('base64url'), labelIds: ['INBOX', 'UNREAD'] };
  const { data } = await gmailOf(t, tenant).messages.insert({ userId: 'me', requestBody });
  return data.id ?? '';
}
