/** How fast the machine is: other machines of its host use its processors and its memory, too. */

/** What `readText` takes on a machine for which the bounds of the tests hold as they are. */
const REFERENCE_MS = 80;
const TEXT = 'Faktura číslo 回复 ｶﾀｶﾅ 12,345.67 a@ü.io မြန်မာ <p>&nbsp;</p> '.repeat(12_000);
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** @returns CPU time in milliseconds. */
function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** What functions over foreign text do most, done by the platform alone. */
function readText(): void {
  const folded = TEXT.normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  const words = new Set<string>();
  for (const { segment } of segmenter.segment(folded)) words.add(segment);
}

/** How many times slower this machine is at the moment. At least 1. */
export function slowness(): number {
  return Math.max(1, Math.min(cpuMs(readText), cpuMs(readText)) / REFERENCE_MS);
}

const FILLED_BYTES = 64 * 1_048_576;
/** What it takes at most where a page of memory costs little. */
const FILLED_MS = 60;
const fillMemory = () => void Buffer.alloc(FILLED_BYTES, 'page');

/** The same for what fills new memory: on some virtual machines each page of it costs ten times as much. At least `slowness`. */
export function memorySlowness(): number {
  return Math.max(slowness(), Math.min(cpuMs(fillMemory), cpuMs(fillMemory)) / FILLED_MS);
}
