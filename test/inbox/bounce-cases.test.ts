/** Delivery notices as mail systems write them: which email they bounce, for whom, and why. */
import { describe, expect, it } from 'vitest';
import { fillCase, readCase, receiveCase, sendForCase } from '../support/cases.ts';
import { useTenant, useTestApp } from '../support/harness.ts';
import { bouncesOf } from '../support/notices.ts';

const t = useTestApp();
const tenant = useTenant(t);

const MARIA = 'maria@acme.example';
const JOE = 'joe@acme.example';
const MARIA_INV = 'maria+inv@acme.example';

interface Expected {
  /** `recipient status`, a delay as `recipient status delayed`; sorted. Empty: the email stays SENT. */
  readonly bounces: readonly string[];
  readonly to?: readonly string[];
  /** Envelope sender; `google` for Google's own mail. */
  readonly from?: string;
  readonly replied?: boolean;
  readonly diagnostic?: string;
}

const failed = (status: string, more: Omit<Expected, 'bounces'> = {}): Expected => ({
  bounces: [`${MARIA} ${status}`],
  ...more,
});
const both = (maria: string, joe: string): Expected => ({
  bounces: [`${JOE} ${joe}`, `${MARIA} ${maria}`],
  to: [MARIA, JOE],
});
const NOTHING: Expected = { bounces: [] };

async function expectCase(name: string, expected: Expected): Promise<void> {
  const { bounces, to = [MARIA], from = '', replied = false, diagnostic } = expected;
  const sent = await sendForCase(t, tenant, to);
  await receiveCase(t, tenant, fillCase(readCase(`bounces/${name}`), tenant, sent), from);
  const email = await bouncesOf(t, tenant, sent.uid);
  const found = email.bounces.map(
    ({ recipient, status, permanent }) => `${recipient} ${status}${permanent ? '' : ' delayed'}`,
  );
  expect(found.toSorted()).toEqual(bounces);
  expect(email.status).toBe(bounces.some((bounce) => !bounce.endsWith('delayed')) ? 'BOUNCED' : 'SENT');
  expect(email.events.includes('REPLIED')).toBe(replied);
  if (diagnostic !== undefined) expect(email.bounces.map((bounce) => bounce.diagnostic)).toEqual([diagnostic]);
}

function itReads(cases: Record<string, Expected>): void {
  it.each(Object.entries(cases))('%s', expectCase);
}

describe('a status or a returned mail in any container', () => {
  itReads({
    'opensmtpd-mixed': failed('5.1.1'),
    'qmail-mixed': failed('5.1.1'),
    'postfix-in-gateway': failed('5.4.4'),
    'gateway-attached-parts': failed('5.1.10'),
    'qmail-mixed-returned-first': failed('5.7.1'),
    'mixed-failed-and-delayed': { bounces: [`${JOE} 4.4.1 delayed`, `${MARIA} 5.2.2`], to: [MARIA, JOE] },
    'mixed-base64-parts': failed('5.1.1'),
    'mixed-forwarded-by-person': { bounces: [], from: MARIA },
    'mixed-delivered': NOTHING,
    'feedback-report': NOTHING,
  });
});

describe('a text that returns our ids', () => {
  itReads({
    'gmx-quoted-address': failed('5.1.1'),
    'ionos-bare-address': failed('5.1.1'),
    'workmail-text-fields': failed('5.1.1'),
    'mxlogic-indented': failed('5.1.1'),
    'zoho-error-code': failed('5.1.1'),
    'webde-german': failed('5.7.1', { to: [MARIA, JOE] }),
    'japanese-bare-line': failed('5.1.1', { to: [MARIA, JOE] }),
    'workmail-status-first': failed('5.2.2', { to: [MARIA, JOE] }),
    'exchange-text-only': failed('5.1.1'),
    'exchange-display-name-only': failed('5.0.0'),
    'gmx-delay': NOTHING,
    'text-success': NOTHING,
    'text-temporary': NOTHING,
    'mdaemon-retried': NOTHING,
    'sendmail-warning': NOTHING,
    'qmail-gave-up': failed('5.0.0'),
    'vacation-returns-mail': NOTHING,
    'text-without-id': NOTHING,
  });
});

