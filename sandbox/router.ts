/** Finds the call of a request, its mailbox, and its handler. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Switches } from './call.ts';
import { consentForm, consentPage } from './consent.ts';
import { GoogleError, insufficientScopes, tooLarge, unauthorized } from './errors.ts';
import type { Grant } from './grants.ts';
import type { Mailbox } from './mailbox.ts';
import type { OAuth } from './oauth.ts';
import type { Pushes } from './push.ts';
import type { Quota } from './quota.ts';
import { jsonReply, type Reply } from './reply.ts';
import { isAllowed, matchRoute, type RouteMatch } from './routes.ts';
import { MAX_MESSAGE_BYTES, parseJsonContent, parseUpload } from './upload.ts';
import type { World } from './world.ts';

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Null: larger than any endpoint accepts; the bytes were dropped. */
  readonly content: Buffer | null;
}

export interface Target {
  /** Name of the call, for faults and the log. */
  readonly kind: string;
  /** Null before the caller is known. */
  readonly mailbox: Mailbox | null;
  /** Of the message, draft or thread that it is for. */
  readonly id?: string | undefined;
  /** Does it. @throws {GoogleError} when Gmail refuses. */
  readonly answer: (options: { readonly refusedByMail: boolean }) => Reply;
}

export interface Services {
  readonly world: World;
  readonly oauth: OAuth;
  readonly quota: Quota;
  readonly switches: Switches;
  readonly pushes: Pushes;
}

const SENDS = new Set(['drafts.send', 'messages.send']);

export function resolveTarget(services: Services, exchange: Exchange): Target {
  const { world, oauth, pushes } = services;
  const { method, url } = exchange;
  const of = (grant: Grant | null | undefined) => (grant ? world.mailbox(grant.email) : null);
  switch (`${method} ${url.pathname}`) {
    case 'GET /o/oauth2/v2/auth':
      return { kind: 'consent', mailbox: null, answer: () => consentPage(world, oauth, url.searchParams) };
    case 'POST /o/oauth2/v2/auth': {
      const form = formOf(exchange);
      return { kind: 'consent', mailbox: null, answer: () => consentForm(world, oauth, url.searchParams, form) };
    }
    case 'POST /oauth2/token': {
      const form = formOf(exchange);
      const mailbox = of(world.grants.byRefreshToken.get(form.get('refresh_token') ?? ''));
      return { kind: 'token', mailbox, answer: () => oauth.token(form) };
    }
    case 'POST /oauth2/revoke': {
      const token = url.searchParams.get('token') ?? formOf(exchange).get('token') ?? '';
      return { kind: 'revoke', mailbox: null, answer: () => oauth.revoke(token) };
    }
    case 'GET /oauth2/v3/certs':
      return { kind: 'certs', mailbox: null, answer: () => pushes.keys() };
  }
  const match = matchRoute(method, url.pathname);
  if (match === null) return { kind: 'unknown', mailbox: null, answer: unknownPath };
  const grant = authenticate(services, exchange);
  const mailbox = of(grant);
  return {
    kind: match.route.kind,
    mailbox,
    id: match.params.id,
    answer: ({ refusedByMail }) => {
      // Again, because the call may have been held while its token died.
      if (grant === null || mailbox === null || authenticate(services, exchange) === null) throw unauthorized();
      return answerGmail(services, exchange, match, { grant, mailbox, refusedByMail });
    },
  };
}

function answerGmail(
  { world, quota, switches, pushes }: Services,
  exchange: Exchange,
  { route, userId, params, isUpload }: RouteMatch,
  { grant, mailbox, refusedByMail }: { grant: Grant; mailbox: Mailbox; refusedByMail: boolean },
): Reply {
  if (userId !== 'me' && userId.toLowerCase() !== mailbox.email) {
    throw new GoogleError(403, 'forbidden', `Delegation denied for ${mailbox.email}`);
  }
  if (!isAllowed(route, grant.scopes)) throw insufficientScopes();
  const now = world.now().getTime();
  const isSend = SENDS.has(route.kind);
  quota.spend(mailbox, route.units, now);
  if (isSend) quota.checkDailySends(mailbox, now);
  const { content, headers, url } = exchange;
  if (content === null) throw tooLarge(MAX_MESSAGE_BYTES);
  const { body, media } = isUpload
    ? parseUpload(url.searchParams.get('uploadType'), headers['content-type'] ?? '', content)
    : parseJsonContent(content);
  const query = url.searchParams;
  const answer = route.handle({ world, mailbox, params, query, body, media, refusedByMail, switches, pushes });
  if (isSend) quota.countSend(mailbox, now);
  return jsonReply(answer);
}

function authenticate({ world }: Services, { headers }: Exchange): Grant | null {
  const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return token === undefined ? null : world.grants.authenticate(token, world.now().getTime());
}

function formOf({ content }: Exchange): URLSearchParams {
  return new URLSearchParams(content?.toString() ?? '');
}

function unknownPath(): never {
  throw new GoogleError(404, 'notFound', 'Method not found.');
}
