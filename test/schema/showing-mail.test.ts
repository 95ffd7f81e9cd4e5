/** How a client shows a message: its HTML sanitised, and its text without what it quotes. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { scopeToOrganization } from '../../src/db/tenant.ts';
import { createBodies } from '../../src/schema/bodies.ts';
import { graphql } from '../generated/gql.ts';
import { query, receive, request, useTenant, useTestApp } from '../support/harness.ts';
import { gmailMessage, store } from '../support/stored.ts';

const ShownMessage = graphql(`
  query ShownMessage($uid: UUID!, $remoteImages: RemoteImages! = BLOCK) {
    emailMessage(uid: $uid) {
      newText
      safeHtml(remoteImages: $remoteImages) { html blockedImages isTruncated }
      attachments { filename downloadUrl }
    }
  }
`);

const app = useTestApp();
const tenant = useTenant(app);

async function show(uid: string, remoteImages?: 'BLOCK' | 'KEEP') {
  const { emailMessage } = await query(app, tenant.key, ShownMessage, {
    uid,
    ...(remoteImages === undefined ? {} : { remoteImages }),
  });
  if (!emailMessage) throw new Error('there is no message');
  return emailMessage;
}

const HTML = `<html><head><style>p { color: red }</style></head><body onload="alert(1)">
<p>Paid.</p><script>alert(1)</script><img src="https://t.example/pixel.gif" alt="Logo"><img src="cid:sign@acme.example">
<form action="https://evil.example"><input name="password"></form></body></html>`;
const RAW = `From: maria@acme.example
To: billing@example.com
Subject: Re: Invoice
Message-ID: <shown@acme.example>
MIME-Version: 1.0
Content-Type: multipart/related; boundary=r

--r
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

Paid.

-- 
Maria

Am Do., 15. Jan. 2026 um 14:05 Uhr schrieb Billing <billing@example.com>:

> The invoice is due.

--a
Content-Type: text/html; charset=utf-8

${HTML}
--a--
--r
Content-Type: image/png; name=sign.png
Content-ID: <sign@acme.example>
Content-Disposition: inline; filename=sign.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
`;

describe('a message', () => {
  it('is shown without what could harm the reader, and says how many remote images were left out', async () => {
    const uid = await receive(app, tenant, { from: 'maria@acme.example', raw: RAW });
    const { newText, safeHtml, attachments } = await show(uid);
    expect(newText).toBe('Paid.');
    const url = attachments[0]?.downloadUrl.replaceAll('&', '&amp;');
    expect(safeHtml).toEqual({
      html: expect.stringMatching(
        /^\s*<p>Paid\.<\/p><img alt="Logo" \/><img src="[^"]+" referrerpolicy="no-referrer" \/>\s*$/,
      ),
      blockedImages: 1,
      isTruncated: false,
    });
    expect(safeHtml?.html).toContain(`src="${url}"`);

    const kept = await show(uid, 'KEEP');
    expect(kept.safeHtml?.blockedImages).toBe(0);
    expect(kept.safeHtml?.html).toContain('<img alt="Logo" src="https://t.example/pixel.gif"');
  });

  it('without HTML or without text has none to show', async () => {
    const messages = [
      gmailMessage(tenant, { messageId: 'text-only', bodyText: 'Hello', bodyHtml: null }),
      gmailMessage(tenant, { messageId: 'html-only', bodyText: null, bodyHtml: '<p>Hello</p>' }),
    ];
    const [text = '', html = ''] = await Promise.all(messages.map((message) => store(app, tenant, message)));
    expect(await show(text)).toMatchObject({ newText: 'Hello', safeHtml: null });
    expect(await show(html)).toMatchObject({ newText: null, safeHtml: { html: '<p>Hello</p>' } });
  });

  it('is sanitised for at most a page at a time', async () => {
    const operation = (first: number) =>
      `{ conversations(first: 1) { nodes: edges { node { messages(first: ${first}) { edges { node { safeHtml { html } } } } } } } }`;
    expect((await request(app, tenant.key, operation(50))).errors).toEqual([]);
    const { errors } = await request(app, tenant.key, operation(100));
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
  });
});

it('sanitises one message in a turn of the event loop', async () => {
  const bodies = createBodies(scopeToOrganization(app.app.db, tenant.organizationId), async () => undefined);
  const done: string[] = [];
  const another = async () => {
    for (let n = 0; n < 5; n++) {
      await setImmediate();
      done.push('another');
    }
  };
  await Promise.all([another(), ...['a', 'b', 'c'].map((name) => bodies.inTurn(() => done.push(name)))]);
  for (const [before, after] of [
    ['a', 'b'],
    ['b', 'c'],
  ] as const) {
    expect(done.slice(done.indexOf(before), done.indexOf(after))).toContain('another');
  }
});
