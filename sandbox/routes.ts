/** Every Gmail call that the sandbox knows: its path, its price, who may make it. */
import { getProfile, listLabels, listSendAs, watch } from './account.ts';
import type { Call } from './call.ts';
import { createDraft, deleteDraft, getDraft, listDrafts, sendDraft, updateDraft } from './drafts.ts';
import { listHistory } from './history.ts';
import {
  batchModifyMessages,
  deleteMessage,
  getAttachment,
  getMessage,
  insertMessage,
  listMessages,
  modifyMessage,
  sendMessage,
  trashMessage,
  untrashMessage,
} from './messages.ts';
import { getThread } from './threads.ts';

export interface Route {
  /** Gmail's own method name, without `users.`; what faults and the call log go by. */
  readonly kind: string;
  readonly method: string;
  /** Segments after `/users/{userId}/`; those in braces are parameters. */
  readonly segments: readonly string[];
  /** Quota units. */
  readonly units: number;
  /** Any one of these scopes is enough; full access always is. */
  readonly scopes: readonly string[];
  readonly handle: (call: Call) => object | undefined;
}

export const FULL_ACCESS_SCOPE = 'https://mail.google.com/';
export const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';

const READ = ['gmail.modify', 'gmail.readonly'];
const METADATA = [...READ, 'gmail.metadata'];
const COMPOSE = ['gmail.modify', 'gmail.compose'];
const READ_DRAFTS = [...READ, 'gmail.compose'];
const MODIFY = ['gmail.modify'];

const ROUTES: readonly Route[] = [
  route('getProfile', 'GET profile', 1, [...METADATA, 'gmail.compose'], getProfile),
  route('settings.sendAs.list', 'GET settings/sendAs', 1, [...READ, 'gmail.settings.basic'], listSendAs),
  route('labels.list', 'GET labels', 1, [...METADATA, 'gmail.labels'], listLabels),
  route('watch', 'POST watch', 100, METADATA, watch),
  route('history.list', 'GET history', 2, METADATA, listHistory),
  route('drafts.create', 'POST drafts', 10, COMPOSE, createDraft),
  route('drafts.list', 'GET drafts', 5, READ_DRAFTS, listDrafts),
  route('drafts.send', 'POST drafts/send', 100, COMPOSE, sendDraft),
  route('drafts.get', 'GET drafts/{id}', 20, READ_DRAFTS, getDraft),
  route('drafts.update', 'PUT drafts/{id}', 15, COMPOSE, updateDraft),
  route('drafts.delete', 'DELETE drafts/{id}', 10, COMPOSE, deleteDraft),
  route('messages.list', 'GET messages', 5, METADATA, listMessages),
  route('messages.insert', 'POST messages', 25, ['gmail.modify', 'gmail.insert'], insertMessage),
  route('messages.send', 'POST messages/send', 100, [...COMPOSE, 'gmail.send'], sendMessage),
  route('messages.batchModify', 'POST messages/batchModify', 50, MODIFY, batchModifyMessages),
  route('messages.get', 'GET messages/{id}', 20, METADATA, getMessage),
  route('messages.delete', 'DELETE messages/{id}', 10, [], deleteMessage),
  route('messages.modify', 'POST messages/{id}/modify', 5, MODIFY, modifyMessage),
  route('messages.trash', 'POST messages/{id}/trash', 5, MODIFY, trashMessage),
  route('messages.untrash', 'POST messages/{id}/untrash', 5, MODIFY, untrashMessage),
  route('messages.attachments.get', 'GET messages/{id}/attachments/{attachmentId}', 20, READ, getAttachment),
  route('threads.get', 'GET threads/{id}', 40, METADATA, getThread),
];

/** What faults, holds and the call log name. */
export const CALL_KINDS: readonly string[] = [
  ...ROUTES.map(({ kind }) => kind),
  'consent',
  'token',
  'revoke',
  'unknown',
];

/** Calls that exist under `/upload/` too. */
const UPLOADS = new Set(['drafts.create', 'drafts.update', 'drafts.send', 'messages.send', 'messages.insert']);

export interface RouteMatch {
  readonly route: Route;
  readonly userId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly isUpload: boolean;
}

/** Null when Gmail has no such method. */
export function matchRoute(method: string, path: string): RouteMatch | null {
  const [, upload, userId, rest] = /^(\/upload)?\/gmail\/v1\/users\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (userId === undefined || rest === undefined) return null;
  const segments = rest.split('/');
  for (const candidate of ROUTES) {
    if (candidate.method !== method || candidate.segments.length !== segments.length) continue;
    const params = matchSegments(candidate.segments, segments);
    if (params === null || (upload !== undefined && !UPLOADS.has(candidate.kind))) continue;
    return { route: candidate, userId: decode(userId), params, isUpload: upload !== undefined };
  }
  return null;
}

export function isAllowed(route: Route, granted: readonly string[]): boolean {
  return granted.includes(FULL_ACCESS_SCOPE) || route.scopes.some((scope) => granted.includes(SCOPE_PREFIX + scope));
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (expected.startsWith('{')) params[expected.slice(1, -1)] = decode(segment);
    else if (expected !== segment) return null;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function route(
  kind: string,
  line: string,
  units: number,
  scopes: readonly string[],
  handle: (call: Call) => object | undefined,
): Route {
  const [method = '', path = ''] = line.split(' ');
  return { kind, method, segments: path.split('/'), units, scopes, handle };
}
