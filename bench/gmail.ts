/**
 * A Gmail that answers at once, as a process of its own, so that the duration of a send is Epistle's. It keeps no mail, only
 * when each draft was created and sent, so that it counts a draft that is sent twice.
 * Every mailbox has `MAILBOX` received mails, for the scenarios that list them.
 * Beside Google's paths it has GET /bench (a `GmailCounts`) and GET /bench/arrivals (`[draft id, when it was sent]`).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tellPort } from './process.ts';
import type { GmailCounts } from './setup.ts';

const USER = '/gmail/v1/users/me/';
/** Accepts the message as bytes, for messages above the size of a JSON body. */
const UPLOAD = `/upload${USER}drafts`;
const TOKEN = JSON.stringify({ access_token: 'bench', token_type: 'Bearer', expires_in: 3600 });
const INBOUND = 'i';
const MAILBOX = Number(process.env.MAILBOX ?? 0);
const STARTED_AT = Date.now();
/** About 2 KB of words. */
const LONG_BODY = Buffer.from(
  Array.from({ length: 40 }, (_, n) => `Line ${n}: thank you for the invoice of the month.`).join('\r\n'),
).toString('base64url');
const BODY = Buffer.from('Dear Maria,\r\n\r\nplease find our invoice.\r\n').toString('base64url');

/** By draft id: when it was sent, in milliseconds since 1970; 0 while it was not. */
const drafts = new Map<string, number>();
const calls = new Map<string, number>();
let sent = 0;
let refused = 0;

function handle(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/' } = request;
  const arrivedAt = performance.timeOrigin + performance.now();
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  if (path.startsWith('/bench')) {
    answer(response, path === '/bench' ? counts() : arrivals());
  } else if (path === '/oauth2/token') {
    count('POST token');
    request.resume().on('end', () => answer(response, TOKEN));
  } else if (method === 'POST' && (path === `${USER}drafts` || path === UPLOAD)) {
    count('POST drafts');
    request.resume().on('end', () => answer(response, createDraft()));
  } else if (method === 'POST' && path === `${USER}drafts/send`) {
    count('POST drafts/send');
    read(request, (body) => sendDraft(JSON.parse(body).id, arrivedAt, response));
  } else if (method === 'GET' && path.startsWith(`${USER}messages/${INBOUND}`)) {
    count('GET messages/:id');
    answer(response, inbound(path.slice(`${USER}messages/`.length)));
  } else if (method === 'GET' && path.startsWith(`${USER}messages/`)) {
    count('GET messages/:id');
    answer(response, message(path.slice(`${USER}messages/`.length)));
  } else if (method === 'GET' && path === `${USER}profile`) {
    answer(response, '{"emailAddress":"bench@lumen.example","historyId":"1000"}');
  } else if (method === 'GET' && path === `${USER}history`) {
    answer(response, '{"historyId":"1000"}');
  } else if (method === 'GET' && path === `${USER}messages`) {
    count('GET messages');
    answer(response, page(new URLSearchParams(url.slice(query))));
  } else if (method === 'GET' && path === `${USER}drafts`) {
    count('GET drafts');
    answer(response, '{"drafts":[]}');
  } else {
    count(`${method} ${path}`);
    request
      .resume()
      .on('end', () => answer(response, '{"error":{"code":404,"message":"not part of this Gmail"}}', 404));
  }
}

function createDraft(): string {
  const id = (drafts.size + 1).toString(16).padStart(16, '0');
  drafts.set(`r${id}`, 0);
  return `{"id":"r${id}","message":{"id":"d${id}","threadId":"t${id}","labelIds":["DRAFT"]}}`;
}

function sendDraft(draftId: string, arrivedAt: number, response: ServerResponse): void {
  if (drafts.get(draftId) !== 0) {
    refused++;
    answer(response, '{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}', 404);
    return;
  }
  drafts.set(draftId, arrivedAt);
  sent++;
  const id = draftId.slice(1);
  answer(response, `{"id":"m${id}","threadId":"t${id}","labelIds":["SENT"]}`);
}

