/**
 * A Gmail that answers at once, as a process of its own: what is left of a send's time is Epistle's. It keeps no mail,
 * only which draft was made and when it was sent, so that a draft that is sent twice is noticed.
 * Beside Google's paths it has GET /bench (a `GmailCounts`) and GET /bench/arrivals (`[draft id, when it was sent]`).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tellPort } from './process.ts';
import type { GmailCounts } from './setup.ts';

const USER = '/gmail/v1/users/me/';
/** Takes the message as bytes, above the size of a JSON body. */
const UPLOAD = `/upload${USER}drafts`;
const TOKEN = JSON.stringify({ access_token: 'bench', token_type: 'Bearer', expires_in: 3600 });
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
  } else if (method === 'GET' && path.startsWith(`${USER}messages/`)) {
    count('GET messages/:id');
    answer(response, message(path.slice(`${USER}messages/`.length)));
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
// A connection that this end closes just when it is used again would cost its call.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => tellPort(server.address()));
process.on('disconnect', () => process.exit());
