import { InvalidStateError, NotFoundError } from '../errors.ts';
import { cancelOutboundEmail, resolveOutboundEmail } from '../outbound/operator-actions.ts';
import { builder } from './builder.ts';
import { enumOf } from './enum-of.ts';
import { OutboundEmail } from './refs.ts';

const UnconfirmedOutcome = enumOf('UnconfirmedOutcome', 'The decision of a person on an UNCONFIRMED email.', {
  SENT: 'The email was sent. It becomes SENT.',
  NOT_SENT_RESEND: 'The email was not sent. Send it now.',
  NOT_SENT_DISCARD: 'The email was not sent and must not be sent. It becomes FAILED, or a draft again if it was one.',
});

/** The payload of a mutation that changes an email. */
function emailPayload(name: string, description: string) {
  return builder.objectRef<{ outboundEmailId: string }>(name).implement({
    description,
    fields: (t) => ({
      outboundEmail: t.prismaField({
        type: OutboundEmail,
        description: 'The changed email.',
        resolve: (query, { outboundEmailId }, _args, { db }) =>
          db.outboundEmail.findFirstOrThrow({ ...query, where: { id: outboundEmailId } }),
      }),
    }),
  });
}

const CancelOutboundEmailPayload = emailPayload(
  'CancelOutboundEmailPayload',
  'The email was canceled and will not be sent.',
);
const ResolveOutboundEmailPayload = emailPayload('ResolveOutboundEmailPayload', 'The decision was carried out.');

builder.mutationFields((t) => ({
  cancelOutboundEmail: t.field({
    type: CancelOutboundEmailPayload,
    description:
      'Cancels a SCHEDULED or QUEUED email; its draft in Gmail is deleted. An email that is SENDING cannot be canceled (InvalidStateError).',
    authScopes: { scope: 'email:send' },
    errors: {
      types: [NotFoundError, InvalidStateError],
      union: { description: 'The canceled email, or why it was not canceled.' },
    },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the email.' }) },
    resolve: async (_root, { uid }, { app, identity }) => {
      await cancelOutboundEmail(app, identity, uid);
      return { outboundEmailId: uid };
    },
  }),
  resolveOutboundEmail: t.field({
    type: ResolveOutboundEmailPayload,
    description:
      'Decides what happened to an UNCONFIRMED email, after a person checked the mailbox. Epistle then no longer reads the mailbox to find out.',
    authScopes: { scope: 'email:send' },
    errors: {
      types: [NotFoundError, InvalidStateError],
      union: { description: 'The changed email, or why nothing was decided.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the email.' }),
      outcome: t.arg({ type: UnconfirmedOutcome, required: true, description: 'The decision.' }),
    },
    resolve: async (_root, { uid, outcome }, { app, identity }) => {
      await resolveOutboundEmail(app, identity, uid, outcome);
      return { outboundEmailId: uid };
    },
  }),
}));
