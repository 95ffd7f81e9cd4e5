import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { composeMessage } from '../../src/email/compose.ts';
import type { GmailGateway, MailboxAccess, Mime } from '../../src/gmail/gateway.ts';
import { googleGateway } from '../../src/gmail/google.ts';
import { sandboxMailbox } from '../support/mailbox-access.ts';

const ANN = 'ann@example.com';
const BOB = 'bob@example.com';

let sandbox: Sandbox;
let gmail: GmailGateway;
let mailbox: MailboxAccess;
const now = () => new Date();

beforeEach(async () => {
  sandbox = await startSandbox();
  sandbox.admin.createMailbox({
    email: ANN,
    displayName: 'Ann',
    aliases: [{ email: 'sales@example.com', accepted: true }],
  });
  sandbox.admin.createMailbox({ email: BOB });
  gmail = googleGateway({ rootUrl: sandbox.url, timeoutMs: 60_000, now });
  mailbox = sandboxMailbox(sandbox, ANN);
});

afterEach(() => sandbox.close());

function mime(changes: Partial<Parameters<typeof composeMessage>[0]> = {}): Promise<Mime> {
  return composeMessage({
    opId: 'op-1',
    revision: 1,
    from: { address: ANN, name: 'Ann' },
    to: [BOB],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Invoice',
    bodyText: 'Please pay.',
    bodyHtml: null,
    attachments: [],
    inReplyTo: null,
    references: [],
    date: new Date(),
    ...changes,
  });
}

const callsOf = (call: string) => sandbox.admin.calls().filter((record) => record.call === call);
const inboxOfBob = () => sandbox.admin.messages(BOB).filter(({ labelIds }) => labelIds.includes('INBOX'));
const deliver = (raw: string | Buffer) =>
  sandbox.admin.deliverExternal({ from: 'eve@outside.com', to: ANN, raw })[0]?.id ?? '';

describe('the gateway', () => {
  it('knows the mailbox and the addresses it may send from', async () => {
    sandbox.admin.createMailbox({
      email: ANN,
      displayName: 'Ann',
      aliases: [
        { email: 'sales@example.com', displayName: 'Sales', signature: '<b>Sales</b>', accepted: true },
        { email: 'new@example.com', accepted: false },
      ],
    });
    expect(await gmail.getProfile(mailbox)).toEqual({ email: ANN, historyId: expect.stringMatching(/^\d+$/) });
    expect(await gmail.listSendAs(mailbox)).toEqual([
      { email: ANN, displayName: 'Ann', isPrimary: true, isDefault: true, signatureHtml: null, isAccepted: true },
      {
        email: 'sales@example.com',
        displayName: 'Sales',
        isPrimary: false,
        isDefault: false,
        signatureHtml: '<b>Sales</b>',
        isAccepted: true,
      },
      {
        email: 'new@example.com',
        displayName: null,
        isPrimary: false,
        isDefault: false,
        signatureHtml: null,
        isAccepted: false,
      },
    ]);
  });

  it('stores a draft and sends it, once', async () => {
    const draft = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    expect(await gmail.getDraft(mailbox, draft.draftId)).toEqual({ ...draft, labels: ['DRAFT'] });
    const sent = await gmail.sendDraft(mailbox, draft.draftId);
    expect(sent).toEqual({ messageId: expect.any(String), threadId: draft.threadId });
    expect(inboxOfBob().map((message) => message.header('x-epistle-id'))).toEqual(['op-1']);
  });

  it('answers null for a draft that was sent or deleted', async () => {
    const { draftId } = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    await gmail.sendDraft(mailbox, draftId);
    expect(await gmail.sendDraft(mailbox, draftId)).toBeNull();
    expect(await gmail.getDraft(mailbox, draftId)).toBeNull();
    expect(await gmail.deleteDraft(mailbox, draftId)).toBe(false);
    expect(inboxOfBob()).toHaveLength(1);
  });

  it('deletes a draft', async () => {
    const { draftId } = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    expect(await gmail.deleteDraft(mailbox, draftId)).toBe(true);
    expect(sandbox.admin.drafts(ANN)).toEqual([]);
  });

  it('puts a draft into a thread of the mailbox', async () => {
    const first = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    const reply = await gmail.createDraft(mailbox, { mime: await mime(), threadId: first.threadId });
    expect(reply.threadId).toBe(first.threadId);
  });

  it.each([
    ['foreign or deleted', 'abcdef0123456789', 404],
    ['malformed', 'no-such-thing', 400],
  ])('refuses a thread id that is %s', async (_, threadId, status) => {
    const attempt = gmail.createDraft(mailbox, { mime: await mime(), threadId });
    await expect(attempt).rejects.toMatchObject({ kind: 'thread-not-found', status, outcome: 'no' });
    expect(sandbox.admin.drafts(ANN)).toEqual([]);
  });

  it.each([false, true])('uploads a large message whole, into a thread: %s', async (inThread) => {
    const bytes = randomBytes(6_000_000);
    const attachments = [{ filename: 'big.bin', contentType: 'application/octet-stream', bytes, contentId: null }];
    const threadId = inThread
      ? (await gmail.createDraft(mailbox, { mime: await mime(), threadId: null })).threadId
      : null;
    sandbox.admin.resetCalls();
    const draft = await gmail.createDraft(mailbox, { mime: await mime({ attachments }), threadId });
    expect(callsOf('drafts.create').map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/upload\/.*uploadType=multipart/),
    ]);
    if (threadId !== null) expect(draft.threadId).toBe(threadId);
    const message = await gmail.getMessage(mailbox, draft.messageId);
    const [part] = message?.parts ?? [];
    const attachment = await gmail.getAttachment(mailbox, {
      messageId: draft.messageId,
      attachmentId: part?.attachmentId ?? '',
    });
    expect(attachment?.equals(bytes)).toBe(true);
  });
});

