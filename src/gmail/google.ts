import { Readable } from 'node:stream';
import { gmail } from '@googleapis/gmail';
import { z } from 'zod';
import {
  AttachmentAnswer,
  DraftAnswer,
  DraftsAnswer,
  HeadAnswer,
  LabelsAnswer,
  ListAnswer,
  PageAnswer,
  ProfileAnswer,
  SendAsAnswer,
  SentAnswer,
  ThreadAnswer,
  toDraftRef,
  toHead,
  WatchAnswer,
} from './answers.ts';
import { createCalls } from './call.ts';
import { GmailError } from './errors.ts';
import type { CallOptions, GmailGateway, MailboxAccess, MessageHead, MessageOptions, Mime } from './gateway.ts';
import { OP_ID_HEADER, REVISION_HEADER } from './headers.ts';
import { HistoryAnswer, toHistoryPage } from './history.ts';
import { MessageAnswer, toGmailHead, toGmailMessage } from './message.ts';
import { ANSWER_TOO_LARGE, type ProxyEnvironment } from './transport.ts';

const HEAD_HEADERS = [OP_ID_HEADER, REVISION_HEADER];
/** Of `messages.batchModify`. */
const MAX_IDS_PER_MODIFY = 1_000;
/** Bodies of one message that are fetched by themselves. Mail programs write two or three; each costs as much as a message. */
const MAX_FETCHES = 20;
/** Gmail takes about 5 MB of JSON, and base64 makes 4.7 MB of this. */
const MAX_JSON_MIME_BYTES = 3_500_000;

class BodiesTooLargeError extends Error {}

/**
 * Gmail through Google's client, over our own transport.
 * @param options.rootUrl one origin that serves the Gmail API, null for Google's own.
 * @param options.timeoutMs of one call, its repeats included.
 * @param options.proxyEnv absent: no proxy.
 */
