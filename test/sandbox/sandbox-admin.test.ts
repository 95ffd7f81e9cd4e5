import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { gmail_v1 } from '@googleapis/gmail';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';

const MAIN = new URL('../../sandbox/main.ts', import.meta.url).pathname;
const ANNA = 'anna@acme.test';
const BEN = 'ben@acme.test';

const raw = Buffer.from(`To: ${BEN}\r\nSubject: Hi\r\n\r\nGrüße`).toString('base64url');

function sendFrom(client: gmail_v1.Gmail) {
  return client.users.messages.send({ userId: 'me', requestBody: { raw } });
}

function clientOf(sandbox: Sandbox): gmail_v1.Gmail {
  sandbox.admin.createMailbox({ email: ANNA });
  sandbox.admin.createMailbox({ email: BEN });
  return sandboxGmailClient(sandbox, ANNA);
}

async function accessTokenFrom({ url, clientId, clientSecret }: Sandbox, refresh_token: string): Promise<string> {
  const form = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token };
  const response = await fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
  return ((await response.json()) as { access_token: string }).access_token;
}

/** All that a client could see, in both mailboxes. */
function visibleState({ admin }: Sandbox): unknown {
  return [ANNA, BEN].map((email) => ({
    messages: admin.messages(email).map(({ header: _, raw, ...message }) => ({ ...message, raw: raw.toString() })),
    drafts: admin.drafts(email).map(({ draftId, message }) => [draftId, message.id]),
  }));
}

