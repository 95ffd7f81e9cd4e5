/** The address that an email leaves from: its account's own, or another that Gmail has accepted for the account. */
import type { Sender } from '../db/sender.ts';
import { addressProblem, normaliseAddress } from '../email/address.ts';
import type { InputIssue } from '../errors.ts';

/** @returns it in lower case, as Gmail lists it. Null: the account's own address. */
export function parseAlias(alias: string | null | undefined, path: string, issues: InputIssue[]): string | null {
  if (alias == null) return null;
  const problem = addressProblem(alias);
  if (problem !== null) issues.push({ path: `${path}.fromAlias`, message: problem });
  return normaliseAddress(alias).toLowerCase();
}

type Addresses = Pick<Sender, 'email' | 'aliases'>;

/** False for an address that Gmail would silently replace by the account's own. */
export function maySendAs({ email, aliases }: Addresses, fromEmail: string): boolean {
  return fromEmail === email || aliases.includes(fromEmail);
}

export function senderIssues(sender: Addresses, fromEmail: string, path: string): InputIssue[] {
  if (maySendAs(sender, fromEmail)) return [];
  const allowed = [sender.email, ...sender.aliases].join(', ');
  return [{ path: `${path}.fromAlias`, message: `Must be an accepted address of the account: ${allowed}.` }];
}
