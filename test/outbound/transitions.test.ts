import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import { transition } from '../../src/outbound/apply-transition.ts';
import { rateLimitOf } from '../../src/outbound/rate-limit.ts';
import type { Failure, Lease } from '../../src/outbound/transition-parts.ts';
import { type ChangeOf, TRANSITIONS, type TransitionName } from '../../src/outbound/transitions.ts';
import { useTenant, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';

// What a transition enqueues is looked at, and not run.
const t = useTestApp({ env: { WORKER: 'off' } });
const tenant = useTenant(t);

const at = new Date('2026-03-01T12:00:00Z');
const later = new Date('2026-03-01T12:10:00Z');
const failure: Failure = { code: 'REJECTED', message: 'No.', retry: 'NEVER', providerStatus: 400 };
const failed = { at, failure };
const deferred = { at, failure, nextAttemptAt: later };
const decided = { at, actor: 'key:1' };
const lists = { to: ['maria@acme.example'], cc: [], bcc: [], replyTo: [] };
const edited = { ...decided, content: { ...lists, subject: 'Hello', bodyText: 'Hi', bodyHtml: null } };

/** What each transition may be given for an email. */
function changesOf(lease: Lease): { [Name in TransitionName]: ChangeOf<Name> } {
  const { outboundEmailId: id } = lease;
  const sent = { at, sent: { messageId: id, threadId: id }, sentAt: at, threading: 'NEW_THREAD' as const };
  const thread = { replyToMessageId: null, conversationId: null, threadId: null, inReplyTo: null, references: [] };
  return {
    draftEdited: edited,
    draftScheduled: { ...edited, plannedSendAt: later, cancelWhen: [] },
    scheduledDeferred: deferred,
    scheduledRefused: failed,
    scheduledReturned: failed,
    draftEnqueued: {
      ...decided,
      thread,
      contexts: [],
      lease: { ...lease, token: uuidv7() },
      leaseExpiresAt: later,
      lane: 'interactive',
      rateLimit: rateLimitOf(t.app.config),
    },
    deferredForPermit: { at, nextAttemptAt: later },
    deferredForAccount: { ...deferred, hadPermit: false },
    throttled: deferred,
    deferred,
    sending: { at, draft: { draftId: id, messageId: id, threadId: id, labels: [] }, leaseExpiresAt: later },
    sent,
    refused: failed,
    unconfirmed: deferred,
    released: { at, nextAttemptAt: later, hadPermit: true },
    sendingReleased: { at },
    foundSent: sent,
    sentCopyStored: sent,
    readAgain: { at, reads: 1, unsentAt: null, nextAttemptAt: later },
    reconcileDeferred: { at, nextAttemptAt: later },
    unconfirmedReleased: { at },
    resent: { at },
    neverSent: { at },
    unresolved: { at },
    canceled: decided,
    conditionMet: { at, because: 'REPLIED' },
    retried: decided,
    resolvedSent: decided,
    resolvedNotSent: decided,
    resolvedNotSentSameDraft: decided,
    resolvedDiscarded: decided,
    bounced: { at },
    acceptedNotSent: { at, until: at },
  };
}

const STATES = Object.values(OutboundEmailStatus);
const NAMES = Object.keys(TRANSITIONS).filter((name): name is TransitionName => Object.hasOwn(TRANSITIONS, name));

/** An email in a state, under a lease, with what a transition may ask for. */
async function emailIn(status: OutboundEmailStatus, mode: 'DRAFT' | 'FRESH') {
  const token = uuidv7();
  const given = { status, mode, leaseToken: token, leaseExpiresAt: later, plannedSendAt: at, revision: 3 };
  const outboundEmailId = await insertEmail(t, tenant, given);
  const { organizationId } = tenant;
  const { failedAt: unconfirmedAt } = await t.app.db.outboundEmail.findFirstOrThrow({ where: { id: outboundEmailId } });
  return { organizationId, outboundEmailId, token, owner: t.app.processId, revision: 3, status, unconfirmedAt };
}

interface Everything {
  readonly email: { readonly status: string };
  readonly events: { readonly type: string; readonly from: string | null; readonly to: string | null }[];
  readonly jobs: string[];
}

async function everythingOf({ outboundEmailId }: Lease): Promise<Everything> {
  const { rows } = await t.app.pool.query<Everything>(
    `SELECT to_json(e) AS email,
       (SELECT coalesce(json_agg(json_build_object('type', type, 'from', from_status, 'to', to_status)), '[]') FROM outbound_email_event
         WHERE outbound_email_id = e.id) AS events,
       ARRAY(SELECT key FROM graphile_worker.jobs WHERE key LIKE '%:' || e.id ORDER BY 1) AS jobs
     FROM outbound_email e WHERE id = $1`,
    [outboundEmailId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no such email');
  return row;
}

describe.each(NAMES)('the transition %s', (name) => {
  const { from, to, event } = TRANSITIONS[name];

  it('takes effect from its states only, and writes its event with it', async () => {
    for (const status of STATES) {
      const mode = status === 'DRAFT' || status === 'SCHEDULED' ? 'DRAFT' : 'FRESH';
      const email = await emailIn(status, mode);
      const before = await everythingOf(email);
      const applied = await transition(t.app.pool, name, email, changesOf(email)[name]);
      const after = await everythingOf(email);
      expect([status, applied]).toEqual([status, from.includes(status)]);
      if (!applied) expect(after).toEqual(before);
      else {
        const state = to === null ? status : typeof to === 'string' ? to : mode === 'DRAFT' ? 'DRAFT' : 'FAILED';
        expect(after.email.status).toBe(state);
        const change = state === status ? { from: null, to: null } : { from: status, to: state };
        expect(after.events).toEqual(event === null ? [] : [{ type: event, ...change }]);
      }
    }
  });

  it('changes nothing for a writer that has lost its lease, or has read another version of the email', async () => {
    const [status] = from;
    if (status === undefined) throw new Error('a transition from nowhere');
    const email = await emailIn(status, 'DRAFT');
    const before = await everythingOf(email);
    const stranger = { ...email, token: uuidv7(), revision: 2, unconfirmedAt: later };
    const applied = await transition(t.app.pool, name, stranger, changesOf(email)[name]);
    // What holds for every writer has no value of a writer.
    const isForAnyWriter = TRANSITIONS[name].holds(email).values.length === 0;
    expect(applied).toBe(isForAnyWriter);
    if (!applied) expect(await everythingOf(email)).toEqual(before);
  });
});
