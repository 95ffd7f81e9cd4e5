import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import type { TenantDb } from '../db/tenant.ts';
import type { BatchLoaders } from './batch.ts';
import type { Bodies } from './bodies.ts';

/** The request. A resolver takes what it needs and hands `app` on. */
export interface Context {
  readonly app: App;
  readonly identity: Identity;
  /** Bound to the identity's organization. */
  readonly db: TenantDb;
  readonly batches: BatchLoaders;
  readonly bodies: Bodies;
  /** The same, read with another client. */
  readonly bodiesOn: (db: TenantDb) => Bodies;
  /**
   * Waits for memory for files that an input names by their uids, and holds it until the next mutation of the operation waits for
   * its own, or the response is closed.
   * @throws {GraphQLError} when none became free in time: nothing was done.
   */
  readonly holdFiles: (bytes: number) => Promise<void>;
  /** Outbound emails whose content this very request has given: the key may read it back. */
  readonly given: Set<string>;
}
