/**
 * The `state` of a consent that is under way: random, stored as SHA-256 with its sealed code verifier (PKCE, RFC 7636),
 * good for one answer within ten minutes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';

export const STATE_LIFETIME_MS = 600_000;
/** An answer that comes late is told so for this long; afterwards its state is unknown. */
const KEPT_EXPIRED_MS = 3_600_000;

export interface PendingConsent {
  readonly organizationId: string;
  /** Who asked for it. */
  readonly actor: string;
  /** Where the browser goes afterwards. Null: it is shown a page. */
  readonly returnTo: string | null;
  /** Null: it has expired, or no key opens it any more. */
  readonly codeVerifier: string | null;
}

const hashState = (state: string) => createHash('sha256').update(state).digest();

/** What a code verifier is sealed for: this consent and no other. */
export function codeVerifierPurpose(id: string): string {
  return `code-verifier:${id}`;
}

/** Stores a new state. */
export async function issueState(
  app: App,
  { organizationId, actor }: Pick<Identity, 'organizationId' | 'actor'>,
  returnTo: string | null,
): Promise<{ readonly state: string; readonly codeChallenge: string; readonly expiresAt: Date }> {
  const id = uuidv7();
  const state = randomBytes(32).toString('base64url');
  const codeVerifier = randomBytes(32).toString('base64url');
  const expiresAt = new Date(app.now().getTime() + STATE_LIFETIME_MS);
  const sealed = app.sealer.seal(codeVerifier, codeVerifierPurpose(id));
  await app.pool.query(
    `INSERT INTO oauth_state (organization_id, id, state_hash, sealed_code_verifier, actor, return_to, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [organizationId, id, hashState(state), sealed, actor, returnTo, expiresAt],
  );
  return { state, codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url'), expiresAt };
}

/** Drops the states that nobody will answer any more, with their sealed verifiers. */
export async function sweepStates(app: App): Promise<void> {
  const before = new Date(app.now().getTime() - KEPT_EXPIRED_MS);
  await app.pool.query('DELETE FROM oauth_state WHERE expires_at < $1', [before]);
}

interface Row {
  readonly organizationId: string;
  readonly id: string;
  readonly actor: string;
  readonly returnTo: string | null;
  readonly sealedCodeVerifier: string;
  readonly expiresAt: Date;
}

/** The consent of a state, which is used up by this. Null: there is none, or it was answered before. */
export async function takeState(app: App, state: string): Promise<PendingConsent | null> {
  const { rows } = await app.pool.query<Row>(
    `DELETE FROM oauth_state WHERE state_hash = $1
     RETURNING organization_id AS "organizationId", id, actor, return_to AS "returnTo",
       sealed_code_verifier AS "sealedCodeVerifier", expires_at AS "expiresAt"`,
    [hashState(state)],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { organizationId, actor, returnTo } = row;
  return { organizationId, actor, returnTo, codeVerifier: row.expiresAt <= app.now() ? null : openVerifier(app, row) };
}

function openVerifier(app: App, { id, sealedCodeVerifier }: Row): string | null {
  try {
    return app.sealer.open(sealedCodeVerifier, codeVerifierPurpose(id));
  } catch {
    return null;
  }
}
