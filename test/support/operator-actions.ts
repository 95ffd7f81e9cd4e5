/** What the tests of a person's decisions share: the decisions, and emails in the states that they are about. */
import { expect } from 'vitest';
import type { FaultEffect } from '../../sandbox/faults.ts';
import { mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import type { SendFreshInput, UnconfirmedOutcome } from '../generated/graphql.ts';
import { expectType, mailboxOf, query } from './harness.ts';
import { accepted, fresh, noJobLeft, type OutboundEmailRecord, runNow, send, untilStatus } from './mail.ts';
import type { Place } from './scheduling.ts';
import { CancelOutboundEmail, CreateDraft, ResolveOutboundEmail, RetryOutboundEmail } from './send-documents.ts';

/** Decisions and emails of the tenant that the running test is at. */
export function operatorActions(at: () => Place) {
  const LOST: FaultEffect = { kind: 'reset' };

  function fault(call: string, effect: FaultEffect, when: 'before' | 'after' = 'before', times: number | 'always' = 1) {
    at().t.sandbox.admin.fault({ call, mailbox: at().tenant.email, when, times, effect });
  }

  async function cancel(uid: string, key = at().tenant.key) {
    return (await query(at().t, key, CancelOutboundEmail, { uid })).cancelOutboundEmail;
  }

  async function retry(uid: string, key = at().tenant.key) {
    return (await query(at().t, key, RetryOutboundEmail, { uid })).retryOutboundEmail;
  }

  /** Once Gmail no longer works on the call whose answer was lost. */
  async function resolve(uid: string, outcome: UnconfirmedOutcome, key = at().tenant.key) {
    const sql = `UPDATE outbound_email SET failed_at = failed_at - interval '1 minute' WHERE id = $1 AND status = 'UNCONFIRMED'`;
    await at().t.app.pool.query(sql, [uid]);
    return resolveNow(uid, outcome, key);
  }

  async function resolveNow(uid: string, outcome: UnconfirmedOutcome, key = at().tenant.key) {
    return (await query(at().t, key, ResolveOutboundEmail, { uid, outcome })).resolveOutboundEmail;
  }

  function refOf(uid: string) {
    return { organizationId: at().tenant.organizationId, outboundEmailId: uid };
  }

  const until = (uid: string, status: string) => untilStatus(at().t, at().tenant, uid, status);
  const idle = (uid: string) => noJobLeft(at().t, uid);

  /** Lets every job that could still send it do its worst. */
  async function runEverything(uid: string) {
    for (const name of ['deliver', 'reconcile'] as const) await runNow(at().t, at().tenant, uid, name);
    await idle(uid);
  }

  /** The decision among its events: who, and from which state to which. */
  function decisionOf(email: OutboundEmailRecord, type: string) {
    const nodes = email.events.edges.map(({ node }) => node).filter((node) => node.type === type);
    return nodes.map(({ actor, fromStatus, toStatus }) => ({ byTheSystem: actor === 'system', fromStatus, toStatus }));
  }

  /** The actor of the request that was accepted is the key of the at().tenant, as is that of every decision. */
  function expectDoneByKey(email: OutboundEmailRecord, type: string, from: string, to: string) {
    expect(decisionOf(email, type)).toEqual([{ byTheSystem: false, fromStatus: from, toStatus: to }]);
    const events = email.events.edges.map(({ node }) => node);
    const first = events.find((event) => event.type === 'ACCEPTED' || event.type === 'CREATED');
    expect(events.find((event) => event.type === type)?.actor).toBe(first?.actor);
  }

  async function deferred(): Promise<string> {
    fault('drafts.create', { kind: 'status', status: 503 });
    const { outboundEmail } = await accepted(at().t, at().tenant, fresh(at().tenant, at().maria));
    expect(outboundEmail.status).toBe('QUEUED');
    return outboundEmail.uid;
  }

  async function failed(changes: Partial<SendFreshInput> = {}): Promise<string> {
    fault('drafts.create', { kind: 'status', status: 400 });
    const { outboundEmail } = expectType(
      await send(at().t, at().tenant, fresh(at().tenant, at().maria, changes)),
      'SendRejectedError',
    );
    return outboundEmail.uid;
  }

  async function unconfirmed(when: 'before' | 'after'): Promise<string> {
    fault('drafts.send', LOST, when);
    const { outboundEmail } = await accepted(at().t, at().tenant, fresh(at().tenant, at().maria));
    expect(outboundEmail.status).toBe('UNCONFIRMED');
    return outboundEmail.uid;
  }

  async function scheduled(): Promise<string> {
    const plannedSendAt = new Date(Date.now() + 3_600_000).toISOString();
    const input = {
      fromAccountUid: at().tenant.accountId,
      to: [at().maria],
      subject: 'Later',
      bodyText: 'Later.',
      plannedSendAt,
    };
    return expectType((await query(at().t, at().tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload')
      .draft.uid;
  }

  /** As its owner could in Gmail. */
  async function deleteGmailDraft() {
    const [draft] = at().t.sandbox.admin.drafts(at().tenant.email);
    if (draft === undefined) throw new Error('there is no Gmail draft');
    await at().t.app.gmail.deleteDraft(mailboxAccess(at().t.app, await mailboxOf(at().t, at().tenant)), draft.draftId);
  }

  return {
    fault,
    cancel,
    retry,
    resolve,
    resolveNow,
    refOf,
    untilStatus: until,
    noJobLeft: idle,
    runEverything,
    expectDoneByKey,
    deferred,
    failed,
    unconfirmed,
    scheduled,
    deleteGmailDraft,
  };
}
