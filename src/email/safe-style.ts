/** A `style` attribute: what changes the look of an element in its place. */

const PROPERTIES = new Set(
  `background background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse
  border-color border-left border-left-color border-left-style border-left-width border-radius border-right
  border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color
  border-top-style border-top-width border-width box-sizing caption-side clear color direction display empty-cells float
  font font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style
  list-style-position list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width
  min-height min-width overflow-wrap padding padding-bottom padding-left padding-right padding-top table-layout text-align
  text-decoration text-indent text-overflow text-transform unicode-bidi vertical-align white-space width word-break
  word-spacing word-wrap`.split(/\s+/),
);
/** Words, numbers, colours. No function but those of colours, no escape, no comment. */
const VALUE = /^(?:[\w\s#%.,!/-]|\b(?:rgb|hsl)a?\([\d\s%.,/]*\))*$/i;
/** It would move the element over what is beside it. */
const NEGATIVE = /(?<![a-z_-])-/i;
const IMAGE = /\burl\(\s*["']?([^"'()]*)["']?\s*\)/i;
/** Longer ones hold no style that a person wrote. */
const MAX_LENGTH = 10_000;

/** @param imageUrl where a background image is loaded from. Null: it is left out. */
export function safeStyle(style: string, imageUrl: (source: string) => string | null): string {
  if (style.length > MAX_LENGTH) return '';
  return style
    .split(';')
    .flatMap((declaration) => {
      const colon = declaration.indexOf(':');
      const property = declaration.slice(0, colon).trim().toLowerCase();
      const value = declaration.slice(colon + 1);
      const source = property.startsWith('background') ? IMAGE.exec(value)?.[1] : undefined;
      const url = source === undefined ? null : imageUrl(source);
      const image = url === null ? [] : [`background-image:url("${url.replaceAll('\\', '%5C')}")`];
      // The names of fonts do without their quotes. Without its image, a background has its colour.
      const plain = value
        .replace(source === undefined ? '' : IMAGE, '')
        .replaceAll(/["']/g, '')
        .replace(/\s+/g, ' ')
        .trim();
      const isSafe = PROPERTIES.has(property) && plain !== '' && VALUE.test(plain) && !NEGATIVE.test(plain);
      return isSafe ? [`${property}:${plain}`, ...image] : image;
    })
    .join(';');
}
