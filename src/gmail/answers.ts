/** The fields of Gmail's answers that are read; others may change. For messages and history, see message.ts and history.ts. */
import { z } from 'zod';
import { MAX_MILLIS, MIN_MILLIS } from '../input.ts';
import type { DraftRef, MessageHead } from './gateway.ts';
import { opIdOf, revisionOf } from './headers.ts';

const Id = z.string().min(1);
/** Milliseconds since 1970, as text. */
export const InternalDate = z
  .string()
  .regex(/^-?\d{1,20}$/)
  .transform((millis) => new Date(Math.min(MAX_MILLIS, Math.max(MIN_MILLIS, Number(millis)))));
export const ProfileAnswer = z.object({ emailAddress: z.string().min(3), historyId: z.string().regex(/^\d{1,20}$/) });
export const SendAsAnswer = z.object({
  sendAs: z.array(
    z.object({
      sendAsEmail: z.string(),
      displayName: z.string().optional(),
      isPrimary: z.boolean().default(false),
      isDefault: z.boolean().default(false),
      signature: z.string().optional(),
      verificationStatus: z.string().optional(),
    }),
  ),
});
export const SentAnswer = z.object({ id: Id, threadId: Id });
export const DraftAnswer = z.object({
  id: Id,
  message: SentAnswer.extend({ labelIds: z.array(z.string()).default([]) }),
});
export const HeadAnswer = SentAnswer.extend({
  internalDate: InternalDate,
  labelIds: z.array(z.string()).default([]),
  payload: z
    .object({ headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]) })
    .default({ headers: [] }),
});
export const ThreadAnswer = z.object({ messages: z.array(HeadAnswer).default([]) });
export const ListAnswer = z.object({ messages: z.array(z.object({ id: Id })).default([]) });
export const PageAnswer = ListAnswer.extend({ nextPageToken: z.string().min(1).nullable().default(null) });
export const LabelsAnswer = z.object({ labels: z.array(z.object({ id: Id })).default([]) });
/** Milliseconds since 1970, as text. */
export const WatchAnswer = z.object({ expiration: z.string().regex(/^\d{1,15}$/) });
export const DraftsAnswer = z.object({
  drafts: z.array(z.object({ id: Id, message: z.object({ id: Id }) })).default([]),
});
export const AttachmentAnswer = z.object({ data: z.string() });

export function toHead({ id, threadId, labelIds, internalDate, payload }: z.infer<typeof HeadAnswer>): MessageHead {
  return {
    messageId: id,
    threadId,
    labels: labelIds,
    internalDate,
    opId: opIdOf(payload.headers),
    revision: revisionOf(payload.headers),
  };
}

export function toDraftRef(draft: z.infer<typeof DraftAnswer>): DraftRef {
  const { id, message } = draft;
  return { draftId: id, messageId: message.id, threadId: message.threadId, labels: message.labelIds };
}
