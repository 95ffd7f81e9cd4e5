/** What the tests of a person's decisions share: the decisions, and emails in the states that they are about. */
import { expect } from 'vitest';
import type { FaultEffect } from '../../sandbox/faults.ts';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import type { UnconfirmedOutcome } from '../generated/graphql.ts';
import { eventually, expectType, query, type Tenant, type TestApp } from './harness.ts';
import { accepted, fresh, type OutboundEmailRecord, record, runNow, send } from './mail.ts';
import { CancelOutboundEmail, CreateDraft, ResolveOutboundEmail, RetryOutboundEmail } from './send-documents.ts';

export interface Place {
  readonly t: TestApp;
  readonly tenant: Tenant;
  /** Address of the recipient. */
  readonly maria: string;
}

/** Decisions and emails of the tenant that the running test is at. */
export function deciding(at: () => Place) {
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

  async function resolve(uid: string, outcome: UnconfirmedOutcome, key = at().tenant.key) {
    return (await query(at().t, key, ResolveOutboundEmail, { uid, outcome })).resolveOutboundEmail;
  }

  function refOf(uid: string) {
    return { organizationId: at().tenant.organizationId, outboundEmailId: uid };
  }

  function untilStatus(uid: string, status: string) {
    return eventually(async () => {
      const email = await record(at().t, at().tenant, uid);
      return email.status === status ? email : null;
    });
  }

  /** Until no job of the email is left, and none is running. */
  function noJobLeft(uid: string) {
    const sql = 'SELECT FROM graphile_worker.jobs WHERE key = ANY($1) OR locked_at IS NOT NULL';
    const keys = [`deliver:${uid}`, `settle:${uid}`];
    return eventually(async () => (await at().t.app.pool.query(sql, [keys])).rowCount === 0 || null);
  }

  /** Lets every job that could still send it do its worst. */
  async function runEverything(uid: string) {
    for (const name of ['deliver', 'settle'] as const) await runNow(at().t, at().tenant, uid, name);
    await noJobLeft(uid);
  }

  /** The decision among its events: who, and from which state to which. */
  function decisionOf(email: OutboundEmailRecord, type: string) {
    const nodes = email.events.edges.map(({ node }) => node).filter((node) => node.type === type);
    return nodes.map(({ actor, detail }) => ({ byTheSystem: actor === 'system', detail }));
  }

  /** The actor of the request that was accepted is the key of the at().tenant, as is that of every decision. */
  function expectDecidedByKey(email: OutboundEmailRecord, type: string, from: string, to: string) {
    expect(decisionOf(email, type)).toEqual([{ byTheSystem: false, detail: { from, to } }]);
    const events = email.events.edges.map(({ node }) => node);
    const first = events.find((event) => event.type === 'accepted' || event.type === 'created');
    expect(events.find((event) => event.type === type)?.actor).toBe(first?.actor);
  }

  async function deferred(): Promise<string> {
    fault('drafts.create', { kind: 'status', status: 503 });
    const { outboundEmail } = await accepted(at().t, at().tenant, fresh(at().tenant, at().maria));
    expect(outboundEmail.status).toBe('QUEUED');
    return outboundEmail.uid;
  }

  async function failed(): Promise<string> {
    fault('drafts.create', { kind: 'status', status: 400 });
    const { outboundEmail } = expectType(
      await send(at().t, at().tenant, fresh(at().tenant, at().maria)),
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
  async function deleteTicket() {
    const [draft] = at().t.sandbox.admin.drafts(at().tenant.email);
    const mailbox = await findMailbox(at().t.app.pool, at().tenant.organizationId, at().tenant.accountId);
    if (draft === undefined || mailbox === null) throw new Error('there is no ticket');
    await at().t.app.gmail.deleteDraft(mailboxAccess(at().t.app, mailbox), draft.draftId);
  }

  return {
    fault,
    cancel,
    retry,
    resolve,
    refOf,
    untilStatus,
    noJobLeft,
    runEverything,
    expectDecidedByKey,
    deferred,
    failed,
    unconfirmed,
    scheduled,
    deleteTicket,
  };
}
