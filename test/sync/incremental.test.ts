import { expect, it } from 'vitest';
import type { MailboxChange } from '../../src/gmail/gateway.ts';
import { netChanges } from '../../src/sync/incremental.ts';

const added = (labels: string[] = ['INBOX']): MailboxChange => ({ messageId: 'm', type: 'added', labels });
const deleted: MailboxChange = { messageId: 'm', type: 'deleted' };
const relabelled = (add: string[], remove: string[]): MailboxChange => ({
  messageId: 'm',
  type: 'relabelled',
  added: add,
  removed: remove,
});
const nothing = { added: [], relabelled: [], deleted: [] };

it.each<[string, MailboxChange[], object]>([
  ['added', [added()], { ...nothing, added: ['m'] }],
  ['added and deleted', [added(), deleted], { ...nothing, deleted: ['m'] }],
  ['added, deleted and added', [added(), deleted, added()], { ...nothing, added: ['m'] }],
  ['deleted twice', [deleted, deleted], { ...nothing, deleted: ['m'] }],
  ['a draft that is edited away', [added(['DRAFT']), deleted], { ...nothing, deleted: ['m'] }],
  [
    'a draft that is sent under its id',
    [added(['DRAFT']), relabelled(['SENT'], ['DRAFT'])],
    { added: ['m'], relabelled: [{ messageId: 'm', added: ['SENT'], removed: ['DRAFT'] }], deleted: [] },
  ],
  [
    'a label that comes, goes and comes',
    [relabelled(['STARRED'], []), relabelled([], ['STARRED']), relabelled(['STARRED'], ['UNREAD'])],
    { ...nothing, relabelled: [{ messageId: 'm', added: ['STARRED'], removed: ['UNREAD'] }] },
  ],
  ['labels of what is deleted', [relabelled(['STARRED'], []), deleted], { ...nothing, deleted: ['m'] }],
])('a page of history comes to what is left of it: %s', (_, changes, net) => {
  expect(netChanges(changes)).toEqual(net);
});
