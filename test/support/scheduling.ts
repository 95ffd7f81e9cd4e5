/** What the tests of scheduled drafts share. */
import { expect } from 'vitest';
import type { CreateDraftInput, UpdateDraftInput } from '../generated/graphql.ts';
import { expectType, query, type Tenant, type TestApp } from './harness.ts';
import { callsOf, noJobLeft, runNow, untilStatus } from './mail.ts';
import { CreateDraft, DraftRecord, ScheduledDrafts, UpdateDraft } from './send-documents.ts';

export interface Place {
  readonly t: TestApp;
  readonly tenant: Tenant;
  /** Address of the recipient. */
  readonly maria: string;
}

/** With room for a request on a loaded machine. */
export const SOON_MS = 3_000;
export const DAY_MS = 86_400_000;

export function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

/** Requests and looks at drafts, of the tenant that the running test is at. */
export function scheduling(at: () => Place) {
  async function create(changes: Partial<CreateDraftInput>) {
    const input = {
      fromAccountUid: at().tenant.accountId,
      to: [at().maria],
      subject: 'Reminder',
      bodyText: 'Soon.',
      ...changes,
    };
    return (await query(at().t, at().tenant.key, CreateDraft, { input })).createDraft;
  }

  /** @returns the uid of a draft without a time. */
  async function createDraft(changes: Partial<CreateDraftInput> = {}): Promise<string> {
    return expectType(await create(changes), 'CreateDraftPayload').draft.uid;
  }

  /** @returns the uid of a draft that is to leave so many milliseconds from now. */
  async function plan(ms: number, changes: Partial<CreateDraftInput> = {}): Promise<string> {
    const { draft } = expectType(await create({ plannedSendAt: inMs(ms), ...changes }), 'CreateDraftPayload');
    expect(draft.status).toBe('SCHEDULED');
    return draft.uid;
  }

  /** Lets an email that is planned for later leave now. */
  async function letLeaveNow(uid: string): Promise<void> {
    await at().t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [uid]);
    await runNow(at().t, at().tenant, uid, 'deliver');
  }

  /** @returns the uid of a draft whose time has just come. */
  async function planForNow(changes: Partial<CreateDraftInput> = {}): Promise<string> {
    const uid = await plan(DAY_MS, changes);
    await letLeaveNow(uid);
    return uid;
  }

  async function update(input: UpdateDraftInput) {
    return (await query(at().t, at().tenant.key, UpdateDraft, { input })).updateDraft;
  }

  async function updated(input: UpdateDraftInput) {
    return expectType(await update(input), 'UpdateDraftPayload').draft;
  }

  async function draftOf(uid: string) {
    return (await query(at().t, at().tenant.key, DraftRecord, { uid })).draft;
  }

  async function drafts(scheduled: boolean) {
    return (await query(at().t, at().tenant.key, ScheduledDrafts, { scheduled })).drafts.edges.map(({ node }) => node);
  }

  const left = (uid: string) => untilStatus(at().t, at().tenant, uid, 'SENT');
  const idle = (uid: string) => noJobLeft(at().t, uid);

  /** Lets the job run whatever its time is, and waits until no job of the email is left. */
  async function runToItsEnd(uid: string) {
    await runNow(at().t, at().tenant, uid, 'deliver');
    await idle(uid);
  }

  function expectNothingLeft() {
    expect(at().t.sandbox.admin.messages(at().maria)).toEqual([]);
    expect(at().t.sandbox.admin.messages(at().tenant.email)).toEqual([]);
    expect(callsOf(at().t, at().tenant.email, 'drafts.send')).toBe(0);
  }

  return {
    create,
    createDraft,
    plan,
    planForNow,
    letLeaveNow,
    update,
    updated,
    draftOf,
    drafts,
    left,
    runToItsEnd,
    noJobLeft: idle,
    expectNothingLeft,
  };
}
