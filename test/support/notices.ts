/** What the tests of bounces share: notifications as mail systems write them. */
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { graphql } from '../generated/gql.ts';
import { importMessage, query, receive, type Tenant, type TestApp } from './harness.ts';

export const Bounces = graphql(`
  query Bounces($uid: UUID!) {
    outboundEmail(uid: $uid) {
      status
      failure { code retry }
      providerMessageId
      messageId
      conversation { uid hasReply isRead messageCount }
      message { uid }
      bounces { recipient status diagnostic permanent at }
      events(first: 50) { edges { node { type fromStatus toStatus actor detail } } }
    }
  }
`);

/** The email with its bounces. @throws when there is none. */
export async function bouncesOf(t: TestApp, tenant: Tenant, uid: string) {
  const { outboundEmail } = await query(t, tenant.key, Bounces, { uid });
  if (!outboundEmail) throw new Error(`there is no outbound email ${uid}`);
  const { events, ...email } = outboundEmail;
  const nodes = events.edges.map(({ node }) => node);
  return {
    ...email,
    events: nodes.map(({ type }) => type),
    changes: nodes
      .filter(({ toStatus }) => toStatus !== null)
      .map(({ type, fromStatus, toStatus }) => [type, fromStatus, toStatus]),
    detailOf: (type: string) => nodes.filter((node) => node.type === type).map(({ detail }) => detail),
  };
}

export interface Recipient {
  readonly final: string;
  readonly original?: string;
  readonly action?: string;
  readonly status?: string;
}

export interface Notification {
  readonly from?: string;
  readonly recipients: readonly Recipient[];
  /** Header lines of the returned mail. Null: nothing is returned. */
  readonly returned?: readonly string[] | null;
  readonly returnedAs?: 'message/rfc822' | 'text/rfc822-headers';
  /** Header lines of the notification itself. */
  readonly headers?: readonly string[];
}

/** RFC 3464, as a server outside of Google writes it. */
export function notification({
  from = 'MAILER-DAEMON@mx.acme.example',
  recipients,
  returned = null,
  returnedAs = 'message/rfc822',
  headers = [],
}: Notification): string {
  const status = recipients.map(({ final, original, action = 'failed', status: code = '5.1.1' }) =>
    [
      ...(original === undefined ? [] : [`Original-Recipient: rfc822;${original}`]),
      `Final-Recipient: RFC822; ${final}`,
      `Action: ${action}`,
      `Status: ${code}`,
      `Diagnostic-Code: smtp; 550 ${code} no such\n  user here`,
      '',
    ].join('\n'),
  );
  return [
    `From: Mail Delivery System <${from}>`,
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    ...headers,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'I am sorry to have to inform you that your message could not be delivered.',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.acme.example',
    '',
    ...status,
    ...(returned === null ? [] : ['--b', `Content-Type: ${returnedAs}`, '', ...returned, '', 'The body.']),
    '--b--',
    '',
  ].join('\n');
}

/** As `receive`. */
export function arrive(
  t: TestApp,
  tenant: Tenant,
  raw: string,
  { envelopeFrom = '', spam = false }: { envelopeFrom?: string; spam?: boolean } = {},
): Promise<string> {
  return receive(t, tenant, { from: envelopeFrom, raw, spam });
}

/**
 * As `arrive`, with these headers and no others: what Google's own servers write has no trace of one outside, and no
 * verdict but one that is given.
 */
export async function arriveAsItIs(t: TestApp, tenant: Tenant, raw: string): Promise<string> {
  const requestBody = {
    raw: Buffer.from(raw.replace(/\r?\n/g, '\r\n')).toString('base64url'),
    labelIds: ['INBOX', 'UNREAD'],
  };
  const { messages } = sandboxGmailClient(t.sandbox, tenant.email).users;
  const { data } = await messages.insert({ userId: 'me', requestBody });
  return importMessage(t, tenant, data.id ?? '');
}

/** Stores everything in the tenant's mailbox that its owner did not send, the newest first as an import does. */
export async function importInbound(t: TestApp, tenant: Tenant): Promise<string[]> {
  const inbound = t.sandbox.admin
    .messages(tenant.email)
    .filter(({ labelIds }) => !labelIds.includes('SENT') && !labelIds.includes('DRAFT'));
  const uids: string[] = [];
  for (const { id } of inbound.toReversed()) uids.push(await importMessage(t, tenant, id));
  return uids;
}
