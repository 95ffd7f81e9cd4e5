/** The fields that a draft and an outbound email read in the same way. */
import { bodyOf } from './bodies.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { CancelCondition } from './enums.ts';
import { Attachment, type Draft, type OutboundEmail } from './refs.ts';

type Access = (row: { readonly id: string }, args: unknown, context: Context) => boolean | { scope: 'email:read' };

/** @param authScopes of the content, besides those of the type. */
export function implementContent(ref: typeof Draft | typeof OutboundEmail, authScopes?: Access): void {
  const orNull = authScopes && { authScopes };
  const orEmptyList = orNull && { ...orNull, unauthorizedResolver: () => [] };
  builder.prismaObjectFields(ref, (t) => ({
    to: t.expose('to', { type: ['EmailAddress'], description: 'The recipients in To.', ...orEmptyList }),
    cc: t.expose('cc', { type: ['EmailAddress'], description: 'The recipients in Cc.', ...orEmptyList }),
    bcc: t.expose('bcc', {
      type: ['EmailAddress'],
      description: 'The recipients in Bcc, hidden from the others.',
      ...orEmptyList,
    }),
    replyTo: t.expose('replyTo', {
      type: ['EmailAddress'],
      description: 'The addresses that answers should go to. Empty: the sender.',
      ...orEmptyList,
    }),
    bodyText: t.field({
      ...bodyOf('outboundEmail', 'bodyText'),
      description: 'The plain-text body. Null if there is none.',
      ...orNull,
    }),
    bodyHtml: t.field({
      ...bodyOf('outboundEmail', 'bodyHtml'),
      description: 'The HTML body. Null if there is none.',
      ...orNull,
    }),
    attachments: t.field({
      type: [Attachment],
      description: 'The attached files, in the order given.',
      ...orEmptyList,
      select: (_args, _context, nested) => ({ attachments: nested({ orderBy: { position: 'asc' } }) }),
      resolve: ({ attachments }) => attachments,
    }),
    cancelWhen: t.expose('cancelWhen', {
      type: [CancelCondition],
      description: 'The conditions under which it is not sent at `plannedSendAt`. Empty if there are none.',
    }),
  }));
}
