/**
 * The admin operations for other processes: `POST /sandbox/<operation>` with a JSON object of its arguments, answered with
 * `{"result": ...}`. `arrived` waits until the hold named by `id` holds a call.
 */
import { z } from 'zod';
import type { SandboxAdmin } from './admin.ts';
import { badRequest, GoogleError, notFound } from './errors.ts';
import type { Faults } from './faults.ts';
import { REFUSAL_NAMES } from './refusals.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { Exchange } from './router.ts';
import { parseJson } from './upload.ts';

const email = z.string();
const when = z.enum(['before', 'after']);
const limit = z.number().nonnegative().nullable();
const alias = z.object({
  email,
  displayName: z.string().exactOptional(),
  signature: z.string().exactOptional(),
  accepted: z.boolean(),
});
const mailboxSpec = z.object({
  email,
  displayName: z.string().exactOptional(),
  signature: z.string().exactOptional(),
  aliases: z.array(alias).exactOptional(),
  consumer: z.boolean().exactOptional(),
});
const effect = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['reset', 'hang', 'truncated', 'invalid-json', 'refused-by-mail']) }),
  z.object({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    body: z.enum(['json', 'html', 'empty']).exactOptional(),
  }),
  z.object({ kind: z.literal('refusal'), name: z.enum(REFUSAL_NAMES), retryAfterMs: z.number().exactOptional() }),
  z.object({ kind: z.literal('delay'), ms: z.number().nonnegative() }),
]);
const faultSpec = z.object({
  call: z.string(),
  mailbox: email.exactOptional(),
  id: z.string().exactOptional(),
  nth: z.int().positive().exactOptional(),
  times: z.union([z.int().positive(), z.literal('always')]).exactOptional(),
  when: when.exactOptional(),
  effect,
});
const serviceAccount = z.object({
  clientEmail: z.string(),
  publicKey: z.string(),
  scopes: z.array(z.string()).exactOptional(),
});
const externalMail = z.object({
  from: z.string(),
  to: z.union([email, z.array(email)]),
  raw: z.string(),
  spam: z.boolean().exactOptional(),
});

const pushEndpoint = z.object({ url: z.url(), audience: z.string(), serviceAccount: z.string() });

type Operation = (input: unknown) => unknown;

export class AdminHttp {
  readonly #operations: Readonly<Record<string, Operation>>;

  constructor(admin: SandboxAdmin, faults: Faults) {
    const gate = (id: string) => {
      const found = faults.gate(id);
      if (found === null) throw notFound();
      return found;
    };
    this.#operations = {
      createMailbox: operation(mailboxSpec, (spec) => admin.createMailbox(spec)),
      grant: operation(z.object({ email, scopes: z.array(z.string()).exactOptional() }), (input) =>
        admin.grant(input.email, input.scopes),
      ),
      consent: operation(
        z.object({ url: z.string(), email, allow: z.boolean(), scopes: z.array(z.string()).exactOptional() }),
        ({ url, ...decision }) => admin.consent(url, decision),
      ),
      registerServiceAccount: operation(serviceAccount, (account) => admin.registerServiceAccount(account)),
      revoke: operation(z.object({ email }), (input) => admin.revoke(input.email)),
      expireAccessTokens: operation(z.object({ email }), (input) => admin.expireAccessTokens(input.email)),
      messages: operation(z.object({ email }), (input) => admin.messages(input.email).map(jsonMessage)),
      drafts: operation(z.object({ email }), (input) =>
        admin.drafts(input.email).map(({ draftId, message }) => ({ draftId, message: jsonMessage(message) })),
      ),
      deliverExternal: operation(externalMail, (mail) => admin.deliverExternal(mail)),
      expireHistory: operation(z.object({ email }), (input) => admin.expireHistory(input.email)),
      calls: operation(z.object({}), () => admin.calls()),
      resetCalls: operation(z.object({}), () => admin.resetCalls()),
      fault: operation(faultSpec, (spec) => admin.fault(spec)),
      hold: operation(
        z.object({ call: z.string(), mailbox: email.exactOptional(), when: when.exactOptional() }),
        ({ call, ...options }) => admin.hold(call, options).id,
      ),
      arrived: operation(z.object({ id: z.string() }), ({ id }) => gate(id).arrived),
      release: operation(z.object({ id: z.string() }), ({ id }) => gate(id).release()),
      clearFaults: operation(z.object({}), () => admin.clearFaults()),
      setUnitsPerMinute: operation(z.object({ units: limit }), ({ units }) => admin.setUnitsPerMinute(orOff(units))),
      setDailySends: operation(z.object({ sends: limit }), ({ sends }) => admin.setDailySends(orOff(sends))),
      setConcurrentRequests: operation(z.object({ requests: limit }), ({ requests }) =>
        admin.setConcurrentRequests(orOff(requests)),
      ),
      setSearchLagMs: operation(z.object({ ms: z.number().nonnegative() }), ({ ms }) => admin.setSearchLagMs(ms)),
      setPushEndpoint: operation(z.object({ endpoint: pushEndpoint.nullable() }), ({ endpoint }) =>
        admin.setPushEndpoint(endpoint),
      ),
      pushToken: operation(z.object({ claims: z.record(z.string(), z.unknown()).exactOptional() }), ({ claims }) =>
        admin.pushToken(claims),
      ),
      setLingeringDrafts: operation(z.object({ on: z.boolean() }), ({ on }) => admin.setLingeringDrafts(on)),
    };
  }

  /** @throws {GoogleError} for an unknown operation or bad arguments. */
  async answer({ method, url, headers, content }: Exchange): Promise<Reply> {
    const name = url.pathname.slice('/sandbox/'.length);
    const run = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (run === undefined || method !== 'POST') throw notFound();
    // A web page cannot send this type across origins without asking first, so it cannot control a developer's sandbox.
    if (!headers['content-type']?.startsWith('application/json')) {
      throw new GoogleError(415, 'badContent', 'The sandbox takes application/json only.');
    }
    return jsonReply({ result: (await run(parseJson(content ?? Buffer.alloc(0)))) ?? null });
  }
}

function operation<T>(schema: z.ZodType<T>, run: (input: T) => unknown): Operation {
  return (input) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
    return run(parsed.data);
  };
}

/** JSON has no infinity: null turns a limit off. */
function orOff(value: number | null): number {
  return value ?? Number.POSITIVE_INFINITY;
}

function jsonMessage({
  id,
  threadId,
  labelIds,
  internalDate,
  raw,
}: ReturnType<SandboxAdmin['messages']>[number]): object {
  return { id, threadId, labelIds, internalDate, raw: raw.toString('base64') };
}
