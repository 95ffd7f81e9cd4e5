/** The row of `email_message` that a parsed message is stored as. */
import { sql } from '../db/statement.ts';
import type { GmailMessage } from '../gmail/gateway.ts';
import { storableOrNull, storableText } from '../input.ts';
import type { ParsedMessage } from './parse-message.ts';

export function messageRow(message: GmailMessage, parsed: ParsedMessage) {
  return {
    providerMessageId: message.messageId,
    direction: parsed.direction,
    fromAddress: parsed.from.address,
    fromName: parsed.from.name,
    to: JSON.stringify(parsed.to),
    cc: JSON.stringify(parsed.cc),
    replyTo: JSON.stringify(parsed.replyTo),
    subject: parsed.subject,
    snippet: storableText(message.snippet),
    bodyText: storableOrNull(message.bodyText),
    bodyHtml: storableOrNull(message.bodyHtml),
    sentAt: message.internalDate,
    isRead: !message.labels.includes('UNREAD'),
    labels: message.labels,
    messageId: parsed.messageId,
    inReplyTo: parsed.inReplyTo,
    references: parsed.references,
    isAutomatic: parsed.isAutomatic,
    namedIds: parsed.namedIds,
    deliveryNotice: parsed.notice === null ? null : JSON.stringify(parsed.notice),
    problem: message.problems.length === 0 ? null : storableText(message.problems.join(' ')),
  };
}

export type MessageRow = ReturnType<typeof messageRow>;

export const MESSAGE_COLUMNS = `provider_message_id, direction, from_address, from_name, "to", cc, reply_to, subject,
  snippet, body_text, body_html, sent_at, is_read, labels, message_id, in_reply_to, "references", is_automatic, named_ids, delivery_notice, problem`;

/** The values of `MESSAGE_COLUMNS`. */
export const messageValues = (row: MessageRow) => sql`${row.providerMessageId}, ${row.direction}, ${row.fromAddress},
  ${row.fromName}, ${row.to}, ${row.cc}, ${row.replyTo}, ${row.subject}, ${row.snippet}, ${row.bodyText}, ${row.bodyHtml},
  ${row.sentAt}, ${row.isRead}, ${row.labels}, ${row.messageId}, ${row.inReplyTo}, ${row.references}, ${row.isAutomatic},
  ${row.namedIds}, ${row.deliveryNotice}, ${row.problem}`;
