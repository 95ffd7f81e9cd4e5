import { StoredMailboxes } from '../email/address.ts';
import { newText } from '../email/new-text.ts';
import { withMailboxes } from '../email/threading.ts';
import { bodyOf } from './bodies.ts';
import { builder } from './builder.ts';
import { Direction } from './enums.ts';
import { Attachment, EmailMessage } from './refs.ts';
import { ReplySuggestion, suggestReply } from './reply-suggestion.ts';
import { RemoteImages, SafeHtml, sanitizedBody } from './safe-html.ts';

/** Sanitizing takes some milliseconds of CPU, as long as resolving so many values. */
const SAFE_HTML_COMPLEXITY = 500;

const MailboxAddress = builder.objectRef<{ address: string; name: string | null }>('MailboxAddress').implement({
  description: 'A mailbox as an address header names it.',
  fields: (t) => ({
    address: t.exposeString('address', {
      description: 'The address as it was received. Foreign headers can contain invalid addresses.',
    }),
    name: t.exposeString('name', { nullable: true, description: 'The display name. Null if there is none.' }),
  }),
});

/** A field of the mailboxes in a header. */
function mailboxesIn<Column extends 'to' | 'cc' | 'replyTo'>(column: Column, description: string) {
  const type: [typeof MailboxAddress] = [MailboxAddress];
  // TypeScript widens the key to string: the cast names it again.
  const select = { [column]: true } as Record<Column, true>;
  return { type, description, select, resolve: (row: Record<Column, unknown>) => StoredMailboxes.parse(row[column]) };
}

