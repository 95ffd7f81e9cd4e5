import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { MailboxAccess } from '../../src/gmail/gateway.ts';
import { googleGateway } from '../../src/gmail/google.ts';
import { mimeOf } from '../support/mime-of.ts';

const NOW = new Date('2026-11-05T00:00:00Z');
const mailbox: MailboxAccess = { accountId: 'ann', accessToken: async () => 'ya29.secret-token' };
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A server of bytes. `onRequest` gets each connection once its first bytes are there. */
async function listen(onRequest: (socket: Socket, bytes: Buffer) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) => onRequest(socket, bytes));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function http(status: string, body: string, headers: readonly string[] = []): string {
  const type = body.startsWith('<') ? 'text/html' : 'application/json; charset=UTF-8';
  const length = Buffer.byteLength(body);
  return [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n');
}

const gatewayTo = (rootUrl: string, timeoutMs = 30_000) => googleGateway({ rootUrl, timeoutMs, now: () => NOW });
const answering = async (answer: string) => gatewayTo(await listen((socket) => socket.end(answer)));
const envelope = (code: number, message: string, reason?: string) =>
  JSON.stringify({
    error: {
      code,
      message,
      ...(reason ? { errors: [{ message, domain: 'global', reason }] } : {}),
      status: 'SOME_STATUS',
    },
  });

describe('a send to a server that', () => {
  it.each<[string, (socket: Socket) => void, string]>([
    ['resets after the request', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
    ['closes after the request', (socket) => socket.end(), 'ECONNRESET'],
    ['never answers', () => {}, 'TimeoutError'],
    ['answers no HTTP', (socket) => socket.end('garbage\r\n\r\n'), 'HPE_INVALID_CONSTANT'],
    [
      'cuts a body of known length',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id":"1",'),
      'ECONNRESET',
    ],
    [
      'cuts a chunked body',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"id":"1"'),
      'ECONNRESET',
    ],
    [
      'stalls in the body',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id":"1",'),
      'TimeoutError',
    ],
    ['answers 200 with nothing', (socket) => socket.end(http('200 OK', '')), 'broken-answer'],
    ['answers 200 with cut JSON', (socket) => socket.end(http('200 OK', '{"id":"1","thr')), 'broken-answer'],
    ['answers 200 without ids', (socket) => socket.end(http('200 OK', '{}')), 'broken-answer'],
    ['answers 200 with a page', (socket) => socket.end(http('200 OK', '<html>')), 'broken-answer'],
    [
      'changes the protocol',
      (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      'ECONNRESET',
    ],
    [
      'answers with endless headers',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`),
      'HPE_HEADER_OVERFLOW',
    ],
    ['answers 204', (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'), 'broken-answer'],
    ['redirects', (socket) => socket.end(http('307 Temporary Redirect', '', ['Location: /elsewhere'])), 'http-307'],
    [
      'fails as a proxy does',
      (socket) => socket.end(http('502 Bad Gateway', '<html>bob@example.com</html>')),
      'http-502',
    ],
    ['does not know the draft, but is not Gmail', (socket) => socket.end(http('404 Not Found', '<html>')), 'http-404'],
    ['refuses the request, but is not Gmail', (socket) => socket.end(http('403 Forbidden', '<html>')), 'http-403'],
  ])('%s has an unknown outcome, and is made once', async (_, answer, reason) => {
    let requests = 0;
    const sockets: Socket[] = [];
    const url = await listen((socket) => {
      requests += 1;
      sockets.push(socket);
      answer(socket);
    });
    const timeoutMs = reason === 'TimeoutError' ? 500 : 30_000;
    await expect(gatewayTo(url, timeoutMs).sendDraft(mailbox, 'r1')).rejects.toMatchObject({
      kind: 'unknown',
      outcome: 'unknown',
      reason,
    });
    expect(requests).toBe(1);
    for (const socket of sockets) socket.destroy();
  });

  it('is not there was not made', async () => {
    const url = await listen(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(gatewayTo(url).sendDraft(mailbox, 'r1')).rejects.toMatchObject({
      kind: 'unreachable',
      reason: 'ECONNREFUSED',
      outcome: 'no',
    });
  });

  it('has no such name was not made', async () => {
    await expect(gatewayTo('http://gmail.invalid').sendDraft(mailbox, 'r1')).rejects.toMatchObject({
      kind: 'unreachable',
      outcome: 'no',
    });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['speaks no TLS', (socket) => socket.end(http('400 Bad Request', ''))],
    ['hangs up in the handshake', (socket) => socket.end()],
  ])('%s was not made', async (_, answer) => {
    const url = (await listen(answer)).replace('http:', 'https:');
    await expect(gatewayTo(url).sendDraft(mailbox, 'r1')).rejects.toMatchObject({ kind: 'unreachable', outcome: 'no' });
  });

  it('refuses a large upload early still gets its answer heard', async () => {
    const gmail = await answering(http('413 Too Large', '<html>'));
    const attempt = gmail.createDraft(mailbox, { mime: mimeOf(Buffer.alloc(8_000_000, 'a')), threadId: null });
    await expect(attempt).rejects.toMatchObject({ kind: 'too-large', status: 413, outcome: 'no' });
  });
});

describe('a refusal', () => {
  it.each([
    [
      '429 Too Many Requests',
      envelope(429, 'User-rate limit exceeded.  Retry after 2026-11-05T01:02:03.456Z', 'rateLimitExceeded'),
      [],
      'rate-limited',
      '2026-11-05T01:02:03.456Z',
    ],
    [
      '429 Too Many Requests',
      envelope(429, 'User-rate limit exceeded.  Retry after 2026-11-05T01:02:03.456Z (Mail sending)'),
      [],
      'daily-limit',
      '2026-11-05T01:02:03.456Z',
    ],
    ['429 Too Many Requests', '<html>', ['Retry-After: 120'], 'rate-limited', '2026-11-05T00:02:00.000Z'],
    [
      '429 Too Many Requests',
      '<html>',
      ['Retry-After: Thu, 05 Nov 2026 00:03:00 GMT'],
      'rate-limited',
      '2026-11-05T00:03:00.000Z',
    ],
    ['429 Too Many Requests', '<html>', ['Retry-After: soon'], 'rate-limited', null],
    ['403 Forbidden', envelope(403, 'Rate Limit Exceeded', 'rateLimitExceeded'), [], 'rate-limited', null],
    ['403 Forbidden', envelope(403, 'Delegation denied', 'forbidden'), [], 'forbidden', null],
    ['400 Bad Request', envelope(400, 'Mail service not enabled', 'failedPrecondition'), [], 'unavailable', null],
    ['400 Bad Request', envelope(400, 'Precondition check failed.', 'failedPrecondition'), [], 'rejected', null],
    ['401 Unauthorized', '', [], 'unauthorized', null],
    ['418 Teapot', envelope(418, 'x'), [], 'rejected', null],
    ['408 Request Timeout', envelope(408, 'x'), [], 'unknown', null],
    ['500 Internal Server Error', envelope(500, 'Backend Error', 'backendError'), [], 'unknown', null],
  ])('%s %s %j is %s', async (status, body, headers, kind, retryAt) => {
    const gmail = await answering(http(status, body, headers));
    await expect(gmail.sendDraft(mailbox, 'r1')).rejects.toMatchObject({
      kind,
      retryAt: retryAt === null ? null : new Date(retryAt),
    });
  });

  it.each([
    ['Invalid To header', 'Invalid To header'],
    ['Recipient address required', 'Recipient address required'],
    ['Base64 decoding failed for "U3ViamVjdDogc2VjcmV0"', 'Base64 decoding failed for "…"'],
    ['Invalid value "secret', 'Invalid value "…"'],
    ['Invalid address bob@example.com', 'Gmail answered 400 (invalidArgument).'],
    [`Bad ${'x'.repeat(50)}`, 'Gmail answered 400 (invalidArgument).'],
    ['secret '.repeat(100), 'Gmail answered 400 (invalidArgument).'],
    ['', 'Gmail answered 400 (invalidArgument).'],
  ])("keeps Gmail's words where they hold nothing of the mail: %s", async (message, kept) => {
    const gmail = await answering(http('400 Bad Request', envelope(400, message, 'invalidArgument')));
    await expect(gmail.sendDraft(mailbox, 'r1')).rejects.toMatchObject({
      kind: 'rejected',
      reason: 'invalidArgument',
      message: kept,
    });
  });

  it('with a reason that is text is named by its status', async () => {
    const body = JSON.stringify({ error: { code: 400, message: 'x', errors: [{ reason: 'to bob@example.com' }] } });
    const gmail = await answering(http('400 Bad Request', body));
    await expect(gmail.sendDraft(mailbox, 'r1')).rejects.toMatchObject({ reason: 'http-400' });
  });
});

describe('a message', () => {
  const base64url = (text: string | readonly number[]) =>
    Buffer.from(typeof text === 'string' ? text : [...text]).toString('base64url');
  const read = async (payload: unknown) => {
    const answer = { id: 'm1', threadId: 't1', internalDate: '1700000000000', payload };
    return (await answering(http('200 OK', JSON.stringify(answer)))).getMessage(mailbox, 'm1');
  };
  const textPart = (charset: string, data: string) => ({
    mimeType: 'text/plain',
    headers: [{ name: 'Content-Type', value: `text/plain; charset=${charset}` }],
    body: { data },
  });

  it.each([
    ['utf-8', base64url('Grüße'), 'Grüße'],
    ['"ISO-8859-1"; format=flowed', base64url([0x47, 0x72, 0xfc, 0xdf, 0x65]), 'Grüße'],
    ['iso-8859-1 that Gmail converted', base64url('Grüße'), 'Grüße'],
    ['shift_jis', base64url([0x93, 0xfa, 0x96, 0x7b]), '日本'],
    ['shift_jis', base64url('日本'), '日本'],
    ['iso-2022-jp', base64url('\u001b$BF|K\\\u001b(B'), '日本'],
    ['iso-2022-jp', base64url('日本'), '日本'],
    ['utf-16le', base64url([0x48, 0, 0x69, 0]), 'Hi'],
    ['utf-16', base64url('Hi'), 'Hi'],
    ['x-unknown', base64url([0x63, 0x61, 0x66, 0xe9]), 'café'],
    ['', base64url([0x63, 0x61, 0x66, 0xe9]), 'café'],
  ])('in charset %s is decoded', async (charset, data, text) => {
    expect((await read(textPart(charset, data)))?.bodyText).toBe(text);
  });

  it('whose text has a file name or is declared an attachment has no body', async () => {
    const parts = [
      { partId: '0', mimeType: 'text/plain', filename: 'notes.txt', body: { data: base64url('a') } },
      {
        partId: '1',
        mimeType: 'TEXT/HTML',
        headers: [{ name: 'content-disposition', value: 'ATTACHMENT' }],
        body: { data: base64url('b') },
      },
      { partId: '2', mimeType: 'text/plain', body: { data: base64url('the body') } },
    ];
    const message = await read({ mimeType: 'multipart/mixed', parts });
    expect(message).toMatchObject({ bodyText: 'the body', bodyHtml: null });
    expect(message?.parts.map(({ partId, size }) => [partId, size])).toEqual([
      ['0', 1],
      ['1', 1],
    ]);
  });

  /** A node as Gmail gives it. */
  const node = (mimeType: string, content: string | object[], more: object = {}) =>
    typeof content === 'string'
      ? { partId: content, mimeType, body: { data: base64url(content) }, ...more }
      : { mimeType, parts: content, ...more };
  const inline = { headers: [{ name: 'Content-Disposition', value: 'inline' }] };

  it('of several paragraphs with files between them has them all as its body', async () => {
    const message = await read(
      node('multipart/mixed', [
        node('text/plain', 'one', inline),
        node('image/png', 'picture', { ...inline, filename: 'p.png' }),
        node('text/plain', 'two\r\n'),
        node('text/plain', 'named', { ...inline, filename: 'notes.txt' }),
        node('text/plain', 'three'),
      ]),
    );
    expect(message).toMatchObject({ bodyText: 'one\ntwo\r\nthree', bodyHtml: null, problems: [] });
    expect(message?.parts.map(({ partId }) => partId)).toEqual(['picture', 'named']);
  });

  it('of several paragraphs in two forms has them all in each', async () => {
    const message = await read(
      node('multipart/mixed', [
        node('multipart/alternative', [
          node('text/plain', 'one'),
          node('text/plain', 'one again'),
          node('multipart/mixed', [node('text/html', '<p>1'), node('image/png', 'picture'), node('text/html', '<p>2')]),
        ]),
        node('multipart/alternative', [node('text/plain', 'three'), node('text/html', '<p>3')]),
      ]),
    );
    expect(message).toMatchObject({ bodyText: 'one\nthree', bodyHtml: '<p>1\n<p>2\n<p>3' });
    expect(message?.parts.map(({ partId }) => partId)).toEqual(['one again', 'picture']);
  });

  it('of paragraphs that are too much together ends where there is no more room', async () => {
    const megabytes = (n: number) => 'x'.repeat(n * 1_048_576);
    const long = (partId: string, n: number) => node('text/plain', megabytes(n), { partId });
    const message = await read(node('multipart/mixed', [long('a', 6), long('b', 6), long('c', 1)]));
    expect(message?.bodyText?.replace('\n', '')).toBe(megabytes(10));
    expect(message?.problems).toEqual(['Its plain-text body is larger than 10 MB; what is beyond was not stored.']);
    expect(message?.parts.map(({ partId }) => partId)).toEqual(['c']);
  });

  it('whose body Gmail gave by id only is fetched whole', async () => {
    const answer = {
      id: 'm1',
      threadId: 't1',
      internalDate: '1',
      payload: { mimeType: 'text/plain', body: { size: 5, attachmentId: 'A1' } },
    };
    const url = await listen((socket, bytes) =>
      socket.end(
        http(
          '200 OK',
          JSON.stringify(bytes.includes('/attachments/A1') ? { size: 5, data: base64url('whole') } : answer),
        ),
      ),
    );
    expect((await gatewayTo(url).getMessage(mailbox, 'm1'))?.bodyText).toBe('whole');
  });

  it('whose bodies Gmail gave by id only costs twenty further calls at most', async () => {
    let fetches = 0;
    const leaf = (n: number) => ({ mimeType: 'text/plain', body: { size: 5, attachmentId: `A${n}` } });
    const payload = { mimeType: 'multipart/mixed', parts: Array.from({ length: 400 }, (_, n) => leaf(n)) };
    const answer = { id: 'm1', threadId: 't1', internalDate: '1', payload };
    const url = await listen((socket, bytes) => {
      const isFetch = bytes.includes('/attachments/');
      if (isFetch) fetches++;
      socket.end(http('200 OK', JSON.stringify(isFetch ? { size: 5, data: base64url('whole') } : answer)));
    });
    const message = await gatewayTo(url).getMessage(mailbox, 'm1');
    expect(message?.bodyText).toBe(Array(20).fill('whole').join('\n'));
    expect(message?.problems).toEqual(['Its plain-text body could not be fetched.']);
    expect(fetches).toBe(20);
  });

  it.each([
    ['none', undefined],
    ['a string', 'x'],
    ['a node of wrong types', { mimeType: 5, headers: 'x', body: [], parts: {} }],
    [
      'children of wrong types',
      {
        mimeType: 'multipart/mixed',
        parts: [null, 1, 'x', {}, { body: { data: 5, size: -1 } }],
        headers: [null, {}, { name: 'A', value: 'b' }],
      },
    ],
    ['a body that is no base64', { mimeType: 'text/plain', body: { data: '*** ?' } }],
  ])('with a weird payload is still a message: %s', async (_, payload) => {
    expect(await read(payload)).toMatchObject({ messageId: 'm1', threadId: 't1', labels: [] });
  });

  it('of any depth is read', async () => {
    let payload: unknown = textPart('utf-8', base64url('deep'));
    for (let depth = 0; depth < 2_000; depth += 1) payload = { mimeType: 'multipart/mixed', parts: [payload] };
    expect((await read(payload))?.bodyText).toBe('deep');
  });

  it('without an id is a broken answer', async () => {
    const gmail = await answering(http('200 OK', '{"threadId":"t1"}'));
    await expect(gmail.getMessage(mailbox, 'm1')).rejects.toMatchObject({ kind: 'unknown', reason: 'broken-answer' });
  });
});