describe('an upload', () => {
  it('is made whole again when its token was refused', async () => {
    const bytes = randomBytes(4_000_000);
    const attachments = [{ filename: 'big.bin', contentType: 'application/octet-stream', bytes, contentId: null }];
    const raw = await mime({ attachments });
    await mailbox.accessToken();
    sandbox.admin.expireAccessTokens(ANN);
    const draft = await gmail.createDraft(mailbox, { mime: raw, threadId: null });
    expect(callsOf('drafts.create').map(({ status }) => status)).toEqual([401, 200]);
    const part = (await gmail.getMessage(mailbox, draft.messageId))?.parts[0];
    expect(part?.size).toBe(bytes.length);
  });
});

describe('reading a message', () => {
  it('gives decoded bodies, unfolded headers and the other parts', async () => {
    const attachments = [
      { filename: 'logo.png', contentType: 'image/png', bytes: Buffer.from([1, 2, 3]), contentId: 'logo@x' },
      { filename: 'Größe.txt', contentType: 'text/plain', bytes: Buffer.from('attached'), contentId: null },
    ];
    const raw = await mime({
      bodyText: 'Grüße 😀',
      bodyHtml: '<img src="cid:logo@x">ü',
      references: Array.from({ length: 9 }, (_, i) => `<${i}.abcdefgh@x>`),
      attachments,
    });
    const draft = await gmail.createDraft(mailbox, { mime: raw, threadId: null });
    const message = await gmail.getMessage(mailbox, draft.messageId);
    expect(message).toMatchObject({
      messageId: draft.messageId,
      threadId: draft.threadId,
      labels: ['DRAFT'],
      internalDate: expect.any(Date),
      bodyText: expect.stringMatching(/^Grüße 😀\s*$/),
      bodyHtml: expect.stringMatching(/^<img src="cid:logo@x">ü\s*$/),
      parts: [
        { filename: 'logo.png', contentType: 'image/png', contentId: 'logo@x', size: 3 },
        { filename: 'Größe.txt', contentType: 'text/plain', contentId: null, size: 8 },
      ],
    });
    const references = message?.headers.find(({ name }) => name.toLowerCase() === 'references')?.value;
    expect(references?.split(/ +/)).toHaveLength(9);
    expect(references).not.toMatch(/[\r\n]/);
  });

  it('takes an enclosed message for one part', async () => {
    const id = deliver(
      'From: eve@outside.com\r\nSubject: Fwd\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
        '--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n' +
        '--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n<p>inner</p>\r\n--b--\r\n',
    );
    const message = await gmail.getMessage(mailbox, id);
    expect(message).toMatchObject({ bodyHtml: null, parts: [{ contentType: 'message/rfc822' }] });
    const attachmentId = message?.parts[0]?.attachmentId ?? '';
    expect((await gmail.getAttachment(mailbox, { messageId: id, attachmentId }))?.toString()).toContain(
      'Subject: inner',
    );
  });

  it('answers null for what is gone', async () => {
    const id = deliver('From: eve@outside.com\r\n\r\nhi');
    expect(await gmail.getMessage(mailbox, '0000000000000001')).toBeNull();
    expect(await gmail.getAttachment(mailbox, { messageId: '0000000000000001', attachmentId: 'x' })).toBeNull();
    expect(await gmail.getAttachment(mailbox, { messageId: id, attachmentId: 'old' })).toBeNull();
  });

  it('tries again when Gmail falters, but gives up soon', async () => {
    const id = deliver('From: eve@outside.com\r\n\r\nhi');
    sandbox.admin.fault({ call: 'messages.get', times: 2, effect: { kind: 'status', status: 503, body: 'html' } });
    expect((await gmail.getMessage(mailbox, id))?.bodyText).toContain('hi');
    sandbox.admin.fault({ call: 'messages.get', times: 'always', effect: { kind: 'reset' } });
    sandbox.admin.resetCalls();
    await expect(gmail.getMessage(mailbox, id)).rejects.toMatchObject({ kind: 'unknown', reason: 'ECONNRESET' });
    expect(callsOf('messages.get')).toHaveLength(3);
  });

  it('does not try again when it is throttled', async () => {
    sandbox.admin.fault({ call: 'getProfile', effect: { kind: 'refusal', name: 'too-many-concurrent' } });
    await expect(gmail.getProfile(mailbox)).rejects.toMatchObject({ kind: 'rate-limited' });
    expect(callsOf('getProfile')).toHaveLength(1);
  });
});

