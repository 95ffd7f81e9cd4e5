/** Signed URLs of files, which a page can use without a header. */
import { beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { createKey, createTenant, expectType, query, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';

const DownloadUrls = graphql(`
  query DownloadUrls($uid: UUID!) { outboundEmail(uid: $uid) { attachments { downloadUrl } } }
`);
const DraftDownloadUrls = graphql(`
  mutation DraftDownloadUrls($input: CreateDraftInput!) {
    createDraft(input: $input) { __typename ... on CreateDraftPayload { draft { attachments { uid downloadUrl } } } }
  }
`);

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let minutes = 0;

const app = useTestApp({ now: () => new Date(Date.now() + minutes * 60_000) });

let tenant: Tenant;
let other: Tenant;
beforeAll(async () => {
  tenant = await createTenant(app);
  other = await createTenant(app);
});

describe('Attachment.downloadUrl', () => {
  const fetchSigned = (url: string, init: RequestInit = {}) => fetch(url.replace('http://epistle.test', app.url), init);
  const dispositionOf = (response: Response) => response.headers.get('content-disposition')?.split(';')[0];

  async function stored(bytes: Buffer, contentType: string, name: string) {
    const file = { filename: 'invoice.pdf', contentType, dataBase64: bytes.toString('base64') };
    const input = fresh(tenant, createRecipient(app, tenant, name), { attachments: [file] });
    const { outboundEmail } = await accepted(app, tenant, input);
    const { outboundEmail: found } = await query(app, tenant.key, DownloadUrls, { uid: outboundEmail.uid });
    return found?.attachments[0]?.downloadUrl ?? '';
  }

  it('gives the bytes without a header, whole, in part and to HEAD', async () => {
    const url = await stored(Buffer.from('0123456789'), 'application/pdf', 'signed');
    const response = await fetchSigned(url);
    expect([response.status, dispositionOf(response), await response.text()]).toEqual([
      200,
      'attachment',
      '0123456789',
    ]);
    const range = await fetchSigned(url, { headers: { range: 'bytes=8-' } });
    expect([range.status, await range.text()]).toEqual([206, '89']);
    expect((await fetchSigned(url, { method: 'HEAD' })).status).toBe(200);
  });

  it('shows images, and saves everything else, a picture that can run a script too', async () => {
    const shown = await fetchSigned(await stored(PNG, 'image/png', 'png'));
    expect([dispositionOf(shown), shown.headers.get('content-type')]).toEqual(['inline', 'image/png']);
    expect(shown.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(shown.headers.get('x-content-type-options')).toBe('nosniff');
    expect(Buffer.from(await shown.arrayBuffer()).equals(PNG)).toBe(true);
    for (const [type, name] of [
      ['image/svg+xml', 'svg'],
      ['text/html', 'html'],
      ['image/pngx', 'pngx'],
    ] as const) {
      const saved = await fetchSigned(await stored(Buffer.from('<svg/>'), type, name));
      expect([type, dispositionOf(saved)]).toEqual([type, 'attachment']);
      expect(saved.headers.get('content-security-policy')).toContain('sandbox');
    }
  });

  it('is the same within a minute, expires after 15, and cannot be changed', async () => {
    const url = await stored(Buffer.from('a'), 'text/plain', 'expiring');
    const theirs = await stored(Buffer.from('b'), 'text/plain', 'expiring-too');
    const uidOf = (signed: string) => new URL(signed).pathname.split('/').at(-1) ?? '';
    const changed = (name: string, value: string) => {
      const forged = new URL(url);
      forged.searchParams.set(name, value);
      return forged.href;
    };
    const status = async (signed: string, init?: RequestInit) => (await fetchSigned(signed, init)).status;
    expect(await status(url)).toBe(200);
    expect(await status(url.replace(uidOf(url), uidOf(theirs)))).toBe(403);
    expect(await status(changed('expires', '99999999999'))).toBe(403);
    expect(await status(changed('organization', other.organizationId))).toBe(403);
    expect(await status(changed('signature', ''))).toBe(403);
    minutes = 13;
    expect(await status(url)).toBe(200);
    minutes = 15;
    expect(await status(url)).toBe(403);
    // A key does not make up for it: the URL is wrong.
    expect(await status(url, { headers: { authorization: `Bearer ${tenant.key}` } })).toBe(403);
    minutes = 0;
  });

  it('is signed for keys that may read only', async () => {
    const key = await createKey(app, tenant.organizationId, ['drafts:write']);
    const file = { filename: 'a.txt', contentType: 'text/plain', dataBase64: 'YQ==' };
    const input = { fromAccountUid: tenant.accountId, attachments: [file] };
    const { createDraft } = await query(app, key, DraftDownloadUrls, { input });
    const [stored] = expectType(createDraft, 'CreateDraftPayload').draft.attachments;
    expect(stored?.downloadUrl).toBe(`http://epistle.test/attachments/${stored?.uid}`);
  });
});
