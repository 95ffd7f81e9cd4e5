/** Seeded hostile inputs: HTTP requests of strangers and careless clients, and mails. */

import type { Random } from '../test/support/random.ts';

export interface SoakRequest {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

export interface Targets {
  readonly key: string;
  readonly accountId: string;
  readonly invoiceId: string;
}

const FRAGMENTS = [
  '\0',
  '\r\n',
  '\r\nBcc: eve@evil.example',
  '\ud800',
  '\u202e',
  '\u0301'.repeat(2_000),
  'é'.repeat(500),
  '<script>',
  '"',
  '\\',
  '%00',
  '../../etc/passwd',
  "'; DROP TABLE outbound_email; --",
  '{invoice_number}',
  '=?utf-8?q?=00?=',
  '@',
  'a@b',
  'a@b.c',
  '<a@b.c>',
  'maria@acme.example',
  '🦒'.repeat(200),
  'x'.repeat(70_000),
  '-1',
  '1e999',
  'null',
  '[]',
  '{}',
  '01a2',
  '0199aa11-2b3c-7def-8123-456789abcdef',
  '2026-02-30T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00Z',
  'T'.repeat(3),
  '(((((((((('.repeat(300),
  '<'.repeat(3_000),
];

/** One hostile request. @param n makes the idempotency keys of valid ones. */
export function hostileRequest(random: Random, n: number, targets: Targets): SoakRequest {
  const pick = <Value>(values: readonly Value[]): Value => values[random.int(values.length)] as Value;
  const text = () => Array.from({ length: random.int(1, 4) }, () => pick(FRAGMENTS)).join('');
  const value = (depth = 0): unknown => {
    const kind = random.int(10);
    if (kind < 5 || depth > 6) return text();
    if (kind < 6) return pick([null, true, -1, 0, 1e308, 2 ** 53, 0.1]);
    if (kind < 8) return Array.from({ length: random.int(5) }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: random.int(4) }, () => [text().slice(0, 50), value(depth + 1)]));
  };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${targets.key}` };
  const graphql = (kind: string, query: string, variables: unknown): SoakRequest => ({
    kind,
    method: 'POST',
    path: '/graphql',
    headers,
    body: JSON.stringify({ query, variables }),
  });
  const kinds: readonly (() => SoakRequest)[] = [
    () => ({ kind: 'bytes', method: 'POST', path: '/graphql', headers, body: text() }),
    () => ({
      kind: 'nested',
      method: 'POST',
      path: '/graphql',
      headers,
      body: `{"query":"{__typename}","variables":${'['.repeat(random.int(20_000))}`,
    }),
    () =>
      graphql(
        'syntax',
        pick([
          '{',
          '{ a }',
          'query { emailAccounts { ',
          `{ conversations(filter: { search: ${JSON.stringify(text())} }) { nope } }`,
          text(),
        ]),
        value(),
      ),
    () =>
      graphql('send', SEND, {
        input: {
          fresh: {
            fromAccountUid: pick([targets.accountId, text()]),
            to: pick([['maria@acme.example'], [text()], value()]),
            subject: pick(['Invoice', text()]),
            bodyText: pick(['Dear Maria', text()]),
            bodyHtml: pick([null, text()]),
            contexts: pick([null, [{ type: 'invoice', uid: pick([targets.invoiceId, text()]) }], value()]),
            attachments: pick([
              null,
              [{ filename: text(), contentType: text(), dataBase64: pick([text(), 'AAAA']) }],
              value(),
            ]),
            idempotencyKey: pick([null, text(), `soak-${n}`]),
          },
        },
      }),
    () =>
      graphql('draft', DRAFT, {
        input: { fromAccountUid: targets.accountId, subject: text().slice(0, 2_000), bodyText: text(), to: value() },
      }),
    () =>
      graphql('list', LIST, {
        first: pick([1, 0, -1, 101, 2 ** 31, text()]),
        after: pick([null, text()]),
        search: pick([text(), null]),
      }),
    () =>
      graphql('node', 'query($id: ID!) { node(id: $id) { id } }', {
        id: pick([text(), `Invoice_${targets.invoiceId}`, value()]),
      }),
    () => ({
      kind: 'get',
      method: 'GET',
      path: `/graphql?query=${encodeURIComponent('{viewer{actor}}')}&variables=${encodeURIComponent(pick(['{', '[1', 'null', '1']))}`,
      headers,
      body: null,
    }),
    () => ({
      kind: 'path',
      method: pick(['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']),
      path: pick([
        '/',
        '//',
        '/attachments/x',
        `/attachments/${targets.invoiceId}`,
        '/graphql',
        '/oauth/google/callback?state=a&code=b',
        '/health',
        '/%',
        '/../..',
      ]),
      headers,
      body: null,
    }),
    () => ({
      kind: 'push',
      method: 'POST',
      path: '/google/push',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${text().replaceAll(/[^\x21-\x7e]/g, '')}`,
      },
      body: text(),
    }),
    () => ({
      kind: 'stranger',
      method: 'POST',
      path: '/graphql',
      headers: {
        'content-type': pick(['application/json', 'text/plain', 'multipart/form-data']),
        authorization: pick(['', 'Bearer epk_x', 'Basic eA==']),
      },
      body: JSON.stringify({ query: text() }),
    }),
  ];
  return pick(kinds)();
}

