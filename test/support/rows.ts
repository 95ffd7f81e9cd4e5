/** Rows as the send path and the sync would have left them, written directly: for tests about reading many of them. */
import { v7 as uuidv7 } from 'uuid';
import type { Prisma } from '#generated/prisma/client.ts';
import { sql } from '../../src/db/statement.ts';
import { searchTerms } from '../../src/email/search-terms.ts';
import type { Tenant, TestApp } from './harness.ts';

type Some<Row> = Partial<Omit<Row, 'organizationId' | 'id'>>;
type Email = Prisma.OutboundEmailUncheckedCreateInput;

/** What the states require of a row. */
function stateColumns(id: string, at: Date): Record<string, Partial<Email>> {
  const gmailDraft = { sendingAt: at, gmailDraftId: id, gmailDraftMessageId: id, gmailDraftThreadId: id };
  const failure = { failureCode: 'REJECTED', failureMessage: 'No.', failureRetry: 'NEVER', failedAt: at } as const;
  const sent = { providerMessageId: id, providerThreadId: id, threading: 'NEW_THREAD', sentAt: at } as const;
  return {
    SCHEDULED: { plannedSendAt: at },
    SENDING: { ...gmailDraft, leaseToken: id, leaseExpiresAt: at },
    SENT: sent,
    BOUNCED: sent,
    FAILED: failure,
    UNCONFIRMED: { ...gmailDraft, ...failure },
  };
}

interface Context {
  readonly type: string;
  readonly id: string;
}

/** @returns its uid. SENT and FRESH, to `maria@acme.example`, about nothing, unless told otherwise. */
export async function insertEmail(
  { app }: Pick<TestApp, 'app'>,
  tenant: Tenant,
  { about = [], ...given }: Some<Email> & { readonly about?: readonly Context[] } = {},
): Promise<string> {
  const id = uuidv7();
  const status = given.status ?? 'SENT';
  const email = {
    mode: 'FRESH' as const,
    actor: 'system',
    accountId: tenant.accountId,
    fromEmail: tenant.email,
    to: ['maria@acme.example'],
    cc: [],
    bcc: [],
    replyTo: [],
    references: [],
    subject: 'Invoice',
    bodyText: 'Dear Maria',
    ...stateColumns(id, new Date('2026-02-01T00:00:00Z'))[status],
    ...given,
    status,
  };
  const { organizationId } = tenant;
  const { createdAt } = await app.db.outboundEmail.create({ data: { ...email, organizationId, id } });
  await app.db.outboundEmailContext.createMany({
    data: about.map(({ type: contextType, id: contextId }, position) => {
      return { organizationId, outboundEmailId: id, contextType, contextId, position, createdAt };
    }),
  });
  const { to, cc, bcc, subject, bodyText } = email as Record<'to' | 'cc' | 'bcc', string[]> & typeof email;
  const terms = await searchTerms({ texts: [subject, bodyText ?? null], addresses: [...to, ...cc, ...bcc] });
  await app.pool.query(sql`INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms)
    VALUES (${organizationId}, ${id}, array_to_tsvector(${terms}))`);
  return id;
}

/** @returns its uid. Read, unanswered and empty, unless told otherwise. */
export async function insertConversation(
  { app }: Pick<TestApp, 'app'>,
  tenant: Tenant,
  given: Some<Prisma.ConversationUncheckedCreateInput> = {},
): Promise<string> {
  const id = uuidv7();
  const { organizationId, accountId } = tenant;
  await app.db.conversation.create({
    data: {
      accountId,
      providerThreadId: id,
      subject: 'Invoice',
      snippet: '',
      participants: ['maria@acme.example'],
      isRead: true,
      hasReply: false,
      messageCount: 1,
      lastMessageAt: new Date('2026-02-01T00:00:00Z'),
      ...given,
      organizationId,
      id,
    },
  });
  return id;
}

/** @returns its uid. Inbound, unless told otherwise. */
export async function insertMessage(
  { app }: Pick<TestApp, 'app'>,
  tenant: Tenant,
  given: Some<Prisma.EmailMessageUncheckedCreateInput> & { readonly conversationId: string },
): Promise<string> {
  const id = uuidv7();
  const { organizationId, accountId } = tenant;
  await app.db.emailMessage.create({
    data: {
      accountId,
      providerMessageId: id,
      direction: 'INBOUND',
      fromAddress: 'maria@acme.example',
      to: [],
      cc: [],
      replyTo: [],
      subject: 'Invoice',
      snippet: '',
      labels: [],
      references: [],
      isRead: true,
      sentAt: new Date('2026-02-01T00:00:00Z'),
      ...given,
      organizationId,
      id,
    },
  });
  return id;
}

/** What a conversation is about. */
export async function linkContext(
  { app }: Pick<TestApp, 'app'>,
  { organizationId }: Tenant,
  conversationId: string,
  context: Context,
): Promise<void> {
  const { type: contextType, id: contextId } = context;
  const position = await app.db.conversationContext.count({ where: { organizationId, conversationId } });
  const data = { organizationId, conversationId, contextType, contextId, position };
  await app.db.conversationContext.create({ data });
}
