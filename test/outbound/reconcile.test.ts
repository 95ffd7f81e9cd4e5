import { beforeAll, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { graphql } from '../generated/gql.ts';
import { SendEmail } from '../support/documents.ts';
import {
  createTenant,
  eventually,
  expectType,
  mailboxOf,
  query,
  type Tenant,
  useTestApp,
  warnings,
} from '../support/harness.ts';

const State = graphql(`
  query State($uid: UUID!) {
    outboundEmail(uid: $uid) {
      status threading providerMessageId providerThreadId attempts
      failure { code retry }
      events(first: 100) { edges { node { type at detail } } }
    }
  }
`);

const GMAIL_TIMEOUT_MS = 1_000;
const epistle = useTestApp({ env: { SETTLE_DELAYS_MS: '30,60,90', GMAIL_TIMEOUT_MS: String(GMAIL_TIMEOUT_MS) } });

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(epistle);
  epistle.sandbox.admin.createMailbox({ email: 'maria@acme.example' });
});

/** @returns the uid of an email whose answer was lost. */
async function sendUnconfirmed(subject: string): Promise<string> {
  const { sendEmail } = await query(epistle, tenant.key, SendEmail, {
    input: { fresh: { fromAccountUid: tenant.accountId, to: ['maria@acme.example'], subject, bodyText: 'Hello.' } },
  });
  const { outboundEmail } = expectType(sendEmail, 'SendEmailPayload');
  expect(outboundEmail.status).toBe('UNCONFIRMED');
  return outboundEmail.uid;
}

async function stateOf(uid: string) {
  const { outboundEmail } = await query(epistle, tenant.key, State, { uid });
  if (outboundEmail === null || outboundEmail === undefined) throw new Error('no such email');
  return outboundEmail;
}

function reconciled(uid: string, status: string) {
  return eventually(async () => {
    const state = await stateOf(uid);
    return state.status === status ? state : null;
  });
}

function copiesOf(subject: string): number {
  return epistle.sandbox.admin.messages('maria@acme.example').filter((message) => message.header('subject') === subject)
    .length;
}

describe('an email whose answer was lost', () => {
  it('is found in its thread when Gmail had sent it, and is not sent again', async () => {
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect: { kind: 'reset' } });
    const uid = await sendUnconfirmed('Lost answer');
    const state = await reconciled(uid, 'SENT');
    expect(state).toMatchObject({ threading: 'NEW_THREAD', attempts: 1, failure: null });
    expect(state.providerMessageId).toEqual(expect.any(String));
    expect(copiesOf('Lost answer')).toBe(1);
  });

  it('is sent again with the same Gmail draft when two readings have found the Gmail draft unsent', async () => {
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'before', effect: { kind: 'status', status: 503 } });
    const uid = await sendUnconfirmed('Never arrived');
    const state = await reconciled(uid, 'SENT');
    expect(state.events.edges.map(({ node }) => node.type)).toEqual([
      'ACCEPTED',
      'SENDING',
      'UNCONFIRMED',
      'READ',
      'RESEND',
      'SENDING',
      'SENT',
    ]);
    expect(copiesOf('Never arrived')).toBe(1);
    expect(epistle.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  it('is not sent again while Gmail may still work on a call that was given up', async () => {
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'before', effect: { kind: 'hang' } });
    const uid = await sendUnconfirmed('Hanging');
    const { events } = await reconciled(uid, 'SENT');
    const timeOf = (type: string) => {
      const { node } = events.edges.find((edge) => edge.node.type === type) ?? {};
      return new Date(node?.at ?? Number.NaN).getTime();
    };
    expect(timeOf('RESEND') - timeOf('UNCONFIRMED')).toBeGreaterThanOrEqual(GMAIL_TIMEOUT_MS);
    expect(copiesOf('Hanging')).toBe(1);
  });

  it('is FAILED, its Gmail draft deleted, when Gmail never takes it', async () => {
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'before', times: 'always', effect: { kind: 'reset' } });
    const uid = await sendUnconfirmed('Never taken');
    const state = await reconciled(uid, 'FAILED');
    expect(state.failure).toEqual({ code: 'NOT_ACCEPTED', retry: 'SAFE' });
    expect(copiesOf('Never taken')).toBe(0);
    expect(epistle.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  it('is SENT when its owner sends the Gmail draft at the moment at which it would be deleted', async () => {
    const { admin } = epistle.sandbox;
    const effect = { kind: 'reset' } as const;
    admin.fault({ call: 'drafts.send', when: 'before', times: 4, effect });
    const gate = admin.hold('drafts.delete');
    const uid = await sendUnconfirmed('Sent by its owner');
    await gate.arrived;
    const id = admin.drafts(tenant.email)[0]?.draftId ?? null;
    await sandboxGmailClient(epistle.sandbox, tenant.email).users.drafts.send({ userId: 'me', requestBody: { id } });
    gate.release();
    expect((await reconciled(uid, 'SENT')).failure).toBeNull();
    expect(copiesOf('Sent by its owner')).toBe(1);
  });

  it('stays UNCONFIRMED for a person when Gmail shows neither a draft nor a sent copy', async () => {
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'before', effect: { kind: 'reset' } });
    const gate = epistle.sandbox.admin.hold('threads.get');
    const uid = await sendUnconfirmed('Deleted meanwhile');
    await gate.arrived;
    const [draft] = epistle.sandbox.admin.drafts(tenant.email);
    const mailbox = await mailboxOf(epistle, tenant);
    await epistle.app.gmail.deleteDraft(mailboxAccess(epistle.app, mailbox), draft?.draftId ?? '');
    gate.release();
    const state = await eventually(async () => {
      const now = await stateOf(uid);
      return now.events.edges.at(-1)?.node.type === 'UNRESOLVED' ? now : null;
    });
    expect(state).toMatchObject({ status: 'UNCONFIRMED', failure: { code: 'OUTCOME_UNKNOWN', retry: 'CHECK_FIRST' } });
    await eventually(async () => warnings(epistle, 'waits for a person').length > 0 || null);
    const { organizationId } = tenant;
    expect(warnings(epistle, 'waits for a person')).toMatchObject([{ organizationId, outboundEmailId: uid }]);
    expect(copiesOf('Deleted meanwhile')).toBe(0);
  });

  it('is not taken for unsent because of a draft that lingers around the sent message', async () => {
    epistle.sandbox.admin.setLingeringDrafts(true);
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect: { kind: 'truncated' } });
    const uid = await sendUnconfirmed('Lingering');
    await reconciled(uid, 'SENT');
    epistle.sandbox.admin.setLingeringDrafts(false);
    expect(copiesOf('Lingering')).toBe(1);
  });

  it('is read again for as long as Gmail cannot be read, without losing count', async () => {
    epistle.sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect: { kind: 'hang' } });
    epistle.sandbox.admin.fault({ call: 'threads.get', times: 15, effect: { kind: 'status', status: 503 } });
    const uid = await sendUnconfirmed('Unreadable');
    const state = await reconciled(uid, 'SENT');
    const reads = state.events.edges.filter(({ node }) => node.type === 'READ').map(({ node }) => node.detail);
    expect(reads.length).toBeGreaterThanOrEqual(5);
    expect(reads[0]).toMatchObject({ evidence: 'unreadable' });
    expect(copiesOf('Unreadable')).toBe(1);
  });
});
