/** Lets work through in the order in which it came, so much of it at once. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** @param places how many works may run at once. */
export function createGate(places: number): Gate {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
