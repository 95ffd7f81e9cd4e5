import { gmail } from '@googleapis/gmail';
import { z } from 'zod';
import {
  AttachmentAnswer,
  DraftAnswer,
  DraftsAnswer,
  HeadAnswer,
  LabelsAnswer,
  ListAnswer,
  OP_ID_HEADER,
  PageAnswer,
  ProfileAnswer,
  SendAsAnswer,
  SentAnswer,
  ThreadAnswer,
  toDraftRef,
  toHead,
  WatchAnswer,
} from './answers.ts';
import { draftRequest, ME, type RequestParts, sendRequest } from './draft-request.ts';
import { abortedBeforeCall, brokenAnswer, GmailError, toGmailError } from './errors.ts';
import type { CallOptions, GmailGateway, MailboxAccess, MessageHead } from './gateway.ts';
import { HistoryAnswer, toHistoryPage } from './history.ts';
import { createAccountLimiter } from './limiter.ts';
import { MessageAnswer, toGmailHead, toGmailMessage } from './message.ts';
import { ANSWER_TOO_LARGE, createTransport, type ProxyEnvironment } from './transport.ts';

/** Gmail allows an unpublished number of concurrent calls for a user; four have not been seen refused. */
const MAX_IN_FLIGHT = 4;
/** Of `messages.batchModify`. */
const MAX_IDS_PER_MODIFY = 1_000;
const GOOGLE = 'https://gmail.googleapis.com';

/** Up to two repeats, after 0.1 and 0.5 s, as in `transport.ts`. Throttling is not repeated here: the caller's queue waits as long as Gmail says. */
const READ = {
  retryConfig: { retry: 2, noResponseRetries: 2, httpMethodsToRetry: ['GET'], statusCodesToRetry: [[500, 599]] },
};
/** Once. The default of the client is to repeat PUT and DELETE. */
const EFFECT = { retry: false };

const UserId = { userId: 'me' };

/**
 * Gmail through Google's client, the calls that every send makes through a transport of our own.
 * @param options.rootUrl one origin that serves the Gmail API, null for Google's own.
 * @param options.timeoutMs of one call, its repeats included.
 * @param options.proxyEnv for the transport. Absent: no proxy. Google's client reads the process's environment itself.
 */
