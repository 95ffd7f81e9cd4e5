import type { TokenProblemKind as Kind, TokenProblem as Problem } from '../errors.ts';
import { builder } from './builder.ts';
import { enumOf } from './enum-of.ts';

const TokenProblemKind = enumOf<Kind>('TokenProblemKind', 'Why a token was not replaced by a value.', {
  UNKNOWN: 'There is no such token. `message` names the token that was probably meant.',
  NO_VALUE: 'The entity has no value for the token.',
  FORBIDDEN_PLACE:
    'The token is where a value is not safe: in the name of a tag or an attribute, an unquoted attribute, a script, a style, an event handler, a comment, or the scheme or host of a URL.',
  UNFILLED: 'The token is in text that is not from a template. Use `template` or `prepareEmail`.',
  SPLIT:
    'Tags or character references interrupt the token in the HTML body, as in `{invoice_<b>number</b>}`. Write it in one piece.',
});

export const TokenProblem = builder.objectRef<Problem>('TokenProblem').implement({
  description: 'A token that was not replaced by a value.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'The token as a reader sees it in the text, with its braces.' }),
    kind: t.expose('kind', { type: TokenProblemKind, description: 'The reason, for programs.' }),
    message: t.exposeString('message', { description: 'The reason and what to do, for people.' }),
    field: t.exposeString('field', {
      description: 'The field that has the token: `subject`, `bodyText` or `bodyHtml`.',
    }),
    offset: t.exposeInt('offset', {
      description: 'Where the token starts in the field with tokens, in UTF-16 code units, as in JavaScript strings.',
    }),
    length: t.exposeInt('length', {
      description: 'The length of the token in the field, with its braces, in UTF-16 code units.',
    }),
  }),
});
