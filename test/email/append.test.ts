import { describe, expect, it } from 'vitest';
import { appendBelow } from '../../src/email/append.ts';

const below = { signatureHtml: '<b>Billing</b>', quote: null };

describe('what is appended to HTML', () => {
  it.each([
    ['a Turkish text', '<html><body>İstanbul, İzmir, İnönü</body></html>'],
    ['capitals', '<BODY>Hello</BODY >'],
    ['a body in a comment', '<!-- </body> --><body>Hello</body>'],
  ])('stands before the end of the body of %s', (_, html) => {
    const { bodyHtml } = appendBelow({ bodyText: null, bodyHtml: html }, below);
    const end = html.search(/<\/body\s*>[^-]*$/i);
    expect(bodyHtml).toMatch(/<b>Billing<\/b>/);
    expect([bodyHtml?.slice(0, end), bodyHtml?.endsWith(html.slice(end))]).toEqual([html.slice(0, end), true]);
  });
});
