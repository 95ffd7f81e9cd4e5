/** Plain technical English: signs of sentences that need a second reading, in the documentation and in comments. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');

const SIGNS: Record<string, RegExp> = {
  'an archaic word': /\b(?:who(?:m)?ever|anew|mend(?:s|ed|ing)?|for ever|so much of it)\b/i,
  '"nobody": name the subject that does something': /\bnobody\b(?!`)/i,
  '"is no X": say what it is, or that it is not one': /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b)/i,
  'a question as a condition: use "if"': /(?:^|[.;:] )Should (?!be\b)[^.?]*,/,
  '"what is … is": name the subject': /\bwhat (?:is|was|are) (?:(?!and\b|is\b|was\b|are\b)\w+ ){1,6}(?:is|was|are) /i,
};

const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(path.sep, '/'))
  .filter((file) => !/(?:^|\/)(?:node_modules|generated|data|\.git)\//.test(file))
  .filter((file) =>
    /^(?:README|CHANGELOG)\.md$|^docs\/.*\.md$|^\.env\.example$|^schema\.graphql$|^prisma\/|^(?:src|sandbox|bench|scripts|ops)\//.test(
      file,
    ),
  )
  .filter((file) => /\.(?:md|graphql|ts|sh|sql|prisma|example)$/.test(file));

/** The sentences of a file for people: all of a page, the comments of a source file. */
function proseOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const pieces = /\.ts$/.test(file)
    ? [...text.matchAll(/\/\*\*?([\s\S]*?)\*\/|((?:^[ \t]*\/\/.*\n)+)|(\S[ \t]+\/\/ .*)$/gm)].map(([piece]) => piece)
    : /\.(?:sql|prisma|sh)$/.test(file)
      ? [...text.matchAll(/(?:^[ \t]*(?:--|\/\/|#).*\n)+/gm)].map(([piece]) => piece)
      : text.split(/\n\s*\n/);
  return pieces.map((piece) =>
    piece.replaceAll(/^[ \t]*(?:\/\*\*?|\*\/|\*|\/{2,3}|--|#+)[ \t]?/gm, '').replaceAll(/\s+/g, ' '),
  );
}

describe('prose', () => {
  it('is found in pages, the schema and comments', () => {
    expect(FILES).toEqual(expect.arrayContaining(['README.md', 'schema.graphql', 'src/outbound/send.ts']));
    expect(FILES.flatMap(proseOf).length).toBeGreaterThan(1_500);
  });

  it.each(Object.entries(SIGNS))('has no sign of %s', (_name, sign) => {
    const found = FILES.flatMap((file) =>
      proseOf(file)
        .filter((prose) => sign.test(prose))
        .map(
          (prose) => `${file}: ${prose.slice(Math.max(0, prose.search(sign) - 60), prose.search(sign) + 60).trim()}`,
        ),
    );
    expect(found).toEqual([]);
  });
});
