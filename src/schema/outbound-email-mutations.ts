import { InvalidStateError, NotFoundError } from '../errors.ts';
import { cancelOutboundEmail, resolveOutboundEmail } from '../outbound/operator-actions.ts';
import { builder } from './builder.ts';
import { OutboundEmail } from './outbound-email.ts';

const UnconfirmedOutcome = builder.enumType('UnconfirmedOutcome', {
  description: 'What a person has found out about an UNCONFIRMED email.',
  values: {
    SENT: { description: 'It was sent.' },
    NOT_SENT_RESEND: { description: 'It was not sent: send it.' },
    NOT_SENT_DISCARD: { description: 'It was not sent, and is not to be.' },
  } as const,
});

/** `CancelOutboundEmailPayload` and its kin: the email that a mutation has changed. */
function emailPayload(name: string, description: string) {
  return builder.objectRef<{ outboundEmailId: string }>(name).implement({
    description,
    fields: (t) => ({
      outboundEmail: t.prismaField({
        type: OutboundEmail,
        description: 'The email as it is now.',
        resolve: (query, { outboundEmailId }, _args, { db }) =>
          db.outboundEmail.findFirstOrThrow({ ...query, where: { id: outboundEmailId } }),
      }),
    }),
  });
}

const CancelOutboundEmailPayload = emailPayload(
  'CancelOutboundEmailPayload',
  'The email was cancelled and will not leave.',
);
const ResolveOutboundEmailPayload = emailPayload('ResolveOutboundEmailPayload', 'The decision was carried out.');

builder.mutationFields((t) => ({
  cancelOutboundEmail: t.field({
    type: CancelOutboundEmailPayload,
    description: 'Cancels an email that is SCHEDULED or QUEUED, before it leaves. What is cancelled never leaves.',
    authScopes: { scope: 'email:send' },
    errors: {
      types: [NotFoundError, InvalidStateError],
      union: { description: 'The email, or why it was not cancelled.' },
    },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The email.' }) },
    resolve: async (_root, { uid }, { app, identity }) => {
      await cancelOutboundEmail(app, identity, uid);
      return { outboundEmailId: uid };
    },
  }),
  resolveOutboundEmail: t.field({
    type: ResolveOutboundEmailPayload,
    description: 'Decides an UNCONFIRMED email by what a person has found out. It overrides the settling by reading.',
    authScopes: { scope: 'email:send' },
    errors: {
      types: [NotFoundError, InvalidStateError],
      union: { description: 'The email, or why nothing was decided.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The email.' }),
      outcome: t.arg({ type: UnconfirmedOutcome, required: true, description: 'What became of it.' }),
    },
    resolve: async (_root, { uid, outcome }, { app, identity }) => {
      await resolveOutboundEmail(app, identity, uid, outcome);
      return { outboundEmailId: uid };
    },
  }),
}));
