import { customerKind } from './customer.ts';
import { invoiceKind } from './invoice.ts';

export const CONTEXT_KINDS = [invoiceKind, customerKind] as const;

/** Undefined for an unknown kind. */
export function contextKind(type: string) {
  return CONTEXT_KINDS.find((kind) => kind.type === type);
}

/** For an issue. */
export const KIND_ALLOWED = `Must be one of: ${CONTEXT_KINDS.map(({ type }) => type).join(', ')}.`;
