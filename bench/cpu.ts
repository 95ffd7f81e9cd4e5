/** CPU time as the kernel counts it, in ticks of 10 ms. */
import { familyOf, readProc } from './memory.ts';

const TICK_MS = 10;

export interface CpuMs {
  /** Of the process itself. */
  readonly own: number;
  /** Of its descendants, including those that have ended. For the server, that is PostgreSQL. */
  readonly below: number;
}

/** CPU time of a process and its descendants since they started, in milliseconds. */
export function cpuMs(rootPid: number): CpuMs {
  const [own = 0, ...below] = familyOf(rootPid).map((pid) => {
    // After the command's closing parenthesis, utime to cstime are the fields 12 to 15. The last two are of ended children.
    const fields = readProc(`${pid}/stat`).split(') ').at(-1)?.split(' ').slice(11, 15) ?? [];
    const ticks = pid === rootPid ? fields.slice(0, 2) : fields;
    return ticks.reduce((sum, field) => sum + Number(field) * TICK_MS, 0);
  });
  return { own, below: below.reduce((sum, ms) => sum + ms, 0) };
}
