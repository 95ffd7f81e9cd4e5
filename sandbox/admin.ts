/** Control of a running sandbox: mailboxes, consent, what arrived, faults. `admin-http.ts` offers the same over HTTP. */
import type { CallLog, CallRecord } from './calls.ts';
import { type Decision, decide } from './consent.ts';
import { receive } from './delivery.ts';
import { badRequest, GoogleError } from './errors.ts';
import type { FaultSpec, Faults, Hold, HoldOptions } from './faults.ts';
import { headerValue, parseFields, splitMessage } from './headers.ts';
import type { Mailbox, StoredMessage } from './mailbox.ts';
import type { MailboxSpec } from './operations.ts';
import { rawMessage } from './payload.ts';
import type { PushEndpoint } from './push.ts';
import type { Services } from './router.ts';
import { SCOPE_PREFIX } from './routes.ts';

/** What Epistle asks for. */
const DEFAULT_SCOPES = [`${SCOPE_PREFIX}gmail.modify`];

export interface SandboxMessage {
  readonly id: string;
  readonly threadId: string;
  readonly labelIds: readonly string[];
  readonly internalDate: Date;
  /** RFC 5322 bytes as stored in this mailbox. */
  readonly raw: Buffer;
  /** First header of that name, compared without case; unfolded, not decoded. */
  header(name: string): string | null;
}

export interface SandboxDraft {
  readonly draftId: string;
  readonly message: SandboxMessage;
}

export interface ExternalMail {
  /** Envelope sender (RFC 5321, MAIL FROM). */
  readonly from: string;
  /** Addresses of mailboxes here; others are skipped. */
  readonly to: string | readonly string[];
  readonly raw: Buffer | string;
  /** Lands in Spam rather than in the inbox. */
  readonly spam?: boolean;
}

export interface DeliveredCopy {
  readonly mailbox: string;
  readonly id: string;
  readonly threadId: string;
}

export interface SandboxAdmin {
  /** Creates the mailbox, or gives the existing one this name, this signature, these aliases and this kind. */
  createMailbox(spec: MailboxSpec): void;
  /** As if the owner had consented. @returns a refresh token. Default scopes: gmail.modify. */
  grant(email: string, scopes?: readonly string[]): string;
  /** As if the owner had answered the consent page at `authUrl`. @returns the URL that the browser is sent to. */
  consent(authUrl: string, decision: Decision): string;
  /** An administrator trusts it for every Workspace mailbox here. Default scopes: gmail.modify. */
  registerServiceAccount(account: {
    readonly clientEmail: string;
    /** PEM. */
    readonly publicKey: string;
    readonly scopes?: readonly string[];
  }): void;
  /** Ends every grant of the mailbox: access tokens 401, refresh tokens invalid_grant. */
  revoke(email: string): void;
  /** Access tokens 401 from now on; refresh tokens live. */
  expireAccessTokens(email: string): void;
  /** Every message of the mailbox, drafts included, oldest first. */
  messages(email: string): SandboxMessage[];
  drafts(email: string): SandboxDraft[];
  /** A mail from outside. @returns the copies that were stored. */
  deliverExternal(mail: ExternalMail): DeliveredCopy[];
  /** `history.list` answers 404 for every start up to now. */
  expireHistory(email: string): void;
  /** The last 10,000 calls of Gmail and OAuth endpoints, oldest first. */
  calls(): CallRecord[];
  resetCalls(): void;
  fault(spec: FaultSpec): void;
  /** Holds the next call of that kind, before it takes effect unless `when` is `after`. */
  hold(call: string, options?: HoldOptions): Hold;
  /** Disarms all faults, releases all holds. */
  clearFaults(): void;
  setUnitsPerMinute(units: number): void;
  setDailySends(sends: number): void;
  setConcurrentRequests(requests: number): void;
  /** How long `messages.list` with `q` does not see a new message. */
  setSearchLagMs(ms: number): void;
  /** Where changes of watched mailboxes are pushed to. Null: nowhere. */
  setPushEndpoint(endpoint: PushEndpoint | null): void;
  /** A token as those pushes carry it. @param claims instead of those of a good one. */
  pushToken(claims?: Readonly<Record<string, unknown>>): string;
  /** Whether `drafts.get` keeps answering for drafts that are sent from now on. */
  setLingeringDrafts(on: boolean): void;
}