describe('a status without an address', () => {
  itReads({
    'google-empty-status': failed('5.0.0', { from: 'google' }),
    'exim-local-path': failed('5.0.0'),
    'sendmail-local-name': failed('5.1.1', { to: [MARIA, JOE] }),
    'empty-status-qmail-text': failed('5.2.1', { to: [MARIA, JOE] }),
    'unknown-final-known-original': failed('5.1.1', { to: [MARIA, JOE] }),
    'google-empty-status-spanish': failed('5.7.1', { from: 'google', to: [MARIA, JOE] }),
    'local-path-named-in-text': failed('5.2.2', { to: [MARIA, JOE] }),
    // Which of the two failed is not known.
    'no-address-at-all': { bounces: [], to: [MARIA, JOE] },
  });
});

describe('a report whose text alone holds our ids', () => {
  itReads({
    'exchange-ids-in-text': failed('5.1.1'),
    'exchange-german-text': failed('5.1.1'),
    'exchange-html-only': failed('5.1.10'),
    'exchange-base64-text': failed('5.7.133'),
    'report-quoting-message-id': failed('5.4.310'),
    'exchange-two-recipients': both('5.1.1', '5.2.2'),
    'exchange-other-id': NOTHING,
  });
});

describe('the recipient of a bounce is an address that was mailed', () => {
  itReads({
    'exim-pipe': failed('5.0.0', { to: [MARIA, JOE] }),
    'forwarded-original': failed('5.1.1', { to: [MARIA, JOE], diagnostic: 'Forwarded to m.nunez@home.example.' }),
    'address-comment': failed('5.1.1', { to: [MARIA, JOE] }),
    'original-in-xtext': { bounces: [`${MARIA_INV} 5.1.1`], to: [MARIA_INV, JOE] },
    'pipe-only-recipient': failed('5.3.0'),
    'forwarded-only-recipient': failed('5.2.2', {
      diagnostic: 'Forwarded to m.nunez@home.example: smtp; 552 5.2.2 full',
    }),
    'forwarded-named-in-text': failed('5.1.1', { to: [MARIA, JOE] }),
    'path-with-failed-recipients': { bounces: [`${JOE} 5.2.1`], to: [MARIA, JOE] },
    'angle-and-comment': failed('5.1.1', { to: [MARIA, JOE] }),
    // Nothing tells whose mail was forwarded there.
    'forwarded-to-unknown': { bounces: ['m.nunez@home.example 5.1.1'], to: [MARIA, JOE] },
  });
});

describe('each recipient has the status that follows it', () => {
  itReads({
    'qmail-two-codes': both('5.1.1', '5.2.2'),
    'exim-two-codes': both('5.4.7', '5.7.1'),
    'postfix-text-two-codes': both('5.1.1', '5.2.2'),
    'one-code-for-both': both('5.7.1', '5.7.1'),
    'one-code-missing': both('5.0.0', '5.2.2'),
    'zoho-two-codes': both('5.1.1', '5.2.2'),
    'code-before-address': failed('5.1.1'),
  });
});

describe('mail of a daemon with an envelope sender', () => {
  const from = 'noreply@acme.example';
  itReads({
    'daemon-with-sender': failed('5.1.1', { from }),
    'report-with-sender': failed('5.1.1', { from }),
    'maildaemon-failure': failed('5.1.1', { from }),
    'named-daemon': failed('5.1.1', { from }),
    'daemon-without-id': { bounces: [], from },
    'held-by-daemon': { bounces: [], from },
    'postmaster-person': { bounces: [], from, replied: true },
  });
});
