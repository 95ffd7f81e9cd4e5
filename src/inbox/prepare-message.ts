import { setImmediate } from 'node:timers/promises';
import { searchTerms } from '../email/search-terms.ts';
import type { GmailMessage, GmailPart } from '../gmail/gateway.ts';
import { storableOrNull, storableText } from '../input.ts';
import { type MessageRow, messageRow } from './message-row.ts';
import {
  MAX_RECIPIENTS_SHOWN,
  type Mailbox,
  type ParsedMessage,
  parseMessage,
  participantsAmong,
} from './parse-message.ts';

/** A message with every value that storing it writes. */
export interface PreparedMessage {
  readonly message: GmailMessage;
  readonly parsed: ParsedMessage;
  readonly row: MessageRow;
  /** JSON: the rows of `attachment`. */
  readonly files: string;
  /** The words under which its conversation is found. */
  readonly terms: readonly string[];
  readonly participants: readonly string[];
}

/**
 * Parses a message before its transaction begins, so that the transaction only runs statements. It yields to the event loop
 * in between, because a hostile message takes up to 100 ms of CPU.
 */
export async function prepareMessage(mailbox: Mailbox, message: GmailMessage): Promise<PreparedMessage> {
  const parsed = await parseMessage(mailbox, message);
  await setImmediate();
  const row = messageRow(message, parsed);
  const files = JSON.stringify(message.parts.map(fileOf));
  const { from, to, cc, subject, text } = parsed;
  const recipients = [...to, ...cc];
  const addressesOf = (boxes: typeof recipients) =>
    participantsAmong(
      mailbox,
      boxes.map(({ address }) => address),
    );
  const participants = addressesOf([from, ...recipients.slice(0, MAX_RECIPIENTS_SHOWN)]);
  await setImmediate();
  const addresses = addressesOf([from, ...recipients]);
  await setImmediate();
  const texts = [subject, ...message.parts.map(({ filename }) => filename), text];
  const terms = (await searchTerms({ texts, addresses })).map(storableText);
  return { message, parsed, row, files, terms, participants };
}

/** A file of a message, by its place in it. */
function fileOf({ filename, contentType, size, contentId, partId }: GmailPart, position: number) {
  return {
    position,
    filename: storableText(filename),
    content_type: storableText(contentType),
    size,
    content_id: storableOrNull(contentId),
    part_id: storableText(partId),
  };
}
