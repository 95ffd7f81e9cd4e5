/** What the tests of storing share: messages as the gateway gives them, and storing them as a sync does. */

import type { GmailMessage } from '../../src/gmail/gateway.ts';
import { storeMessage } from '../../src/inbox/store-message.ts';
import { mailboxOf, type Tenant, type TestApp } from './harness.ts';

export interface Given extends Partial<Omit<GmailMessage, 'headers'>> {
  readonly messageId: string;
  readonly from?: string;
  readonly to?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Unread and from Maria, at the first of May, unless told otherwise. */
export function gmailMessage(
  tenant: Tenant,
  { from = 'maria@acme.example', to = tenant.email, headers = {}, ...given }: Given,
): GmailMessage {
  const all = { From: from, To: to, Subject: 'Hello', 'Message-ID': `<${given.messageId}@acme.example>`, ...headers };
  return {
    threadId: `thread-of-${given.messageId}`,
    labels: ['INBOX', 'UNREAD'],
    snippet: `Snippet of ${given.messageId}`,
    internalDate: new Date('2026-05-01T00:00:00Z'),
    bodyText: 'Hello',
    bodyHtml: null,
    parts: [],
    report: null,
    problems: [],
    ...given,
    headers: Object.entries(all).map(([name, value]) => ({ name, value })),
  };
}

export async function store(
  t: Pick<TestApp, 'app'>,
  tenant: Tenant,
  message: GmailMessage,
  outboundEmailId: string | null = null,
): Promise<string> {
  return storeMessage(t.app.pool, await mailboxOf(t, tenant), message, outboundEmailId);
}

/** Every order of a few things. */
export function permutations<Value>(values: readonly Value[]): Value[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((value, index) => permutations(values.toSpliced(index, 1)).map((rest) => [value, ...rest]));
}
