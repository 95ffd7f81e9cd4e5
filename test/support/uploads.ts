/** Files that are uploaded by themselves, and sent. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { AttachmentInput } from '../generated/graphql.ts';
import { query, type Tenant, type TestApp } from './harness.ts';
import { accepted, createRecipient, fresh, onlyMail, parse } from './mail.ts';

const FilesOfEmail = graphql(`
  query FilesOfEmail($uid: UUID!) {
    outboundEmail(uid: $uid) { attachments { id uid filename contentType size sha256 contentId downloadUrl } }
  }
`);

export const DraftWithFiles = graphql(`
  mutation DraftWithFiles($input: CreateDraftInput!) {
    createDraft(input: $input) {
      __typename
      ... on CreateDraftPayload { draft { uid attachments { uid filename contentType size downloadUrl } } }
      ... on NotFoundError { entity uid }
      ... on InvalidInputError { issues { path message } }
      ... on ProviderError { code message retry }
    }
  }
`);

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
export const bytesOf = (content: unknown) => (content instanceof ArrayBuffer ? Buffer.from(content) : Buffer.alloc(0));

export interface Upload {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export function uploads(given: () => { readonly app: TestApp; readonly tenant: Tenant }) {
  function post(bytes: Buffer | ReadableStream, { key = given().tenant.key, headers = {} }: Upload = {}) {
    return fetch(`${given().app.url}/attachments`, {
      method: 'POST',
      body: bytes instanceof Buffer ? new Uint8Array(bytes) : bytes,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        'content-type': 'application/pdf',
        'content-disposition': `attachment; filename="invoice.pdf"`,
        ...headers,
      },
      ...(bytes instanceof Buffer ? {} : { duplex: 'half' }),
    } as RequestInit);
  }

  async function upload(bytes: Buffer, options: Upload = {}): Promise<string> {
    const response = await post(bytes, options);
    const { uid } = (await response.json()) as { uid: string };
    expect(response.status).toBe(201);
    return uid;
  }

  async function filesOf(uid: string) {
    const { app, tenant } = given();
    return (await query(app, tenant.key, FilesOfEmail, { uid })).outboundEmail?.attachments ?? [];
  }

  /** Sends these files. @returns the files of the email, and those that have arrived. */
  async function sendFiles(attachments: AttachmentInput[], name: string) {
    const { app, tenant } = given();
    const to = createRecipient(app, tenant, name);
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, to, { attachments }));
    const { attachments: arrived } = await parse(onlyMail(app, to));
    return { files: await filesOf(outboundEmail.uid), arrived, uid: outboundEmail.uid };
  }

  return { post, upload, sendFiles };
}
