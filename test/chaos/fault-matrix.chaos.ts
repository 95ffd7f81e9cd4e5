/**
 * Every fault that the sandbox knows, before and after its effect, at every call of the path, in every mode of sending.
 * Whatever happens, at most one copy arrives, nobody is told of a success that is none, and in the end the state of the
 * email is what the mailboxes say.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultEffect, FaultTime } from '../../sandbox/faults.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import type { SendEmailInput } from '../generated/graphql.ts';
import {
  createTenant,
  eventually,
  expectType,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
} from '../support/harness.ts';
import {
  callsOf,
  createRecipient,
  fresh,
  type OutboundEmailRecord,
  record,
  runNow,
  send,
  sentFrom,
  write,
} from '../support/mail.ts';
import { CreateDraft } from '../support/send-documents.ts';

/** Long enough for a machine that is busy with other tests: what is not struck by a fault must not time out. */
const GMAIL_TIMEOUT_MS = 3_000;
/** Cases at once; each has an organization and mailboxes of its own. */
const LANES = 8;

type Call = 'token' | 'drafts.create' | 'drafts.send' | 'messages.get';
type Mode = 'fresh' | 'reply' | 'draft';

interface Fault {
  readonly name: string;
  readonly effect: FaultEffect;
  readonly times: readonly FaultTime[];
  /** At which calls it means that Gmail will never take the email, so that it has to end as refused. */
  readonly final?: readonly Call[];
  /** Default: all. */
  readonly calls?: readonly Call[];
}

const EITHER = ['before', 'after'] as const;
/** A refusal says that the call did not happen; after its effect it would be a lie, and Gmail tells none. */
const BEFORE = ['before'] as const;
const EFFECTS = ['drafts.create', 'drafts.send'] as const;

function status(code: number, body: 'json' | 'html' | 'empty', times: readonly FaultTime[] = EITHER): Fault {
  return { name: `${code} ${body}`, effect: { kind: 'status', status: code, body }, times };
}

const FAULTS: readonly Fault[] = [
  { name: 'reset', effect: { kind: 'reset' }, times: EITHER },
  { name: 'hang', effect: { kind: 'hang' }, times: EITHER },
  { name: 'truncated', effect: { kind: 'truncated' }, times: EITHER },
  { name: 'invalid-json', effect: { kind: 'invalid-json' }, times: EITHER },
  { name: 'slow', effect: { kind: 'delay', ms: 60 }, times: EITHER },
  status(500, 'json'),
  status(502, 'html'),
  status(503, 'json'),
  status(503, 'empty'),
  status(504, 'html'),
  status(408, 'html'),
  // From something in between, which proves nothing.
  status(403, 'html'),
  status(404, 'html'),
  { ...status(400, 'json', BEFORE), final: EFFECTS },
  { ...status(413, 'html', BEFORE), final: EFFECTS },
  refused('user-rate-limit', EITHER),
  refused('mail-sending-limit', EITHER),
  refused('too-many-concurrent', EITHER),
  refused('rateLimitExceeded', EITHER),
  refused('userRateLimitExceeded', EITHER),
  refused('dailyLimitExceeded', EITHER),
  refused('authError', EITHER),
  { ...refused('invalid_grant', BEFORE), calls: ['token'] },
  { ...refused('insufficientPermissions', BEFORE), final: EFFECTS },
  { ...refused('mail-service-not-enabled', BEFORE), final: EFFECTS },
];

function refused(name: Extract<FaultEffect, { kind: 'refusal' }>['name'], times: readonly FaultTime[]): Fault {
  return { name, effect: { kind: 'refusal', name }, times };
}

const CALLS: readonly Call[] = ['token', 'drafts.create', 'drafts.send', 'messages.get'];
const MODES: readonly Mode[] = ['fresh', 'reply', 'draft'];

interface Case {
  readonly name: string;
  readonly mode: Mode;
  readonly call: Call;
  readonly when: FaultTime;
  readonly effect: FaultEffect;
  readonly isFinal: boolean;
}

function casesOf(calls: readonly Call[]): Case[] {
  return calls.flatMap((call) =>
    FAULTS.filter((fault) => fault.calls?.includes(call) ?? true).flatMap(({ name, effect, times, final }) =>
      times.flatMap((when) =>
        MODES.map((mode) => ({
          name: `${mode}: ${name} ${when} ${call}`,
          mode,
          call,
          when,
          effect,
          isFinal: final?.includes(call) ?? false,
        })),
      ),
    ),
  );
}

