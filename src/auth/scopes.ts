/** What a caller may do. A key or token holds a set of these. */
export const SCOPES = [
  'email:read',
  'email:send',
  'drafts:write',
  'accounts:manage',
  'contexts:write',
  'keys:manage',
] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(value: string): value is Scope {
  return SCOPES.some((scope) => scope === value);
}
