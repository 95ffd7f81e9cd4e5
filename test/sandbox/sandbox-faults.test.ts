import type { gmail_v1 } from '@googleapis/gmail';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import type { FaultEffect } from '../../sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';

const ANNA = 'anna@acme.test';
const BEN = 'ben@acme.test';

let clock: number;
let sandbox: Sandbox;
let anna: gmail_v1.Gmail;

beforeEach(async () => {
  clock = Date.UTC(2026, 10, 3, 10);
  sandbox = await startSandbox({ now: () => new Date(clock) });
  sandbox.admin.createMailbox({ email: ANNA });
  sandbox.admin.createMailbox({ email: BEN });
  anna = sandboxGmailClient(sandbox, ANNA);
});

afterEach(async () => {
  await sandbox.close();
});

const raw = Buffer.from(`To: ${BEN}\r\nSubject: Hi\r\n\r\nHello`).toString('base64url');

async function createDraft(): Promise<string> {
  const { data } = await anna.users.drafts.create({ userId: 'me', requestBody: { message: { raw } } });
  return data.id ?? '';
}

function sendDraft(id: string, signal?: AbortSignal) {
  return anna.users.drafts.send({ userId: 'me', requestBody: { id } }, signal === undefined ? {} : { signal });
}

function profile(client = anna) {
  return client.users.getProfile({ userId: 'me' });
}

/** Status and message, never the error itself: a GaxiosError holds the whole request. */
async function failure(call: Promise<unknown>): Promise<{ status?: number; message?: string; code?: string }> {
  try {
    await call;
  } catch (error) {
    const { status, message, code } = error as { status?: number; message?: string; code?: string };
    return { ...(status === undefined ? {} : { status }), ...(message ? { message } : {}), ...(code ? { code } : {}) };
  }
  throw new Error('The call did not fail.');
}

describe('faults', () => {
  const lost: FaultEffect[] = [
    { kind: 'reset' },
    { kind: 'truncated' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 502, body: 'html' },
    { kind: 'status', status: 503, body: 'empty' },
    { kind: 'status', status: 408 },
  ];

  it.each(lost)('lose the answer of a send that took effect: %o', async (effect) => {
    const id = await createDraft();
    sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect });
    await failure(sendDraft(id));
    expect(sandbox.admin.drafts(ANNA)).toEqual([]);
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
  });

  it.each(lost)('stop a send before it takes effect: %o', async (effect) => {
    const id = await createDraft();
    sandbox.admin.fault({ call: 'drafts.send', effect });
    await failure(sendDraft(id));
    expect(sandbox.admin.messages(BEN)).toEqual([]);
    await sendDraft(id);
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
  });

  it('answer 200 with JSON that is cut', async () => {
    sandbox.admin.fault({ call: 'drafts.create', when: 'after', effect: { kind: 'invalid-json' } });
    const { data } = await anna.users.drafts.create({ userId: 'me', requestBody: { message: { raw } } });
    expect(data).toMatch(/^\{"id":/);
    expect(sandbox.admin.drafts(ANNA)).toHaveLength(1);
  });

  it('keep a client waiting until it gives up', async () => {
    const id = await createDraft();
    sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect: { kind: 'hang' } });
    const gate = sandbox.admin.hold('drafts.send', { when: 'after' });
    const controller = new AbortController();
    const sending = failure(sendDraft(id, controller.signal));
    await gate.arrived;
    gate.release();
    controller.abort();
    expect((await sending).status).toBeUndefined();
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
    expect(sandbox.admin.calls().at(-1)).toMatchObject({ call: 'drafts.send', mailbox: ANNA, status: null });
  });

  it('delay an answer and change nothing else', async () => {
    sandbox.admin.fault({ call: 'getProfile', effect: { kind: 'delay', ms: 1 } });
    expect((await profile()).data.emailAddress).toBe(ANNA);
  });

  it.each([
    ['user-rate-limit', 429, 'User-rate limit exceeded.  Retry after 2026-11-03T10:01:00.000Z'],
    ['mail-sending-limit', 429, 'User-rate limit exceeded.  Retry after 2026-11-03T10:01:00.000Z (Mail sending)'],
    ['too-many-concurrent', 429, 'Too many concurrent requests for user'],
    ['rateLimitExceeded', 403, 'Rate Limit Exceeded'],
    ['userRateLimitExceeded', 403, 'User Rate Limit Exceeded'],
    ['dailyLimitExceeded', 403, 'Daily Limit Exceeded'],
    ['insufficientPermissions', 403, 'Request had insufficient authentication scopes.'],
    ['authError', 401, 'Request had invalid authentication credentials.'],
    ['mail-service-not-enabled', 400, 'Mail service not enabled'],
  ] as const)('refuse as Google does: %s', async (name, status, message) => {
    await profile();
    sandbox.admin.fault({ call: 'getProfile', times: 2, effect: { kind: 'refusal', name } });
    const refused = await failure(profile());
    expect(refused.status).toBe(status);
    expect(refused.message).toContain(message);
  });

  it('refuse a token refresh with invalid_grant', async () => {
    sandbox.admin.fault({ call: 'token', mailbox: ANNA, effect: { kind: 'refusal', name: 'invalid_grant' } });
    expect(await failure(profile())).toMatchObject({ status: 400, message: 'invalid_grant' });
  });

  it('strike the nth matching call, so many times, of one mailbox', async () => {
    const ben = sandboxGmailClient(sandbox, BEN);
    const effect = { kind: 'status', status: 503 } as const;
    sandbox.admin.fault({ call: 'getProfile', mailbox: ANNA, nth: 2, times: 2, effect });
    const outcomes = [];
    for (const client of [anna, anna, ben, anna, anna])
      outcomes.push(await profile(client).catch(({ status }) => status));
    expect(outcomes.map((outcome) => (typeof outcome === 'number' ? outcome : 200))).toEqual([200, 503, 200, 503, 200]);
  });

  it('go on for ever when told so, until cleared', async () => {
    await profile();
    sandbox.admin.fault({ call: '*', mailbox: ANNA, times: 'always', effect: { kind: 'status', status: 500 } });
    for (let call = 0; call < 3; call++) expect((await failure(profile())).status).toBe(500);
    sandbox.admin.clearFaults();
    await profile();
  });

  it('of a call that does not exist are refused', () => {
    const misspelt = () => sandbox.admin.fault({ call: 'draft.send', effect: { kind: 'reset' } });
    expect(misspelt).toThrow('No such call: draft.send');
  });

  it('accept a send that mailer-daemon then says was not sent', async () => {
    const id = await createDraft();
    sandbox.admin.fault({ call: 'drafts.send', effect: { kind: 'refused-by-mail' } });
    const { data } = await sendDraft(id);
    expect(data.labelIds).toEqual(['SENT']);
    expect(sandbox.admin.messages(BEN)).toEqual([]);
    const notice = sandbox.admin.messages(ANNA).at(-1);
    expect(notice?.header('from')).toContain('mailer-daemon@googlemail.com');
    expect(notice?.raw.toString()).toContain('You have reached a limit for sending mail. Your message was not sent.');
  });
});