let t: TestApp;
/** The token endpoint knows no mailbox, so its faults would strike the neighbours. */
let alone: TestApp;

beforeAll(async () => {
  const env = { SETTLE_DELAYS_MS: '30,60,90', GMAIL_TIMEOUT_MS: String(GMAIL_TIMEOUT_MS) };
  [t, alone] = await Promise.all([startTestApp({ env }), startTestApp({ env })]);
});
afterAll(() => Promise.all([t.close(), alone.close()]));

/** What a case came to: what the caller was told, and what was true at the end. */
interface Outcome {
  readonly name: string;
  readonly told: string;
  readonly toldFailure: string | null;
  readonly status: string;
  readonly failure: string | null;
  readonly copies: number;
  readonly sent: number;
  /** Drafts that were made in Gmail, unknown to Epistle because the answer was lost. */
  readonly strays: number;
  readonly isFinal: boolean;
  readonly problems: readonly string[];
}

async function inputOf(app: TestApp, tenant: Tenant, maria: string, { mode, call }: Case): Promise<SendEmailInput> {
  if (mode === 'fresh') return fresh(tenant, maria);
  if (mode === 'reply') {
    const { uid } = await write(app, tenant, { from: maria, subject: 'A question' });
    // Storing it took a token; sending is to need another.
    if (call === 'token') app.sandbox.admin.expireAccessTokens(tenant.email);
    return { reply: { replyToMessageUid: uid, to: [maria], subject: 'Re: A question', bodyText: 'The answer.' } };
  }
  const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'A draft', bodyText: 'Soon.' };
  const { createDraft } = await query(app, tenant.key, CreateDraft, { input });
  return { draft: { draftUid: expectType(createDraft, 'CreateDraftPayload').draft.uid } };
}

function copiesOf({ sandbox }: TestApp, mailbox: string, uid: string): number {
  return sandbox.admin.messages(mailbox).filter((message) => message.header('X-Epistle-Id') === uid).length;
}

/** Runs the jobs of an email, whatever their time is, until it is over. */
function untilOver(app: TestApp, tenant: Tenant, uid: string): Promise<OutboundEmailRecord> {
  return eventually(async () => {
    const email = await record(app, tenant, uid);
    if (email.status === 'SENT' || email.status === 'FAILED' || email.status === 'DRAFT') return email;
    if (email.status === 'QUEUED' && email.nextAttemptAt !== null) await runNow(app, tenant, uid, 'deliver');
    const isUnresolved = email.events.edges.at(-1)?.node.type === 'UNRESOLVED';
    return isUnresolved ? email : null;
  });
}

/** The sent copy is in its conversation, whatever it took to read it. */
function untilStored(app: TestApp, tenant: Tenant, uid: string): Promise<true> {
  return eventually(async () => {
    const { message, status } = await record(app, tenant, uid);
    if (status !== 'SENT') throw new Error(`SENT became ${status}`);
    if (message) return true;
    await runNow(app, tenant, uid, 'fetch-sent-copy');
    return null;
  });
}

async function reconnect({ app, sandbox }: TestApp, { organizationId, email }: Tenant): Promise<void> {
  const refreshToken = sandbox.admin.grant(email);
  await connectAccount(app, organizationId, { email, displayName: 'Billing', aliases: [], refreshToken });
}

