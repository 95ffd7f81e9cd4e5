import type { App } from '../app.ts';

/** How long a signed URL is valid at most. */
const VALID_MS = 15 * 60_000;
/** An attachment keeps its URL for this long, so that browsers cache it. */
const STEP_MS = 60_000;

interface AttachmentRef {
  readonly organizationId: string;
  readonly id: string;
}

/** The URL of the bytes of an attachment. It needs no header, for 14 to 15 minutes from now. */
export function signedAttachmentUrl({ publicUrl, signer, now }: App, { organizationId, id }: AttachmentRef): string {
  const expires = String((Math.floor(now().getTime() / STEP_MS) * STEP_MS + VALID_MS) / 1000);
  const signature = signer.sign(signedText({ organizationId, id, expires }));
  return `${publicUrl}/attachments/${id}?${new URLSearchParams({ organization: organizationId, expires, signature })}`;
}

/** The attachment that a signed URL leads to. Null: it was not signed here, or it has expired. */
export function signedAttachment({ signer, now }: App, id: string, query: URLSearchParams): AttachmentRef | null {
  const [organizationId, expires] = [query.get('organization') ?? '', query.get('expires') ?? ''];
  if (!signer.verify(signedText({ organizationId, id, expires }), query.get('signature') ?? '')) return null;
  return Number(expires) * 1000 > now().getTime() ? { organizationId, id } : null;
}

function signedText({ organizationId, id, expires }: AttachmentRef & { readonly expires: string }): string {
  return `attachment ${organizationId} ${id} ${expires}`;
}
