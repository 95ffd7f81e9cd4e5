/** What belongs to the account rather than to its mail: profile, send-as addresses, labels, watch. */
import { type Call, SYSTEM_LABELS, text } from './call.ts';
import { badRequest } from './errors.ts';

export function getProfile({ mailbox }: Call): object {
  return {
    emailAddress: mailbox.email,
    messagesTotal: mailbox.messages.size,
    threadsTotal: mailbox.threads.size,
    historyId: `${mailbox.historyId}`,
  };
}

export function listSendAs({ mailbox: { spec, email } }: Call): object {
  const primary = {
    sendAsEmail: email,
    displayName: spec.displayName ?? '',
    signature: spec.signature ?? '',
    isPrimary: true,
    isDefault: true,
  };
  const aliases = (spec.aliases ?? []).map((alias) => ({
    sendAsEmail: alias.email,
    displayName: alias.displayName ?? '',
    signature: alias.signature ?? '',
    treatAsAlias: true,
    verificationStatus: alias.accepted ? 'accepted' : 'pending',
  }));
  return { sendAs: [primary, ...aliases].map((entry) => ({ ...entry, replyToAddress: '' })) };
}

export function listLabels(): object {
  return { labels: SYSTEM_LABELS.map((id) => ({ id, name: id, type: 'system' })) };
}

/** What is published goes to the endpoint of `push.ts`, whatever the topic. */
export function watch({ mailbox, body, pushes }: Call): object {
  if (!/^projects\/[^/]+\/topics\/[^/]+$/.test(text(body, 'topicName') ?? '')) {
    throw badRequest(`Invalid topicName does not match projects/sandbox/topics/*`);
  }
  return { historyId: `${mailbox.historyId}`, expiration: `${pushes.watch(mailbox.email)}` };
}
