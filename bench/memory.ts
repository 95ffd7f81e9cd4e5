/** Memory of a process and its descendants: Epistle and the PostgreSQL that it started. */
import { readdirSync, readFileSync } from 'node:fs';

const SAMPLE_EVERY_MS = 50;

/** Sum of the proportional set sizes, in MB (10^6 bytes): pages that processes share are counted once. */
export function memoryMb(rootPid: number): number {
  return familyOf(rootPid).reduce((sum, pid) => sum + processKb(pid), 0) * (1024 / 1_000_000);
}

/** Of one process, in MB. */
export function processMb(pid: number): number {
  return processKb(pid) * (1024 / 1_000_000);
}

/** Samples until `stop`, which gives the largest value in MB. */
export function watchMemory(rootPid: number): { stop(): number } {
  let peakMb = memoryMb(rootPid);
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, memoryMb(rootPid));
  }, SAMPLE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return peakMb;
    },
  };
}

/** The process and its descendants. */
export function familyOf(rootPid: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    // After the command's closing parenthesis: state, parent.
    const parent = Number(/\) \S (\d+) /.exec(readProc(`${pid}/stat`))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const family = [rootPid];
  for (const pid of family) family.push(...(children.get(pid) ?? []));
  return family;
}

function processKb(pid: number): number {
  const pss = /^Pss:\s+(\d+) kB/m.exec(readProc(`${pid}/smaps_rollup`))?.[1];
  // Where the proportional size may not be read; a process that has just ended has neither.
  return Number(pss ?? /^VmRSS:\s+(\d+) kB/m.exec(readProc(`${pid}/status`))?.[1] ?? 0);
}

/** Empty when it cannot be read, as of a process that has just ended. */
export function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return '';
  }
}