export function googleGateway(options: {
  readonly rootUrl: string | null;
  readonly timeoutMs: number;
  readonly now: () => Date;
  readonly proxyEnv?: ProxyEnvironment;
}): GmailGateway {
  const users = gmail({ version: 'v1' }).users;
  const { rootUrl, timeoutMs, proxyEnv = {} } = options;
  const transport = createTransport({ origin: rootUrl ?? GOOGLE, timeoutMs, proxyEnv });
  const limit = createAccountLimiter(MAX_IN_FLIGHT);

  /**
   * One call: a place among the account's calls, a token, the request, its answer parsed.
   * @throws {GmailError}, and whatever else `mailbox.accessToken` throws.
   */
  function inTurn<T>(
    mailbox: MailboxAccess,
    { signal }: CallOptions,
    answer: z.ZodType<T>,
    request: (token: string) => Promise<unknown>,
  ): Promise<T> {
    const attempt = async (token: string): Promise<T> => {
      if (signal?.aborted) throw abortedBeforeCall();
      const data = await request(token).catch((error: unknown) => {
        throw toGmailError(error, options.now());
      });
      const parsed = answer.safeParse(data);
      if (!parsed.success) throw brokenAnswer();
      return parsed.data;
    };
    return limit(mailbox.accountId, signal, async () => {
      const token = await mailbox.accessToken();
      try {
        return await attempt(token);
      } catch (error) {
        // A 401 was not accepted, so even an effect may be repeated.
        if (!isKind(error, 'unauthorized')) throw error;
        return attempt(await mailbox.accessToken({ refused: token }));
      }
    });
  }

  /** A call of every send, through our own transport. `request` is built when its turn has come: it may be large. */
  function exchange<T>(
    mailbox: MailboxAccess,
    { signal }: CallOptions,
    answer: z.ZodType<T>,
    request: () => RequestParts,
  ): Promise<T> {
    return inTurn(mailbox, { signal }, answer, (token) => transport({ ...request(), token, signal }));
  }

  /** Any other call, through Google's client. */
  function call<T>(
    mailbox: MailboxAccess,
    { signal }: CallOptions,
    policy: object,
    answer: z.ZodType<T>,
    request: (requestOptions: object) => Promise<{ data: unknown }>,
  ): Promise<T> {
    return inTurn(mailbox, { signal }, answer, async (token) => {
      const deadline = AbortSignal.timeout(timeoutMs);
      const response = await request({
        ...policy,
        ...(rootUrl === null ? {} : { rootUrl }),
        headers: { authorization: `Bearer ${token}` },
        responseType: 'json',
        // A redirect is no answer of Gmail's; following it would repeat the request elsewhere.
        redirect: 'manual',
        noProxy: ['localhost', '127.0.0.1'],
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      return response.data;
    });
  }

  async function getHead(mailbox: MailboxAccess, id: string, callOptions: CallOptions): Promise<MessageHead | null> {
    const params = { ...UserId, id, format: 'metadata', metadataHeaders: [OP_ID_HEADER] };
    const answer = await orNullWhenGone(
      call(mailbox, callOptions, READ, HeadAnswer, (o) => users.messages.get(params, o)),
    );
    return answer && toHead(answer);
  }

  function readMessage(mailbox: MailboxAccess, id: string, format: 'full' | 'metadata', callOptions: CallOptions) {
    const path = `${ME}/messages/${encodeURIComponent(id)}?format=${format}`;
    return orNullWhenGone(exchange(mailbox, callOptions, MessageAnswer, () => ({ method: 'GET', path, body: null })));
  }

  const gateway: GmailGateway = {
    async getProfile(mailbox, callOptions = {}) {
      const profile = await call(mailbox, callOptions, READ, ProfileAnswer, (o) => users.getProfile(UserId, o));
      return { email: profile.emailAddress, historyId: profile.historyId };
    },

    async listSendAs(mailbox, callOptions = {}) {
      const { sendAs } = await call(mailbox, callOptions, READ, SendAsAnswer, (o) =>
        users.settings.sendAs.list(UserId, o),
      );
      return sendAs.map((alias) => ({
        email: alias.sendAsEmail,
        displayName: alias.displayName || null,
        isPrimary: alias.isPrimary,
        // The primary address carries no status.
        isAccepted: alias.isPrimary || alias.verificationStatus === 'accepted',
      }));
    },

    async createDraft(mailbox, { mime, threadId }, callOptions = {}) {
      try {
        return toDraftRef(await exchange(mailbox, callOptions, DraftAnswer, () => draftRequest(mime, threadId)));
      } catch (error) {
        if (threadId === null || !isKind(error, 'not-found')) throw error;
        // `drafts.create` names nothing else that could be missing.
        const { status, reason, message } = error;
        throw new GmailError({ kind: 'thread-not-found', status, reason, message });
      }
    },

    async sendDraft(mailbox, draftId, callOptions = {}) {
      const sent = await orNullWhenGone(exchange(mailbox, callOptions, SentAnswer, () => sendRequest(draftId)));
      return sent && { messageId: sent.id, threadId: sent.threadId };
    },

    async getDraft(mailbox, draftId, callOptions = {}) {
      const params = { ...UserId, id: draftId, format: 'minimal' };
      const draft = await orNullWhenGone(
        call(mailbox, callOptions, READ, DraftAnswer, (o) => users.drafts.get(params, o)),
      );
      return draft && toDraftRef(draft);
    },

    async getThread(mailbox, threadId, callOptions = {}) {
      const params = { ...UserId, id: threadId, format: 'metadata', metadataHeaders: [OP_ID_HEADER] };
      const thread = await orNullWhenGone(
        call(mailbox, callOptions, READ, ThreadAnswer, (o) => users.threads.get(params, o)),
      );
      return thread === null ? null : thread.messages.map(toHead);
    },

    async listSent(mailbox, limit, callOptions = {}) {
      const list = { ...UserId, labelIds: ['SENT'], maxResults: limit };
      const { messages } = await call(mailbox, callOptions, READ, ListAnswer, (o) => users.messages.list(list, o));
      const heads = await Promise.all(messages.map(({ id }) => getHead(mailbox, id, callOptions)));
      return heads.filter((head) => head !== null);
    },

    async listDrafts(mailbox, limit, callOptions = {}) {
      const list = { ...UserId, maxResults: limit };
      const { drafts } = await call(mailbox, callOptions, READ, DraftsAnswer, (o) => users.drafts.list(list, o));
      const heads = drafts.map(async ({ id: draftId, message }) => {
        const head = await getHead(mailbox, message.id, callOptions);
        return head && { ...head, draftId };
      });
      return (await Promise.all(heads)).filter((head) => head !== null);
    },

    async deleteDraft(mailbox, draftId, callOptions = {}) {
      const params = { ...UserId, id: draftId };
      await orNullWhenGone(call(mailbox, callOptions, EFFECT, z.unknown(), (o) => users.drafts.delete(params, o)));
    },

    async getMessage(mailbox, messageId, callOptions = {}) {
      const fetchBody = (attachmentId: string) =>
        gateway.getAttachment(mailbox, { messageId, attachmentId }, callOptions);
      try {
        const answer = await readMessage(mailbox, messageId, 'full', callOptions);
        return answer && (await toGmailMessage(answer, fetchBody));
      } catch (error) {
        if (!(error instanceof GmailError) || error.reason !== ANSWER_TOO_LARGE) throw error;
      }
      const head = await readMessage(mailbox, messageId, 'metadata', callOptions);
      return head && (await toGmailHead(head, 'It is too large to be read; only its headers were stored.'));
    },

    async modifyMessages(mailbox, messageIds, { add = [], remove = [] }, callOptions = {}) {
      for (let at = 0; at < messageIds.length; at += MAX_IDS_PER_MODIFY) {
        const ids = messageIds.slice(at, at + MAX_IDS_PER_MODIFY);
        const params = { ...UserId, requestBody: { ids, addLabelIds: [...add], removeLabelIds: [...remove] } };
        await call(mailbox, callOptions, EFFECT, z.unknown(), (o) => users.messages.batchModify(params, o));
      }
    },

    async getMessageHeaders(mailbox, messageId, callOptions = {}) {
      const head = await readMessage(mailbox, messageId, 'metadata', callOptions);
      return head && (await toGmailHead(head, 'Only its headers were read.'));
    },

    async listMessages(mailbox, { pageToken, limit: maxResults, query, labelId, includeSpamTrash }, callOptions = {}) {
      const params = new URLSearchParams({ maxResults: String(maxResults) });
      if (pageToken !== null) params.set('pageToken', pageToken);
      if (query !== undefined) params.set('q', query);
      if (labelId !== undefined) params.set('labelIds', labelId);
      if (includeSpamTrash) params.set('includeSpamTrash', 'true');
      const path = `${ME}/messages?${params}`;
      const page = await exchange(mailbox, callOptions, PageAnswer, () => ({ method: 'GET', path, body: null }));
      return { ids: page.messages.map(({ id }) => id), nextPageToken: page.nextPageToken };
    },

    async listLabels(mailbox, callOptions = {}) {
      const { labels } = await call(mailbox, callOptions, READ, LabelsAnswer, (o) => users.labels.list(UserId, o));
      return labels.map(({ id }) => id);
    },

    async listHistory(mailbox, startHistoryId, callOptions = {}) {
      const path = `${ME}/history?startHistoryId=${encodeURIComponent(startHistoryId)}&maxResults=500`;
      const list = (page: string) =>
        exchange(mailbox, callOptions, HistoryAnswer, () => ({ method: 'GET', path: path + page, body: null }));
      let answer = await orNullWhenGone(list(''));
      // A page may be empty and not the last.
      while (answer?.nextPageToken !== undefined && answer.history.length === 0) {
        answer = await orNullWhenGone(list(`&pageToken=${encodeURIComponent(answer.nextPageToken)}`));
      }
      return answer && toHistoryPage(answer);
    },

    async watch(mailbox, topicName, callOptions = {}) {
      const params = { ...UserId, requestBody: { topicName } };
      // Made twice it is the same watch.
      const { expiration } = await call(mailbox, callOptions, EFFECT, WatchAnswer, (o) => users.watch(params, o));
      return new Date(Number(expiration));
    },

    async getAttachment(mailbox, { messageId, attachmentId }, callOptions = {}) {
      const params = { ...UserId, messageId, id: attachmentId };
      const attachment = await orNullWhenGone(
        call(mailbox, callOptions, READ, AttachmentAnswer, (o) => users.messages.attachments.get(params, o)),
      );
      return attachment && Buffer.from(attachment.data, 'base64url');
    },
  };
  return gateway;
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