/** Newest first; the page token is how many came before. */
function page(query: URLSearchParams): string {
  const from = Number(query.get('pageToken') ?? 0);
  const to = Math.min(MAILBOX, from + Number(query.get('maxResults')));
  const messages = Array.from({ length: to - from }, (_, n) => {
    const id = `${INBOUND}${MAILBOX - from - n}`;
    return { id, threadId: threadOf(id) };
  });
  return JSON.stringify({ messages, ...(to < MAILBOX ? { nextPageToken: String(to) } : {}) });
}

/** Two mails a thread. */
function threadOf(id: string): string {
  return `thread-${Math.ceil(Number(id.slice(INBOUND.length)) / 2)}`;
}

function inbound(id: string): string {
  const number = Number(id.slice(INBOUND.length));
  const from = `correspondent-${number % 500}@acme.example`;
  return JSON.stringify({
    id,
    threadId: threadOf(id),
    labelIds: ['INBOX', 'UNREAD'],
    snippet: 'Dear all, thank you for the invoice, which we have passed on.',
    historyId: '1000',
    internalDate: String(STARTED_AT - (MAILBOX - number) * 60_000),
    payload: {
      partId: '',
      mimeType: 'multipart/mixed',
      filename: '',
      headers: [
        { name: 'From', value: `Correspondent ${number} <${from}>` },
        { name: 'To', value: 'bench@lumen.example' },
        { name: 'Subject', value: `Re: Invoice INV-2026-${number}` },
        { name: 'Message-ID', value: `<${id}@acme.example>` },
        { name: 'Date', value: 'Thu, 01 Jan 2026 00:00:00 +0000' },
        { name: 'MIME-Version', value: '1.0' },
        { name: 'Content-Type', value: 'multipart/mixed; boundary=b' },
      ],
      body: { size: 0 },
      parts: [
        {
          partId: '0',
          mimeType: 'text/plain',
          filename: '',
          headers: [{ name: 'Content-Type', value: 'text/plain; charset=utf-8' }],
          body: { size: LONG_BODY.length, data: LONG_BODY },
        },
        {
          partId: '1',
          mimeType: 'application/pdf',
          filename: 'receipt.pdf',
          headers: [{ name: 'Content-Type', value: 'application/pdf' }],
          body: { size: 40_000, attachmentId: 'receipt' },
        },
      ],
    },
  });
}

function message(id: string): string {
  return JSON.stringify({
    id,
    threadId: `t${id.slice(1)}`,
    labelIds: ['SENT'],
    snippet: 'Dear Maria, please find our invoice.',
    historyId: '1000',
    internalDate: String(Date.now()),
    payload: {
      partId: '',
      mimeType: 'text/plain',
      filename: '',
      headers: [
        { name: 'From', value: 'Billing <billing@lumen.example>' },
        { name: 'To', value: 'maria@acme.example' },
        { name: 'Subject', value: 'Invoice INV-2026-001' },
        { name: 'Message-ID', value: `<${id}@mail.gmail.example>` },
        { name: 'Date', value: 'Thu, 01 Jan 2026 00:00:00 +0000' },
        { name: 'MIME-Version', value: '1.0' },
        { name: 'Content-Type', value: 'text/plain; charset=utf-8' },
      ],
      body: { size: 42, data: BODY },
    },
  });
}

function counts(): string {
  const all: GmailCounts = { calls: Object.fromEntries(calls), drafts: drafts.size, sent, refused };
  return JSON.stringify(all);
}

function arrivals(): string {
  return JSON.stringify([...drafts].filter(([, at]) => at > 0));
}

function count(call: string): void {
  calls.set(call, (calls.get(call) ?? 0) + 1);
}

function read(request: IncomingMessage, then: (body: string) => void): void {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => then(body));
}

function answer(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const server = createServer(handle);
// If this side closed a connection that is just being used again, that call would fail.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => tellPort(server.address()));
process.on('disconnect', () => process.exit());
