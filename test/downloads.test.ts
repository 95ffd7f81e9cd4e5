import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from './generated/gql.ts';
import { createKey, createTenant, query, receive, startTestApp, type Tenant, type TestApp } from './harness.ts';

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

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app);
});
afterAll(() => app.close());

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

function download(uid: string, { key = tenant.key, method = 'GET' }: { key?: string | null; method?: string } = {}) {
  const headers = key === null ? undefined : { authorization: `Bearer ${key}` };
  return fetch(`${app.url}/attachments/${uid}`, { method, ...(headers ? { headers } : {}) });
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
    expect(file.downloadUrl).toBe(`http://epistle.test/attachments/${file.uid}`);

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

  it('gives a large file whole', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 17, 'epistle');
    const file = await attach('large.bin', 'application/octet-stream', bytes);
    expect(sha256(Buffer.from(await (await download(file.uid)).arrayBuffer()))).toBe(sha256(bytes));
  });

  it('gives an empty file', async () => {
    const file = await attach('empty.txt', 'text/plain', Buffer.alloc(0));
    expect((await (await download(file.uid)).arrayBuffer()).byteLength).toBe(0);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const file = await attach('a.pdf', 'application/pdf', Buffer.from('%PDF'));
    const [head, get] = [await download(file.uid, { method: 'HEAD' }), await download(file.uid)];
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'content-disposition', 'etag']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    await get.arrayBuffer();
  });

  it('answers 404 to what is no attachment', async () => {
    for (const uid of ['0199aa11-2b3c-7def-8123-456789abcdef', 'garbage', '%00', '..%2f..%2fetc', "' OR 1=1"]) {
      const response = await download(uid);
      expect([response.status, await response.json()]).toEqual([404, { error: 'There is no such attachment.' }]);
    }
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
  const raw = () => `From: maria@acme.example
To: ${tenant.email}
Subject: files
Message-ID: <${Math.random()}@acme.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the file.
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf
Content-Transfer-Encoding: base64

${bytes.toString('base64')}
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

  it('is fetched to tell its hash', async () => {
    const uid = await receive(app, tenant, { from: 'maria@acme.example', raw: raw() });
    const { emailMessage } = await query(app, tenant.key, ReceivedHash, { uid });
    expect(emailMessage?.attachments).toEqual([{ sha256: sha256(bytes) }]);
  });
});
