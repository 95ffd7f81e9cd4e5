/**
 * Pub/Sub as far as Gmail uses it: after `watch`, each change of a mailbox is pushed to one endpoint, with an OIDC token
 * of the service account. Off until an endpoint is set. A push that fails is not repeated: pushes can be lost.
 */
import { generateKeyPairSync, type KeyPairKeyObjectResult, randomUUID, sign } from 'node:crypto';
import { jsonReply, type Reply } from './reply.ts';
import type { World } from './world.ts';

export interface PushEndpoint {
  readonly url: string;
  readonly audience: string;
  readonly serviceAccount: string;
}

const WATCH_LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;
const TOKEN_LIFETIME_S = 3_600;
const KEY_ID = 'sandbox-push-key';

export class Pushes {
  endpoint: PushEndpoint | null = null;
  readonly #world: World;
  #keyPair: KeyPairKeyObjectResult | undefined;
  /** Until when mailboxes are watched, by address, in milliseconds. */
  readonly #watched = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    world.changed = (mailbox) => this.#publish(mailbox);
  }

  /** @returns when the watch ends, in milliseconds. */
  watch(mailbox: string): number {
    const until = this.#world.now().getTime() + WATCH_LIFETIME_MS;
    this.#watched.set(mailbox, until);
    return until;
  }

  /** Generated when first needed, because it takes a tenth of a second. */
  get #keys(): KeyPairKeyObjectResult {
    this.#keyPair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
    return this.#keyPair;
  }

  /** `/oauth2/v3/certs`: a JSON Web Key Set. */
  keys(): Reply {
    const key = this.#keys.publicKey.export({ format: 'jwk' });
    return jsonReply({ keys: [{ ...key, kid: KEY_ID, alg: 'RS256', use: 'sig' }] });
  }

  /** A token as Google signs them. @param claims instead of those of a good one. */
  token(claims: Readonly<Record<string, unknown>> = {}): string {
    const now = Math.floor(this.#world.now().getTime() / 1000);
    const good = {
      iss: 'https://accounts.google.com',
      aud: this.endpoint?.audience,
      email: this.endpoint?.serviceAccount,
      email_verified: true,
      sub: '1',
      iat: now,
      exp: now + TOKEN_LIFETIME_S,
    };
    const segments = [
      { alg: 'RS256', kid: KEY_ID, typ: 'JWT' },
      { ...good, ...claims },
    ].map((segment) => Buffer.from(JSON.stringify(segment)).toString('base64url'));
    const signed = segments.join('.');
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.#keys.privateKey).toString('base64url')}`;
  }

  #publish(email: string): void {
    const until = this.#watched.get(email);
    const mailbox = this.#world.mailbox(email);
    const { endpoint } = this;
    if (endpoint === null || mailbox === null || until === undefined || until < this.#world.now().getTime()) return;
    const data = Buffer.from(JSON.stringify({ emailAddress: email, historyId: Number(mailbox.historyId) }));
    const message = { data: data.toString('base64'), messageId: randomUUID() };
    void fetch(endpoint.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token()}` },
      body: JSON.stringify({ message, subscription: 'projects/sandbox/subscriptions/push' }),
    }).catch(() => undefined);
  }
}
