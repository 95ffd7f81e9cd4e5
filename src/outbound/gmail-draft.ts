import { mailboxAccess } from '../accounts/mailbox-access.ts';
import { findSendAs } from '../accounts/send-as.ts';
import type { App } from '../app.ts';
import { composeMessage } from '../email/compose.ts';
import { GmailError } from '../gmail/errors.ts';
import type { DraftRef } from '../gmail/gateway.ts';
import type { Delivery } from './enqueue.ts';

/** The SHA-256 of the MIME bytes that were handed to Gmail, and of each file in them, in hex. */
interface Composed {
  readonly mimeSha256: string;
  readonly mimeBytes: number;
  readonly attachmentsSha256: readonly string[];
}

/** `composed` is null for the Gmail draft of an earlier attempt, whose event has the hashes. */
export type GmailDraft = DraftRef & { readonly composed: Composed | null };

/**
 * The Gmail draft of an earlier, refused attempt, unless its owner has edited it since.
 * @throws {GmailError}
 */
export async function usableGmailDraft(
  app: App,
  { sender, gmailDraft }: Delivery,
  signal: AbortSignal,
): Promise<GmailDraft | null> {
  if (gmailDraft === null) return null;
  const draft = await app.gmail.getDraft(mailboxAccess(app, sender), gmailDraft.draftId, { signal });
  // A missing draft may have been sent. Using it shows that, and sends nothing.
  if (draft !== null && isReplaced(draft, gmailDraft)) return null;
  return { ...gmailDraft, labels: draft?.labels ?? [], composed: null };
}

/** Whether its owner has edited the Gmail draft, which then has another message. Sending it would send the edit. */
export function isReplaced(draft: DraftRef, { messageId }: { readonly messageId: string | null }): boolean {
  return draft.messageId !== messageId && !wasSent(draft);
}

/** Whether the Gmail draft has remained after its message was sent. It must not be sent again. */
export function wasSent({ labels }: Pick<DraftRef, 'labels'>): boolean {
  return labels.includes('SENT');
}

/** @throws {GmailError} */
export async function createGmailDraft(app: App, delivery: Delivery, signal: AbortSignal): Promise<GmailDraft> {
  const { sender, fromEmail, thread, content, lease, revision } = delivery;
  const mailbox = mailboxAccess(app, sender);
  const attachments = await delivery.attachments();
  const mime = await composeMessage({
    opId: lease.outboundEmailId,
    revision,
    from: { address: fromEmail, name: await senderName(app, delivery) },
    ...content,
    attachments,
    inReplyTo: thread.inReplyTo,
    references: thread.references,
    date: app.now(),
  });
  const create = (threadId: string | null) => app.gmail.createDraft(mailbox, { mime, threadId }, { signal });
  const gmailDraft = await create(thread.threadId).catch((error: unknown) => {
    if (!(error instanceof GmailError && error.kind === 'thread-not-found')) throw error;
    // The thread was deleted in Gmail. The reply headers still put the email into the recipient's thread.
    return create(null);
  });
  const attachmentsSha256 = attachments.map(({ sha256 }) => sha256);
  return { ...gmailDraft, composed: { mimeSha256: mime.sha256(), mimeBytes: mime.size, attachmentsSha256 } };
}

/** The name that Gmail shows for the sender address. An alias without one of its own has that of the account. */
async function senderName({ pool }: App, { sender, fromEmail }: Delivery): Promise<string | null> {
  const alias = fromEmail === sender.email ? null : await findSendAs(pool, sender, fromEmail);
  return alias?.displayName ?? sender.displayName;
}
