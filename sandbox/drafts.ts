/** users.drafts */
import { type Call, maxResults, object, rawOf, text, threadIdOf } from './call.ts';
import { sendOperations } from './delivery.ts';
import { badRequest, notFound } from './errors.ts';
import type { StoredMessage } from './mailbox.ts';
import { reference } from './messages.ts';
import type { MessageRecord, Operation } from './operations.ts';
import { type Outgoing, prepareOutgoing, rewrite } from './outgoing.ts';
import { messageResource } from './payload.ts';

export function createDraft(call: Call): object {
  const { world, mailbox } = call;
  const message = object(call.body, 'message');
  const threadId = threadIdOf(call, message);
  const outgoing = prepareOutgoing(mailbox, rawOf(call, message), world.now());
  const draftId = `r${world.nextId()}`;
  const saved = draftRecord(call, outgoing, threadId);
  world.commit({ op: 'add', mailbox: mailbox.email, message: saved }, draftOperation(call, draftId, saved.id));
  return { id: draftId, message: reference(saved) };
}

/** Saving is a delete and an add: the draft keeps its id, its message gets a new one. */
export function updateDraft(call: Call): object {
  const { world, mailbox } = call;
  const { draftId, message: before } = draftOf(call);
  const message = object(call.body, 'message');
  const threadId = threadIdOf(call, message) ?? before.threadId;
  const saved = draftRecord(call, prepareOutgoing(mailbox, rawOf(call, message), world.now()), threadId);
  world.commit(
    { op: 'remove', mailbox: mailbox.email, id: before.id },
    { op: 'add', mailbox: mailbox.email, message: saved },
    draftOperation(call, draftId, saved.id),
  );
  return { id: draftId, message: reference(saved) };
}

export function sendDraft(call: Call): object {
  const { world, mailbox, switches } = call;
  const id = text(call.body, 'id');
  if (!id) throw badRequest('Missing draft id');
  const { draftId, message: draft } = draftOf(call, id);
  // The body may contain a new version of the draft.
  const message = object(call.body, 'message');
  const outgoing =
    call.media !== null || text(message, 'raw')
      ? prepareOutgoing(mailbox, rawOf(call, message), world.now())
      : rewrite(mailbox, draft.head, draft.body, world.now());
  if (outgoing.recipients.length === 0) throw badRequest('Recipient address required');
  const { sent, operations } = sendOperations(world, mailbox, outgoing, {
    threadId: threadIdOf(call, message) ?? draft.threadId,
    refusedByMail: call.refusedByMail,
  });
  world.commit(
    { op: 'remove', mailbox: mailbox.email, id: draft.id },
    draftOperation(call, draftId, null),
    ...operations,
  );
  if (switches.lingeringDrafts) mailbox.lingeringDrafts.set(draftId, sent.id);
  return reference(sent);
}

export function getDraft(call: Call): object {
  const { mailbox } = call;
  const id = call.params.id ?? '';
  const messageId = mailbox.drafts.get(id) ?? mailbox.lingeringDrafts.get(id) ?? '';
  const message = mailbox.messages.get(messageId);
  if (message === undefined) throw notFound();
  return { id, message: messageResource(message, call.query.get('format') ?? 'full', []) };
}

export function listDrafts(call: Call): object {
  const { mailbox } = call;
  const after = call.query.get('pageToken');
  const newestFirst = [...mailbox.drafts].sort(([, a], [, b]) => (a < b ? 1 : -1));
  const from = after === null ? 0 : newestFirst.findIndex(([, messageId]) => messageId < after);
  const page = from < 0 ? [] : newestFirst.slice(from, from + maxResults(call));
  const last = page.at(-1);
  const more = last !== undefined && from + page.length < newestFirst.length;
  return {
    ...(page.length > 0
      ? { drafts: page.map(([id, messageId]) => ({ id, message: wrapped(mailbox.messages.get(messageId)) })) }
      : {}),
    ...(more ? { nextPageToken: last[1] } : {}),
    resultSizeEstimate: newestFirst.length,
  };
}

export function deleteDraft(call: Call): undefined {
  const { draftId, message } = draftOf(call);
  const { email } = call.mailbox;
  call.world.commit({ op: 'remove', mailbox: email, id: message.id }, draftOperation(call, draftId, null));
}

function draftOf(call: Call, draftId = call.params.id ?? ''): { draftId: string; message: StoredMessage } {
  const message = call.mailbox.messages.get(call.mailbox.drafts.get(draftId) ?? '');
  if (message === undefined) throw notFound();
  return { draftId, message };
}

function draftRecord(call: Call, { head, body }: Outgoing, threadId: string | null): MessageRecord {
  const id = call.world.nextMessageId();
  const time = call.world.now().getTime();
  return { id, threadId: threadId ?? id, labelIds: ['DRAFT'], internalDate: time, storedAt: time, head, body };
}

function draftOperation(call: Call, draftId: string, messageId: string | null): Operation {
  return { op: 'draft', mailbox: call.mailbox.email, draftId, messageId };
}

function wrapped(message: StoredMessage | undefined): object | undefined {
  return message && { id: message.id, threadId: message.threadId };
}
