import { builder } from './builder.ts';
import type { KeysetOrder } from './keyset.ts';

export const EVENT_ORDER: KeysetOrder<'at'> = { column: 'at', direction: 'asc' };

export const OutboundEmailEvent = builder.prismaNode('OutboundEmailEvent', {
  description: 'One step in the life of an outbound email. Events are only ever added.',
  select: { id: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'Its uid.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    type: t.exposeString('type', {
      description:
        'What happened: `created`, `accepted`, `sending`, `sent`, `refused`, `replied`, `delayed`, `bounced`, … New ones may come: show what you do not know as it is.',
    }),
    actor: t.exposeString('actor', { description: 'Who did it: `key:<uid>` or `system`.' }),
    detail: t.expose('detail', {
      type: 'JSON',
      description: 'What belongs to it, such as the states it went from and to.',
    }),
  }),
});

export const OutboundEmailEventConnection = builder.connectionObject(
  { type: OutboundEmailEvent, name: 'OutboundEmailEventConnection', description: 'A page of events.' },
  { name: 'OutboundEmailEventEdge', description: 'An event and its place.' },
);
