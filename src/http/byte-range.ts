/**
 * The range that a `Range` field requests of a file of `size` bytes (RFC 9110 section 14.2). Several ranges, other units and invalid fields
 * are answered with the whole file, as section 14.2 allows.
 * @returns the bytes from `from` on, counted from 0, to before `to`.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | 'whole' | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  if (first !== '' && last !== '' && Number(last) < Number(first)) return 'whole';
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : 'unsatisfiable';
}
