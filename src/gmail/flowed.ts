/** A text with more lines was written by a machine and stays as it is: a line costs more time than a character. */
const MAX_LINES = 50_000;

/**
 * Undoes `format=flowed; delsp=yes` (RFC 3676 section 4): a line that ends in a space continues in the next one of the same
 * quote depth, without that space. Without `delsp` the lines break between words and stay as they are.
 */
export function unflowed(text: string): string {
  const lines = text.split(/\r?\n/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) return text;
  const paragraphs: string[] = [];
  let open: { readonly depth: number; text: string } | null = null;
  const close = () => {
    if (open !== null) paragraphs.push(`${'>'.repeat(open.depth)}${open.depth > 0 ? ' ' : ''}${open.text}`);
    open = null;
  };
  for (const line of lines) {
    const depth = /^>*/.exec(line)?.[0].length ?? 0;
    // Space-stuffing, section 4.4.
    const content = line.slice(line[depth] === ' ' ? depth + 1 : depth);
    const isSignature = content === '-- ';
    const isFlowed = content.endsWith(' ') && !isSignature;
    if (open === null || open.depth !== depth || isSignature) {
      close();
      open = { depth, text: '' };
    }
    open.text += isFlowed ? content.slice(0, -1) : content;
    if (!isFlowed) close();
  }
  close();
  return paragraphs.join(text.includes('\r\n') ? '\r\n' : '\n');
}

/** @param contentType the value of a Content-Type. */
export function isFlowedDelSp(contentType: string): boolean {
  return /;\s*format\s*=\s*"?flowed\b/i.test(contentType) && /;\s*delsp\s*=\s*"?yes\b/i.test(contentType);
}
