/** Files by themselves, uploaded before they are attached. */
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import { insertAttachments } from '../../src/outbound/enqueue.ts';
import { deleteUnusedUploads } from '../../src/outbound/uploads.ts';
import {
  createKey,
  createTenant,
  eventually,
  expectType,
  lockAwaited,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fresh, send } from '../support/mail.ts';
import { bytesOf, DraftWithFiles, sha256, type Upload, uploads } from '../support/uploads.ts';

const ORIGIN = 'https://app.example.com';
const MB = 1024 * 1024;

const app = useTestApp({ env: { CORS_ORIGINS: ORIGIN } });

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(app);
});

const { post, upload, sendFiles } = uploads(() => ({ app, tenant }));

/** Lets uploads grow older. */
const age = (hours: number) =>
  app.app.pool.query(`UPDATE attachment_upload SET created_at = created_at - $1 * interval '1 hour'`, [hours]);
const contentsOf = async (hash: string) => app.app.db.attachmentContent.count({ where: { sha256: hash } });

describe('POST /attachments', () => {
  it('stores a file, to be sent by its uid', async () => {
    const bytes = randomBytes(3 * MB + 17);
    const response = await post(bytes);
    const answer = await response.json();
    expect([response.status, answer]).toEqual([
      201,
      {
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        filename: 'invoice.pdf',
        contentType: 'application/pdf',
        size: bytes.length,
        sha256: sha256(bytes),
      },
    ]);
    const { files, arrived } = await sendFiles([{ uploadUid: (answer as { uid: string }).uid }], 'upload');
    expect(files).toMatchObject([{ filename: 'invoice.pdf', contentType: 'application/pdf', sha256: sha256(bytes) }]);
    expect(arrived).toMatchObject([{ filename: 'invoice.pdf', mimeType: 'application/pdf' }]);
    expect(bytesOf(arrived[0]?.content).equals(bytes)).toBe(true);
    expect(await app.app.db.attachmentUploadPiece.count()).toBe(0);
  });

  it.each([
    [`attachment; filename="Rechnung.pdf"`, 'Rechnung.pdf'],
    [`attachment; filename=plain.pdf`, 'plain.pdf'],
    [
      `attachment; filename="fallback.pdf"; filename*=UTF-8''%C3%9Cberweisung%20%E5%8F%91%E7%A5%A8.pdf`,
      'Überweisung 发票.pdf',
    ],
    [`inline; filename*=iso-8859-1'de'%DCbung.txt`, 'Übung.txt'],
    // As curl sends it, and a client that knows Latin-1 only.
    [Buffer.from('attachment; filename="Übung für.txt"').toString('latin1'), 'Übung für.txt'],
    ['attachment; filename="Übung.txt"', 'Übung.txt'],
    [String.raw`attachment; filename="a \"quoted\" name.txt"`, 'a "quoted" name.txt'],
  ])('takes the name of %s', async (disposition, filename) => {
    const response = await post(Buffer.from('a'), { headers: { 'content-disposition': disposition } });
    expect(await response.json()).toMatchObject({ filename });
  });

  it.each<[string, Upload, number]>([
    ['without a key', { key: null }, 401],
    ['with a wrong key', { key: `epk_${'A'.repeat(43)}` }, 401],
    ['without a name', { headers: { 'content-disposition': 'attachment' } }, 400],
    ['with a field that is malformed', { headers: { 'content-disposition': 'attachment; filename="' } }, 400],
    ['with a name of two lines', { headers: { 'content-disposition': `attachment; filename*=UTF-8''a%0D%0Ab` } }, 400],
    ['with a name of 256 characters', { headers: { 'content-disposition': `a; filename=${'x'.repeat(256)}` } }, 400],
    ['without a media type', { headers: { 'content-type': 'pdf' } }, 400],
  ])('refuses a file %s', async (_what, options, status) => {
    const response = await post(Buffer.from('a'), options);
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: expect.any(String), requestId: expect.any(String) },
    ]);
  });

  it('asks for a scope that writes emails', async () => {
    const keyWith = (...scopes: Parameters<typeof createKey>[2][number][]) =>
      createKey(app, tenant.organizationId, scopes);
    const status = async (key: string) => (await post(Buffer.from('a'), { key })).status;
    expect(await status(await keyWith('email:read', 'contexts:write', 'accounts:manage'))).toBe(403);
    expect(await status(await keyWith('email:send'))).toBe(201);
    expect(await status(await keyWith('drafts:write'))).toBe(201);
  });

  it('takes 25 MB and no more, announced or not, and keeps nothing of what is larger', async () => {
    const before = await app.app.db.attachmentUpload.count();
    const stream = (bytes: number) =>
      new ReadableStream({
        start: (controller) => {
          for (let sent = 0; sent < bytes; sent += MB) controller.enqueue(new Uint8Array(Math.min(MB, bytes - sent)));
          controller.close();
        },
      });
    expect((await post(Buffer.alloc(25 * MB + 1))).status).toBe(413);
    expect((await post(stream(25 * MB + 1))).status).toBe(413);
    expect(await app.app.db.attachmentUpload.count()).toBe(before);
    expect((await post(stream(25 * MB))).status).toBe(201);
    expect(await app.app.db.attachmentUploadPiece.count()).toBe(0);
  });

  it('takes many files at a time', async () => {
    const files = Array.from({ length: 40 }, () => randomBytes(MB + 5));
    const uids = await Promise.all(files.map((bytes) => upload(bytes)));
    expect(new Set(uids).size).toBe(40);
    const { files: sent } = await sendFiles(
      uids.slice(0, 3).map((uploadUid) => ({ uploadUid })),
      'many',
    );
    expect(sent.map(({ sha256: hash }) => hash)).toEqual(files.slice(0, 3).map(sha256));
  });

  it('keeps nothing of a file whose client goes away', async () => {
    const before = await app.app.db.attachmentUpload.count();
    const headers = {
      authorization: `Bearer ${tenant.key}`,
      'content-type': 'text/plain',
      'content-disposition': 'attachment; filename=a.txt',
    };
    const leaving = httpRequest(`${app.url}/attachments`, { method: 'POST', headers });
    leaving.on('error', () => undefined);
    leaving.write(Buffer.alloc(2 * MB));
    await eventually(async () => ((await app.app.db.attachmentUploadPiece.count()) > 0 ? true : null));
    leaving.destroy();
    await eventually(async () => ((await app.app.db.attachmentUpload.count()) === before ? true : null));
    expect(app.logged.filter((line) => line.includes('unexpected error'))).toEqual([]);
  });

  it('can be called by a page of an allowed origin', async () => {
    const preflight = await fetch(`${app.url}/attachments`, { method: 'OPTIONS', headers: { origin: ORIGIN } });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    for (const name of ['authorization', 'content-type', 'content-disposition']) {
      expect(preflight.headers.get('access-control-allow-headers')).toContain(name);
    }
    const response = await post(Buffer.from('a'), { headers: { origin: ORIGIN } });
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('keeps a file for 24 hours, and longer what an email uses', async () => {
    const [unused, used, sameAsUsed] = [randomBytes(20), randomBytes(20), randomBytes(20)];
    const [unusedUid, usedUid] = [await upload(unused), await upload(used)];
    await upload(sameAsUsed);
    const to = createRecipient(app, tenant, 'kept');
    const input = fresh(tenant, to, { attachments: [{ uploadUid: usedUid }], idempotencyKey: 'with-upload' });
    const first = await accepted(app, tenant, input);
    await age(23);
    await deleteUnusedUploads(app.app);
    expect(await contentsOf(sha256(unused))).toBe(1);
    await age(2);
    await deleteUnusedUploads(app.app);
    expect(await contentsOf(sha256(unused))).toBe(0);
    expect(await contentsOf(sha256(used))).toBe(1);
    // The same request, repeated much later, is the same email.
    const again = await accepted(app, tenant, input);
    expect([again.replayed, again.outboundEmail.uid]).toEqual([true, first.outboundEmail.uid]);
    const gone = await send(app, tenant, fresh(tenant, to, { attachments: [{ uploadUid: unusedUid }] }));
    expect(expectType(gone, 'NotFoundError')).toMatchObject({ entity: 'Upload', uid: unusedUid });
  });

  it('keeps the bytes of a file that an email takes while unused files are deleted', async () => {
    const bytes = randomBytes(20);
    await upload(bytes);
    await age(25);
    const to = createRecipient(app, tenant, 'meanwhile');
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, to));
    const email = { organizationId: tenant.organizationId, outboundEmailId: outboundEmail.uid };
    const file = { filename: 'a.pdf', contentType: 'application/pdf', contentId: null, bytes, sha256: sha256(bytes) };
    const { deletion } = await inTransaction(app.app.pool, async (tx) => {
      await insertAttachments(tx, email, [file]);
      const deletion = deleteUnusedUploads(app.app);
      await lockAwaited(app);
      return { deletion };
    });
    await deletion;
    expect(await contentsOf(sha256(bytes))).toBe(1);
  });

  it('answers a repeated request although its file was erased since', async () => {
    const key = 'erased-since';
    const request = (changes: object) => fresh(tenant, to, { idempotencyKey: key, ...changes });
    const to = createRecipient(app, tenant, 'erased');
    const attachments = [{ uploadUid: await upload(randomBytes(20)) }];
    const { outboundEmail } = await accepted(app, tenant, request({ attachments }));
    const draft = { fromAccountUid: tenant.accountId, attachments, idempotencyKey: 'erased-draft' };
    const { createDraft: created } = await query(app, tenant.key, DraftWithFiles, { input: draft });
    // The sent copy is stored with the email's files.
    const { organizationId } = tenant;
    await eventually(() => app.app.db.emailMessage.findFirst({ where: { outboundEmailId: outboundEmail.uid } }));
    await app.app.db.attachment.deleteMany({ where: { organizationId } });
    await age(25);
    await deleteUnusedUploads(app.app);
    const again = await accepted(app, tenant, request({ attachments }));
    expect([again.replayed, again.outboundEmail.uid]).toEqual([true, outboundEmail.uid]);
    const { createDraft } = await query(app, tenant.key, DraftWithFiles, { input: draft });
    expect(expectType(createDraft, 'CreateDraftPayload').draft.uid).toBe(
      expectType(created, 'CreateDraftPayload').draft.uid,
    );
    const other = await send(app, tenant, request({ attachments, subject: 'Another' }));
    expect(expectType(other, 'IdempotencyConflictError').differingFields).toEqual(['subject']);
    const fresher = await send(app, tenant, request({ attachments, idempotencyKey: 'not-used-before' }));
    expect(expectType(fresher, 'NotFoundError')).toMatchObject({ entity: 'Upload', uid: attachments[0]?.uploadUid });
  });
});
