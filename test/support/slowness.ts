/** How fast the machine is: other machines of its host use its processors and its memory, too. */

/** What `reference` takes on a machine for which the bounds of the tests hold as they are. */
const REFERENCE_MS = 80;
const TEXT = 'Faktura číslo 回复 ｶﾀｶﾅ 12,345.67 a@ü.io မြန်မာ <p>&nbsp;</p> '.repeat(12_000);
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** What functions over foreign text do most, done by the platform alone. @returns its CPU time in milliseconds. */
function reference(): number {
  const before = process.threadCpuUsage();
  const folded = TEXT.normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  const words = new Set<string>();
  for (const { segment } of segmenter.segment(folded)) words.add(segment);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** How many times slower this machine is at the moment. At least 1. */
export function slowness(): number {
  return Math.max(1, Math.min(reference(), reference()) / REFERENCE_MS);
}
