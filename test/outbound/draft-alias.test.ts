/** The sender address of a draft: kept with it, judged when it is sent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createAccount, createTenant, expectType, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh, onlyMail, parse, record, send, write } from '../support/mail.ts';
import { DAY_MS, inMs, scheduling } from '../support/scheduling.ts';

let tenant: Tenant;
let maria: string;
let accountId: string;
let own: string;
let alias: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  own = `with-alias-${tenant.email}`;
  alias = `sales@alias-of-${tenant.email.replace(/^.*@/, '')}`;
  accountId = await createAccount(t, tenant.organizationId, own, { aliases: [alias] });
});

const { create, createDraft, draftOf, left, letLeaveNow, noJobLeft, plan, planForNow, update, updated } = scheduling(
  () => ({
    t,
    tenant,
    maria,
  }),
);
const from = () => ({ fromAccountUid: accountId, fromAlias: alias });
const setAliases = (aliases: string[]) =>
  t.app.db.emailAccount.updateMany({ where: { id: accountId }, data: { aliases } });
const issue = (path: string, address = own) => ({
  path: `${path}.fromAlias`,
  message: expect.stringMatching(`^Must be an accepted address of the account: ${address}`),
});

describe('fromAlias of a draft', () => {
  it('is kept with the draft, in lower case, and is the sender of the email', async () => {
    const uid = await createDraft({ fromAccountUid: accountId, fromAlias: alias.toUpperCase() });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: alias });
    await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(onlyMail(t, maria).header('From')).toContain(`<${alias}>`);
    expect(await record(t, tenant, uid)).toMatchObject({ fromEmail: alias, status: 'SENT' });
  });

  it.each([
    ['its own name', 'Sales', 'Sales'],
    ['that of the account when it has none', null, 'Billing'],
  ])('leaves with %s', async (_, displayName, shown) => {
    const sendAs = [{ email: alias, displayName, signatureHtml: null, isDefault: false }];
    await t.app.db.emailAccount.updateMany({ where: { id: accountId }, data: { sendAs } });
    await accepted(t, tenant, fresh(tenant, maria, from()));
    const other = createRecipient(t, tenant, 'other');
    await accepted(t, tenant, fresh(tenant, other, { fromAccountUid: accountId }));
    expect((await parse(onlyMail(t, maria))).from).toEqual({ address: alias, name: shown });
    expect((await parse(onlyMail(t, other))).from).toEqual({ address: own, name: 'Billing' });
  });

  it('is the sender of a reply', async () => {
    await t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { aliases: [alias] } });
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const uid = await createDraft({ fromAccountUid: null, replyToMessageUid: question.uid, fromAlias: alias });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: alias });
  });

  it('is judged when the draft is sent, together with everything else', async () => {
    const uid = await createDraft({ ...from(), fromAlias: 'ceo@example.com', to: [] });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: 'ceo@example.com' });
    const { issues } = expectType(await send(t, tenant, { draft: { draftUid: uid } }), 'InvalidInputError');
    expect(issues).toEqual([issue('input.draft'), expect.objectContaining({ path: 'input.draft.to' })]);
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 1 });
  });

  it('is judged at once where the draft leaves by itself, and where it is not an address', async () => {
    const planned = await create({ ...from(), fromAlias: 'ceo@example.com', plannedSendAt: inMs(DAY_MS) });
    expect(expectType(planned, 'InvalidInputError').issues).toEqual([issue('input')]);
    const uid = await createDraft({ ...from(), fromAlias: 'ceo@example.com' });
    const scheduled = await update({ draftUid: uid, plannedSendAt: inMs(DAY_MS) });
    expect(expectType(scheduled, 'InvalidInputError').issues).toEqual([issue('input')]);
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 1 });
    const changed = await update({ draftUid: uid, fromAlias: 'sales' });
    expect(expectType(changed, 'InvalidInputError').issues).toMatchObject([{ path: 'input.fromAlias' }]);
  });

  it('stays when something else changes, goes with null, and with another account', async () => {
    const uid = await createDraft(from());
    await updated({ draftUid: uid, subject: 'Other' });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: alias });
    await updated({ draftUid: uid, fromAlias: null });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: own });
    await updated({ draftUid: uid, fromAlias: alias });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: alias });
    await updated({ draftUid: uid, fromAccountUid: tenant.accountId });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: tenant.email });
    await updated({ draftUid: uid, fromAccountUid: accountId, fromAlias: alias });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: alias });
  });

  it('is part of what an idempotency key stands for', async () => {
    const first = await create({ ...from(), idempotencyKey: 'alias' });
    const again = await create({ ...from(), idempotencyKey: 'alias' });
    const { draft } = expectType(first, 'CreateDraftPayload');
    expect(first).toMatchObject({ replayed: false });
    expect(expectType(again, 'CreateDraftPayload')).toMatchObject({ draft, replayed: true });
    const other = await create({ fromAccountUid: accountId, idempotencyKey: 'alias' });
    expect(expectType(other, 'IdempotencyConflictError')).toMatchObject({ differingFields: ['fromAlias'] });
  });
});

describe('a scheduled draft', () => {
  it('leaves from its alias', async () => {
    const uid = await planForNow(from());
    expect(await left(uid)).toMatchObject({ fromEmail: alias });
    expect(onlyMail(t, maria).header('From')).toContain(`<${alias}>`);
  });

  it('becomes a draft again when its alias is not accepted any more at its time', async () => {
    const uid = await plan(DAY_MS, from());
    await setAliases([]);
    await letLeaveNow(uid);
    await noJobLeft(uid);
    expect(await draftOf(uid)).toMatchObject({
      status: 'DRAFT',
      plannedSendAt: null,
      fromEmail: alias,
      lastFailure: { code: 'ALIAS_NOT_ACCEPTED', retry: 'NEVER' },
    });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });
});
