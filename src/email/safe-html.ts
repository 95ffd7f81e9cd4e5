/**
 * The HTML of a stranger's mail, made fit to be put into a page. sanitize-html keeps what is on the lists below; the values
 * of `href`, `src` and `style` are decided here.
 */
import sanitize from 'sanitize-html';
import { safeStyle } from './safe-style.ts';

/** The rest of a longer body is left out. Gmail itself shows the first 102 KB of a message. */
const MAX_HTML_LENGTH = 500_000;
/** Opened or closed. 102 KB have some 3,000. */
const MAX_TAGS = 10_000;
/** An element that is nested deeper is left out. What it contains is kept. */
const MAX_DEPTH = 200;

const ELEMENTS = [...sanitize.defaults.allowedTags, 'img', 'center', 'font', 'strike', 'del', 'ins', 'big', 'tt'];
/** Elements whose text is left out with them. */
const HIDDEN =
  `audio canvas iframe math noembed noframes noscript object option script style svg template textarea title
  video xmp`.split(/\s+/);
/** Without `class`, whose names have a meaning in the page, and without `id` and `name`, by which scripts find elements. */
const ATTRIBUTES =
  `align alt bgcolor border cellpadding cellspacing color colspan dir face height lang rowspan size span
  start title type valign width`.split(/\s+/);
const LINK_SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const IMAGE_DATA = /^data:image\/(?:png|gif|jpeg|webp|bmp);base64,[\w+/=]*$/i;
/** A relative URL leads nowhere: it would be relative to the page that shows the mail. */
const NO_BASE = 'https://base.invalid';

export interface SafeHtml {
  readonly html: string;
  /** How many remote images were left out. */
  readonly blockedImages: number;
  /** Whether the body was too long to be shown whole. */
  readonly isTruncated: boolean;
}

interface SafeHtmlOptions {
  /** Remote images tell their sender when a message is read, and where. */
  readonly keepRemoteImages: boolean;
  /** The URL of the image that a `cid:` URL names by its Content-ID. Null: there is none. */
  readonly inlineImageUrl: (contentId: string) => string | null;
}

/**
 * Without scripts, forms, event handlers and style sheets, and without CSS that moves an element out of its place. Links
 * open in a new tab. Show the result in an element that clips what overflows it.
 */
export function safeHtml(html: string, { keepRemoteImages, inlineImageUrl }: SafeHtmlOptions): SafeHtml {
  let blockedImages = 0;
  const imageUrl = (source: string): string | null => {
    const url = absoluteUrl(source);
    if (url?.protocol === 'cid:') return inlineImageUrl(contentIdOf(url));
    if (url?.protocol === 'data:') return IMAGE_DATA.test(source) ? source : null;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return null;
    if (keepRemoteImages) return url.href;
    blockedImages++;
    return null;
  };
  const transform: sanitize.Transformer = (tagName, given) => {
    const { href, src, background, style } = given;
    const attribs: sanitize.Attributes = {};
    for (const name of ATTRIBUTES) if (given[name] !== undefined) attribs[name] = given[name];
    const link = tagName === 'a' ? absoluteUrl(href) : null;
    if (link !== null && LINK_SCHEMES.has(link.protocol)) {
      Object.assign(attribs, { href: link.href, target: '_blank', rel: 'noopener noreferrer nofollow' });
    }
    const image = tagName === 'img' && src !== undefined ? imageUrl(src) : null;
    if (image !== null) Object.assign(attribs, { src: image, referrerpolicy: 'no-referrer' });
    const css = safeStyle([style, background && `background-image:url(${background})`].join(';'), imageUrl);
    if (css !== '') attribs.style = css;
    return { tagName, attribs };
  };
  const shown = html.slice(0, lengthShown(html));
  const result = sanitize(shown, {
    allowedTags: ELEMENTS,
    allowedAttributes: { '*': [...ATTRIBUTES, 'style'], a: ['href', 'target', 'rel'], img: ['src', 'referrerpolicy'] },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: ['http', 'https', 'data'] },
    nonTextTags: HIDDEN,
    nestingLimit: MAX_DEPTH,
    // safe-style.ts does it, in less time.
    parseStyleAttributes: false,
    transformTags: { '*': transform },
  });
  return { html: result, blockedImages, isTruncated: shown.length < html.length };
}

/** As a browser resolves it. Null: it is relative, or no URL. */
function absoluteUrl(text: string | undefined): URL | null {
  const url = text === undefined ? null : URL.parse(text, NO_BASE);
  return url?.origin === NO_BASE ? null : url;
}

/** RFC 2392: a Content-ID without its brackets, percent-encoded. */
function contentIdOf({ href }: URL): string {
  const encoded = href.slice('cid:'.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** The parser takes quadratic time for elements that are never closed: their number is bounded with the length. */
function lengthShown(html: string): number {
  const length = Math.min(html.length, MAX_HTML_LENGTH);
  let at = -1;
  for (let tags = 0; tags <= MAX_TAGS; tags++) {
    at = html.indexOf('<', at + 1);
    if (at === -1 || at >= length) return length;
  }
  return at;
}
