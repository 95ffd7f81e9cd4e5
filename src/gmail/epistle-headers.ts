/** The headers that Epistle adds to what it composes. Gmail keeps them in the sent copy. */

/** Names the outbound email. Composers and mail servers change the case of header names. */
export const OP_ID_HEADER = 'X-Epistle-Id';
/** The revision of the draft that was sent: of two copies of an email, it tells which has the present content. */
export const REVISION_HEADER = 'X-Epistle-Revision';

/** @param value of REVISION_HEADER. The first revision has none. */
export function parseRevision(value: string | undefined): number {
  return /^\s*\d{1,9}\s*$/.test(value ?? '') ? Number(value) : 1;
}
