import { QuoteType } from 'htmlparser2';
import { readTokens } from './html-tokens.ts';

/**
 * Where in an HTML template a token stands. `url`: it begins a URL; `url-part`: it follows a part that names scheme and host. Null:
 * where no value can be escaped so that it stays a value.
 */
export type Place = 'text' | 'attribute' | 'url' | 'url-part' | null;

/** A stretch of the template in which tokens are replaced. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Of the token that starts here. */
  readonly placeAt: (start: number) => Place;
}

/** Elements whose text is code, or is not read as HTML. */
const CODE = new Set('script style iframe xmp noembed noframes noscript plaintext template svg math object'.split(' '));
/** Elements whose attributes load or change something else than what the mail shows. */
const ACTIVE = new Set([
  ...CODE,
  ...'frame embed applet base meta link param animate animatetransform animatemotion set use'.split(' '),
]);
const URL_ATTRIBUTES = new Set(
  `action background cite classid codebase data dynsrc formaction href icon longdesc lowsrc manifest ping poster profile src
  usemap`.split(/\s+/),
);
/** Attributes with a language of their own. */
const CODE_ATTRIBUTES = /^(?:on.*|style|srcset|srcdoc|imagesrcset|http-equiv)$/;
/** The start of a URL whose scheme and host cannot be changed by what follows. A token there is replaced by such a URL. */
const FIXED_START = /^\s*(?:https?:\/\/[^\s/?#\\&{}]+[/?#]|mailto:|tel:|(?:\{|%7B)\w+(?:\}|%7D))/i;

/** Finds the place of each token of an HTML template. Positions are asked in ascending order. */
export function createPlaces(html: string): (start: number, end: number) => Place {
  const stretches = stretchesOf(html);
  let next = 0;
  return (start, end) => {
    while ((stretches[next]?.end ?? Number.POSITIVE_INFINITY) < end) next++;
    const stretch = stretches[next];
    return stretch === undefined || stretch.start > start ? null : stretch.placeAt(start);
  };
}

const IN_TEXT = () => 'text' as const;
const IN_ATTRIBUTE = () => 'attribute' as const;

/** @param start of the value of the attribute. */
function inUrl(value: string, start: number): Stretch['placeAt'] {
  const fixedEnd = start + (FIXED_START.exec(value)?.[0].length ?? Number.POSITIVE_INFINITY);
  const firstVisible = start + value.search(/\S/);
  return (at) => (at <= firstVisible ? 'url' : at >= fixedEnd ? 'url-part' : null);
}

function stretchesOf(html: string): Stretch[] {
  const stretches: Stretch[] = [];
  let codeIn: string | null = null;
  let element = '';
  let attribute = '';
  let value: { start: number; end: number } | null = null;
  const nameAt = (start: number, end: number) => html.slice(start, end).toLowerCase();
  readTokens(html, false, {
    onopentagname(start, end) {
      element = nameAt(start, end);
      if (codeIn === null && CODE.has(element)) codeIn = element;
    },
    onclosetag(start, end) {
      if (codeIn === nameAt(start, end)) codeIn = null;
    },
    ontext(start, end) {
      if (codeIn === null) stretches.push({ start, end, placeAt: IN_TEXT });
    },
    onattribname(start, end) {
      attribute = nameAt(start, end);
      value = null;
    },
    onattribdata(start, end) {
      value = { start: value?.start ?? start, end };
    },
    onattribend(quote) {
      const isQuoted = quote === QuoteType.Double || quote === QuoteType.Single;
      if (value === null || !isQuoted || codeIn !== null) return;
      if (ACTIVE.has(element) || CODE_ATTRIBUTES.test(attribute)) return;
      const { start, end } = value;
      const isUrl = URL_ATTRIBUTES.has(attribute.slice(attribute.lastIndexOf(':') + 1));
      stretches.push({ start, end, placeAt: isUrl ? inUrl(html.slice(start, end), start) : IN_ATTRIBUTE });
    },
  });
  return stretches;
}