describe('a send that fails', () => {
  const send = async () => {
    const { draftId } = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    return gmail.sendDraft(mailbox, draftId);
  };

  it.each([
    ['user-rate-limit', 'rate-limited', 429],
    ['too-many-concurrent', 'rate-limited', 429],
    ['mail-sending-limit', 'daily-limit', 429],
    ['rateLimitExceeded', 'rate-limited', 403],
    ['userRateLimitExceeded', 'rate-limited', 403],
    ['dailyLimitExceeded', 'daily-limit', 403],
    ['insufficientPermissions', 'forbidden', 403],
    ['mail-service-not-enabled', 'unavailable', 400],
  ] as const)('by %s is not sent: %s', async (name, kind, status) => {
    sandbox.admin.fault({ call: 'drafts.send', effect: { kind: 'refusal', name, retryAfterMs: 60_000 } });
    await expect(send()).rejects.toMatchObject({ kind, status, outcome: 'no' });
    expect(callsOf('drafts.send')).toHaveLength(1);
    expect(inboxOfBob()).toEqual([]);
  });

  it('says when Gmail allows the next try', async () => {
    sandbox.admin.fault({
      call: 'drafts.send',
      effect: { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 60_000 },
    });
    const before = Date.now();
    const error = await send().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ retryAt: expect.any(Date) });
    const retryAt = Number(Reflect.get(Object(error), 'retryAt'));
    // An HTTP date has whole seconds.
    expect(retryAt).toBeGreaterThan(before + 58_000);
    expect(retryAt).toBeLessThan(Date.now() + 62_000);
  });

  it.each(['before', 'after'] as const)(
    'is unknown, and made once, when the answer is lost %s it took effect',
    async (when) => {
      const effects = [
        { kind: 'reset' },
        { kind: 'truncated' },
        { kind: 'invalid-json' },
        { kind: 'status', status: 500 },
        { kind: 'status', status: 502, body: 'html' },
        { kind: 'status', status: 503, body: 'empty' },
        { kind: 'status', status: 408 },
        { kind: 'status', status: 403, body: 'html' },
      ] as const;
      for (const effect of effects) {
        sandbox.admin.fault({ call: 'drafts.send', when, effect });
        await expect(send()).rejects.toMatchObject({ kind: 'unknown', outcome: 'unknown' });
      }
      expect(callsOf('drafts.send')).toHaveLength(effects.length);
      expect(inboxOfBob()).toHaveLength(when === 'after' ? effects.length : 0);
    },
  );

  it('is unknown when no answer comes in time', async () => {
    const { draftId } = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    const hasty = googleGateway({ rootUrl: sandbox.url, timeoutMs: 300, now });
    sandbox.admin.fault({ call: 'drafts.send', effect: { kind: 'hang' } });
    await expect(hasty.sendDraft(mailbox, draftId)).rejects.toMatchObject({
      kind: 'unknown',
      reason: 'TimeoutError',
      status: null,
    });
    expect(callsOf('drafts.send')).toHaveLength(1);
  });

  it('is unknown when the caller aborts it', async () => {
    const { draftId } = await gmail.createDraft(mailbox, { mime: await mime(), threadId: null });
    const hold = sandbox.admin.hold('drafts.send');
    const controller = new AbortController();
    const sending = gmail.sendDraft(mailbox, draftId, { signal: controller.signal });
    await hold.arrived;
    controller.abort();
    await expect(sending).rejects.toMatchObject({ kind: 'unknown', reason: 'AbortError' });
  });

  it('was not made when the caller had aborted before', async () => {
    const attempt = gmail.sendDraft(mailbox, 'r1', { signal: AbortSignal.abort() });
    await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', reason: 'aborted', outcome: 'no' });
    expect(sandbox.admin.calls()).toEqual([]);
  });

  it('leaves nothing of the mail, the addresses or the token in the error', async () => {
    const secret = 'very-secret-subject';
    for (const effect of [
      { kind: 'reset' },
      { kind: 'status', status: 500 },
      { kind: 'status', status: 400 },
    ] as const) {
      sandbox.admin.fault({ call: 'drafts.create', effect });
      const error: unknown = await gmail
        .createDraft(mailbox, { mime: await mime({ subject: secret }), threadId: null })
        .catch((reason: unknown) => reason);
      const token = await mailbox.accessToken();
      const everything = `${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${String(error)}`;
      for (const piece of [token, ANN, BOB, Buffer.from(secret).toString('base64url').slice(0, 12)])
        expect(everything).not.toContain(piece);
      expect(error).not.toHaveProperty('cause');
    }
  });
});

