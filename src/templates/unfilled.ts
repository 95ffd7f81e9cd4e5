import { contextKind } from '../contexts/registry.ts';
import type { WrittenEmail } from '../email/content.ts';
import { splitTokens } from '../email/split-tokens.ts';
import { tokensLeft } from '../email/template.ts';
import type { TokenNames } from '../email/token-names.ts';
import type { TokenProblem } from '../errors.ts';

type WrittenWords = Pick<WrittenEmail, 'subject' | 'bodyText' | 'bodyHtml'>;

/**
 * Tokens in words that no template fills, as far as they are tokens of what the email is about, or meant for one.
 * @param types of the entities that the email is about.
 */
export function unfilledTokens(words: WrittenWords, types: readonly string[]): TokenProblem[] {
  const kinds = [...new Set(types)].flatMap((type) => contextKind(type)?.dynamicFields.names ?? []);
  if (kinds.length === 0) return [];
  const names: TokenNames = {
    has: (name) => kinds.some((each) => each.has(name)),
    resembles: (name) => kinds.some((each) => each.resembles(name)),
    nearest: (name) => kinds.map((each) => each.nearest(name)).find((token) => token !== null) ?? null,
  };
  const left = (['subject', 'bodyText', 'bodyHtml'] as const).map((field) =>
    tokensLeft(field, words[field] ?? '', names),
  );
  return [...left.flat(), ...splitTokens(words.bodyHtml ?? '', names)];
}
