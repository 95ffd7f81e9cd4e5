/** What belongs to the account rather than to its mail: profile, send-as addresses, labels, watch, userinfo. */
import { createHash } from 'node:crypto';
import { type Call, SYSTEM_LABELS, text } from './call.ts';
import { badRequest } from './errors.ts';
import type { Mailbox } from './mailbox.ts';

export function getProfile({ mailbox }: Call): object {
  return {
    emailAddress: mailbox.email,
    messagesTotal: mailbox.messages.size,
    threadsTotal: mailbox.threads.size,
    historyId: `${mailbox.historyId}`,
  };
}

export function listSendAs({ mailbox: { spec, email } }: Call): object {
  const primary = { sendAsEmail: email, displayName: spec.displayName ?? '', isPrimary: true, isDefault: true };
  const aliases = (spec.aliases ?? []).map((alias) => ({
    sendAsEmail: alias.email,
    displayName: alias.displayName ?? '',
    treatAsAlias: true,
    verificationStatus: alias.accepted ? 'accepted' : 'pending',
  }));
  return { sendAs: [primary, ...aliases].map((entry) => ({ ...entry, replyToAddress: '', signature: '' })) };
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

export function stop({ mailbox, pushes }: Call): undefined {
  pushes.stop(mailbox.email);
}

export function userinfo({ spec, email }: Mailbox): object {
  const id = BigInt(`0x${createHash('sha256').update(email).digest('hex').slice(0, 16)}`);
  const domain = email.slice(email.indexOf('@') + 1);
  return {
    id: `1${id}`.slice(0, 21),
    email,
    verified_email: true,
    ...(spec.displayName ? { name: spec.displayName } : {}),
    ...(spec.consumer ? {} : { hd: domain }),
  };
}
