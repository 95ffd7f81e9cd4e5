export type Eventually<Value> = Value | Promise<Value>;

/** Strings that follow each other, some of which are yet to come. */
export class Writing {
  #text: string;
  #parts: Eventually<string>[] | null = null;
  constructor(start: string) {
    this.#text = start;
  }
  add(opening: string, part: Eventually<string>): void {
    if (typeof part === 'string') this.#text += opening + part;
    else {
      this.#parts ??= [];
      this.#parts.push(this.#text + opening, part);
      this.#text = '';
    }
  }
  end(end: string): Eventually<string> {
    if (this.#parts === null) return this.#text + end;
    const last = this.#text + end;
    return Promise.all(this.#parts).then((parts) => parts.join('') + last);
  }
  abandon(): void {
    ignore(this.#parts ?? []);
  }
}

/** What is still to come and of no use any more: it may fail, and must not end the process. */
export function ignore(values: readonly unknown[]): void {
  for (const value of values) if (isPromise(value)) value.then(undefined, () => undefined);
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

export function isPromise<Value>(value: Value | PromiseLike<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
