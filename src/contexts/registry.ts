import { customerKind } from './customer.ts';
import { invoiceKind } from './invoice.ts';

export const CONTEXT_KINDS = [invoiceKind, customerKind] as const;

export type ContextType = (typeof CONTEXT_KINDS)[number]['type'];

/** Undefined when there is no such kind. */
export function contextKind(type: string) {
  return CONTEXT_KINDS.find((kind) => kind.type === type);
}

/** For messages that say what is allowed. */
export function knownContextTypes(): string {
  return CONTEXT_KINDS.map(({ type }) => type).join(', ');
}
