/** What the tests of reading mailboxes share: mail in the sandbox, and both mailboxes as they can be compared. */
import { expect } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import type { App } from '../../src/app.ts';
import { enqueue } from '../../src/jobs.ts';
import { pollMailbox } from '../../src/sync/poll.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { deliverTo, eventually, type Tenant, type TestApp } from './harness.ts';

/** A mail from outside into the tenant's mailbox. @returns its id there. */
export function deliver(
  { sandbox }: Pick<TestApp, 'sandbox'>,
  tenant: Pick<Tenant, 'email'>,
  mail: {
    readonly subject: string;
    readonly from?: string;
    readonly headers?: readonly string[];
    readonly spam?: boolean;
  },
): string {
  const from = mail.from ?? 'maria@acme.example';
  const lines = [`From: Maria <${from}>`, `To: ${tenant.email}`, `Subject: ${mail.subject}`, ...(mail.headers ?? [])];
  lines.push('MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', `${mail.subject}, in full.`);
  return deliverTo({ sandbox }, tenant, { from, raw: lines.join('\n'), spam: mail.spam ?? false });
}

/** Puts a mail into the mailbox as it would be there since `date`. */
export async function insertOld({ sandbox }: Pick<TestApp, 'sandbox'>, tenant: Tenant, date: Date, subject: string) {
  const lines = [
    'From: maria@acme.example',
    `To: ${tenant.email}`,
    `Subject: ${subject}`,
    `Date: ${date.toUTCString()}`,
  ];
  const { data } = await gmailOf({ sandbox }, tenant).messages.insert({
    userId: 'me',
    internalDateSource: 'dateHeader',
    requestBody: { labelIds: ['INBOX'], raw: Buffer.from([...lines, '', 'Old.'].join('\r\n')).toString('base64url') },
  });
  return data.id ?? '';
}

/** The tenant's mailbox by Gmail's own client, as another program of its owner's would use it. */
export function gmailOf({ sandbox }: Pick<TestApp, 'sandbox'>, { email }: Pick<Tenant, 'email'>) {
  return sandboxGmailClient(sandbox, email, ['https://mail.google.com/']).users;
}

/** What connecting an account does where mailboxes are polled and watched. */
export async function startReading({ app }: { readonly app: App }, tenant: Tenant): Promise<void> {
  const { organizationId, accountId } = tenant;
  await enqueue(app.pool, 'sync', { organizationId, accountId }, 0);
  await enqueue(app.pool, 'watch', { organizationId, accountId }, 0);
}

/** Reads the mailbox until everything is here, in this process. */
export async function syncWholly({ app }: { readonly app: App }, tenant: Tenant): Promise<void> {
  const { signal } = new AbortController();
  const result = await eventually(async () => {
    const { outcome, ...more } = (await syncMailbox(app, tenant, { signal, withFullSync: true })) ?? { outcome: null };
    // Its time was over before all was read, as on a busy machine, or its job reads it.
    return outcome === 'full-sync' || outcome === 'held' ? null : { outcome, ...more };
  }, 60_000);
  if (result.outcome !== 'current') throw new Error(`the mailbox was not read: ${JSON.stringify(result)}`);
}

/** Waits until the mailbox is here. */
export function whenCurrent({ app }: { readonly app: App }, tenant: Tenant): Promise<true> {
  return eventually(async () => {
    const { rows } = await app.pool.query(
      `SELECT FROM mailbox_sync WHERE organization_id = $1 AND account_id = $2 AND phase = 'INCREMENTAL' AND lease_token IS NULL`,
      [tenant.organizationId, tenant.accountId],
    );
    return rows.length === 1 || null;
  }, 60_000);
}

export function stateOf({ app }: { readonly app: App }, tenant: Tenant) {
  return pollMailbox(app, tenant);
}

interface Stored {
  readonly id: string;
  readonly thread: string;
  readonly labels: string;
  readonly subject: string;
}

function inOrder(messages: readonly Stored[]): Stored[] {
  return messages.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The sandbox's mailbox without drafts. */
export function mailboxInGmail({ sandbox }: Pick<TestApp, 'sandbox'>, tenant: Pick<Tenant, 'email'>): Stored[] {
  return inOrder(
    sandbox.admin
      .messages(tenant.email)
      .filter(({ labelIds }) => !labelIds.includes('DRAFT'))
      .map((message) => ({
        id: message.id,
        thread: message.threadId,
        labels: message.labelIds.toSorted().join(),
        subject: message.header('Subject') ?? '',
      })),
  );
}

/** What is stored of it. */
export async function mailboxHere({ app }: { readonly app: App }, tenant: Tenant): Promise<Stored[]> {
  const { rows } = await app.pool.query<Omit<Stored, 'labels'> & { labels: string[] }>(
    `SELECT m.provider_message_id AS id, v.provider_thread_id AS thread, m.labels, m.subject
     FROM email_message m JOIN conversation v ON v.organization_id = m.organization_id AND v.id = m.conversation_id
     WHERE m.organization_id = $1 AND m.account_id = $2 AND m.deleted_at IS NULL`,
    [tenant.organizationId, tenant.accountId],
  );
  return inOrder(rows.map((row) => ({ ...row, labels: row.labels.toSorted().join() })));
}

/** Conversations whose counts and flags are not what their messages say. */
export async function wrongConversations({ app }: { readonly app: App }, tenant: Tenant): Promise<unknown[]> {
  const { rows } = await app.pool.query(
    `SELECT v.id, v.message_count, v.is_read, s.* FROM conversation v LEFT JOIN LATERAL (
       SELECT count(*) FILTER (WHERE NOT labels && '{TRASH,SPAM}')::int AS messages, max(sent_at) AS last,
         coalesce(bool_and(is_read) FILTER (WHERE NOT labels && '{TRASH,SPAM}'), bool_and(is_read), true) AS read,
         bool_or(NOT labels && '{TRASH,SPAM}') AS any_shown
       FROM email_message m WHERE m.organization_id = v.organization_id AND m.conversation_id = v.id AND m.deleted_at IS NULL
     ) s ON true
     WHERE v.organization_id = $1 AND v.account_id = $2
       AND (v.message_count <> s.messages OR v.is_read <> s.read)`,
    [tenant.organizationId, tenant.accountId],
  );
  return rows;
}

/** Epistle has the mailbox as Gmail has it, in conversations that say what their messages say. */
export async function expectMailboxesEqual(t: TestApp, tenant: Tenant): Promise<void> {
  expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
  expect(await wrongConversations(t, tenant)).toEqual([]);
}
