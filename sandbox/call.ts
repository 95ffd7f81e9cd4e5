/** One API call as its handler sees it, and how a handler reads what the client sent. */
import { badRequest, GoogleError, notFound } from './errors.ts';
import type { Mailbox, StoredMessage } from './mailbox.ts';
import type { Pushes } from './push.ts';
import type { World } from './world.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Call {
  readonly world: World;
  readonly mailbox: Mailbox;
  /** The ids in the path, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** The message of an upload; null for a JSON call. */
  readonly media: Buffer | null;
  /** A fault asks that this mail is accepted and then refused by a mail from mailer-daemon. */
  readonly refusedByMail: boolean;
  readonly switches: Switches;
  readonly pushes: Pushes;
}

/** Behaviour that Gmail shows at times; off until it is turned on. */
export interface Switches {
  /** How long `messages.list` with `q` does not see a new message. */
  searchLagMs: number;
  /** `drafts.get` keeps answering for a draft that was sent. */
  lingeringDrafts: boolean;
}

/** The message of a request, uploaded or in base64url. */
export function rawOf(call: Call, holder: JsonObject): Buffer {
  if (call.media !== null) return call.media;
  const raw = text(holder, 'raw');
  if (!raw) throw badRequest("'raw' RFC822 payload message string or uploading message via /upload/* URL required");
  if (!/^[\w+/-]*={0,2}$/.test(raw)) {
    throw badRequest("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed");
  }
  return Buffer.from(raw, 'base64url');
}

/** The mailbox's own thread that the client asks for; null when it asks for none. */
export function threadIdOf(call: Call, holder: JsonObject): string | null {
  const threadId = text(holder, 'threadId');
  if (!threadId) return null;
  if (!/^[0-9a-f]{1,16}$/i.test(threadId)) throw badRequest('Invalid thread_id value');
  if (!call.mailbox.threads.has(threadId)) throw notFound();
  return threadId;
}

export function text(object: JsonObject, name: string): string | null {
  const value = object[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw badRequest(`Invalid value at '${name}' (TYPE_STRING)`);
  return value;
}

export function texts(object: JsonObject, name: string): string[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw badRequest(`Invalid value at '${name}' (TYPE_STRING)`);
  }
  return value;
}

export function object(holder: JsonObject, name: string): JsonObject {
  const value = holder[name] ?? {};
  if (!isJsonObject(value)) throw badRequest(`Invalid value at '${name}'`);
  return value;
}

export function maxResults(call: Call): number {
  const value = Number(call.query.get('maxResults') ?? 100);
  if (!Number.isInteger(value) || value < 1) throw badRequest('Invalid maxResults');
  return Math.min(value, 500);
}

/** The message named in the path. */
export function messageOf(call: Call): StoredMessage {
  const id = call.params.id ?? '';
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw badRequest('Invalid id value');
  const message = call.mailbox.messages.get(id);
  if (message === undefined) throw notFound();
  return message;
}

/** Labels that a client may set; DRAFT and SENT are Gmail's own. */
export function checkLabels(labels: readonly string[]): void {
  for (const label of labels) {
    if (!SETTABLE_LABELS.has(label)) throw new GoogleError(400, 'invalidArgument', `Invalid label: ${label}`);
  }
}

const SETTABLE_LABELS = new Set([
  'INBOX',
  'SPAM',
  'TRASH',
  'UNREAD',
  'STARRED',
  'IMPORTANT',
  'CATEGORY_PERSONAL',
  'CATEGORY_SOCIAL',
  'CATEGORY_PROMOTIONS',
  'CATEGORY_UPDATES',
  'CATEGORY_FORUMS',
]);

export const SYSTEM_LABELS: readonly string[] = ['CHAT', 'SENT', 'DRAFT', ...SETTABLE_LABELS];
