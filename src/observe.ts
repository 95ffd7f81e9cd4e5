/**
 * What the process did, published where it happens: one call for each fact. The metrics subscribe; without a subscriber a
 * call costs nothing. An observation holds names, numbers and uids, and never content, an address or a token.
 */
interface Observations {
  /** An HTTP request was answered, or its connection broke (status 0). */
  readonly request: { readonly route: string; readonly status: number; readonly seconds: number };
  /** A GraphQL operation was executed. `code`: of its first error, or `OK`. */
  readonly operation: { readonly name: string; readonly code: string; readonly seconds: number };
  /** A request to Google ended. `status`: of the answer, or the code of the failure without one. */
  readonly googleCall: { readonly call: string; readonly status: string; readonly seconds: number };
  /** An email went from one state to another, or was deferred within one. */
  readonly transition: { readonly name: string; readonly outboundEmailId: string };
}

type Name = keyof Observations;

type Listener<Observed extends Name> = (observation: Observations[Observed]) => void;

const listeners: { readonly [Observed in Name]: Set<Listener<Observed>> } = {
  request: new Set(),
  operation: new Set(),
  googleCall: new Set(),
  transition: new Set(),
};

export function observe<Observed extends Name>(name: Observed, observation: Observations[Observed]): void {
  for (const listener of listeners[name]) listener(observation);
}

/** @returns a function that ends the subscription. */
export function onObserved<Observed extends Name>(name: Observed, listener: Listener<Observed>): () => void {
  listeners[name].add(listener);
  return () => void listeners[name].delete(listener);
}

/** Seconds since `startedAt`, in milliseconds of `performance.now()`. */
export function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000;
}
