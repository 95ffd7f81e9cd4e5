/** Files that are attached again: of an upload, of an email that was sent, of a message that was received. */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { AttachmentInput } from '../generated/graphql.ts';
import {
  createKey,
  createTenant,
  expectType,
  query,
  receive,
  request,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { fresh, issuesOf, send } from '../support/mail.ts';
import { bytesOf, DraftWithFiles, sha256, uploads } from '../support/uploads.ts';

const FilesOfMessage = graphql(`
  query FilesOfMessage($uid: UUID!) { emailMessage(uid: $uid) { attachments { id uid filename sha256 } } }
`);
const AttachmentNode = graphql(`
  query AttachmentNode($id: ID!) { node(id: $id) { id ... on Attachment { uid filename size sha256 } } }
`);

/** Random bytes: what is in it does not matter here. */
const PNG = randomBytes(70);
const MB = 1024 * 1024;

const app = useTestApp();

let tenant: Tenant;
let other: Tenant;
beforeAll(async () => {
  tenant = await createTenant(app);
  other = await createTenant(app);
});

const { upload, sendFiles } = uploads(() => ({ app, tenant }));

/** The file of a message that was received, which is in Gmail only. */
async function receiveFile(messageId: string) {
  const uid = await receive(app, tenant, {
    from: 'maria@acme.example',
    raw: `From: maria@acme.example
To: ${tenant.email}
Subject: file
Message-ID: ${messageId}
Content-Type: not a type; name="x"
Content-Disposition: attachment; filename*=UTF-8''a%0Ab.txt
Content-Transfer-Encoding: base64

${Buffer.from('received').toString('base64')}`,
  });
  return (await query(app, tenant.key, FilesOfMessage, { uid })).emailMessage?.attachments[0];
}

describe('a file that is attached again', () => {
  it('comes from an email that was sent, with its name or another one', async () => {
    const uploadUid = await upload(PNG, { headers: { 'content-type': 'image/png' } });
    const {
      files: [first],
    } = await sendFiles([{ uploadUid, contentId: 'logo@epistle' }], 'first');
    const attachmentUid = first?.uid ?? '';
    const { files, arrived } = await sendFiles(
      [{ attachmentUid }, { attachmentUid, filename: 'other.png', contentType: 'image/x-png', contentId: 'b' }],
      'second',
    );
    expect(files).toMatchObject([
      { filename: 'invoice.pdf', contentType: 'image/png', contentId: null, sha256: sha256(PNG) },
      { filename: 'other.png', contentType: 'image/x-png', contentId: 'b', sha256: sha256(PNG) },
    ]);
    expect(arrived.map(({ content }) => bytesOf(content).equals(PNG))).toEqual([true, true]);
  });

  it('comes from a received message, whose file is fetched for it; a name that cannot be sent is replaced', async () => {
    const file = await receiveFile('<forwarded@acme.example>');
    expect(file).toMatchObject({ sha256: null });
    await app.app.pool.query(`UPDATE attachment SET filename = E'a\\nb', content_type = 'no type' WHERE id = $1`, [
      file?.uid,
    ]);
    const { files, arrived } = await sendFiles([{ attachmentUid: file?.uid ?? '' }], 'forward');
    expect(files).toMatchObject([{ filename: 'attachment', contentType: 'application/octet-stream' }]);
    expect(bytesOf(arrived[0]?.content).toString()).toBe('received');
  });

  it('that Gmail does not give now is an error to repeat, and nothing is sent or stored', async () => {
    const file = await receiveFile('<unavailable@acme.example>');
    const attachments = [{ attachmentUid: file?.uid ?? '' }];
    const mailbox = tenant.email;
    const effect = { kind: 'status', status: 503 } as const;
    app.sandbox.admin.fault({ call: 'messages.get', mailbox, times: 'always', effect });
    const sent = expectType(await send(app, tenant, fresh(tenant, 'x@acme.example', { attachments })), 'ProviderError');
    expect(sent).toMatchObject({ code: 'PROVIDER_ERROR', retry: 'SAFE' });
    expect(sent.message).toMatch(/^The call to Gmail failed: 503 .*\.$/);
    const input = { fromAccountUid: tenant.accountId, attachments };
    expectType((await query(app, tenant.key, DraftWithFiles, { input })).createDraft, 'ProviderError');
    app.sandbox.admin.clearFaults();
    expectType((await query(app, tenant.key, DraftWithFiles, { input })).createDraft, 'CreateDraftPayload');
  });

  it('goes into a draft', async () => {
    const uploadUid = await upload(Buffer.from('draft'));
    const input = {
      fromAccountUid: tenant.accountId,
      attachments: [{ uploadUid, filename: 'a.txt', contentType: 'text/plain' }],
    };
    const { createDraft } = await query(app, tenant.key, DraftWithFiles, { input });
    const { draft } = expectType(createDraft, 'CreateDraftPayload');
    expect(draft.attachments).toMatchObject([{ filename: 'a.txt', contentType: 'text/plain', size: 5 }]);
  });

  it('has exactly one source', async () => {
    const uploadUid = await upload(Buffer.from('a'));
    const dataBase64 = 'YQ==';
    const attachments = [
      { filename: 'a', contentType: 'a/b' },
      { filename: 'a', contentType: 'a/b', dataBase64, uploadUid },
      { dataBase64 },
    ];
    expect(await issuesOf(app, tenant, fresh(tenant, 'maria@acme.example', { attachments }))).toEqual([
      'input.fresh.attachments.0: Give exactly one of dataBase64, uploadUid and attachmentUid.',
      'input.fresh.attachments.1: Give exactly one of dataBase64, uploadUid and attachmentUid.',
      'input.fresh.attachments.2.filename: Must be 1 to 255 characters.',
      'input.fresh.attachments.2.contentType: Must be a media type such as application/pdf.',
    ]);
  });

  it('counts towards 25 MB together with the others', async () => {
    const uploadUid = await upload(randomBytes(13 * MB));
    const attachments = [{ uploadUid }, { uploadUid }];
    const [issue] = await issuesOf(app, tenant, fresh(tenant, 'maria@acme.example', { attachments }));
    expect(issue).toMatch(/^input\.fresh\.attachments: .*25 MB/);
  });

  it("is not found when it is another organization's", async () => {
    const uploadUid = await upload(Buffer.from('theirs'), { key: other.key });
    const { files } = await sendFiles([{ uploadUid: await upload(Buffer.from('ours')) }], 'tenancy');
    const attachmentUid = files[0]?.uid ?? '';
    const foreign = async (sender: Tenant, attachment: AttachmentInput) =>
      expectType(
        await send(app, sender, fresh(sender, 'maria@acme.example', { attachments: [attachment] })),
        'NotFoundError',
      );
    expect(await foreign(tenant, { uploadUid })).toMatchObject({ entity: 'Upload', uid: uploadUid });
    expect(await foreign(other, { attachmentUid })).toMatchObject({ entity: 'Attachment', uid: attachmentUid });
    const input = { fromAccountUid: other.accountId, attachments: [{ attachmentUid }] };
    const { createDraft } = await query(app, other.key, DraftWithFiles, { input });
    expect(createDraft).toMatchObject({ __typename: 'NotFoundError', entity: 'Attachment' });
    expect((await query(app, other.key, AttachmentNode, { id: `Attachment_${attachmentUid}` })).node).toBeNull();
  });

  it('by its attachment needs a key that may read it', async () => {
    const { files } = await sendFiles([{ uploadUid: await upload(Buffer.from('secret')) }], 'scope');
    const key = await createKey(app, tenant.organizationId, ['drafts:write']);
    const input = { fromAccountUid: tenant.accountId, attachments: [{ attachmentUid: files[0]?.uid ?? '' }] };
    const { errors } = await request(app, key, DraftWithFiles, { input });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('Attachment', () => {
  it('is a node', async () => {
    const {
      files: [file],
    } = await sendFiles([{ uploadUid: await upload(Buffer.from('node')) }], 'node');
    expect(file?.id).toBe(`Attachment_${file?.uid}`);
    const { node } = await query(app, tenant.key, AttachmentNode, { id: file?.id ?? '' });
    expect(node).toEqual({ id: file?.id, uid: file?.uid, filename: 'invoice.pdf', size: 4, sha256: file?.sha256 });
  });
});
