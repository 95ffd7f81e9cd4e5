import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox/server.ts';
import type { GmailGateway, MailboxAccess } from '../src/gmail/gateway.ts';
import { googleGateway } from '../src/gmail/google.ts';
import { createTokenSource } from '../src/gmail/oauth.ts';
import { mimeOf } from './mime-of.ts';

const ANN = 'ann@example.com';
const BOB = 'bob@example.com';
const MAIL = `From: ${ANN}\r\nTo: ${BOB}\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n`;

let sandbox: Sandbox;
let gmail: GmailGateway;
let refreshToken: string;
let mailbox: MailboxAccess;
/** Added to the clock of the code under test, milliseconds. */
let clockOffset = 0;

beforeEach(async () => {
  clockOffset = 0;
  const now = () => new Date(Date.now() + clockOffset);
  sandbox = await startSandbox();
  sandbox.admin.createMailbox({ email: ANN });
  sandbox.admin.createMailbox({ email: BOB });
  refreshToken = sandbox.admin.grant(ANN);
  const { url, clientId, clientSecret } = sandbox;
  const tokens = createTokenSource({ baseUrl: url, clientId, clientSecret, timeoutMs: 5_000, now });
  gmail = googleGateway({ rootUrl: url, timeoutMs: 5_000, now });
  mailbox = {
    accountId: 'ann',
    accessToken: (options) => tokens.accessToken('ann', { sealed: refreshToken, open: () => refreshToken }, options),
  };
});

afterEach(() => sandbox.close());

const callsOf = (call: string) => sandbox.admin.calls().filter((record) => record.call === call);

describe('access tokens', () => {
  it('are fetched once for calls that start together, and kept', async () => {
    await Promise.all(Array.from({ length: 8 }, () => gmail.getProfile(mailbox)));
    await gmail.getProfile(mailbox);
    expect(callsOf('token')).toHaveLength(1);
  });

  it('are renewed when Gmail refuses them, and the call is made again, even a send', async () => {
    const { draftId } = await gmail.createDraft(mailbox, { mime: mimeOf(MAIL), threadId: null });
    sandbox.admin.expireAccessTokens(ANN);
    expect(await gmail.sendDraft(mailbox, draftId)).not.toBeNull();
    expect(callsOf('drafts.send').map(({ status }) => status)).toEqual([401, 200]);
    expect(sandbox.admin.messages(BOB)).toHaveLength(1);
  });

  it('that are refused twice end in unauthorized', async () => {
    sandbox.admin.fault({ call: 'getProfile', times: 2, effect: { kind: 'refusal', name: 'authError' } });
    await expect(gmail.getProfile(mailbox)).rejects.toMatchObject({ kind: 'unauthorized', outcome: 'no' });
    expect(callsOf('getProfile')).toHaveLength(2);
  });

  it('are renewed a minute before they end', async () => {
    await gmail.getProfile(mailbox);
    clockOffset = 3_530_000;
    await gmail.getProfile(mailbox);
    clockOffset = 3_545_000;
    await gmail.getProfile(mailbox);
    expect(callsOf('token')).toHaveLength(2);
  });

  it('of an older grant are not used after the account was connected anew', async () => {
    await gmail.getProfile(mailbox);
    refreshToken = sandbox.admin.grant(ANN);
    await gmail.getProfile(mailbox);
    expect(callsOf('token')).toHaveLength(2);
  });

  it('need consent again only when Google says invalid_grant', async () => {
    sandbox.admin.revoke(ANN);
    await expect(gmail.getProfile(mailbox)).rejects.toMatchObject({
      kind: 'reauth',
      reason: 'invalid_grant',
      outcome: 'no',
    });
  });

  it.each([
    [{ kind: 'status', status: 503 }, 503],
    [{ kind: 'status', status: 400, body: 'html' }, 400],
    [{ kind: 'reset' }, null],
    [{ kind: 'truncated' }, null],
    [{ kind: 'invalid-json' }, null],
  ] as const)('that cannot be fetched mean that nothing was sent: %j', async (effect, status) => {
    sandbox.admin.fault({ call: 'token', times: 'always', effect });
    const error: unknown = await gmail.sendDraft(mailbox, 'r1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'unreachable', outcome: 'no', status });
    expect(`${JSON.stringify(error, Object.getOwnPropertyNames(error))}`).not.toContain(refreshToken);
    expect(callsOf('drafts.send')).toEqual([]);
  });

  it('can be fetched again after a failure', async () => {
    sandbox.admin.revoke(ANN);
    await expect(gmail.getProfile(mailbox)).rejects.toMatchObject({ kind: 'reauth' });
    refreshToken = sandbox.admin.grant(ANN);
    expect(await gmail.getProfile(mailbox)).toMatchObject({ email: ANN });
  });
});
