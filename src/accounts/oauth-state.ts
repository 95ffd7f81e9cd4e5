/**
 * The `state` of a consent that is under way: random, stored as SHA-256 with its sealed code verifier (PKCE, RFC 7636),
 * valid for one answer within ten minutes.
 */
import { hash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { sql } from '../db/statement.ts';

export const STATE_LIFETIME_MS = 600_000;
/** A late answer is told that it is late for this long; afterwards its state is unknown. */
const KEPT_EXPIRED_MS = 3_600_000;

interface PendingConsent {
  readonly organizationId: string;
  /** The API key that requested it. */
  readonly actor: string;
  /** Where the browser goes afterwards. Null: it is shown a page. */
  readonly returnTo: string | null;
  /** Null: it has expired, or no key decrypts it any more. */
  readonly codeVerifier: string | null;
}

const hashState = (state: string) => hash('sha256', state, 'buffer');

/** The purpose of a sealed code verifier: this consent and no other. */
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
    sql`INSERT INTO oauth_state (organization_id, id, state_hash, sealed_code_verifier, actor, return_to, expires_at)
      VALUES (${organizationId}, ${id}, ${hashState(state)}, ${sealed}, ${actor}, ${returnTo}, ${expiresAt})`,
  );
  return { state, codeChallenge: hash('sha256', codeVerifier, 'base64url'), expiresAt };
}

/** Deletes expired states with their sealed verifiers. */
export async function sweepStates(app: App): Promise<void> {
  const before = new Date(app.now().getTime() - KEPT_EXPIRED_MS);
  await app.pool.query(sql`DELETE FROM oauth_state WHERE expires_at < ${before}`);
}

type Row = Omit<PendingConsent, 'codeVerifier'> & {
  readonly id: string;
  readonly sealedCodeVerifier: string;
  readonly expiresAt: Date;
};

/** The consent of a state, which this uses up. Null: the state is unknown, or was answered before. */
export async function takeState(app: App, state: string): Promise<PendingConsent | null> {
  const { rows } = await app.pool.query<Row>(
    sql`DELETE FROM oauth_state WHERE state_hash = ${hashState(state)}
      RETURNING organization_id AS "organizationId", id, actor, return_to AS "returnTo",
        sealed_code_verifier AS "sealedCodeVerifier", expires_at AS "expiresAt"`,
  );
  const [row] = rows;
  if (row === undefined) return null;
  const codeVerifier = app.sealer.openOrNull(row.sealedCodeVerifier, codeVerifierPurpose(row.id));
  return { ...row, codeVerifier: row.expiresAt <= app.now() ? null : codeVerifier };
}
