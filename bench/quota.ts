/**
 * The share of Gmail's quota that is used: accounts with more to send than the quota allows, against a Gmail that counts
 * 6,000 units in each sliding minute and refuses calls above them.
 */
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../sandbox/server.ts';
import { exchange } from './load.ts';
import { sendThroughEpistle } from './mail.ts';
import type { BenchProcess } from './process.ts';
import type { Row } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { withEpistle } from './setup.ts';

const ACCOUNTS = 20;
const UNITS_PER_MINUTE = 6_000;
/** Of Epistle's own pace, so that each account has its turn three times. */
const WINDOW_MS = 61_000;
const WINDOWS = 3;
const MAILS_PER_ACCOUNT = 46 * (WINDOWS + 1);
const CONNECTIONS = 32;
/** https://developers.google.com/workspace/gmail/api/reference/quota */
const UNITS: Readonly<Record<string, number>> = { 'drafts.create': 10, 'drafts.send': 100, 'messages.get': 20 };

export async function benchQuota(): Promise<Row[]> {
  const sandbox = await startSandbox();
  const env = {
    GOOGLE_CLIENT_ID: sandbox.clientId,
    GOOGLE_CLIENT_SECRET: sandbox.clientSecret,
    GOOGLE_BASE_URL: sandbox.url,
    GMAIL_UNITS_PER_MINUTE: String(UNITS_PER_MINUTE),
    LOG_LEVEL: 'error',
  };
  const consent = (email: string) => {
    sandbox.admin.createMailbox({ email });
    return sandbox.admin.grant(email);
  };
  return withEpistle({ env }, async ({ epistle, database, encryptionKey }) => {
    const tenant = await withApp(database, encryptionKey, (app) => createTenant(app, 'quota', ACCOUNTS, consent));
    sandbox.admin.setUnitsPerMinute(UNITS_PER_MINUTE);
    const startedAt = Date.now();
    await acceptAll(epistle, tenant);
    await delay(startedAt + WINDOWS * WINDOW_MS - Date.now());
    return [rowOf(sandbox, startedAt)];
  }).finally(() => sandbox.close());
}

async function acceptAll(epistle: BenchProcess, tenant: Tenant): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const total = MAILS_PER_ACCOUNT * tenant.accountIds.length;
  let next = 0;
  const loop = async () => {
    for (let n = next++; n < total; n = next++) {
      const { status, body } = await exchange(agent, sendThroughEpistle(epistle, tenant, 'quota', n));
      if (status !== 200 || !body.includes('"SendEmailPayload"')) throw new Error(`not accepted: ${body}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  agent.destroy();
}

function rowOf(sandbox: Sandbox, startedAt: number): Row {
  const elapsedMs = WINDOWS * WINDOW_MS;
  const calls = sandbox.admin.calls().filter(({ at, call }) => call in UNITS && at.getTime() < startedAt + elapsedMs);
  const taken = calls.filter(({ status }) => status === 200);
  const units = taken.reduce((sum, { call }) => sum + (UNITS[call] ?? 0), 0);
  const allowed = (UNITS_PER_MINUTE * ACCOUNTS * elapsedMs) / 60_000;
  const refusedShare = (calls.length - taken.length) / calls.length;
  return {
    scenario: 'quota, share of the allowed rate',
    epistle: units / allowed,
    floor: null,
    unit: '',
    ratio: null,
    bound: 'at least 0.95, less than 1 % refused',
    met: units / allowed >= 0.95 && refusedShare < 0.01,
    detail: { units, allowed, calls: calls.length, refusedShare, refused: countByCall(calls) },
  };
}

/** Refused calls, by kind and by ten seconds. */
function countByCall(calls: readonly { readonly call: string; readonly status: number | null; readonly at: Date }[]) {
  const counts: Record<string, number> = {};
  for (const { call, status, at } of calls) {
    if (status === 200) continue;
    const name = `${call} ${status} ${at.toISOString().slice(11, 18)}0`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
