import type { SafeHtml as Sanitized } from '../email/safe-html.ts';
import { signedAttachmentUrl } from '../outbound/attachment-url.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { enumOf } from './enum-of.ts';

export const RemoteImages = enumOf('RemoteImages', 'What to do with images that an email loads from the web.', {
  BLOCK: 'Leave them out. Their sender does not learn that the message was read.',
  KEEP: 'Keep them. Loading them tells their sender when the message was read, and from where.',
});

export const SafeHtml = builder.objectRef<Sanitized>('SafeHtml').implement({
  description: 'An HTML body that was sanitized for display.',
  fields: (t) => ({
    html: t.exposeString('html', {
      description:
        'The HTML without scripts, forms, event handlers, style sheets and CSS that moves an element out of its place. Links open in a new tab. `cid:` images have the signed URLs of the attachments, which expire after 15 minutes. Display it in an element with `overflow: auto`.',
    }),
    blockedImages: t.exposeInt('blockedImages', {
      description: 'The number of remote images that were left out. 0 with KEEP.',
    }),
    isTruncated: t.exposeBoolean('isTruncated', {
      description:
        'True if the body is too long to be displayed whole: `html` has the beginning of it, at most 500,000 characters and 10,000 tags.',
    }),
  }),
});

/** @returns null when the message has no HTML body. */
export async function sanitizedBody(
  { app, bodies, identity: { organizationId } }: Context,
  message: {
    readonly id: string;
    readonly bodyHtmlBytes: number | null;
    readonly attachments: readonly { readonly id: string; readonly contentId: string | null }[];
  },
  remoteImages: 'BLOCK' | 'KEEP',
): Promise<Sanitized | null> {
  const { id, bodyHtmlBytes: bytes, attachments } = message;
  const html = await bodies.load({ table: 'emailMessage', id, column: 'bodyHtml', bytes, field: 'safeHtml' });
  if (html === null) return null;
  const inlineImageUrl = (contentId: string) => {
    const image = attachments.find((each) => each.contentId === contentId);
    return image === undefined ? null : signedAttachmentUrl(app, { organizationId, id: image.id });
  };
  // Loaded with the first body that is shown: a start need not wait for the 60 modules of sanitize-html.
  const { safeHtml } = await import('../email/safe-html.ts');
  return bodies.inTurn(() => safeHtml(html, { keepRemoteImages: remoteImages === 'KEEP', inlineImageUrl }));
}