/** A valid request, which must be answered correctly between the hostile ones. */
export function soundRequest(n: number, { key, accountId, invoiceId }: Targets): SoakRequest {
  const fresh = {
    fromAccountUid: accountId,
    to: ['maria@acme.example'],
    subject: `Invoice ${n}`,
    bodyText: 'Dear Maria, here is our invoice.',
    contexts: [{ type: 'invoice', uid: invoiceId }],
    idempotencyKey: `sound-${n}`,
  };
  return {
    kind: 'sound',
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: SEND, variables: { input: { fresh } } }),
  };
}

const SEND = `mutation($input: SendEmailInput!) { sendEmail(input: $input) { __typename
  ... on SendEmailPayload { replayed outboundEmail { uid status } } ... on UserError { code message } } }`;
const DRAFT = `mutation($input: CreateDraftInput!) { createDraft(input: $input) { __typename ... on UserError { code message } } }`;
const LIST = `query($first: Int, $after: String, $search: String) {
  conversations(first: $first, after: $after, filter: { search: $search }) { totalCount edges { cursor node { subject participants } } }
  outboundEmails(first: $first, after: $after, filter: { search: $search }) { edges { node { subject status } } } }`;

/** A hostile mail: bytes that break the rules of RFC 5322. */
export function hostileMail(random: Random): string {
  const pick = <Value>(values: readonly Value[]): Value => values[random.int(values.length)] as Value;
  const headers = [
    'From: Eve <eve@evil.example>',
    `Subject: ${pick(['=?utf-8?q?=', '=?iso-2022-jp?b?GyRC?='.repeat(500), 'x'.repeat(50_000)])}`,
  ];
  const bodies: readonly (() => string)[] = [
    () => `${headers.join('\r\n')}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\na${'\u0301'.repeat(150_000)}`,
    () => `${headers.join('\r\n')}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${'<div>'.repeat(40_000)}`,
    () => `${headers.join('\r\n')}\r\nContent-Type: text/html\r\n\r\n${'<'.repeat(200_000)}`,
    () => `${headers.join('\r\n')}\r\nTo: ${'a@b,'.repeat(20_000)}\r\n\r\nhi`,
    () => `${headers.join('\r\n')}\r\nReferences: ${'<a@b> '.repeat(20_000)}\r\n\r\nhi`,
    () => `${headers.join('\r\n')}\r\n${Array.from({ length: 3_000 }, (_, n) => `X-${n}: y`).join('\r\n')}\r\n\r\nhi`,
    () =>
      `${headers.join('\r\n')}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(2_000)}--b--`,
    () => `${headers.join('\r\n')}\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n${'+AAA'.repeat(50_000)}`,
  ];
  return pick(bodies)();
}
