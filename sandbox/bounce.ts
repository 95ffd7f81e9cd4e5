/** Mail from mailer-daemon, as Google writes it. */
import { randomUUID } from 'node:crypto';
import type { Inbound } from './delivery.ts';
import { field, type HeaderField, headerValue, renderFields } from './headers.ts';
import type { Mailbox } from './mailbox.ts';
import { newHeaderId, type Outgoing, rfc5322Date } from './outgoing.ts';

const DAEMON = 'mailer-daemon@googlemail.com';
const REPORTS = {
  failed: {
    subject: 'Delivery Status Notification (Failure)',
    status: '5.1.1',
    diagnostic: 'smtp; 550-5.1.1 The email account that you tried to reach does not exist.',
    text: (recipient: string) =>
      `** Address not found **\r\n\r\nYour message wasn't delivered to ${recipient} because the address couldn't be found, or is unable to receive mail.\r\n`,
  },
  delayed: {
    subject: 'Delivery Status Notification (Delay)',
    status: '4.4.1',
    diagnostic: 'smtp; The recipient server did not accept our requests to connect.',
    text: (recipient: string) =>
      `** Delivery incomplete **\r\n\r\nThere was a temporary problem delivering your message to ${recipient}. Gmail will retry for 46 more hours.\r\n`,
  },
} as const;

/** A delivery status notification with its three parts: for people, for programs, and the original's headers. */
export function deliveryReport(
  sender: Mailbox,
  original: Outgoing,
  recipient: string,
  action: 'failed' | 'delayed',
  now: Date,
): Omit<Inbound, 'to'> {
  const report = REPORTS[action];
  const boundary = `000000000000${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const fields = [
    ...daemonFields(sender, original, report.subject, now),
    field('X-Failed-Recipients', recipient),
    field('MIME-Version', '1.0'),
    field('Content-Type', `multipart/report; boundary="${boundary}"; report-type=delivery-status`),
  ];
  const status = [
    'Reporting-MTA: dns; googlemail.com',
    `Received-From-MTA: dns; ${sender.email}`,
    `Arrival-Date: ${rfc5322Date(now)}`,
    `X-Original-Message-ID: ${headerValue(original.fields, 'message-id') ?? ''}`,
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    `Action: ${action}`,
    `Status: ${report.status}`,
    `Diagnostic-Code: ${report.diagnostic}`,
    `Last-Attempt-Date: ${rfc5322Date(now)}`,
    '',
  ].join('\r\n');
  const returned = original.fields.filter(({ name }) => name.toLowerCase() !== 'bcc');
  const part = (type: string, content: string) => `--${boundary}\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;
  const body = Buffer.concat([
    Buffer.from(part('text/plain; charset="UTF-8"', report.text(recipient))),
    Buffer.from(part('message/delivery-status', status)),
    Buffer.from(`--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n`),
    renderFields(returned),
    Buffer.from(`\r\n----- Message truncated -----\r\n\r\n--${boundary}--\r\n`),
  ]);
  return { fields, body, from: '', origin: 'mailer-daemon' };
}

/** What arrives instead of delivery when a mail was accepted above the day's limit: no status part, no returned headers. */
export function sendingLimitNotice(sender: Mailbox, original: Outgoing, now: Date): Omit<Inbound, 'to'> {
  const fields = [
    ...daemonFields(sender, original, 'Delivery Status Notification (Failure)', now),
    field('X-Failed-Recipients', original.recipients.join(', ')),
    field('MIME-Version', '1.0'),
    field('Content-Type', 'text/plain; charset="UTF-8"'),
  ];
  const text =
    '** Message not sent **\r\n\r\nYou have reached a limit for sending mail. Your message was not sent.\r\n';
  return { fields, body: Buffer.from(text), from: '', origin: 'mailer-daemon' };
}

/** A failure in words only: neither a status part nor anything returned. */
export function textReport(sender: Mailbox, original: Outgoing, recipient: string, now: Date): Omit<Inbound, 'to'> {
  const { subject, text, diagnostic } = REPORTS.failed;
  const fields = [
    ...daemonFields(sender, original, subject, now),
    field('X-Failed-Recipients', recipient),
    field('MIME-Version', '1.0'),
    field('Content-Type', 'text/plain; charset="UTF-8"'),
  ];
  const body = Buffer.from(`${text(recipient)}\r\nThe response was:\r\n\r\n${diagnostic.replace('smtp; ', '')}\r\n`);
  return { fields, body, from: '', origin: 'mailer-daemon' };
}

function daemonFields(sender: Mailbox, original: Outgoing, subject: string, now: Date): HeaderField[] {
  const originalId = headerValue(original.fields, 'message-id');
  return [
    field('From', `Mail Delivery Subsystem <${DAEMON}>`),
    field('To', sender.email),
    field('Auto-Submitted', 'auto-replied'),
    field('Subject', subject),
    field('Message-ID', `<${newHeaderId()}>`),
    field('Date', rfc5322Date(now)),
    ...(originalId === null ? [] : [field('References', originalId), field('In-Reply-To', originalId)]),
  ];
}
