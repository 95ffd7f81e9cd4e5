import type { AttachedFile, WrittenEmail } from '../email/content.ts';
import type { DraftRef } from '../gmail/gateway.ts';
import type { NewDelivery } from './enqueue.ts';
import type { PermitResult } from './rate-limit.ts';

/** An enqueued email, with everything that is needed to compose it. */
export type Delivery = Pick<NewDelivery, 'lease' | 'sender' | 'fromEmail' | 'thread'> & {
  readonly content: WrittenEmail;
  /** Of a draft, from 1. */
  readonly revision: number;
  readonly attachments: () => Promise<readonly AttachedFile[]>;
  /** Number of attempts, including this one. */
  readonly attempts: number;
  /** Number of deferrals since a user last requested its delivery. */
  readonly deferrals: number;
  /** A condition of its `cancelWhen` may cancel it. */
  readonly hasConditions: boolean;
  /** Its permit of the account's rate limit, or the reason why it must wait. */
  readonly permit: PermitResult;
  /** The Gmail draft of an earlier attempt that was refused. Null: none yet. */
  readonly gmailDraft: DraftRef | null;
};
