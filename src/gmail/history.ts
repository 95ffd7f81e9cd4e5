/** Converts an answer of `history.list` to changes in their order. */
import { z } from 'zod';
import type { HistoryPage, MailboxChange } from './gateway.ts';

const Id = z.string().min(1);
const HistoryId = z.string().regex(/^\d{1,20}$/);
const labels = z.array(z.string()).default([]);
const Message = z.object({ id: Id, labelIds: labels });
const Relabelling = z.array(z.object({ message: z.object({ id: Id }), labelIds: labels })).default([]);

export const HistoryAnswer = z.object({
  historyId: HistoryId,
  nextPageToken: z.string().min(1).optional(),
  history: z
    .array(
      z.object({
        id: HistoryId,
        messagesAdded: z.array(z.object({ message: Message })).default([]),
        messagesDeleted: z.array(z.object({ message: z.object({ id: Id }) })).default([]),
        labelsAdded: Relabelling,
        labelsRemoved: Relabelling,
      }),
    )
    .default([]),
});

export function toHistoryPage({ history, historyId, nextPageToken }: z.infer<typeof HistoryAnswer>): HistoryPage {
  const changes = history.flatMap((record): MailboxChange[] => [
    ...record.messagesAdded.map(
      ({ message }) => ({ type: 'added', messageId: message.id, labels: message.labelIds }) as const,
    ),
    ...record.labelsAdded.map(
      ({ message, labelIds }) => ({ type: 'relabelled', messageId: message.id, added: labelIds, removed: [] }) as const,
    ),
    ...record.labelsRemoved.map(
      ({ message, labelIds }) => ({ type: 'relabelled', messageId: message.id, added: [], removed: labelIds }) as const,
    ),
    ...record.messagesDeleted.map(({ message }) => ({ type: 'deleted', messageId: message.id }) as const),
  ]);
  const last = history.at(-1);
  // The next page is listed from this cursor instead of the page token: a cursor can be stored, and outlives the token.
  const hasMore = nextPageToken !== undefined && last !== undefined;
  return { changes, historyId: hasMore ? last.id : historyId, hasMore };
}
