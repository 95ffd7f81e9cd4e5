/** Any notice of container, system, form of the address and id: the email is BOUNCED exactly when the proof is there. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fillCase, receiveCase, sendForCase } from '../support/cases.ts';
import { useTenant, useTestApp } from '../support/harness.ts';
import { bouncesOf } from '../support/notices.ts';

const t = useTestApp();
const tenant = useTenant(t);

const RECIPIENT = 'maria@acme.example';
const RUNS = 40;
/** Printed; `SEED=…` in the environment repeats a run. */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

interface System {
  readonly from: string;
  readonly subject: string;
  readonly opening: string;
}

const SYSTEMS: Record<string, System> = {
  postfix: {
    from: 'Mail Delivery System <MAILER-DAEMON@mx.acme.example>',
    subject: 'Undelivered Mail Returned to Sender',
    opening: 'This is the mail system at host mx.acme.example.',
  },
  qmail: {
    from: 'MAILER-DAEMON@mx.acme.example',
    subject: 'failure notice',
    opening: 'Hi. This is the qmail-send program at mx.acme.example.',
  },
  exchange: {
    from: 'postmaster@acme.example',
    subject: 'Undeliverable: Invoice 7',
    opening: 'Delivery has failed to these recipients or groups:',
  },
  gmx: {
    from: 'GMX Mailer Daemon <mailer-daemon@gmx.example>',
    subject: 'Unzustellbar: Invoice 7',
    opening: 'Ihre Nachricht konnte nicht zugestellt werden.',
  },
  exim: {
    from: 'Mail Delivery System <Mailer-Daemon@mx.acme.example>',
    subject: 'Mail delivery failed: returning message to sender',
    opening: 'A message that you sent could not be delivered. This is a permanent error.',
  },
};

/** How the text names the recipient. */
const ADDRESSES: Record<string, string> = {
  qmail: `<${RECIPIENT}>:\n550 5.1.1 no such user`,
  quoted: `"${RECIPIENT}":\n550 5.1.1 no such user`,
  bare: `${RECIPIENT}: 550 5.1.1 no such user`,
  indented: `   <${RECIPIENT}>: 550 5.1.1 no such user`,
  line: `  ${RECIPIENT}\n    550 5.1.1 no such user`,
  brackets: `Maria Nunez (${RECIPIENT})\n550 5.1.1 no such user`,
  behind: `550 5.1.1 <${RECIPIENT}>... User unknown`,
};

const IDS: Record<string, { readonly lines: string; readonly isOurs: boolean }> = {
  'op id': { lines: 'X-Epistle-Id: @@OP@@', isOurs: true },
  'Message-ID': { lines: 'Message-ID: <@@MID@@>', isOurs: true },
  both: { lines: 'Message-ID: <@@MID@@>\nX-Epistle-Id: @@OP@@', isOurs: true },
  "another mail's": { lines: 'Message-ID: <by-hand@mail.gmail.com>', isOurs: false },
  "another account's": { lines: 'X-Epistle-Id: 0199aa11-2b3c-7def-8123-456789abcdef', isOurs: false },
  none: { lines: 'Subject: Invoice 7', isOurs: false },
};

type Container = 'report' | 'mixed' | 'nested' | 'returned' | 'fields' | 'text';

interface Notice {
  readonly container: Container;
  readonly system: string;
  readonly address: string;
  readonly id: string;
  readonly outcome: 'failed' | 'delivered';
  readonly status: 'whole' | 'without an address' | 'empty';
}

function statusOf({ outcome, status }: Notice): string {
  const fields = [`Action: ${outcome}`, outcome === 'failed' ? 'Status: 5.1.1' : 'Status: 2.0.0'];
  if (status === 'empty') return 'Reporting-MTA: dns; mx.acme.example\n';
  const recipient = status === 'whole' ? RECIPIENT : '/var/mail/maria';
  return ['Reporting-MTA: dns; mx.acme.example', '', `Final-Recipient: rfc822; ${recipient}`, ...fields, ''].join('\n');
}

