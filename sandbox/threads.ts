/** users.threads */
import type { Call } from './call.ts';
import { badRequest, notFound } from './errors.ts';
import { messageResource } from './payload.ts';

export function getThread({ mailbox, params, query }: Call): object {
  const id = params.id ?? '';
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw badRequest('Invalid id value');
  const messages = mailbox.threadMessages(id);
  if (messages.length === 0) throw notFound();
  const latest = messages.reduce((newest, { historyId }) => (historyId > newest ? historyId : newest), 0n);
  const format = query.get('format') ?? 'full';
  const headers = query.getAll('metadataHeaders');
  return { id, historyId: `${latest}`, messages: messages.map((message) => messageResource(message, format, headers)) };
}
