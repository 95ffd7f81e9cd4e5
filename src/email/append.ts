import type { WrittenEmail } from './content.ts';
import { htmlToText } from './html-text.ts';

type Bodies = Pick<WrittenEmail, 'bodyText' | 'bodyHtml'>;

/** What is written below an email: first the signature, then the quote. */
interface Below {
  /** HTML. Null: none. */
  readonly signatureHtml: string | null;
  readonly quote: { readonly text: string; readonly html: string } | null;
}

/**
 * Appends the signature and the quote to the bodies that are there. RFC 3676 section 4.3: "-- " on a line of its own begins a
 * signature.
 */
export function appendBelow({ bodyText, bodyHtml }: Bodies, { signatureHtml, quote }: Below): Bodies {
  const signature = signatureHtml === null ? null : htmlToText(signatureHtml);
  const texts = [signature === null ? null : `-- \n${signature}`, quote?.text ?? null];
  const htmls = [
    signatureHtml === null ? null : `<div>-- </div>\n<div class="gmail_signature">${signatureHtml}</div>`,
    quote?.html ?? null,
  ];
  return {
    bodyText: bodyText === null ? null : joined([bodyText || null, ...texts], '\n\n'),
    bodyHtml: bodyHtml === null ? null : insertAtEnd(bodyHtml, joined(['', ...htmls], '\n<br>\n')),
  };
}

function joined(parts: readonly (string | null)[], separator: string): string {
  return parts.filter((part) => part !== null).join(separator);
}

/** Before the end tag of the body, if there is one. */
function insertAtEnd(html: string, addition: string): string {
  const end = Array.from(html.matchAll(/<\/body/gi)).at(-1)?.index ?? html.length;
  return html.slice(0, end) + addition + html.slice(end);
}
