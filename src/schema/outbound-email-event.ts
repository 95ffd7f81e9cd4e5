import { builder } from './builder.ts';
import { enumOf } from './enum-of.ts';
import { OutboundEmailStatus } from './enums.ts';
import { OutboundEmailEvent } from './refs.ts';

const OutboundEmailEventType = enumOf('OutboundEmailEventType', 'What happened to an outbound email.', {
  CREATED: 'It was stored as a draft, or to be sent at its `plannedSendAt`.',
  EDITED: 'A user changed the draft. `detail.changed` names the fields.',
  ACCEPTED: 'It was stored to be sent now. From here on it cannot be lost.',
  DEFERRED:
    'It could not be sent yet. `detail.nextAttemptAt` says when Epistle tries again. While its account cannot send, only the first time is recorded.',
  SENDING: 'It was handed to Gmail. `detail` has the size and the SHA-256 of what was composed.',
  SENT: 'Gmail accepted it, or Epistle found it among the sent mail.',
  REFUSED: 'It was not sent, and Epistle does not try again by itself. `detail.code` says why.',
  UNCONFIRMED: "Gmail's answer was lost: it may have been sent. Epistle reads the mailbox to find out.",
  READ: 'Epistle read the mailbox, which did not prove yet whether the email was sent.',
  RESEND: 'Reading proved that it was not sent. The same Gmail draft is sent again; Gmail sends a draft once at most.',
  UNRESOLVED: 'Reading proved nothing. A user has to decide with `resolveOutboundEmail`.',
  FAILED: 'Reading proved that it was never sent, and Epistle does not try again by itself.',
  CANCELED: 'A user canceled it, or a condition of its `cancelWhen` was true: see `detail.because`.',
  RETRIED: 'A user retried it with `retryOutboundEmail`.',
  RESOLVED: 'A user decided with `resolveOutboundEmail` whether it was sent.',
  REPLIED: 'A person answered it. `detail.messageUid` is the answer.',
  DELAYED: 'A mail system reported that it could not deliver it yet. It keeps trying.',
  BOUNCED: 'A mail system reported that it could not deliver it. `detail.recipients` has the recipients.',
});

builder.prismaObjectFields(OutboundEmailEvent, (t) => ({
  uid: t.expose('id', { type: 'UUID', description: 'The uid of the event.' }),
  at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
  type: t.expose('type', {
    type: OutboundEmailEventType,
    description: 'What happened. Later versions of Epistle can add values: ignore an event with an unknown one.',
  }),
  fromStatus: t.expose('fromStatus', {
    type: OutboundEmailStatus,
    nullable: true,
    description:
      'The state of the email before the event. Null if the event created the email or did not change its state.',
  }),
  toStatus: t.expose('toStatus', {
    type: OutboundEmailStatus,
    nullable: true,
    description: 'The state of the email after the event. Null if the event did not change its state.',
  }),
  actor: t.exposeString('actor', { description: 'Who caused it: `key:<uid of the API key>` or `system`.' }),
  detail: t.expose('detail', {
    type: 'JSON',
    description:
      "Further details of the event, such as the attempt, Gmail's status and the duration. `{}` if the key does not have the scope `email:read`.",
    authScopes: { scope: 'email:read' },
    unauthorizedResolver: () => ({}),
  }),
}));
