/** Bytes of files are deleted with the last file that has them. */
import { hash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { SCOPES } from '../../src/auth/scopes.ts';
import { inTransaction } from '../../src/db/client.ts';
import { ensureContent } from '../../src/outbound/attachments.ts';
import { deleteUnusedContents } from '../../src/outbound/delete-files.ts';
import { insertAttachments } from '../../src/outbound/enqueue.ts';
import { sendDraft } from '../../src/outbound/send.ts';
import { withStoredFiles } from '../../src/outbound/stored-files.ts';
import { storeUpload } from '../../src/outbound/uploads.ts';
import { holdInserts } from '../support/failing-statements.ts';
import { deliverTo, expectType, lockAwaited, query, useTenant, useTestApp } from '../support/harness.ts';
import { createRecipient, fresh, onlyMail, parse, send } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { CreateDraft, DeleteDraft, UpdateDraft } from '../support/send-documents.ts';
import { gmailOf, syncWholly } from '../support/syncing.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

const file = (filename: string, bytes: Buffer) => ({
  filename,
  contentType: 'application/pdf',
  dataBase64: bytes.toString('base64'),
});

async function draftWith(...files: Buffer[]): Promise<string> {
  const attachments = files.map((bytes, index) => file(`${index}.pdf`, bytes));
  const input = { fromAccountUid: tenant.accountId, attachments };
  return expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload').draft.uid;
}

async function replaceFiles(draftUid: string, ...files: Buffer[]): Promise<void> {
  const attachments = files.map((bytes, index) => file(`new-${index}.pdf`, bytes));
  const { updateDraft } = await query(t, tenant.key, UpdateDraft, { input: { draftUid, attachments } });
  expectType(updateDraft, 'UpdateDraftPayload');
}

/** @returns Gmail's id of the message that brings it. */
async function receiveFile(bytes: Buffer): Promise<string> {
  const raw = [
    'From: maria@acme.example',
    `To: ${tenant.email}`,
    'Subject: A file',
    'MIME-Version: 1.0',
    'Content-Type: application/pdf; name="a.pdf"',
    'Content-Disposition: attachment; filename="a.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    bytes.toString('base64'),
  ].join('\n');
  const id = deliverTo(t, tenant, { from: 'maria@acme.example', raw });
  await syncWholly(t, tenant);
  return id;
}

/** Which of the bytes are stored. */
async function stored(...files: Buffer[]): Promise<boolean[]> {
  const { organizationId } = tenant;
  const rows = await t.app.db.attachmentContent.findMany({ where: { organizationId }, select: { sha256: true } });
  return files.map((bytes) => rows.some(({ sha256 }) => sha256 === hash('sha256', bytes, 'hex')));
}

describe('the bytes of a file', () => {
  it('are deleted when a draft has other files, and stay when it has the file again', async () => {
    const [former, again, next] = [randomBytes(20), randomBytes(20), randomBytes(20)];
    const draftUid = await draftWith(former, again);
    await replaceFiles(draftUid, again, next);
    expect(await stored(former, again, next)).toEqual([false, true, true]);
    await replaceFiles(draftUid);
    expect(await stored(again, next)).toEqual([false, false]);
  });

  it('are deleted with a draft, and stay while another one has them', async () => {
    const [own, shared] = [randomBytes(20), randomBytes(20)];
    const draftUid = await draftWith(own, shared);
    const otherUid = await draftWith(shared);
    for (const [uid, left] of [
      [draftUid, true],
      [otherUid, false],
    ] as const) {
      expectType((await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft, 'DeleteDraftPayload');
      expect(await stored(own, shared)).toEqual([false, left]);
    }
  });

  it.each([false, true])('are deleted with a message that was deleted in Gmail (answered: %s)', async (isAnswered) => {
    const bytes = randomBytes(20);
    const id = await receiveFile(bytes);
    const { organizationId } = tenant;
    const attachment = await t.app.db.attachment.findFirstOrThrow({ where: { organizationId } });
    await ensureContent(t.app, organizationId, attachment.id);
    expect(await stored(bytes)).toEqual([true]);
    if (isAnswered) await insertEmail(t, tenant, { replyToMessageId: attachment.messageId });
    await gmailOf(t, tenant).messages.delete({ userId: 'me', id });
    await syncWholly(t, tenant);
    expect(await t.app.db.emailMessage.count({ where: { organizationId } })).toBe(isAnswered ? 1 : 0);
    expect(await stored(bytes)).toEqual([false]);
  });

  it('change places between two drafts at the same time', async () => {
    const [one, two] = [randomBytes(20), randomBytes(20)];
    const [first, second] = [await draftWith(one), await draftWith(two)];
    const goOn = await holdInserts(t.app, 'attachment');
    const changes = [replaceFiles(first, two), replaceFiles(second, one)];
    await lockAwaited(t, 2);
    await goOn();
    await Promise.all(changes);
    expect(await stored(one, two)).toEqual([true, true]);
  });

  it('stay for an email that takes them just after they were stored by another', async () => {
    const bytes = randomBytes(20);
    const sha256 = hash('sha256', bytes, 'hex');
    const { organizationId } = tenant;
    const email = { organizationId, outboundEmailId: await insertEmail(t, tenant) };
    const taken = { filename: 'a.pdf', contentType: 'application/pdf', contentId: null, bytes, sha256 };
    const goOn = await holdInserts(t.app, 'attachment');
    const { taking } = await inTransaction(t.app.pool, async (tx) => {
      await tx.query('INSERT INTO attachment_content (organization_id, sha256, bytes) VALUES ($1, $2, $3)', [
        organizationId,
        sha256,
        bytes,
      ]);
      const taking = inTransaction(t.app.pool, (other) => insertAttachments(other, email, [taken]));
      await lockAwaited(t);
      return { taking };
    });
    // It waits with its own file now.
    await lockAwaited(t);
    const deleting = inTransaction(t.app.pool, (tx) => deleteUnusedContents(tx, [{ organizationId, sha256 }]));
    await lockAwaited(t, 2);
    await goOn();
    await Promise.all([taking, deleting]);
    expect(await stored(bytes)).toEqual([true]);
  });
});

it('leaves nothing of the files of a request whose key another one has taken meanwhile', async () => {
  const maria = createRecipient(t, tenant);
  const contents = [randomBytes(20), randomBytes(20)];
  const goOn = await holdInserts(t.app, 'attachment_content');
  const answers = contents.map((bytes) =>
    send(t, tenant, fresh(tenant, maria, { idempotencyKey: 'one', attachments: [file('a.pdf', bytes)] })),
  );
  await lockAwaited(t, 2);
  await goOn();
  const isAccepted = (await Promise.all(answers)).map(({ __typename }) => __typename === 'SendEmailPayload');
  expect(isAccepted.toSorted()).toEqual([false, true]);
  expect(await stored(...contents)).toEqual(isAccepted);
});

describe('a file that is deleted while it is read', () => {
  const identity = () => ({
    organizationId: tenant.organizationId,
    actor: 'key:1',
    scopes: new Set(SCOPES),
    expiresAt: null,
  });
  const hold = async () => {
    await replaceFiles(draftUid);
    await t.app.db.attachmentUpload.deleteMany({ where: { organizationId: tenant.organizationId } });
    const { organizationId } = tenant;
    const contents = [{ organizationId, sha256: hash('sha256', bytes, 'hex') }];
    await inTransaction(t.app.pool, (tx) => deleteUnusedContents(tx, contents));
  };
  const bytes = randomBytes(20);
  let draftUid: string;
  beforeEach(async () => {
    draftUid = await draftWith(bytes);
  });

  async function named(by: 'Attachment' | 'Upload') {
    const { organizationId } = tenant;
    if (by === 'Attachment') {
      const { id } = await t.app.db.attachment.findFirstOrThrow({ where: { organizationId } });
      return { attachmentUid: id };
    }
    const { id } = await storeUpload(t.app, organizationId, { filename: 'a', contentType: 'text/plain' }, once(bytes));
    return { uploadUid: id };
  }

  it.each(['Attachment', 'Upload'] as const)('is not found (%s)', async (entity) => {
    const input = { attachments: [await named(entity)] };
    const reading = withStoredFiles(t.app, identity(), input, { path: 'input', hold });
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND', entity });
  });

  it('is missing in a request that may be repeated', async () => {
    const input = { attachments: [await named('Upload')], idempotencyKey: 'key' };
    const read = await withStoredFiles(t.app, identity(), input, { path: 'input', hold });
    expect(read.attachments).toMatchObject([{ missing: { entity: 'Upload' } }]);
  });

  it('is replaced in the draft that is sent', async () => {
    const large = randomBytes(1_100_000);
    const next = randomBytes(20);
    const [maria, uid] = [createRecipient(t, tenant), await draftWith(large)];
    const given = { draftUid: uid, to: [maria], subject: 'A file', bodyText: 'Hello.' };
    expectType((await query(t, tenant.key, UpdateDraft, { input: given })).updateDraft, 'UpdateDraftPayload');
    let isReplaced = false;
    const replaceFirst: ProxyHandler<App['pool']['query']>['apply'] = async (run, pool, args) => {
      if (!isReplaced && JSON.stringify(args).includes('AS slice FROM attachment_content')) {
        isReplaced = true;
        await replaceFiles(uid, next);
      }
      return Reflect.apply(run, pool, args);
    };
    const pool = Object.create(t.app.pool, { query: { value: new Proxy(t.app.pool.query, { apply: replaceFirst }) } });
    await sendDraft({ ...t.app, pool }, identity(), { draftUid: uid });
    expect(isReplaced).toBe(true);
    const { attachments } = await parse(onlyMail(t, maria));
    expect(attachments.map(({ content }) => Buffer.from(content as ArrayBuffer))).toEqual([next]);
  });

  it('that is in Gmail only is not found, and nothing of it stays', async () => {
    const received = randomBytes(20);
    await receiveFile(received);
    const { organizationId } = tenant;
    const { id } = await t.app.db.attachment.findFirstOrThrow({ where: { organizationId, outboundEmailId: null } });
    const gate = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email, when: 'after' });
    const reading = ensureContent(t.app, organizationId, id);
    await gate.arrived;
    await t.app.db.attachment.deleteMany({ where: { id } });
    gate.release();
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND', entity: 'Attachment' });
    expect(await stored(received)).toEqual([false]);
  });
});

async function* once(bytes: Buffer) {
  yield bytes;
}
