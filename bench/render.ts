/** Filling 1,000 HTML templates of 10 KB with 20 tokens each, beside the replacement of the same tokens by one regular expression. */
import { fill, parseHtml } from '../src/email/template.ts';
import { tokenNames } from '../src/email/token-names.ts';
import { atLeast, type Row, shareOfFloor } from './report.ts';
import { median } from './statistics.ts';

const TEMPLATES = 1_000;
const TOKENS = 20;
const LENGTH = 10_000;
const ROUNDS = 7;
const LEAST_PER_S = 5_000;

const tokens = Array.from({ length: TOKENS }, (_, index) => `token_${index}`);
const values = new Map(tokens.map((token) => [token, { text: `Value & of "${token}"` }]));
const names = tokenNames(tokens);

/** Paragraphs of a billing email, the tokens in texts, attributes and URLs. */
function template(n: number): string {
  const words = 'Please find our invoice and pay it within the next fourteen days. '.repeat(5);
  const paragraph = (token: string, index: number) =>
    `<p style="margin:0 0 1em" title="{${token}}">${n} ${words}` +
    `<a href="https://pay.example/?n={${token}}">pay ${index}</a></p>\n`;
  const used = tokens.slice(0, TOKENS / 2);
  const markup = `<html><body>${used.map(paragraph).join('')}`;
  return `${markup}<!--${' '.repeat(Math.max(0, LENGTH - markup.length))}--></body></html>`;
}

/** Fillings in a second of CPU, the median of several rounds. */
function perSecond(fill: (html: string, index: number) => string, templates: readonly string[]): number {
  const rates = Array.from({ length: ROUNDS }, () => {
    const { user, system } = process.cpuUsage();
    for (const [index, html] of templates.entries())
      if (fill(html, index).length < LENGTH) throw new Error('too short');
    const after = process.cpuUsage();
    return (templates.length * 1e6) / (after.user + after.system - user - system);
  });
  return median(rates);
}

const ESCAPED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export async function benchRender(): Promise<Row[]> {
  const templates = Array.from({ length: TEMPLATES }, (_, n) => template(n));
  const floor = perSecond(
    (html) =>
      html.replace(/\{(\w+)\}/g, (_, name: string) =>
        (values.get(name)?.text ?? '').replace(/[&<>"]/g, (character) => ESCAPED[character] ?? ''),
      ),
    templates,
  );
  const whole = perSecond((html) => fill(parseHtml('bodyHtml', html), values, names).words, templates);
  const parsed = templates.map((html) => parseHtml('bodyHtml', html));
  const filled = perSecond((html, index) => {
    const each = parsed[index] ?? parseHtml('bodyHtml', html);
    return fill(each, values, names).words;
  }, templates);
  return [
    atLeast(LEAST_PER_S, 'templates/s', {
      scenario: 'render 10 KB, parsed each time',
      epistle: whole,
      detail: { floor },
    }),
    shareOfFloor(0.3, 'templates/s', { scenario: 'render 10 KB, parsed before', epistle: filled, floor }),
  ];
}