builder.prismaObjectFields(EmailMessage, (t) => ({
  uid: t.expose('id', { type: 'UUID', description: 'Identifies the message, for example as `replyToMessageUid`.' }),
  conversation: t.relation('conversation', { description: 'The conversation of the message.' }),
  direction: t.expose('direction', {
    type: Direction,
    description: 'INBOUND if the account received the message, OUTBOUND if it sent it.',
  }),
  isAutomatic: t.exposeBoolean('isAutomatic', {
    description:
      'True if a program wrote the message, for example an automatic reply or a delivery report, or if it was received from an address of an account of the organization. Then it counts neither as a reply nor as contact. `markMessageAutomatic` corrects it.',
  }),
  from: t.field({
    type: MailboxAddress,
    description: 'The sender as the From header names it. Anybody can write any address there.',
    select: { fromAddress: true, fromName: true },
    resolve: ({ fromAddress, fromName }) => ({ address: fromAddress, name: fromName }),
  }),
  to: t.field(mailboxesIn('to', 'The mailboxes in the To header.')),
  cc: t.field(mailboxesIn('cc', 'The mailboxes in the Cc header.')),
  replyTo: t.field(
    mailboxesIn(
      'replyTo',
      'The mailboxes in the Reply-To header: where the sender wants answers. Empty if there is none.',
    ),
  ),
  subject: t.exposeString('subject', {
    description: 'The decoded Subject header, at most 10,000 characters of it. It may be empty.',
  }),
  snippet: t.exposeString('snippet', {
    description:
      'The beginning of the message as plain text. Escape it before you put it into a page. It may be empty.',
  }),
  bodyText: t.field({
    ...bodyOf('emailMessage', 'bodyText'),
    description:
      'The plain-text body. Null if there is none. An operation may read 16 MB of bodies in all, or one message of any size.',
  }),
  bodyHtml: t.field({
    ...bodyOf('emailMessage', 'bodyHtml'),
    description:
      'The HTML body exactly as it was received. It is untrusted: display `safeHtml` instead. Null if there is none. An operation may read 16 MB of bodies in all, or one message of any size.',
  }),
  newText: t.field({
    type: 'String',
    nullable: true,
    description:
      '`bodyText` without the messages it quotes and without the signature. Null if there is no plain-text body, or if new text and quote cannot be told apart: display `bodyText` then. Empty if the message only quotes.',
    select: { bodyTextBytes: true },
    resolve: async ({ id, bodyTextBytes: bytes }, _args, { bodies }) => {
      const text = await bodies.load({ table: 'emailMessage', id, column: 'bodyText', bytes, field: 'newText' });
      return text === null ? null : bodies.inTurn(() => newText(text));
    },
  }),
  safeHtml: t.field({
    type: SafeHtml,
    nullable: true,
    description:
      '`bodyHtml` sanitized for display in a page. Null if there is no HTML body. It counts as 500 values of an operation: ask for it in pages of at most 50 messages.',
    args: {
      remoteImages: t.arg({
        type: RemoteImages,
        required: true,
        defaultValue: 'BLOCK',
        description: 'Whether to keep images that are loaded from the web.',
      }),
    },
    complexity: SAFE_HTML_COMPLEXITY,
    select: {
      bodyHtmlBytes: true,
      attachments: { orderBy: { position: 'asc' }, select: { id: true, contentId: true } },
    },
    resolve: (message, { remoteImages }, context) => sanitizedBody(context, message, remoteImages),
  }),
  sentAt: t.expose('sentAt', {
    type: 'DateTime',
    description: 'When Gmail received or sent the message. The Date header is not used.',
  }),
  isRead: t.exposeBoolean('isRead', { description: 'True if the message was read.' }),
  labels: t.exposeStringList('labels', {
    description:
      'The ids of the Gmail labels. A message with TRASH or SPAM is kept but not counted. `isRead` is false if UNREAD is one of them.',
  }),
  deletedAt: t.expose('deletedAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'When the message was deleted in Gmail, or its account was forgotten. Epistle then keeps the record without its content, because an outbound email replies to it, or because it is the sent copy of one. Null if it was not deleted.',
  }),
  contentErasedAt: t.expose('contentErasedAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'When the bodies and files of the message were erased, because of their age or on request. Null: they were not.',
  }),
  messageId: t.exposeString('messageId', {
    nullable: true,
    description:
      'The Message-ID with angle brackets. An invalid one is given as received, shortened. Null if the message has none; then a reply in its thread is not possible.',
  }),
  inReplyTo: t.exposeString('inReplyTo', {
    nullable: true,
    description: 'The In-Reply-To header. Null if there is none.',
  }),
  references: t.exposeStringList('references', { description: 'The Message-IDs in the References header.' }),
  providerMessageId: t.exposeString('providerMessageId', {
    description: 'The id of the message in Gmail. It is only valid in this account.',
  }),
  problem: t.exposeString('problem', {
    nullable: true,
    description:
      'A note for people on any part of the message that could not be imported. Null if the message is complete.',
  }),
  attachments: t.field({
    type: [Attachment],
    description: 'The attached files.',
    select: (_args, _context, nested) => ({ attachments: nested({ orderBy: { position: 'asc' } }) }),
    resolve: ({ attachments }) => attachments,
  }),
  outboundEmail: t.relation('outboundEmail', {
    nullable: true,
    description: 'The outbound email that this message is the sent copy of. Null if it was not sent through Epistle.',
  }),
  replySuggestion: t.field({
    type: ReplySuggestion,
    nullable: true,
    description:
      'The recipients, subject and quote to start a reply with. It honors Reply-To. The quote contains the whole message: ask for it where a person replies, not in lists. Null only with an error in `errors`, such as too many bodies for one operation.',
    args: {
      all: t.arg.boolean({
        defaultValue: false,
        description: 'True: suggest a reply to all recipients. False: a reply to the sender.',
      }),
    },
    select: {
      fromAddress: true,
      fromName: true,
      to: true,
      cc: true,
      replyTo: true,
      subject: true,
      bodyTextBytes: true,
      bodyHtmlBytes: true,
      sentAt: true,
      account: { select: { email: true, aliases: true } },
    },
    resolve: ({ account, ...message }, { all }, { bodies }) =>
      suggestReply(bodies, {
        message: withMailboxes(message),
        ownAddresses: [account.email, ...account.aliases],
        all: all ?? false,
      }),
  }),
}));

builder.queryField('emailMessage', (t) =>
  t.prismaField({
    type: EmailMessage,
    nullable: true,
    description: 'Finds a message by its uid. Null if there is none.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the message.' }) },
    resolve: (query, _root, { uid }, { db }) => db.emailMessage.findFirst({ ...query, where: { id: uid } }),
  }),
);
