/** The log of calls, for tests that count requests. */

/** Older calls fall out. */
const KEPT_CALLS = 10_000;

export interface CallRecord {
  readonly method: string;
  /** Query included for Gmail calls, never for OAuth ones: theirs can hold secrets. */
  readonly path: string;
  /** `drafts.send`, `token`, ... `unknown` for a path that Gmail does not have. */
  readonly call: string;
  /** Address of the caller's mailbox; null when unknown. */
  readonly mailbox: string | null;
  /** Null while unanswered: in flight, held, reset or left hanging. */
  readonly status: number | null;
  readonly at: Date;
}

export class CallLog {
  #records: { -readonly [K in keyof CallRecord]: CallRecord[K] }[] = [];

  /** @returns what completes the record when the call is answered. */
  start(record: Omit<CallRecord, 'status'>): (status: number | null) => void {
    const entry = { ...record, status: null as number | null };
    this.#records.push(entry);
    if (this.#records.length > 2 * KEPT_CALLS) this.#records = this.#records.slice(-KEPT_CALLS);
    return (status) => {
      entry.status = status;
    };
  }

  list(): CallRecord[] {
    return this.#records.slice(-KEPT_CALLS).map((record) => ({ ...record }));
  }

  reset(): void {
    this.#records = [];
  }
}