describe('hold', () => {
  it('stops a call before its effect until it is released', async () => {
    const id = await createDraft();
    const gate = sandbox.admin.hold('drafts.send', { mailbox: ANNA });
    const sending = sendDraft(id);
    await gate.arrived;
    expect(sandbox.admin.messages(BEN)).toEqual([]);
    gate.release();
    await sending;
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
  });

  it('stops a call after its effect', async () => {
    const id = await createDraft();
    const gate = sandbox.admin.hold('drafts.send', { when: 'after' });
    const sending = sendDraft(id);
    await gate.arrived;
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
    gate.release();
    expect((await sending).status).toBe(200);
  });

  it('lets a call take effect although its client has given up', async () => {
    const id = await createDraft();
    const gate = sandbox.admin.hold('drafts.send');
    const done = sandbox.admin.hold('drafts.send', { when: 'after' });
    const controller = new AbortController();
    const sending = failure(sendDraft(id, controller.signal));
    await gate.arrived;
    controller.abort();
    await sending;
    gate.release();
    await done.arrived;
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
  });

  it('holds one call; the next one passes', async () => {
    const gate = sandbox.admin.hold('getProfile');
    const held = profile();
    await gate.arrived;
    await profile();
    gate.release();
    await held;
  });
});

describe('switches', () => {
  it('let a draft linger around the message that was sent', async () => {
    sandbox.admin.setLingeringDrafts(true);
    const id = await createDraft();
    const { data: sent } = await sendDraft(id);
    const { data } = await anna.users.drafts.get({ userId: 'me', id, format: 'minimal' });
    expect(data).toMatchObject({ id, message: { id: sent.id, labelIds: ['SENT'] } });
    expect(await failure(sendDraft(id))).toMatchObject({ status: 404 });
    expect((await anna.users.drafts.list({ userId: 'me' })).data.drafts).toBeUndefined();
  });
});

describe('limits', () => {
  it('refuse calls above the units of a sliding minute', async () => {
    sandbox.admin.setUnitsPerMinute(120);
    const id = await createDraft();
    await sendDraft(id);
    expect(await failure(createDraft().then(createDraft))).toMatchObject({
      status: 403,
      message: 'Rate Limit Exceeded',
    });
    clock += 60_000;
    await createDraft();
  });

  it('refuse mails above the number of a day, and say until when', async () => {
    sandbox.admin.setDailySends(1);
    const ids = [await createDraft(), await createDraft()] as const;
    await sendDraft(ids[0]);
    expect(await failure(sendDraft(ids[1]))).toMatchObject({
      status: 429,
      message: 'User-rate limit exceeded.  Retry after 2026-11-04T10:00:00.000Z (Mail sending)',
    });
    expect(sandbox.admin.drafts(ANNA)).toHaveLength(1);
    clock += 24 * 60 * 60_000;
    anna = sandboxGmailClient(sandbox, ANNA);
    await sendDraft(ids[1]);
  });

  it('refuse more requests at once than allowed', async () => {
    await profile();
    sandbox.admin.setConcurrentRequests(1);
    const gate = sandbox.admin.hold('getProfile');
    const held = profile();
    await gate.arrived;
    expect(await failure(profile())).toMatchObject({ status: 429, message: 'Too many concurrent requests for user' });
    gate.release();
    await held;
    await profile();
  });
});

describe('calls', () => {
  it('are logged with mailbox and status, and can be reset', async () => {
    await profile();
    await failure(sendDraft('r1'));
    const at = new Date(clock);
    expect(sandbox.admin.calls()).toEqual([
      { method: 'POST', path: '/oauth2/token', call: 'token', mailbox: ANNA, status: 200, at },
      { method: 'GET', path: '/gmail/v1/users/me/profile', call: 'getProfile', mailbox: ANNA, status: 200, at },
      { method: 'POST', path: '/gmail/v1/users/me/drafts/send', call: 'drafts.send', mailbox: ANNA, status: 404, at },
    ]);
    sandbox.admin.resetCalls();
    expect(sandbox.admin.calls()).toEqual([]);
  });
});