export function googleGateway(options: {
  readonly rootUrl: string | null;
  readonly timeoutMs: number;
  readonly now: () => Date;
  readonly proxyEnv?: ProxyEnvironment;
}): GmailGateway {
  const { users } = gmail({ version: 'v1', params: { userId: 'me' } });
  const { read, effect } = createCalls({ proxyEnv: {}, ...options });

  async function getHead(mailbox: MailboxAccess, id: string): Promise<MessageHead | null> {
    const params = { id, format: 'metadata', metadataHeaders: HEAD_HEADERS };
    const answer = await orNullWhenGone(read(mailbox, {}, HeadAnswer, (o) => users.messages.get(params, o)));
    return answer && toHead(answer);
  }

  function readMessage(mailbox: MailboxAccess, id: string, format: 'full' | 'metadata', options: CallOptions) {
    const params = { id, format };
    return orNullWhenGone(read(mailbox, options, MessageAnswer, (o) => users.messages.get(params, o)));
  }

  /** 'large': an answer, or the bodies together, are larger than `options.maxBytes`. */
  async function getMessageWithin(mailbox: MailboxAccess, messageId: string, options: MessageOptions) {
    const { maxBytes = Number.POSITIVE_INFINITY, beforeFetch } = options;
    let fetches = 0;
    let fetchedBytes = 0;
    const fetchBody = async (attachmentId: string) => {
      if (fetches++ >= MAX_FETCHES) return null;
      await beforeFetch?.();
      const bytes = await gateway.getAttachment(mailbox, { messageId, attachmentId }, options);
      fetchedBytes += bytes?.length ?? 0;
      if (fetchedBytes > maxBytes) throw new BodiesTooLargeError();
      return bytes;
    };
    try {
      const answer = await readMessage(mailbox, messageId, 'full', options);
      return answer && (await toGmailMessage(answer, fetchBody));
    } catch (error) {
      const isLarge = error instanceof GmailError && error.reason === ANSWER_TOO_LARGE;
      if (isLarge || error instanceof BodiesTooLargeError) return 'large';
      throw error;
    }
  }

  const gateway: GmailGateway = {
    async getProfile(mailbox, options = {}) {
      const profile = await read(mailbox, options, ProfileAnswer, (o) => users.getProfile({}, o));
      return { email: profile.emailAddress, historyId: profile.historyId };
    },

    async listSendAs(mailbox) {
      const { sendAs } = await read(mailbox, {}, SendAsAnswer, (o) => users.settings.sendAs.list({}, o));
      return sendAs.map((alias) => ({
        email: alias.sendAsEmail,
        displayName: alias.displayName || null,
        isPrimary: alias.isPrimary,
        isDefault: alias.isDefault,
        signatureHtml: alias.signature || null,
        // Gmail gives no status for the primary address.
        isAccepted: alias.isPrimary || alias.verificationStatus === 'accepted',
      }));
    },

    async createDraft(mailbox, { mime, threadId }, options = {}) {
      try {
        const draft = await effect(mailbox, options, DraftAnswer, (o) =>
          users.drafts.create(draftOf(mime, threadId), o),
        );
        return toDraftRef(draft);
      } catch (error) {
        if (threadId === null || !isKind(error, 'not-found')) throw error;
        // `drafts.create` names nothing else that could be missing.
        const { status, reason, message } = error;
        throw new GmailError({ kind: 'thread-not-found', status, reason, message });
      }
    },

    async sendDraft(mailbox, draftId, options = {}) {
      const params = { requestBody: { id: draftId } };
      const sent = await orNullWhenGone(effect(mailbox, options, SentAnswer, (o) => users.drafts.send(params, o)));
      return sent && { messageId: sent.id, threadId: sent.threadId };
    },

    async getDraft(mailbox, draftId, options = {}) {
      const params = { id: draftId, format: 'minimal' };
      const draft = await orNullWhenGone(read(mailbox, options, DraftAnswer, (o) => users.drafts.get(params, o)));
      return draft && toDraftRef(draft);
    },

    async getThread(mailbox, threadId) {
      const params = { id: threadId, format: 'metadata', metadataHeaders: HEAD_HEADERS };
      const thread = await orNullWhenGone(read(mailbox, {}, ThreadAnswer, (o) => users.threads.get(params, o)));
      return thread === null ? null : thread.messages.map(toHead);
    },

    async listSent(mailbox, limit) {
      const list = { labelIds: ['SENT'], maxResults: limit };
      const { messages } = await read(mailbox, {}, ListAnswer, (o) => users.messages.list(list, o));
      const heads = await Promise.all(messages.map(({ id }) => getHead(mailbox, id)));
      return heads.filter((head) => head !== null);
    },

    async listDrafts(mailbox, limit) {
      const list = { maxResults: limit };
      const { drafts } = await read(mailbox, {}, DraftsAnswer, (o) => users.drafts.list(list, o));
      const heads = drafts.map(async ({ id: draftId, message }) => {
        const head = await getHead(mailbox, message.id);
        return head && { ...head, draftId };
      });
      return (await Promise.all(heads)).filter((head) => head !== null);
    },

    async deleteDraft(mailbox, draftId) {
      const deleted = effect(mailbox, {}, z.unknown(), (o) => users.drafts.delete({ id: draftId }, o));
      return (await orNullWhenGone(deleted)) !== null;
    },

    getSmallMessage: getMessageWithin,

    async getMessage(mailbox, messageId, options = {}) {
      const message = await getMessageWithin(mailbox, messageId, options);
      if (message !== 'large') return message;
      const head = await readMessage(mailbox, messageId, 'metadata', options);
      return head && (await toGmailHead(head, 'It is too large to be read; only its headers were stored.'));
    },

    async modifyMessages(mailbox, messageIds, { add, remove }) {
      for (let at = 0; at < messageIds.length; at += MAX_IDS_PER_MODIFY) {
        const ids = messageIds.slice(at, at + MAX_IDS_PER_MODIFY);
        const params = { requestBody: { ids, addLabelIds: [...add], removeLabelIds: [...remove] } };
        await effect(mailbox, {}, z.unknown(), (o) => users.messages.batchModify(params, o));
      }
    },

    async getMessageHeaders(mailbox, messageId, options = {}) {
      const head = await readMessage(mailbox, messageId, 'metadata', options);
      return head && (await toGmailHead(head, 'Only its headers were read.'));
    },

    async listMessages(mailbox, { pageToken, limit: maxResults, query, labelId }, options = {}) {
      const labelIds = labelId === undefined ? [] : [labelId];
      const params = { maxResults, pageToken: pageToken ?? undefined, q: query, labelIds, includeSpamTrash: true };
      const page = await read(mailbox, options, PageAnswer, (o) => users.messages.list(params, o));
      return { ids: page.messages.map(({ id }) => id), nextPageToken: page.nextPageToken };
    },

    async listLabels(mailbox, options = {}) {
      const { labels } = await read(mailbox, options, LabelsAnswer, (o) => users.labels.list({}, o));
      return labels.map(({ id }) => id);
    },

    async listHistory(mailbox, startHistoryId, options = {}) {
      const list = (page: { pageToken?: string }) => {
        const params = { startHistoryId, maxResults: 500, ...page };
        return orNullWhenGone(read(mailbox, options, HistoryAnswer, (o) => users.history.list(params, o)));
      };
      let answer = await list({});
      // A page may be empty and not the last.
      while (answer?.nextPageToken !== undefined && answer.history.length === 0) {
        answer = await list({ pageToken: answer.nextPageToken });
      }
      return answer && toHistoryPage(answer);
    },

    async watch(mailbox, topicName) {
      const params = { requestBody: { topicName } };
      // Made twice it is the same watch.
      const { expiration } = await effect(mailbox, {}, WatchAnswer, (o) => users.watch(params, o));
      return new Date(Number(expiration));
    },

    async getAttachment(mailbox, { messageId, attachmentId }, options = {}) {
      const params = { messageId, id: attachmentId };
      const attachment = await orNullWhenGone(
        read(mailbox, options, AttachmentAnswer, (o) => users.messages.attachments.get(params, o)),
      );
      return attachment && Buffer.from(attachment.data, 'base64url');
    },
  };
  return gateway;
}

/** A small one as JSON, a large one as an upload of two parts, streamed. */
function draftOf(mime: Mime, threadId: string | null) {
  const thread = threadId === null ? {} : { threadId };
  if (mime.size > MAX_JSON_MIME_BYTES) {
    const media = { mimeType: 'message/rfc822', body: Readable.from(mime.chunks()) };
    return { requestBody: { message: thread }, media };
  }
  const raw = Buffer.concat([...mime.chunks()]).toString('base64url');
  return { requestBody: { message: { ...thread, raw } } };
}

function isKind(error: unknown, kind: GmailError['kind']): error is GmailError {
  return error instanceof GmailError && error.kind === kind;
}

async function orNullWhenGone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isKind(error, 'not-found')) return null;
    throw error;
  }
}
