/**
 * Faults on demand. A fault waits for its call; it strikes before the call takes effect, or after, when only the answer is lost.
 * A hold stops a call at the same two places until it is released.
 */
import { badRequest } from './errors.ts';
import type { RefusalName } from './refusals.ts';
import { CALL_KINDS } from './routes.ts';

/** Before the call takes effect, or after it did. */
export type FaultTime = 'before' | 'after';

export type FaultEffect =
  /** The socket is destroyed. */
  | { readonly kind: 'reset' }
  /** No answer until the client gives up. */
  | { readonly kind: 'hang' }
  /** A bare status, as a proxy or an overloaded back end gives it. `body` defaults to `json`, Google's envelope. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: 'json' | 'html' | 'empty' }
  /** 200 whose body ends before its Content-Length. */
  | { readonly kind: 'truncated' }
  /** 200 whose body is cut JSON of the right length. */
  | { readonly kind: 'invalid-json' }
  | { readonly kind: 'refusal'; readonly name: RefusalName; readonly retryAfterMs?: number }
  /** The answer comes late, otherwise as always. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** A send is answered with 200; instead of delivery, mailer-daemon writes that a limit was reached. */
  | { readonly kind: 'refused-by-mail' };

export interface FaultSpec {
  /** Kind of call: `drafts.send`, `messages.get`, `token`, ...; `*` is every call. */
  readonly call: string;
  /** Only calls of this mailbox. */
  readonly mailbox?: string;
  /** Only calls for what has this id. */
  readonly id?: string;
  /** The first call to fail, counted from 1 among the calls that match. Default 1. */
  readonly nth?: number;
  /** How many calls fail. Default 1. */
  readonly times?: number | 'always';
  /** Default `before`. `refused-by-mail` needs none. */
  readonly when?: FaultTime;
  readonly effect: FaultEffect;
}

export interface Hold {
  readonly id: string;
  /** Resolves when a call is being held. */
  readonly arrived: Promise<void>;
  /** Lets the call go on; before it arrived, withdraws the hold. */
  release(): void;
}

export interface HoldOptions {
  readonly mailbox?: string;
  readonly when?: FaultTime;
}

interface Matcher {
  readonly call: string;
  readonly mailbox?: string | undefined;
}

interface ArmedFault {
  readonly spec: FaultSpec;
  toSkip: number;
  left: number;
}

interface ArmedHold extends Matcher {
  readonly id: string;
  readonly when: FaultTime;
  readonly arrive: () => void;
  readonly released: Promise<void>;
}

/** What one call meets. */
export interface Interference {
  readonly before: FaultEffect | null;
  readonly after: FaultEffect | null;
  readonly refusedByMail: boolean;
  /** Resolves at once when nothing holds the call there. */
  hold(when: FaultTime): Promise<void> | undefined;
}

export class Faults {
  #faults: ArmedFault[] = [];
  #holds: ArmedHold[] = [];
  readonly #gates = new Map<string, Hold>();
  #nextHold = 1;

  add(spec: FaultSpec): void {
    checkCallKind(spec.call);
    const left = spec.times === 'always' ? Number.POSITIVE_INFINITY : (spec.times ?? 1);
    this.#faults.push({ spec, toSkip: (spec.nth ?? 1) - 1, left });
  }

  /** Holds the next call of the kind. */
  hold(call: string, options: HoldOptions = {}): Hold {
    checkCallKind(call);
    const arrival = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const id = `${this.#nextHold++}`;
    const gate: Hold = {
      id,
      arrived: arrival.promise,
      release: () => {
        this.#holds = this.#holds.filter((hold) => hold.id !== id);
        this.#gates.delete(id);
        release.resolve();
      },
    };
    const { mailbox, when = 'before' } = options;
    this.#gates.set(id, gate);
    this.#holds.push({ id, call, mailbox, when, arrive: arrival.resolve, released: release.promise });
    return gate;
  }

  gate(id: string): Hold | null {
    return this.#gates.get(id) ?? null;
  }

  /** Disarms every fault and lets every held call go on. */
  clear(): void {
    this.#faults = [];
    for (const gate of [...this.#gates.values()]) gate.release();
  }

  /** Claims what is armed for this call. */
  claim(call: string, mailbox: string | null, id: string | null): Interference {
    let before: FaultEffect | null = null;
    let after: FaultEffect | null = null;
    let refusedByMail = false;
    for (const fault of this.#faults) {
      const { spec } = fault;
      if (!matches(spec, call, mailbox) || (spec.id !== undefined && spec.id !== id)) continue;
      const taken = spec.effect.kind === 'refused-by-mail' ? refusedByMail : spec.when === 'after' ? after : before;
      // One fault a call at each place. The next one waits for the next call.
      if (taken) continue;
      if (fault.toSkip > 0) {
        fault.toSkip--;
        continue;
      }
      fault.left--;
      if (spec.effect.kind === 'refused-by-mail') refusedByMail = true;
      else if (spec.when === 'after') after = spec.effect;
      else before = spec.effect;
    }
    this.#faults = this.#faults.filter((fault) => fault.left > 0);
    const holds = this.#holds.filter((hold) => matches(hold, call, mailbox));
    return { before, after, refusedByMail, hold: (when) => this.#stop(holds.find((hold) => hold.when === when)) };
  }

  #stop(hold: ArmedHold | undefined): Promise<void> | undefined {
    // Another call may have come first while this one was on its way.
    if (hold === undefined || !this.#holds.includes(hold)) return undefined;
    this.#holds = this.#holds.filter((other) => other !== hold);
    hold.arrive();
    return hold.released;
  }
}

function matches(matcher: Matcher, call: string, mailbox: string | null): boolean {
  if (matcher.call !== '*' && matcher.call !== call) return false;
  return matcher.mailbox === undefined || matcher.mailbox.toLowerCase() === mailbox;
}

/** Refuses a fault for a call that does not exist: it would never strike. */
function checkCallKind(call: string): void {
  if (call !== '*' && !CALL_KINDS.includes(call)) throw badRequest(`No such call: ${call}`);
}
