/** users.messages */
import { type Call, checkLabels, maxResults, messageOf, rawOf, SYSTEM_LABELS, texts, threadIdOf } from './call.ts';
import { sendOperations } from './delivery.ts';
import { badRequest } from './errors.ts';
import { headerValue, parseFields, renderFields, splitMessage } from './headers.ts';
import type { StoredMessage } from './mailbox.ts';
import type { MessageRecord } from './operations.ts';
import { prepareOutgoing } from './outgoing.ts';
import { attachmentBytes, messageResource } from './payload.ts';
import { newestFirst, parseQuery, visible } from './search.ts';

/** What Gmail answers to a change: where the message is, not what is in it. */
export function reference(message: MessageRecord): object {
  return { id: message.id, threadId: message.threadId, labelIds: message.labelIds };
}

export function sendMessage(call: Call): object {
  const { world, mailbox, refusedByMail } = call;
  const threadId = threadIdOf(call, call.body);
  const outgoing = prepareOutgoing(mailbox, rawOf(call, call.body), world.now());
  if (outgoing.recipients.length === 0) throw badRequest('Recipient address required');
  const { sent, operations } = sendOperations(world, mailbox, outgoing, { threadId, refusedByMail });
  world.commit(...operations);
  return reference(sent);
}

/** Stores the message as it is, Message-ID included, without delivering it. */
export function insertMessage(call: Call): object {
  const { world, mailbox } = call;
  const labelIds = texts(call.body, 'labelIds');
  for (const label of labelIds) if (!SYSTEM_LABELS.includes(label)) throw badRequest(`Invalid label: ${label}`);
  const threadId = threadIdOf(call, call.body);
  const { head, body } = splitMessage(rawOf(call, call.body));
  const fields = parseFields(head);
  const storedAt = world.now().getTime();
  const dated =
    call.query.get('internalDateSource') === 'dateHeader' ? Date.parse(headerValue(fields, 'date') ?? '') : NaN;
  const id = world.nextMessageId();
  const message: MessageRecord = {
    id,
    threadId: threadId ?? id,
    labelIds,
    internalDate: Number.isNaN(dated) ? storedAt : dated,
    storedAt,
    head: renderFields(fields),
    body,
  };
  world.commit({ op: 'add', mailbox: mailbox.email, message });
  return reference(message);
}

export function getMessage(call: Call): object {
  const format = call.query.get('format') ?? 'full';
  return messageResource(messageOf(call), format, call.query.getAll('metadataHeaders'));
}

export function getAttachment(call: Call): object {
  const bytes = attachmentBytes(messageOf(call), call.params.attachmentId ?? '');
  return { size: bytes.length, data: bytes.toString('base64url') };
}

export function listMessages(call: Call): object {
  const query = parseQuery(call.query.get('q') ?? '');
  const limit = maxResults(call);
  const found: StoredMessage[] = [];
  for (const message of newestFirst(call)) {
    if (!visible(call, query, message)) continue;
    found.push(message);
    if (found.length > limit) break;
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    ...(page.length > 0 ? { messages: page.map(({ id, threadId }) => ({ id, threadId })) } : {}),
    ...(found.length > limit && last ? { nextPageToken: `${last.internalDate}.${last.id}` } : {}),
    resultSizeEstimate: found.length,
  };
}

export function modifyMessage(call: Call): object {
  return relabel(call, messageOf(call), texts(call.body, 'addLabelIds'), texts(call.body, 'removeLabelIds'));
}

/** Skips ids that do not exist. */
export function batchModifyMessages(call: Call): undefined {
  for (const id of texts(call.body, 'ids')) {
    const message = call.mailbox.messages.get(id);
    if (message !== undefined)
      relabel(call, message, texts(call.body, 'addLabelIds'), texts(call.body, 'removeLabelIds'));
  }
}

/** Trash is a label; the message stays readable. */
export function trashMessage(call: Call): object {
  return relabel(call, messageOf(call), ['TRASH'], ['INBOX']);
}

export function untrashMessage(call: Call): object {
  return relabel(call, messageOf(call), [], ['TRASH']);
}

export function deleteMessage(call: Call): undefined {
  const { id } = messageOf(call);
  const mailbox = call.mailbox.email;
  const draftId = call.mailbox.draftIds.get(id);
  call.world.commit(
    { op: 'remove', mailbox, id },
    ...(draftId === undefined ? [] : [{ op: 'draft', mailbox, draftId, messageId: null } as const]),
  );
}

export function relabel(call: Call, message: MessageRecord, add: readonly string[], remove: readonly string[]): object {
  checkLabels([...add, ...remove]);
  const { email, messages } = call.mailbox;
  call.world.commit({ op: 'label', mailbox: email, id: message.id, add, remove });
  return reference(messages.get(message.id) ?? message);
}
