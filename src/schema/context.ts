import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import type { TenantDb } from '../db/tenant.ts';
import type { BatchLoaders } from './batch.ts';

/** The request. A resolver takes what it needs and hands `app` on. */
export interface Context {
  readonly app: App;
  readonly identity: Identity;
  /** Bound to the identity's organization. */
  readonly db: TenantDb;
  readonly batches: BatchLoaders;
}
