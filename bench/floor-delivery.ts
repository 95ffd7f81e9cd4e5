/** How the floor delivers an email that is accepted and leased: with plain fetch, and MIME joined from strings. */
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { SENDING, SENT, STORE_SENT_COPY } from './floor-sql.ts';

export const LEASE_MS = 185_000;

export interface FloorEmail {
  readonly organizationId: string;
  readonly outboundEmailId: string;
  readonly leaseToken: string;
  readonly accountId: string;
  readonly fromEmail: string;
  readonly displayName: string | null;
  readonly to: readonly string[];
  readonly subject: string;
  readonly bodyText: string;
}

export interface SentMessage {
  readonly id: string;
  readonly threadId: string;
}

const Token = z.object({ access_token: z.string() });
export const Ref = z.object({ id: z.string(), threadId: z.string() });
export const Draft = z.object({ id: z.string(), message: Ref });
const Message = Ref.extend({
  snippet: z.string(),
  internalDate: z.string(),
  payload: z.object({
    headers: z.array(z.object({ name: z.string(), value: z.string() })),
    body: z.object({ data: z.string() }),
  }),
});

/** One token for each account, for the life of this process. */
const tokens = new Map<string, Promise<string>>();

/** GmailDraft, SENDING, sent, SENT: three commits with the one that accepted it. */
export async function deliver(pool: Pool, gmailUrl: string, email: FloorEmail): Promise<SentMessage> {
  const { organizationId, outboundEmailId, leaseToken } = email;
  const raw = Buffer.from(compose(email)).toString('base64url');
  const draft = Draft.parse(await gmail(gmailUrl, email.accountId, 'drafts', { message: { raw } }));
  const begun = new Date();
  const leaseEnds = new Date(begun.getTime() + LEASE_MS);
  const gmailDraft = [draft.id, draft.message.id, draft.message.threadId];
  const sending = [organizationId, outboundEmailId, leaseToken, begun, uuidv7(), ...gmailDraft, leaseEnds];
  await one(pool, { ...SENDING, values: sending });
  const sent = Ref.parse(await gmail(gmailUrl, email.accountId, 'drafts/send', { id: draft.id }));
  const done = [organizationId, outboundEmailId, leaseToken, new Date(), uuidv7(), sent.id, sent.threadId];
  await one(pool, { ...SENT, values: done });
  return sent;
}

/** The sent copy as Gmail keeps it, stored with its conversation in one statement. */
async function fetchSentCopy(pool: Pool, gmailUrl: string, email: FloorEmail, sent: SentMessage): Promise<void> {
  const message = Message.parse(await gmail(gmailUrl, email.accountId, `messages/${sent.id}?format=full`));
  const header = (name: string) => message.payload.headers.find((each) => each.name === name)?.value ?? '';
  const bodyText = Buffer.from(message.payload.body.data, 'base64url').toString('utf8');
  await one(pool, {
    ...STORE_SENT_COPY,
    values: [
      email.organizationId,
      email.outboundEmailId,
      uuidv7(),
      uuidv7(),
      email.accountId,
      message.id,
      message.threadId,
      header('Subject'),
      message.snippet,
      email.to,
      new Date(Number(message.internalDate)),
      header('Message-ID'),
      email.fromEmail,
      email.displayName,
      JSON.stringify(email.to.map((address) => ({ address, name: null }))),
      bodyText,
      termsOf(email.to, header('Subject'), bodyText),
    ],
  });
}

/** As many as Epistle reads back at once. */
const FETCHES_AT_ONCE = 16;

/** Sent copies are stored in the background, so many at once. */
export function createSentCopyQueue(pool: Pool, gmailUrl: string) {
  const waiting: { readonly email: FloorEmail; readonly sent: SentMessage }[] = [];
  const running = new Set<Promise<void>>();
  const read = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await fetchSentCopy(pool, gmailUrl, next.email, next.sent);
    }
  };
  return {
    add(email: FloorEmail, sent: SentMessage): void {
      waiting.push({ email, sent });
      if (running.size >= FETCHES_AT_ONCE) return;
      const reader = read().finally(() => running.delete(reader));
      running.add(reader);
    },
    async whenIdle(): Promise<void> {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** The words of ASCII texts and the addresses. */
export function termsOf(addresses: readonly string[], ...texts: readonly string[]): string[] {
  const words = [...addresses, ...texts].flatMap((text) => text.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  return [...new Set([...addresses.map((address) => `to:${address}`), ...addresses, ...words])];
}

export function compose({
  outboundEmailId,
  fromEmail,
  displayName,
  to,
  subject,
  bodyText,
}: Omit<FloorEmail, 'organizationId' | 'leaseToken' | 'accountId'>): string {
  return [
    `X-Epistle-Id: ${outboundEmailId}`,
    `From: "${displayName ?? ''}" <${fromEmail}>`,
    `To: ${to.join(', ')}`,
    `Subject: ${subject}`,
    `Message-ID: <${outboundEmailId}@bench.example>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 7bit',
    '',
    bodyText.replaceAll('\n', '\r\n'),
  ].join('\r\n');
}

export async function gmail(gmailUrl: string, accountId: string, path: string, body?: object): Promise<unknown> {
  const authorization = `Bearer ${await accessToken(gmailUrl, accountId)}`;
  const url = `${gmailUrl}/gmail/v1/users/me/${path}`;
  const response = await (body === undefined
    ? fetch(url, { headers: { authorization } })
    : fetch(url, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }));
  if (!response.ok) throw new Error(`Gmail answered ${response.status}`);
  return response.json();
}

function accessToken(gmailUrl: string, accountId: string): Promise<string> {
  const known = tokens.get(accountId) ?? fetchToken(gmailUrl, accountId);
  tokens.set(accountId, known);
  return known;
}

async function fetchToken(gmailUrl: string, accountId: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: accountId });
  const response = await fetch(`${gmailUrl}/oauth2/token`, { method: 'POST', body });
  return Token.parse(await response.json()).access_token;
}

export async function one(pool: Pool, query: { name: string; text: string; values: unknown[] }): Promise<void> {
  const { rowCount } = await pool.query(query);
  if (rowCount !== 1) throw new Error(`${query.name} changed ${rowCount} rows`);
}
