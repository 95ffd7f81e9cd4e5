/** Consents and their tokens. */
import type { ServiceAccountSpec } from './service-accounts.ts';

export interface Grant {
  readonly email: string;
  readonly scopes: readonly string[];
  readonly refreshToken: string;
  /** False: consent without offline access; the client never saw the refresh token and cannot use it. */
  readonly offline: boolean;
  /** The service account that acts for the mailbox. Absent: its owner has consented. */
  readonly delegatedTo?: string;
}

export interface AccessToken {
  readonly refreshToken: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

export class Grants {
  readonly byRefreshToken = new Map<string, Grant>();
  readonly accessTokens = new Map<string, AccessToken>();
  /** By their addresses. */
  readonly serviceAccounts = new Map<string, ServiceAccountSpec>();

  /** The grant behind a valid access token. */
  authenticate(token: string, now: number): Grant | null {
    const access = this.accessTokens.get(token);
    if (access === undefined || access.expiresAt <= now) return null;
    return this.byRefreshToken.get(access.refreshToken) ?? null;
  }

  ofMailbox(email: string): Grant[] {
    return [...this.byRefreshToken.values()].filter((grant) => grant.email === email);
  }

  revoke(refreshToken: string): void {
    this.byRefreshToken.delete(refreshToken);
    for (const [token, access] of this.accessTokens) {
      if (access.refreshToken === refreshToken) this.accessTokens.delete(token);
    }
  }

  expireAccessTokens(email: string): void {
    const refreshTokens = new Set(this.ofMailbox(email).map((grant) => grant.refreshToken));
    for (const [token, access] of this.accessTokens) {
      if (refreshTokens.has(access.refreshToken)) this.accessTokens.delete(token);
    }
  }
}
