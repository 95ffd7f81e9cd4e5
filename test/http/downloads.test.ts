import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { Disconnect } from '../support/connecting.ts';
import { createKey, createTenant, eventually, query, receive, type Tenant, useTestApp } from '../support/harness.ts';
import { blockLargeWrites } from '../support/large-writes.ts';
import { gmailOf } from '../support/syncing.ts';

const CreateDraftWithFiles = graphql(`
  mutation CreateDraftWithFiles($input: CreateDraftInput!) {
    createDraft(input: $input) {
      __typename
      ... on CreateDraftPayload { draft { attachments { uid filename size sha256 downloadUrl } } }
    }
  }
`);
const ReceivedFiles = graphql(`
  query ReceivedFiles($uid: UUID!) {
    emailMessage(uid: $uid) { attachments { uid filename contentType size contentId downloadUrl } }
  }
`);
const ReceivedHash = graphql(`
  query ReceivedHash($uid: UUID!) { emailMessage(uid: $uid) { attachments { sha256 } } }
`);

const ORIGIN = 'https://app.example.com';

let tenant: Tenant;

const app = useTestApp({ env: { CORS_ORIGINS: ORIGIN } });

beforeAll(async () => {
  tenant = await createTenant(app);
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

interface Asking {
  readonly key?: string | null;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function download(uid: string, { key = tenant.key, headers = {}, ...init }: Asking = {}) {
  const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  return fetch(`${app.url}/attachments/${uid}`, { ...init, headers: { ...authorization, ...headers } });
}

async function attach(filename: string, contentType: string, bytes: Buffer) {
  const attachments = [{ filename, contentType, dataBase64: bytes.toString('base64') }];
  const input = { fromAccountUid: tenant.accountId, attachments };
  const { createDraft } = await query(app, tenant.key, CreateDraftWithFiles, { input });
  if (createDraft.__typename !== 'CreateDraftPayload') throw new Error(createDraft.__typename);
  const [file] = createDraft.draft.attachments;
  if (file === undefined) throw new Error('the draft has no file');
  return file;
}

describe('GET /attachments/:uid', () => {
  it('gives the bytes under their name in any script, to be saved and never to be run', async () => {
    const page = Buffer.from('<script>alert(1)</script>');
    const filename = 'Überweisung "März" 发票\'s.html';
    const file = await attach(filename, 'text/html', page);
    expect(file).toMatchObject({ filename, size: page.length, sha256: sha256(page) });
    expect(file.downloadUrl).toMatch(new RegExp(`^http://epistle.test/attachments/${file.uid}\\?.*signature=`));

    const response = await download(file.uid);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(page);
    const header = (name: string) => response.headers.get(name) ?? '';
    expect(header('content-type')).toBe('text/html');
    expect(header('x-content-type-options')).toBe('nosniff');
    expect(header('content-security-policy')).toContain('sandbox');
    expect(header('cache-control')).toContain('private');
    expect(header('content-disposition')).toMatch(/^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''/);
    const [, encoded] = /filename\*=UTF-8''([\w%.~!#$&+^`|-]+)$/.exec(header('content-disposition')) ?? [];
    expect(decodeURIComponent(encoded ?? '')).toBe(filename);
  });

  it('gives a large file whole, and says how long it is', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 17, 'epistle');
    const file = await attach('large.bin', 'application/octet-stream', bytes);
    const response = await download(file.uid);
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(sha256(bytes));
  });

  it('gives an empty file', async () => {
    const file = await attach('empty.txt', 'text/plain', Buffer.alloc(0));
    const response = await download(file.uid);
    expect(response.headers.get('content-length')).toBe('0');
    expect((await response.arrayBuffer()).byteLength).toBe(0);
    expect((await download(file.uid, { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const file = await attach('a.pdf', 'application/pdf', Buffer.from('%PDF'));
    const [head, get] = [await download(file.uid, { method: 'HEAD' }), await download(file.uid)];
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'content-disposition', 'content-length', 'accept-ranges', 'etag']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(await get.text()).toBe('%PDF');
  });

  it('gives a range, also across the pieces in which it is read', async () => {
    const bytes = Buffer.from(Array.from({ length: 3 * 1024 * 1024 }, (_, n) => (n * 7) % 251));
    const { uid } = await attach('large.bin', 'application/octet-stream', bytes);
    const size = bytes.length;
    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=10-', 10, size],
      ['bytes=-5', size - 5, size],
      ['bytes=-99999999', 0, size],
      [`bytes=5-${size * 2}`, 5, size],
      ['bytes=1048570-2097160', 1_048_570, 2_097_161],
    ];
    for (const [range, from, to] of ranges) {
      const response = await download(uid, { headers: { range } });
      expect([range, response.status]).toEqual([range, 206]);
      expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${size}`);
      expect(response.headers.get('content-length')).toBe(String(to - from));
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const response = await download(uid, { headers: { range } });
      expect([response.status, response.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
      await response.arrayBuffer();
    }
    for (const range of ['bytes=0-1,5-6', 'bytes=9-3', 'bytes=-', 'lines=1-2', 'bytes=a-b']) {
      const response = await download(uid, { headers: { range } });
      expect([range, response.status, (await response.arrayBuffer()).byteLength]).toEqual([range, 200, size]);
    }
  });

  it('goes on with the same file only, and does not send again what the client has', async () => {
    const file = await attach('a.txt', 'text/plain', Buffer.from('0123456789'));
    const etag = `"${file.sha256}"`;
    const resumed = await download(file.uid, { headers: { range: 'bytes=8-', 'if-range': etag } });
    expect([resumed.status, await resumed.text()]).toEqual([206, '89']);
    const changed = await download(file.uid, { headers: { range: 'bytes=8-', 'if-range': '"another"' } });
    expect([changed.status, await changed.text()]).toEqual([200, '0123456789']);
    for (const known of [etag, `"x", W/${etag}`, '*']) {
      const response = await download(file.uid, { headers: { 'if-none-match': known } });
      expect([known, response.status, await response.text()]).toEqual([known, 304, '']);
    }
    const other = await download(file.uid, { headers: { 'if-none-match': '"x"' } });
    expect([other.status, await other.text()]).toEqual([200, '0123456789']);
  });

  it('lets a page of an allowed origin in, and no other', async () => {
    const file = await attach('a.txt', 'text/plain', Buffer.from('a'));
    const preflight = (origin: string) =>
      download(file.uid, { key: null, method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } });
    const allowed = await preflight(ORIGIN);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, ORIGIN]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const given = await download(file.uid, { headers: { origin: ORIGIN } });
    expect(given.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(given.headers.get('access-control-expose-headers')).toContain('content-disposition');
    expect(given.headers.get('vary')).toBe('authorization, origin');
    expect(await given.text()).toBe('a');
    for (const origin of ['https://evil.example', `${ORIGIN}.evil.example`, 'null']) {
      const refused = [await preflight(origin), await download(file.uid, { headers: { origin } })];
      for (const response of refused) expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('answers 404 to what is no attachment', async () => {
    for (const uid of ['0199aa11-2b3c-7def-8123-456789abcdef', 'garbage', '%00', '..%2f..%2fetc', "' OR 1=1"]) {
      const response = await download(uid);
      expect([response.status, await response.json()]).toMatchObject([404, { error: 'Attachment not found.' }]);
    }
  });

  it('is broken off by clients without a word of it', async () => {
    const file = await attach('large.bin', 'application/octet-stream', Buffer.alloc(20 * 1024 * 1024, 'epistle'));
    const { signal, abort } = abortable();
    const response = await download(file.uid, { signal });
    await response.body?.getReader().read();
    abort();
    const whole = await download(file.uid, { headers: { range: 'bytes=0-9' } });
    expect(await whole.text()).toBe('epistleepi');
    expect(app.logged.filter((line) => line.includes('unexpected error'))).toEqual([]);
  });

  it('asks for a key that may read, and for reading', async () => {
    const { uid } = await attach('a.txt', 'text/plain', Buffer.from('a'));
    const sendOnly = await createKey(app, tenant.organizationId, ['email:send']);
    const statuses = [
      (await download(uid, { key: null })).status,
      (await download(uid, { key: `epk_${'A'.repeat(43)}` })).status,
      (await download(uid, { key: sendOnly })).status,
      (await download(uid, { method: 'POST' })).status,
    ];
    expect(statuses).toEqual([401, 401, 403, 405]);
  });
});

describe('a received attachment', () => {
  const bytes = Buffer.from('%PDF-1.7 the bytes of a stranger');
  const raw = (file = bytes) => `From: maria@acme.example
To: ${tenant.email}
Subject: files
Message-ID: <${randomUUID()}@acme.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the file.
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf
Content-Transfer-Encoding: base64

${file.toString('base64')}
--b--
`;
  const fetched = () => app.sandbox.admin.calls().filter(({ path }) => /attachments|messages\//.test(path)).length;

  it('is fetched from Gmail when it is first opened, once', async () => {
    const uid = await receive(app, tenant, { from: 'maria@acme.example', raw: raw() });
    const { emailMessage } = await query(app, tenant.key, ReceivedFiles, { uid });
    const [file] = emailMessage?.attachments ?? [];
    expect(file).toMatchObject({ filename: '发票.pdf', contentType: 'application/pdf', size: bytes.length });
    const { rows } = await app.app.pool.query('SELECT sha256 FROM attachment WHERE id = $1', [file?.uid]);
    expect(rows).toEqual([{ sha256: null }]);

    expect(Buffer.from(await (await download(file?.uid ?? '')).arrayBuffer())).toEqual(bytes);
    const before = fetched();
    expect(before).toBeGreaterThan(0);
    await (await download(file?.uid ?? '')).arrayBuffer();
    const { emailMessage: again } = await query(app, tenant.key, ReceivedHash, { uid });
    expect(again?.attachments).toEqual([{ sha256: sha256(bytes) }]);
    expect(fetched()).toBe(before);
  });

  async function receiveFile(mail = raw()) {
    const messageUid = await receive(app, tenant, { from: 'maria@acme.example', raw: mail });
    const { emailMessage } = await query(app, tenant.key, ReceivedFiles, { uid: messageUid });
    const uid = emailMessage?.attachments[0]?.uid ?? '';
    const { providerMessageId } = await app.app.db.emailMessage.findFirstOrThrow({ where: { id: messageUid } });
    return { uid, messageUid, providerMessageId };
  }

  it('is fetched once for all who ask for it at the same time', async () => {
    const { uid } = await receiveFile();
    const held = app.sandbox.admin.hold('messages.get');
    const before = fetched();
    const asked = [download(uid), download(uid), download(uid)];
    await held.arrived;
    held.release();
    for (const response of await Promise.all(asked)) {
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    }
    expect(fetched()).toBe(before + 2);
  });

  it('of many large files fetches two at a time, and a small one beside them', async () => {
    const files = await Promise.all(Array.from({ length: 4 }, () => receiveFile(raw(randomBytes(1_500_000)))));
    const holds = [1, 2].map(() => app.sandbox.admin.hold('messages.attachments.get', { mailbox: tenant.email }));
    let done = 0;
    const asked = files.map(async ({ uid }) => {
      const { status } = await download(uid);
      done++;
      return status;
    });
    await Promise.all(holds.map(({ arrived }) => arrived));
    const small = await receiveFile(raw(Buffer.from('small')));
    expect((await download(small.uid)).status).toBe(200);
    expect(done).toBe(0);
    for (const hold of holds) hold.release();
    expect(await Promise.all(asked)).toEqual([200, 200, 200, 200]);
  });

  it('that is large waits for its turn to be stored, and holds up no small one', async () => {
    const large = await receiveFile(raw(randomBytes(1_500_000)));
    const release = await blockLargeWrites(app);
    let isStored = false;
    const asked = download(large.uid).finally(() => {
      isStored = true;
    });
    for (let n = 0; n < 5; n++) {
      const { uid } = await receiveFile();
      expect(Buffer.from(await (await download(uid)).arrayBuffer())).toEqual(bytes);
    }
    expect(isStored).toBe(false);
    release();
    expect((await (await asked).arrayBuffer()).byteLength).toBe(1_500_000);
  });

  it('has no hash before it is opened, and is not fetched to have one', async () => {
    const { uid, messageUid } = await receiveFile();
    const before = fetched();
    const hash = async () =>
      (await query(app, tenant.key, ReceivedHash, { uid: messageUid })).emailMessage?.attachments;
    expect(await hash()).toEqual([{ sha256: null }]);
    expect(fetched()).toBe(before);
    await (await download(uid)).arrayBuffer();
    expect(await hash()).toEqual([{ sha256: sha256(bytes) }]);
  });

  it('is as long as it is, whatever Gmail has said of it', async () => {
    const { uid } = await receiveFile();
    await app.app.pool.query('UPDATE attachment SET size = 7 WHERE id = $1', [uid]);
    const response = await download(uid);
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  it('is gone when its message was deleted in Gmail', async () => {
    const { uid, providerMessageId } = await receiveFile();
    await gmailOf(app, tenant).messages.delete({ userId: 'me', id: providerMessageId });
    expect((await download(uid)).status).toBe(410);
  });

  it('cannot be had while Gmail fails, and can be afterwards', async () => {
    const { uid } = await receiveFile();
    const failing = { mailbox: tenant.email, times: 'always', effect: { kind: 'status', status: 503 } } as const;
    app.sandbox.admin.fault({ call: 'messages.get', ...failing });
    const refused = await download(uid);
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([502, 'no-store']);
    app.sandbox.admin.clearFaults();
    expect(Buffer.from(await (await download(uid)).arrayBuffer())).toEqual(bytes);
  });

  it('is stored although the client that asked for it first has gone away', async () => {
    const { uid } = await receiveFile();
    const held = app.sandbox.admin.hold('messages.get');
    const { signal, abort } = abortable();
    const asked = download(uid, { signal });
    await held.arrived;
    abort();
    await expect(asked).rejects.toThrow();
    held.release();
    const stored = async () => (await app.app.db.attachment.findFirstOrThrow({ where: { id: uid } })).sha256;
    expect(await eventually(stored)).toBe(sha256(bytes));
    // By the time that another one is whole, the first is over as well.
    expect(Buffer.from(await (await download(uid)).arrayBuffer())).toEqual(bytes);
    expect(app.logged.filter((line) => line.includes('unexpected error'))).toEqual([]);
  });

  it('of a mailbox that is no longer connected is there when it was opened before, and says why when not', async () => {
    tenant = await createTenant(app);
    const [opened, closed] = [await receiveFile(), await receiveFile()];
    await (await download(opened.uid)).arrayBuffer();
    await query(app, tenant.key, Disconnect, { uid: tenant.accountId });
    expect(Buffer.from(await (await download(opened.uid)).arrayBuffer())).toEqual(bytes);
    const refused = await download(closed.uid);
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { error: expect.stringContaining('DISCONNECTED') },
    ]);
  });

  it('is saved under a name that is only a name, as what it says it is or as bytes', async () => {
    tenant = await createTenant(app);
    const hostile = `From: maria@acme.example
To: ${tenant.email}
Subject: files
Message-ID: <${randomUUID()}@acme.example>
MIME-Version: 1.0
Content-Type: text/html; name="x"
Content-Disposition: attachment; filename*=UTF-8''..%2F..%5Cetc%2F%0D%0ASet-Cookie%3A%20a%3Db%E2%80%AEgnp.${'x'.repeat(400)}.exe

<script>alert(1)</script>
`;
    const { uid } = await receiveFile(hostile);
    await app.app.pool.query('UPDATE attachment SET content_type = $2 WHERE id = $1', [uid, 'text/html\u0101, x']);
    const response = await download(uid);
    const disposition = response.headers.get('content-disposition') ?? '';
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(disposition).not.toMatch(/[/\\]|%2F|%5C|%0D|%0A|%E2%80%AE/i);
    expect(disposition).toMatch(/\.exe"$/);
    expect(disposition.length).toBeLessThan(1_000);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    await response.arrayBuffer();
  });
});