async function run(app: TestApp, each: Case): Promise<Outcome> {
  const { name, mode, call, when, effect, isFinal } = each;
  const tenant = await createTenant(app);
  const maria = createRecipient(app, tenant);
  const input = await inputOf(app, tenant, maria, each);
  // The token is asked for twice when no answer came, but not once it was refused for good.
  const isRefusedGrant = effect.kind === 'refusal' && effect.name === 'invalid_grant';
  const where = call === 'token' ? { times: isRefusedGrant ? 1 : 2 } : { mailbox: tenant.email };
  app.sandbox.admin.fault({ call, when, ...where, effect });

  const answer = await send(app, tenant, input);
  const isError = answer.__typename === 'SendRejectedError';
  const { outboundEmail } = isError ? answer : expectType(answer, 'SendEmailPayload');
  const { uid } = outboundEmail;
  const told = outboundEmail.status;
  const toldCopies = copiesOf(app, maria, uid);
  const toldFailure = isError ? answer.code : expectType(answer, 'SendEmailPayload').outboundEmail.failure?.code;

  // The one fault that a person has to mend: the owner consents again.
  if (toldFailure === 'NEEDS_REAUTH') await reconnect(app, tenant);
  const email = await untilOver(app, tenant, uid);
  if (email.status === 'SENT') await untilStored(app, tenant, uid);
  const problems: string[] = [];
  const must = (holds: boolean, problem: string) => void (holds || problems.push(problem));

  const copies = copiesOf(app, maria, uid);
  const sent = sentFrom(app, tenant.email).filter((message) => message.header('X-Epistle-Id') === uid).length;
  // What the caller was told was no lie.
  must(told !== 'SENT' || toldCopies === 1, `told SENT with ${toldCopies} copies`);
  must(told === 'SENT' || toldFailure != null, `told ${told} without a reason`);
  must(told !== 'FAILED' || toldCopies === 0, 'told FAILED, but it had left');
  must(told !== 'DRAFT' || toldCopies === 0, 'told DRAFT, but it had left');
  must(isError === (told === 'FAILED' || told === 'DRAFT'), `told ${told} as ${answer.__typename}`);
  // The end is the truth.
  must(copies === sent, `${copies} copies arrived, ${sent} left`);
  must(copies === (email.status === 'SENT' ? 1 : 0), `${email.status} with ${copies} copies`);
  must(email.status === 'SENT' || email.failure != null, `${email.status} without a reason`);
  must((email.status === 'SENT') !== isFinal, `ended ${email.status}`);
  if (isFinal) must(email.status === (mode === 'draft' ? 'DRAFT' : 'FAILED'), `refused, but ${email.status}`);
  if (email.status === 'SENT')
    must(email.nextAttemptAt === null && email.failure === null, 'SENT, yet something waits');
  must(call === 'token' || callsOf(app, tenant.email, call) > 0, 'the call was not made');
  if (call === 'messages.get') must(told === 'SENT', `reading back made it ${told}`);
  return {
    name,
    told,
    toldFailure: toldFailure ?? null,
    status: email.status,
    failure: email.failure?.code ?? null,
    copies,
    sent,
    strays: app.sandbox.admin.drafts(tenant.email).length,
    isFinal,
    problems,
  };
}

async function runAll(app: TestApp, cases: readonly Case[], lanes: number): Promise<Outcome[]> {
  const waiting = [...cases];
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, isFinal } = next;
      outcomes.push(
        await run(app, next).catch((error: unknown) => ({
          ...{
            name,
            isFinal,
            told: '?',
            toldFailure: null,
            status: '?',
            failure: null,
            copies: -1,
            sent: -1,
            strays: 0,
          },
          problems: [String(error)],
        })),
      );
      // Of the last case, when one was not struck as often as it might have been.
      if (lanes === 1) app.sandbox.admin.clearFaults();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return outcomes;
}

function problemsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ name, told, status, problems }) =>
    problems.map((problem) => `${name}: ${problem} (told ${told}, ended ${status})`),
  );
}

/** How many cases the callers were told what, for the reader of the run. */
function summary(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { told, status } of outcomes) counts[`${told} > ${status}`] = (counts[`${told} > ${status}`] ?? 0) + 1;
  const strays = outcomes.reduce((sum, outcome) => sum + outcome.strays, 0);
  return { ...counts, strays };
}

describe('one copy or none, and the truth about it', () => {
  it.each(CALLS.filter((call) => call !== 'token'))('with every fault at %s', async (call) => {
    const outcomes = await runAll(t, casesOf([call]), LANES);
    process.stdout.write(`fault matrix, ${call}: ${outcomes.length} cases ${JSON.stringify(summary(outcomes))}\n`);
    expect(problemsOf(outcomes)).toEqual([]);
  });

  it('with every fault at the token', async () => {
    const outcomes = await runAll(alone, casesOf(['token']), 1);
    process.stdout.write(`fault matrix, token: ${outcomes.length} cases ${JSON.stringify(summary(outcomes))}\n`);
    expect(problemsOf(outcomes)).toEqual([]);
  });
});