describe('a sandbox with a state file', () => {
  let folder: string;
  let statePath: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    statePath = join(folder, 'new', 'gmail-sandbox.journal');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds messages, drafts, tokens and history again', async () => {
    const first = await startSandbox({ statePath });
    const anna = clientOf(first);
    const { data: before } = await anna.users.getProfile({ userId: 'me' });
    await anna.users.drafts.create({ userId: 'me', requestBody: { message: { raw } } });
    await sendFrom(anna);
    const refresh_token = first.admin.grant(ANNA);
    const accessToken = await accessTokenFrom(first, refresh_token);
    const state = visibleState(first);
    await first.close();

    const second = await startSandbox({ statePath });
    expect(visibleState(second)).toEqual(state);
    for (const token of [accessToken, await accessTokenFrom(second, refresh_token)]) {
      const url = `${second.url}/gmail/v1/users/me/history?startHistoryId=${before.historyId}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      expect(await response.json()).toMatchObject({ history: [{}, {}] });
    }
    await second.close();
  });

  it('loses no message that it answered for, when its process is killed', async () => {
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--state', statePath, '--mailbox', ANNA]);
    let url: string | undefined;
    for await (const line of createInterface(child.stdout)) {
      url = /Gmail sandbox: (\S+)/.exec(line)?.[1];
      if (url !== undefined) break;
    }
    const mail = { from: 'carl@customer.test', to: ANNA, raw: 'Subject: Hi\r\n\r\nHello' };
    const headers = { 'content-type': 'application/json' };
    const delivered = await fetch(`${url}/sandbox/deliverExternal`, {
      method: 'POST',
      headers,
      body: JSON.stringify(mail),
    });
    const { result } = (await delivered.json()) as { result: { id: string }[] };
    child.kill('SIGKILL');
    await once(child, 'exit');
    const survivor = await startSandbox({ statePath });
    expect(survivor.admin.messages(ANNA).map(({ id }) => id)).toEqual(result.map(({ id }) => id));
    await survivor.close();
  });

  it('drops a record that was cut off by a kill, whole', async () => {
    const sandbox = await startSandbox({ statePath });
    const anna = clientOf(sandbox);
    await sendFrom(anna);
    const state = visibleState(sandbox);
    await sendFrom(anna);
    await sandbox.close();
    truncateSync(statePath, statSync(statePath).size - 3);
    const survivor = await startSandbox({ statePath });
    expect(visibleState(survivor)).toEqual(state);
    await survivor.close();
  });

  it('keeps a body once, and drops what was deleted when it starts', async () => {
    const sandbox = await startSandbox({ statePath });
    const anna = clientOf(sandbox);
    const big = Buffer.from(`To: ${BEN}\r\n\r\n${'x'.repeat(1_000_000)}`).toString('base64url');
    const { data } = await anna.users.drafts.create({ userId: 'me', requestBody: { message: { raw: big } } });
    await anna.users.drafts.send({ userId: 'me', requestBody: { id: data.id ?? '' } });
    expect(statSync(statePath).size).toBeLessThan(1_100_000);
    for (const email of [ANNA, BEN]) {
      const owner = sandboxGmailClient(sandbox, email, ['https://mail.google.com/']);
      for (const { id } of sandbox.admin.messages(email)) await owner.users.messages.delete({ userId: 'me', id });
    }
    await sandbox.close();
    const compacted = await startSandbox({ statePath });
    await compacted.close();
    expect(statSync(statePath).size).toBeLessThan(100_000);
  });
});

describe('the admin over HTTP', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox();
  });

  afterEach(async () => {
    await sandbox.close();
  });

  async function admin(operation: string, input: object = {}, contentType = 'application/json') {
    const response = await fetch(`${sandbox.url}/sandbox/${operation}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: JSON.stringify(input),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    return { status: response.status, result, message: error?.message };
  }

  it('creates mailboxes, again without harm, and grants access', async () => {
    const spec = { email: ANNA, aliases: [{ email: 'sales@acme.test', accepted: true }] };
    expect(await admin('createMailbox', spec)).toMatchObject({ status: 200, result: null });
    expect(await admin('createMailbox', spec)).toMatchObject({ status: 200 });
    expect((await admin('grant', { email: ANNA })).result).toMatch(/^1\/\//);
    expect(await admin('grant', { email: BEN })).toMatchObject({ status: 404 });
  });

  it('delivers mail from outside and shows what a mailbox holds', async () => {
    await admin('createMailbox', { email: ANNA });
    const mail = { from: 'carl@customer.test', to: [ANNA, 'nobody@acme.test'], raw: 'Subject: Hi\r\n\r\nHello' };
    const { result } = await admin('deliverExternal', mail);
    expect(result).toEqual([{ mailbox: ANNA, id: expect.any(String), threadId: expect.any(String) }]);
    const messages = (await admin('messages', { email: ANNA })).result as { raw: string }[];
    expect(Buffer.from(messages[0]?.raw ?? '', 'base64').toString()).toContain('Subject: Hi');
  });

  it('injects faults, sets limits and logs calls', async () => {
    const anna = clientOf(sandbox);
    await admin('fault', { call: 'getProfile', effect: { kind: 'status', status: 503 } });
    await expect(anna.users.getProfile({ userId: 'me' })).rejects.toMatchObject({ status: 503 });
    await admin('setUnitsPerMinute', { units: 0 });
    await expect(anna.users.getProfile({ userId: 'me' })).rejects.toMatchObject({ status: 403 });
    await admin('setUnitsPerMinute', { units: null });
    await anna.users.getProfile({ userId: 'me' });
    const calls = (await admin('calls')).result as { call: string; status: number }[];
    expect(calls.map(({ call, status }) => [call, status])).toEqual([
      ['token', 200],
      ['getProfile', 503],
      ['getProfile', 403],
      ['getProfile', 200],
    ]);
  });

  it('holds and releases a call', async () => {
    const anna = clientOf(sandbox);
    const { result: id } = await admin('hold', { call: 'messages.send' });
    const sending = sendFrom(anna);
    await admin('arrived', { id });
    expect(sandbox.admin.messages(BEN)).toEqual([]);
    await admin('release', { id });
    await sending;
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
  });

  it('answers a consent for a test', async () => {
    await admin('createMailbox', { email: ANNA });
    const query = new URLSearchParams({
      client_id: sandbox.clientId,
      redirect_uri: 'http://localhost/callback',
      response_type: 'code',
      scope: 'openid',
    });
    const url = `${sandbox.url}/o/oauth2/v2/auth?${query}`;
    const { result } = await admin('consent', { url, email: ANNA, allow: true });
    expect(result).toMatch(/^http:\/\/localhost\/callback\?code=/);
  });

  it('refuses unknown operations, bad arguments and what a web page could send', async () => {
    expect(await admin('toString')).toMatchObject({ status: 404 });
    expect(await admin('fault', { call: 'getProfile' })).toMatchObject({ status: 400 });
    expect(await admin('fault', { call: 'nothing', effect: { kind: 'reset' } })).toMatchObject({
      status: 400,
      message: 'No such call: nothing',
    });
    expect(await admin('createMailbox', { email: ANNA }, 'text/plain')).toMatchObject({ status: 415 });
  });
});

describe('the sandbox as a program', () => {
  it('prints every operation, effect and refusal for --help, and they exist', async () => {
    const { stdout: help } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
    const server = await startSandbox();
    const post = (operation: string, body: object) =>
      fetch(`${server.url}/sandbox/${operation}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const names = (part: RegExp) => (part.exec(help)?.[1] ?? '').match(/[\w-]+/g) ?? [];
    const listed = help.split('A fault makes')[0]?.match(/^ {2}[a-z]\w+(?:, \w+)?(?= {2,})/gim) ?? [];
    const operations = listed.flatMap((each) => each.trim().split(', '));
    expect(operations).toEqual(expect.arrayContaining(['createMailbox', 'fault', 'clearFaults', 'setLingeringDrafts']));
    for (const operation of operations) {
      const { status } = await post(operation, {});
      expect([operation, status === 404]).toEqual([operation, false]);
    }
    for (const kind of names(/kind: (.*?),\n/)) {
      expect([kind, (await post('fault', { call: 'token', effect: { kind } })).status]).toEqual([kind, 200]);
    }
    const refusals = names(/name of a refusal (.*?)\n\n/s);
    expect(refusals).toHaveLength(11);
    for (const name of refusals) {
      const { status } = await post('fault', { call: 'token', effect: { kind: 'refusal', name } });
      expect([name, status]).toEqual([name, 200]);
    }
    await server.close();
  });

  it('prints its options for --help and for an unknown option', () => {
    const help = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining('--mailbox ADDRESS') });
    const unknown = spawnSync(process.execPath, [MAIN, '--nope'], { encoding: 'utf8' });
    expect(unknown).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining("'--nope'") });
    expect(unknown.stderr).toContain(help.stdout);
  });
});
