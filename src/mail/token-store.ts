/**
 * The access tokens that processes share, sealed, one row an account. Whoever needs one that is not there claims the
 * fetch in one statement; the others look again until it is stored, has failed, or its claim has run out. No lock is held
 * while Google is asked.
 */
import { z } from 'zod';
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import type { Grant, Taken, TokenStore } from '../gmail/oauth.ts';
import { describeError } from '../log.ts';

/** Longer than a fetch takes. After it another process asks as well: a second request does no harm. */
const CLAIM_MS = 15_000;

/** What an access token is sealed for: this account and no other. */
export function accessTokenPurpose(accountId: string): string {
  return `access-token:${accountId}`;
}

const FIND = {
  name: 'find-account-token',
  text: `SELECT fetch_id AS "fetchId", sealed_access_token AS "sealedAccessToken", expires_at AS "expiresAt", failure,
      coalesce(fetching_until > now(), false) AS "isFetching"
    FROM account_token WHERE organization_id = $1 AND account_id = $2 AND grant_id = $3`,
};

interface Row {
  readonly fetchId: string;
  readonly sealedAccessToken: string | null;
  readonly expiresAt: Date | null;
  readonly failure: unknown;
  readonly isFetching: boolean;
}

/** For the grant that the account has, and only if nothing was claimed since `$6` was seen. */
const CLAIM = {
  name: 'claim-account-token',
  text: `WITH account AS (
      SELECT organization_id, id, grant_id FROM email_account
      WHERE organization_id = $1 AND id = $2 AND grant_id = $3 AND status <> 'DISCONNECTED' FOR SHARE
    ), claim AS (
      INSERT INTO account_token AS t (organization_id, account_id, grant_id, fetch_id, fetching_until)
      SELECT organization_id, id, grant_id, $4, now() + $5 * interval '1 ms' FROM account
      ON CONFLICT (organization_id, account_id) DO UPDATE SET grant_id = excluded.grant_id, fetch_id = excluded.fetch_id,
        fetching_until = excluded.fetching_until, sealed_access_token = NULL, expires_at = NULL, failure = NULL
      WHERE t.grant_id <> excluded.grant_id
        OR (t.fetch_id = $6::uuid AND (t.fetching_until IS NULL OR t.fetching_until <= now()))
      RETURNING fetch_id
    )
    SELECT EXISTS (SELECT FROM account) AS "isCurrent", EXISTS (SELECT FROM claim) AS "isClaimed"`,
};

const PUT = {
  name: 'put-account-token',
  text: `UPDATE account_token SET sealed_access_token = $4, expires_at = $5, fetching_until = NULL
    WHERE organization_id = $1 AND account_id = $2 AND fetch_id = $3`,
};

const FAIL = {
  name: 'fail-account-token',
  text: `UPDATE account_token SET failure = $4, fetching_until = NULL
    WHERE organization_id = $1 AND account_id = $2 AND fetch_id = $3`,
};

const StoredFailure = z.object({
  kind: z.enum(['reauth', 'unreachable']),
  status: z.number().nullable(),
  reason: z.string(),
  message: z.string(),
});

export function createTokenStore({ pool, sealer, log }: Pick<App, 'pool' | 'sealer' | 'log'>): TokenStore {
  /** Null: sealed under a key that this process does not have, so of no use to it. */
  function open({ accountId }: Grant, envelope: string): string | null {
    try {
      return sealer.open(envelope, accessTokenPurpose(accountId));
    } catch {
      return null;
    }
  }

  async function take(grant: Grant, request: Parameters<TokenStore['take']>[1]): Promise<Taken> {
    const { fetchId, refusedFetchId, awaitedFetchId, validUntil } = request;
    const account = [grant.organizationId, grant.accountId, grant.id];
    const { rows } = await pool.query<Row>({ ...FIND, values: account });
    const [row] = rows;
    if (row !== undefined && row.sealedAccessToken !== null && row.expiresAt !== null) {
      const isOfUse = row.fetchId !== refusedFetchId && row.expiresAt > validUntil;
      const accessToken = isOfUse ? open(grant, row.sealedAccessToken) : null;
      if (accessToken !== null) return { kind: 'token', fetchId: row.fetchId, accessToken, expiresAt: row.expiresAt };
    }
    const failure = row?.fetchId === awaitedFetchId ? StoredFailure.safeParse(row?.failure).data : undefined;
    if (failure !== undefined) return { kind: 'failed', error: new GmailError(failure) };
    if (row?.isFetching) return { kind: 'wait', fetchId: row.fetchId };
    const claim = await pool.query<{ isCurrent: boolean; isClaimed: boolean }>({
      ...CLAIM,
      values: [...account, fetchId, CLAIM_MS, row?.fetchId ?? null],
    });
    if (!claim.rows[0]?.isCurrent) return { kind: 'over' };
    // Claimed by somebody else between the two statements: the row tells by whom.
    return claim.rows[0].isClaimed ? { kind: 'fetch' } : take(grant, request);
  }

  async function orGoOn<T>(step: Promise<T>, instead: T): Promise<T> {
    try {
      return await step;
    } catch (error) {
      log.warn({ error: describeError(error) }, 'an access token could not be shared');
      return instead;
    }
  }

  const write = async (statement: object & { text: string }, values: unknown[]) => {
    await pool.query({ ...statement, values });
  };
  return {
    take: (grant, request) => orGoOn(take(grant, request), { kind: 'fetch' }),
    put({ organizationId, accountId }, { fetchId, accessToken, expiresAt }) {
      const sealed = sealer.seal(accessToken, accessTokenPurpose(accountId));
      return orGoOn(write(PUT, [organizationId, accountId, fetchId, sealed, expiresAt]), undefined);
    },
    fail({ organizationId, accountId }, fetchId, { kind, status, reason, message }) {
      const failure = { kind, status, reason, message };
      return orGoOn(write(FAIL, [organizationId, accountId, fetchId, failure]), undefined);
    },
  };
}
