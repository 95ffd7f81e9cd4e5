/** Address lists as they stand in To, Cc, Bcc and From. */

export interface Address {
  readonly displayName: string;
  /** In lower case. */
  readonly email: string;
}

const ADDR_SPEC = /^(?:"(?:[^"\\\r\n]|\\.)+"|[^\s@<>()[\],;:"\\]+)@[^\s@<>()[\],;:"\\]+$/;

/** Null when any entry is not an address. Groups are flattened, comments dropped, empty entries skipped. */
export function parseAddressList(value: string): Address[] | null {
  const addresses: Address[] = [];
  for (const entry of splitEntries(value)) {
    const address = parseAddress(entry);
    if (address === null) return null;
    addresses.push(address);
  }
  return addresses;
}

function parseAddress(entry: string): Address | null {
  const angle = /^(.*)<([^<>]*)>$/s.exec(entry);
  const email = (angle?.[2] ?? entry).trim();
  if (!ADDR_SPEC.test(email)) return null;
  const displayName = (angle?.[1] ?? '')
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .replace(/\\(.)/g, '$1');
  return { displayName, email: email.toLowerCase() };
}

/** Splits at commas outside quotes, comments and angle brackets; a group's name and its `;` fall away. */
function splitEntries(value: string): string[] {
  const entries: string[] = [];
  let entry = '';
  let quoted = false;
  let angle = false;
  let comment = 0;
  const push = () => {
    if (entry.trim() !== '') entries.push(entry.trim());
    entry = '';
  };
  for (let index = 0; index < value.length; index++) {
    const char = value.charAt(index);
    if (char === '\\' && (quoted || comment > 0)) {
      if (comment === 0) entry += char + value.charAt(index + 1);
      index++;
    } else if (comment > 0) {
      if (char === '(') comment++;
      if (char === ')') comment--;
    } else if (char === '"') {
      quoted = !quoted;
      entry += char;
    } else if (quoted) entry += char;
    else if (char === '(') comment++;
    else if (char === '<' || char === '>') {
      angle = char === '<';
      entry += char;
    } else if (!angle && (char === ',' || char === ';')) push();
    else if (!angle && char === ':') entry = '';
    else entry += char;
  }
  push();
  return entries;
}
