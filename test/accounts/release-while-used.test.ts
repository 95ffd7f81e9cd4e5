/** An account that leaves its organization while a request is about to make mail leave from it: either waits for the other. */
import { beforeEach, describe, expect, it } from 'vitest';
import { endGrant, lockAccount, requireFinished } from '../../src/accounts/release-account.ts';
import { inTransaction } from '../../src/db/client.ts';
import {
  createInvoice,
  createTenant,
  expectType,
  lockAwaited,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, callsOf, createRecipient, fetchSentCopy, fresh, send } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { DAY_MS, inMs, scheduling } from '../support/scheduling.ts';
import { RetryOutboundEmail } from '../support/send-documents.ts';
import { saved } from '../support/templates.ts';

const t = useTestApp({ env: { WORKER: 'off' } });

let tenant: Tenant;
let maria: string;
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { create, createDraft, draftOf, update } = scheduling(() => ({ t, tenant, maria }));

/** Begins the request when the account has been locked and judged, and lets the account go while the request waits. */
async function whileReleased<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  const answer = await inTransaction(t.app.pool, async (tx) => {
    const account = (await lockAccount(tx, tenant.email, null)) ?? expect.fail();
    await requireFinished(tx, account);
    const answering = request();
    await lockAwaited(t);
    await endGrant(tx, account, 'It was moved.', { release: true });
    return { answering };
  });
  return answer.answering;
}

async function expectNothingWaits() {
  const statuses = await t.app.db.outboundEmail.groupBy({
    by: 'status',
    where: { organizationId: tenant.organizationId, status: { notIn: ['DRAFT', 'FAILED', 'SENT'] } },
  });
  expect(statuses).toEqual([]);
}

describe('an account that is moved or forgotten', () => {
  // The access token stays in memory: without a check, an email would leave from a mailbox that another organization has by then.
  beforeEach(async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    await fetchSentCopy(t, tenant, outboundEmail.uid);
  });

  it.each([
    ['now', {}],
    ['at a planned time', { plannedSendAt: inMs(DAY_MS) }],
  ])('takes no new email that is to leave %s', async (_when, planned) => {
    const answer = await whileReleased(() => send(t, tenant, fresh(tenant, maria, planned)));
    expect(expectType(answer, 'AccountNotReadyError')).toMatchObject({ account: { uid: tenant.accountId } });
    expect(await t.app.db.outboundEmail.count({ where: { organizationId: tenant.organizationId } })).toBe(1);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
  });

  it('takes no draft that is sent', async () => {
    const draftUid = await createDraft();
    const answer = await whileReleased(() => send(t, tenant, { draft: { draftUid } }));
    expect(answer.__typename).toBe('AccountNotReadyError');
    await expectNothingWaits();
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
  });

  it('leaves a draft with a template as it was', async () => {
    await createInvoice(t, tenant, 'INV-1');
    const { uid } = await saved(t, tenant);
    const contexts = [{ type: 'invoice', externalId: 'INV-1' }];
    const draftUid = await createDraft({ subject: null, bodyText: null, template: { uid }, contexts });
    const before = await draftOf(draftUid);
    const answer = await whileReleased(() => send(t, tenant, { draft: { draftUid } }));
    expect(answer.__typename).toBe('AccountNotReadyError');
    expect(await draftOf(draftUid)).toEqual(before);
  });

  it('takes no draft that gets a planned time', async () => {
    const created = await whileReleased(() => create({ plannedSendAt: inMs(DAY_MS) }));
    expect(created.__typename).toBe('AccountNotReadyError');
    await expectNothingWaits();
  });

  it('takes no draft whose planned time is set', async () => {
    const draftUid = await createDraft();
    const updated = await whileReleased(() => update({ draftUid, plannedSendAt: inMs(DAY_MS) }));
    expect(updated.__typename).toBe('AccountNotReadyError');
    await expectNothingWaits();
  });

  it('takes no email that is retried', async () => {
    const uid = await insertEmail(t, tenant, { status: 'FAILED' });
    const answer = await whileReleased(() => query(t, tenant.key, RetryOutboundEmail, { uid }));
    expect(answer.retryOutboundEmail.__typename).toBe('AccountNotReadyError');
    await expectNothingWaits();
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
  });
});
