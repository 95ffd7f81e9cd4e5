import { z } from 'zod';
import { replySuggestion } from '../email/threading.ts';
import { Attachment } from './attachment.ts';
import { builder } from './builder.ts';
import { Direction } from './enums.ts';
import type { KeysetOrder } from './keyset.ts';

/** Messages that are in the mailbox still. */
export const NOT_DELETED = { deletedAt: null } as const;

export const MESSAGE_ORDER: KeysetOrder<'sentAt'> = { column: 'sentAt', direction: 'asc' };

const StoredMailboxes = z.array(z.object({ address: z.string(), name: z.string().nullable() }));

const MailboxAddress = builder.objectRef<{ address: string; name: string | null }>('MailboxAddress').implement({
  description: 'A mailbox as an address header names it.',
  fields: (t) => ({
    address: t.exposeString('address', { description: 'The addr-spec as it came; others may send what is not valid.' }),
    name: t.exposeString('name', { nullable: true, description: 'The display name. Null: there was none.' }),
  }),
});

const ReplySuggestion = builder
  .objectRef<{ to: string[]; cc: string[]; subject: string; quotedText: string; quotedHtml: string }>('ReplySuggestion')
  .implement({
    description: 'What a reply to the message would start from.',
    fields: (t) => ({
      to: t.expose('to', {
        type: ['EmailAddress'],
        description:
          'Reply-To, or else From; of a message of our own its To. The account itself only where there is nobody else. Empty: to none of them can be sent.',
      }),
      cc: t.expose('cc', {
        type: ['EmailAddress'],
        description: 'The other recipients of To and Cc when `all` was asked for, otherwise none.',
      }),
      subject: t.exposeString('subject', {
        description: 'The subject behind one `Re: `; one `AW: ` or the like is left in its place.',
      }),
      quotedText: t.exposeString('quotedText', {
        description: 'Who wrote when, and the message, each line behind `> `: at most 100,000 characters of it.',
      }),
      quotedHtml: t.exposeString('quotedHtml', {
        description: 'The same in a blockquote, escaped: its text, without the markup of a stranger.',
      }),
    }),
  });

export const EmailMessage = builder.prismaNode('EmailMessage', {
  description: 'One stored email of a conversation.',
  authScopes: { scope: 'email:read' },
  select: { id: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'What `replyToMessageUid` takes.' }),
    conversation: t.relation('conversation', { description: 'The conversation it is in.' }),
    direction: t.expose('direction', { type: Direction, description: 'Received or sent.' }),
    from: t.field({
      type: MailboxAddress,
      description: 'Who wrote it, by its From header, which anybody can write.',
      select: { fromAddress: true, fromName: true },
      resolve: ({ fromAddress, fromName }) => ({ address: fromAddress, name: fromName }),
    }),
    to: t.field({
      type: [MailboxAddress],
      description: 'Its To header.',
      select: { to: true },
      resolve: ({ to }) => StoredMailboxes.parse(to),
    }),
    cc: t.field({
      type: [MailboxAddress],
      description: 'Its Cc header.',
      select: { cc: true },
      resolve: ({ cc }) => StoredMailboxes.parse(cc),
    }),
    replyTo: t.field({
      type: [MailboxAddress],
      description: 'Its Reply-To header: where answers are wanted.',
      select: { replyTo: true },
      resolve: ({ replyTo }) => StoredMailboxes.parse(replyTo),
    }),
    subject: t.exposeString('subject', { description: 'Its Subject header, decoded. It may be empty.' }),
    snippet: t.exposeString('snippet', {
      description: 'Its beginning, as plain text: to be escaped in a page. It may be empty.',
    }),
    bodyText: t.exposeString('bodyText', { nullable: true, description: 'Its plain-text body. Null: it has none.' }),
    bodyHtml: t.exposeString('bodyHtml', {
      nullable: true,
      description:
        'Its HTML body exactly as it came, from a stranger: sanitise it before you show it. Null: it has none.',
    }),
    sentAt: t.expose('sentAt', {
      type: 'DateTime',
      description: "Gmail's time of receipt or sending, whatever its Date header says.",
    }),
    isRead: t.exposeBoolean('isRead', { description: 'Whether it was read.' }),
    labels: t.exposeStringList('labels', {
      description:
        'Its Gmail labels, by id. TRASH and SPAM are labels too: what has one is kept, and not counted. UNREAD is `isRead`.',
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it was deleted in Gmail. It is kept, without its content, because an outbound email answers it. Null: it is there.',
    }),
    messageId: t.exposeString('messageId', {
      nullable: true,
      description:
        'Its Message-ID, with angle brackets; what cannot be one is as it came, cut. Null: it came without one, and cannot be replied to in its thread.',
    }),
    inReplyTo: t.exposeString('inReplyTo', { nullable: true, description: 'Its In-Reply-To header. Null: none.' }),
    references: t.exposeStringList('references', { description: 'The Message-IDs of its References header.' }),
    providerMessageId: t.exposeString('providerMessageId', {
      description: "Gmail's id of it, valid in this account only.",
    }),
    problem: t.exposeString('problem', {
      nullable: true,
      description: 'What could not be read of it, for people: what is here is the rest. Null: all of it was read.',
    }),
    attachments: t.field({
      type: [Attachment],
      description: 'Its files.',
      select: (_args, _context, nested) => ({ attachments: nested({ orderBy: { position: 'asc' } }) }),
      resolve: ({ attachments }) => attachments,
    }),
    outboundEmail: t.relation('outboundEmail', {
      nullable: true,
      description: 'The outbound email that it is the sent copy of. Null: it was not sent through Epistle.',
    }),
    replySuggestion: t.field({
      type: ReplySuggestion,
      description:
        'What a reply would start from; it honours Reply-To. Quotes the whole message: ask for it where somebody replies, not in lists.',
      args: { all: t.arg.boolean({ defaultValue: false, description: 'True: reply to everyone.' }) },
      select: {
        fromAddress: true,
        fromName: true,
        to: true,
        cc: true,
        replyTo: true,
        subject: true,
        bodyText: true,
        bodyHtml: true,
        sentAt: true,
        account: { select: { email: true, aliases: true } },
      },
      resolve: ({ account, fromAddress, fromName, to, cc, replyTo, ...message }, { all }) =>
        replySuggestion({
          message: {
            ...message,
            from: { address: fromAddress, name: fromName },
            to: StoredMailboxes.parse(to),
            cc: StoredMailboxes.parse(cc),
            replyTo: StoredMailboxes.parse(replyTo),
          },
          ownAddresses: [account.email, ...account.aliases],
          all: all ?? false,
        }),
    }),
  }),
});

export const EmailMessageConnection = builder.connectionObject(
  { type: EmailMessage, name: 'EmailMessageConnection', description: 'A page of messages.' },
  { name: 'EmailMessageEdge', description: 'A message and its place.' },
);

builder.queryField('emailMessage', (t) =>
  t.prismaField({
    type: EmailMessage,
    nullable: true,
    description: 'One message. Null when there is none with this uid.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: "The message's uid." }) },
    resolve: (query, _root, { uid }, { db }) => db.emailMessage.findFirst({ ...query, where: { id: uid } }),
  }),
);
