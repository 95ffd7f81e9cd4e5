/** Repeatable randomness: the seed is printed, and `SEED=…` in the environment repeats the choices of a run. */

export interface Random {
  /** A whole number from `from`, inclusive, to `to`, exclusive. With one argument from 0. */
  int(from: number, to?: number): number;
}

/** Mulberry32. @param what names the test in the line that tells the seed. */
export function seededRandom(what: string): Random {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`${what}: SEED=${seed}\n`);
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    int(first, second) {
      const [from, to] = second === undefined ? [0, first] : [first, second];
      return from + Math.floor(next() * (to - from));
    },
  };
}