export function createAdmin(services: Services, log: CallLog, faults: Faults): SandboxAdmin {
  const { world, oauth, quota, switches, pushes } = services;
  const mailboxOf = (email: string): Mailbox => {
    const mailbox = world.mailbox(email);
    if (mailbox === null) throw new GoogleError(404, 'notFound', `No mailbox ${email} in the sandbox.`);
    return mailbox;
  };
  return {
    createMailbox(spec) {
      if (!/^[^\s@<>",;]+@[^\s@<>",;]+$/.test(spec.email)) throw badRequest(`Not an address: ${spec.email}`);
      const known = world.mailbox(spec.email)?.spec;
      if (JSON.stringify(known) !== JSON.stringify(spec)) world.commit({ op: 'mailbox', spec });
    },
    grant: (email, scopes = DEFAULT_SCOPES) => oauth.grant(mailboxOf(email).email, scopes).refreshToken,
    consent(authUrl, decision) {
      const location = decide(world, oauth, new URL(authUrl).searchParams, decision);
      if (location === null) throw badRequest('No consent for this request: invalid parameters or no such mailbox.');
      return location;
    },
    registerServiceAccount: ({ clientEmail, publicKey, scopes = DEFAULT_SCOPES }) =>
      world.commit({ op: 'service-account', spec: { clientEmail, publicKey, scopes } }),
    revoke: (email) => oauth.revokeMailbox(mailboxOf(email).email),
    expireAccessTokens: (email) => world.commit({ op: 'expire', email: mailboxOf(email).email }),
    messages: (email) => mailboxOf(email).byDate.map(toSandboxMessage),
    drafts: (email) => {
      const { drafts, messages } = mailboxOf(email);
      return Array.from(drafts, ([draftId, messageId]) => ({ draftId, message: messages.get(messageId) })).flatMap(
        ({ draftId, message }) => (message === undefined ? [] : [{ draftId, message: toSandboxMessage(message) }]),
      );
    },
    deliverExternal({ from, to, raw, spam = false }) {
      const { head, body } = splitMessage(typeof raw === 'string' ? Buffer.from(raw) : raw);
      const fields = parseFields(head);
      const recipients = new Map<Mailbox, string>();
      for (const address of typeof to === 'string' ? [to] : to) {
        for (const mailbox of world.recipients(address.toLowerCase())) recipients.set(mailbox, address);
      }
      const copies = Array.from(recipients, ([mailbox, address]) =>
        receive(world, mailbox, { fields, body, from, to: address, spam, origin: 'outside' }),
      );
      world.commit(...copies);
      return copies.map(({ mailbox, message: { id, threadId } }) => ({ mailbox, id, threadId }));
    },
    expireHistory: (email) => world.commit({ op: 'forget-history', mailbox: mailboxOf(email).email }),
    calls: () => log.list(),
    resetCalls: () => log.reset(),
    fault: (spec) => faults.add(spec),
    hold: (call, options) => faults.hold(call, options),
    clearFaults: () => faults.clear(),
    setUnitsPerMinute(units) {
      quota.limits.unitsPerMinute = units;
    },
    setDailySends(sends) {
      quota.limits.dailySends = sends;
    },
    setConcurrentRequests(requests) {
      quota.limits.concurrentRequests = requests;
    },
    setSearchLagMs(ms) {
      switches.searchLagMs = ms;
    },
    setPushEndpoint(endpoint) {
      pushes.endpoint = endpoint;
    },
    pushToken: (claims) => pushes.token(claims),
    setLingeringDrafts(on) {
      switches.lingeringDrafts = on;
    },
  };
}

function toSandboxMessage(message: StoredMessage): SandboxMessage {
  const { id, threadId, labelIds, internalDate } = message;
  return {
    id,
    threadId,
    labelIds,
    internalDate: new Date(internalDate),
    get raw() {
      return rawMessage(message);
    },
    header: (name) => headerValue(parseFields(message.head), name),
  };
}