function bodyOf(notice: Notice): { readonly type: string; readonly body: string } {
  const { container, system, address, id, outcome } = notice;
  const words = outcome === 'failed' ? ADDRESSES[address] : `${RECIPIENT}: 250 2.1.5 delivered`;
  const text =
    outcome === 'failed' ? `${SYSTEMS[system]?.opening}\n\n${words}\n` : `For your information:\n\n${words}\n`;
  const returned = `From: @@ME@@\nTo: ${RECIPIENT}, joe@acme.example\n${IDS[id]?.lines}\n\nBody.\n`;
  const part = (type: string, content: string) => `--b\nContent-Type: ${type}\n\n${content}\n`;
  const textPart = part('text/plain', text);
  const statusPart = part('message/delivery-status', statusOf(notice));
  const end = '--b--\n';
  switch (container) {
    case 'report':
      return {
        type: 'multipart/report; report-type=delivery-status; boundary=b',
        body: textPart + statusPart + part('message/rfc822', returned) + end,
      };
    case 'mixed':
      return {
        type: 'multipart/mixed; boundary=b',
        body: textPart + statusPart + part('text/rfc822-headers', returned) + end,
      };
    case 'nested':
      return {
        type: 'multipart/mixed; boundary=a',
        body: `--a\nContent-Type: multipart/mixed; boundary=b\n\n${textPart}${statusPart}${part('message/rfc822', returned)}${end}--a--\n`,
      };
    case 'returned':
      return { type: 'multipart/mixed; boundary=b', body: textPart + part('message/rfc822', returned) + end };
    case 'fields':
      return {
        type: 'multipart/mixed; boundary=b',
        body: part('text/plain', `${text}\n${statusOf(notice)}`) + part('message/rfc822', returned) + end,
      };
    case 'text':
      return { type: 'text/plain', body: `${text}\n--- Below this line is a copy of the message.\n\n${returned}` };
  }
}

function rawOf(notice: Notice): string {
  const { type, body } = bodyOf(notice);
  const { from = '', subject = '' } = SYSTEMS[notice.system] ?? {};
  const given = notice.outcome === 'failed' ? subject : 'Your message';
  const headers = [`From: ${from}`, 'To: @@ME@@', 'Auto-Submitted: auto-replied', `Subject: ${given}`];
  return [...headers, 'MIME-Version: 1.0', `Content-Type: ${type}`, '', body].join('\n');
}

const notices: fc.Arbitrary<Notice> = fc.record({
  container: fc.constantFrom<Container>('report', 'mixed', 'nested', 'returned', 'fields', 'text'),
  system: fc.constantFrom(...Object.keys(SYSTEMS)),
  address: fc.constantFrom(...Object.keys(ADDRESSES)),
  id: fc.constantFrom(...Object.keys(IDS)),
  outcome: fc.oneof(
    { weight: 4, arbitrary: fc.constant('failed' as const) },
    { weight: 1, arbitrary: fc.constant('delivered' as const) },
  ),
  status: fc.constantFrom<Notice['status']>('whole', 'without an address', 'empty'),
});

it('bounces an email to two for the one that failed, if it returns its id and says so', async () => {
  process.stdout.write(`notices: SEED=${seed}\n`);
  const becomesBounced = async (notice: Notice) => {
    const sent = await sendForCase(t, tenant, [RECIPIENT, 'joe@acme.example']);
    await receiveCase(t, tenant, fillCase(rawOf(notice), tenant, sent), '');
    const email = await bouncesOf(t, tenant, sent.uid);
    const isProven = notice.outcome === 'failed' && IDS[notice.id]?.isOurs === true;
    expect({
      status: email.status,
      bounces: email.bounces.map(({ recipient, status }) => [recipient, status]),
      replied: email.events.includes('REPLIED'),
    }).toEqual({
      status: isProven ? 'BOUNCED' : 'SENT',
      bounces: isProven ? [[RECIPIENT, '5.1.1']] : [],
      replied: false,
    });
  };
  await fc.assert(fc.asyncProperty(notices, becomesBounced), { seed, numRuns: RUNS });
});