describe('calls of one account', () => {
  it('are at most four at a time, begun in order, and do not delay another account', async () => {
    await mailbox.accessToken();
    const ids = Array.from({ length: 7 }, (_, index) => `r${index}`);
    const holds = ids.slice(0, 4).map(() => sandbox.admin.hold('drafts.get', { mailbox: ANN }));
    const results = ids.map((id) => gmail.getDraft(mailbox, id));
    await Promise.all(holds.map(({ arrived }) => arrived));
    await gmail.getProfile(sandboxMailbox(sandbox, BOB));
    expect(callsOf('drafts.get')).toHaveLength(4);
    for (const hold of holds) hold.release();
    await Promise.all(results);
    expect(
      callsOf('drafts.get')
        .slice(4)
        .map(({ path }) => /drafts\/(\w+)/.exec(path)?.[1]),
    ).toEqual(['r4', 'r5', 'r6']);
  });

  it('can be aborted while they wait, and are then not made', async () => {
    await mailbox.accessToken();
    const holds = Array.from({ length: 4 }, () => sandbox.admin.hold('getProfile'));
    const running = holds.map(() => gmail.getProfile(mailbox));
    await Promise.all(holds.map(({ arrived }) => arrived));
    const controller = new AbortController();
    const waiting = gmail.sendDraft(mailbox, 'r1', { signal: controller.signal });
    const last = gmail.getProfile(mailbox);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'unreachable', reason: 'aborted' });
    for (const hold of holds) hold.release();
    await Promise.all([...running, last]);
    expect(callsOf('drafts.send')).toEqual([]);
  });
});
