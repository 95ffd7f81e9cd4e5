/** Fills the tokens of subject and bodies with the values of entities. */
import type { DynamicFields, Entities } from '../contexts/dynamic-fields.ts';
import { createFormats } from '../contexts/formats.ts';
import { DEFAULT_LOCALE } from '../contexts/money.ts';
import { MAX_BODY_BYTES } from '../email/content.ts';
import { splitTokens } from '../email/split-tokens.ts';
import { fill, filledLength, fillTextAsHtml, parseHtml, parseText, type Template } from '../email/template.ts';
import { InvalidInputError, type TokenProblem } from '../errors.ts';

/** Subject and bodies, with tokens or filled. */
export interface Words {
  readonly subject: string;
  readonly bodyText: string;
  /** Null: it is made from the text. */
  readonly bodyHtml: string | null;
}

export interface FilledWords extends Words {
  readonly bodyHtml: string;
  readonly problems: readonly TokenProblem[];
  /** The values of the tokens that the words have, as they are written in a text. */
  readonly values: Readonly<Record<string, string>>;
}

interface FillOptions {
  /** Null: that of the customer, or en-US. */
  readonly locale: string | null;
  /** Null: that of the customer, or UTC. */
  readonly timeZone: string | null;
  readonly now: Date;
  /** For the issue that the filled words are too long. */
  readonly path: string;
}

/**
 * What cannot be filled stays as it is, and is in `problems`.
 * @throws {InvalidInputError} when the values make a body longer than an email may be: a token can stand in it thousands of times.
 */
export function fillWords(words: Words, fields: DynamicFields, entities: Entities, options: FillOptions): FilledWords {
  const formats = createFormats({
    locale: options.locale ?? entities.locale ?? DEFAULT_LOCALE,
    timeZone: options.timeZone ?? entities.timeZone ?? 'UTC',
    now: options.now,
  });
  const values = entities.values(formats);
  const templates = [
    parseText('subject', words.subject),
    parseText('bodyText', words.bodyText),
    ...(words.bodyHtml === null ? [] : [parseHtml('bodyHtml', words.bodyHtml)]),
  ] as const;
  if (templates.some((template) => filledLength(template, values) > MAX_BODY_BYTES)) {
    const message = `With the values, a body is longer than ${MAX_BODY_BYTES} bytes.`;
    throw new InvalidInputError([{ path: options.path, message }]);
  }
  const filled = templates.map((template) => fill(template, values, fields.names));
  const [subject, text, html] = filled.map(({ words }) => words);
  const split = splitTokens(words.bodyHtml ?? '', fields.names);
  const used = templates.flatMap(namesIn).flatMap((name) => {
    const value = values.get(name) ?? null;
    return value === null ? [] : [[name, value.text] as const];
  });
  return {
    // A subject is one line.
    subject: (subject ?? '').replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim(),
    bodyText: text ?? '',
    bodyHtml: html ?? fillTextAsHtml(templates[1], values),
    problems: [...filled.flatMap(({ problems }) => problems), ...split],
    values: Object.fromEntries(used),
  };
}

function namesIn({ pieces }: Template): string[] {
  return pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name]));
}
