/** The names of the tokens that words may hold, and which other names are meant for one of them. */
export interface TokenNames {
  has(name: string): boolean;
  /**
   * Whether a name that is not a token is a mistake for one. It is if it differs from a token by one letter, missing, extra, wrong or
   * moved, whatever its case, spaces, `_` and `-`; or if it is made of the words of tokens, as `invoice_total` is.
   */
  resembles(name: string): boolean;
  /** The token that differs from the name by one letter. Null: none. */
  nearest(name: string): string | null;
}

/** A shorter name is near to too many others. */
const MIN_FUZZY_LENGTH = 5;

/** @param words further words that the names of tokens could have: the kinds that the words are about. */
export function tokenNames(tokens: readonly string[], words: readonly string[] = []): TokenNames {
  const known = new Set(tokens);
  const vocabulary = new Set([...tokens.flatMap((token) => token.split('_')), ...words]);
  const byVariant = new Map<string, string>();
  for (const token of tokens) {
    const letters = lettersOf(token);
    if (letters.length < MIN_FUZZY_LENGTH) continue;
    for (const variant of variantsOf(letters)) byVariant.set(variant, token);
  }
  const nearest = (name: string) => {
    const letters = lettersOf(name);
    if (letters.length < MIN_FUZZY_LENGTH - 1) return null;
    for (const variant of variantsOf(letters)) {
      const token = byVariant.get(variant);
      if (token !== undefined) return token;
    }
    return null;
  };
  const isMadeOfWords = (name: string) =>
    /^[a-z0-9]+(?:_[a-z0-9]+)+$/.test(name) && name.split('_').every((word) => vocabulary.has(word));
  return {
    has: (name) => known.has(name),
    resembles: (name) => nearest(name) !== null || isMadeOfWords(name),
    nearest,
  };
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]+/g, '');
}

/** The text, and the text without one of its letters. Two texts that differ by one letter have one of these in common. */
function* variantsOf(text: string): Generator<string> {
  yield text;
  for (let at = 0; at < text.length; at++) yield text.slice(0, at) + text.slice(at + 1);
}
