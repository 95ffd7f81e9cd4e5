import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttachmentInput, SendFreshInput } from '../generated/graphql.ts';
import { SendEmail } from '../support/documents.ts';
import { createInvoice, createTenant, expectType, request, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  callsOf,
  countRows,
  createRecipient,
  fresh,
  issuesOf,
  onlyMail,
  parse,
  send,
} from '../support/mail.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const MAX_FILE_BYTES = 25 * 1024 * 1024;

function file(changes: Partial<AttachmentInput> = {}): AttachmentInput {
  return { filename: 'a.txt', contentType: 'text/plain', dataBase64: 'YWJj', ...changes };
}

function people(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `p${index}@example.com`);
}

async function nothingHappened() {
  expect(await countRows(t, tenant)).toBe(0);
  expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
  expect(t.sandbox.admin.messages(tenant.email)).toEqual([]);
}

/** What is wrong, what it is said of, and what the message says is allowed. */
const BAD: [string, Partial<SendFreshInput>, string, RegExp][] = [
  ['no recipient', { to: [] }, 'to', /1 to 100 recipients/],
  [
    '101 recipients in three lists',
    { to: people(99), cc: ['x@a.example'], bcc: ['y@a.example'] },
    'to',
    /At most 100.*101/,
  ],
  ['an address without "@"', { to: ['a@b.example', 'nobody'] }, 'to.1', /"@"/],
  ['an address with a display name', { cc: ['Maria <m@a.example>'] }, 'cc.0', /without a display name/],
  ['an address with a line break', { to: ['a@x.example\r\nBcc: e@e.example'] }, 'to.0', /line breaks/],
  ['an address with a bare line feed', { bcc: ['a@x.example\n'] }, 'bcc.0', /line breaks/],
  ['two addresses in one', { to: ['a@x.example, b@x.example'] }, 'to.0', /spaces/],
  ['an address with NUL', { replyTo: ['a\0@x.example'] }, 'replyTo.0', /control characters/],
  ['an address of 255 characters', { to: [`${'a'.repeat(60)}@${'b.'.repeat(94)}example`] }, 'to.0', /254/],
  ['11 addresses to answer to', { replyTo: people(11) }, 'replyTo', /At most 10/],
  ['an empty subject', { subject: ' ' }, 'subject', /1 to 998/],
  ['a subject with a line break', { subject: 'One\r\nBcc: e@e.example' }, 'subject', /line breaks/],
  ['a subject with a Unicode line break', { subject: 'One\u2028Two' }, 'subject', /line breaks/],
  ['a subject with NUL', { subject: 'One\0' }, 'subject', /control characters/],
  ['a subject of 999 characters', { subject: '😀'.repeat(999) }, 'subject', /998/],
  ['a subject with half a character', { subject: 'One \ud83d' }, 'subject', /surrogates/],
  ['neither body nor file', { bodyText: null }, 'bodyText', /bodyText or bodyHtml, or an attachment/],
  ['a text with NUL', { bodyText: 'a\0b' }, 'bodyText', /NUL/],
  ['html with half a character', { bodyHtml: '<p>\ude00</p>' }, 'bodyHtml', /surrogates/],
  ['a text above 2 MB', { bodyText: 'é'.repeat(1024 * 1024 + 1) }, 'bodyText', /2097152 bytes/],
  ['base64 that is not', { attachments: [file({ dataBase64: 'a_b-' })] }, 'attachments.0.dataBase64', /RFC 4648/],
  [
    'base64 with line breaks',
    { attachments: [file({ dataBase64: 'YWJj\nYWJj' })] },
    'attachments.0.dataBase64',
    /line breaks/,
  ],
  [
    'base64 of an odd length',
    { attachments: [file(), file({ dataBase64: 'YWJjZ' })] },
    'attachments.1.dataBase64',
    /base64/,
  ],
  [
    'base64 padded in the middle',
    { attachments: [file({ dataBase64: 'YQ==YQ==' })] },
    'attachments.0.dataBase64',
    /base64/,
  ],
  ['a file without a name', { attachments: [file({ filename: '' })] }, 'attachments.0.filename', /1 to 255/],
  [
    'a file name with a line break',
    { attachments: [file({ filename: 'a\r\nX: y.txt' })] },
    'attachments.0.filename',
    /line breaks/,
  ],
  [
    'a file name of 256 characters',
    { attachments: [file({ filename: 'ü'.repeat(256) })] },
    'attachments.0.filename',
    /255/,
  ],
  ['no media type', { attachments: [file({ contentType: 'pdf' })] }, 'attachments.0.contentType', /application\/pdf/],
  [
    'a media type with a header in it',
    { attachments: [file({ contentType: 'text/plain\r\nX: y' })] },
    'attachments.0.contentType',
    /media type/,
  ],
  [
    'a Content-ID in brackets',
    { attachments: [file({ contentId: '<a@b>' })] },
    'attachments.0.contentId',
    /angle brackets/,
  ],
  [
    'a Content-ID twice',
    { attachments: [file({ contentId: 'a' }), file({ contentId: 'a' })] },
    'attachments.1.contentId',
    /different/,
  ],
  ['21 files', { attachments: Array.from({ length: 21 }, () => file()) }, 'attachments', /At most 20.*21/],
  [
    'a kind of context that is none',
    { contexts: [{ type: 'order', uid: randomUUID() }] },
    'contexts.0.type',
    /customer, invoice|invoice, customer/,
  ],
  ['an empty key', { idempotencyKey: '' }, 'idempotencyKey', /1 to 255 visible/],
  ['a key of 256 characters', { idempotencyKey: 'k'.repeat(256) }, 'idempotencyKey', /1 to 255 visible/],
  ['a key with a space', { idempotencyKey: 'a b' }, 'idempotencyKey', /visible/],
  ['a key with NUL', { idempotencyKey: 'a\0b' }, 'idempotencyKey', /visible/],
  ['an alias that is no address', { fromAlias: 'sales\r\n@x.example' }, 'fromAlias', /line breaks/],
];

describe('bad input', () => {
  it.each(BAD)('%s is refused with its path and what is allowed', async (_name, changes, path, allowed) => {
    const issues = await issuesOf(t, tenant, fresh(tenant, maria, changes));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(new RegExp(`^input\\.fresh\\.${path.replaceAll('.', '\\.')}: `));
    expect(issues[0]).toMatch(allowed);
    await nothingHappened();
  });

  it('is reported whole: every issue at once', async () => {
    const input = fresh(tenant, maria, {
      to: ['one', 'fine@example.com', 'two'],
      cc: ['three'],
      subject: 'a\nb',
      bodyText: '\0',
      attachments: [file({ filename: '', contentType: 'x', dataBase64: '?' })],
      contexts: [{ type: 'order', uid: randomUUID() }],
      idempotencyKey: ' ',
      fromAlias: 'four',
    });
    const paths = (await issuesOf(t, tenant, input)).map((issue) => issue.replace(/:.*$/s, ''));
    expect(paths.sort()).toEqual([
      'input.fresh.attachments.0.contentType',
      'input.fresh.attachments.0.dataBase64',
      'input.fresh.attachments.0.filename',
      'input.fresh.bodyText',
      'input.fresh.cc.0',
      'input.fresh.contexts.0.type',
      'input.fresh.fromAlias',
      'input.fresh.idempotencyKey',
      'input.fresh.subject',
      'input.fresh.to.0',
      'input.fresh.to.2',
    ]);
    await nothingHappened();
  });

  it('of a reply is named by its path there', async () => {
    const reply = { replyToMessageUid: randomUUID(), to: ['x'], subject: '', idempotencyKey: '' };
    const paths = (await issuesOf(t, tenant, { reply })).map((issue) => issue.replace(/:.*$/s, ''));
    expect(paths.sort()).toEqual([
      'input.reply.bodyText',
      'input.reply.idempotencyKey',
      'input.reply.subject',
      'input.reply.to.0',
    ]);
  });

  it('is never repeated in what is logged', async () => {
    await issuesOf(t, tenant, fresh(tenant, maria, { to: ['secret-address'], bodyText: 'secret-body\0' }));
    expect(t.logged.join('\n')).not.toMatch(/secret-/);
  });
});

describe('one byte too much', () => {
  it('sends files of 25 MB exactly and refuses one byte more, naming the file', async () => {
    const half = Buffer.alloc(MAX_FILE_BYTES / 2, 'x');
    const files = (second: Buffer) => [
      file({ filename: 'first.bin', dataBase64: half.toString('base64') }),
      file({ filename: 'second.bin', dataBase64: second.toString('base64') }),
    ];
    const tooMuch = files(Buffer.concat([half, Buffer.from('y')]));
    expect(await issuesOf(t, tenant, fresh(tenant, maria, { attachments: tooMuch }))).toEqual([
      'input.fresh.attachments.1.dataBase64: With "second.bin" the files are larger than 26214400 bytes (25 MB) together.',
    ]);
    await nothingHappened();

    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { attachments: files(half) }));
    expect(outboundEmail.status).toBe('SENT');
    const { attachments } = await parse(onlyMail(t, maria));
    expect(attachments.map(({ content }) => half.equals(Buffer.from(content as ArrayBuffer)))).toEqual([true, true]);
  });

  it('accepts 998 characters of subject, 100 recipients and a key of 255', async () => {
    const input = fresh(tenant, maria, {
      to: [maria, ...people(99)],
      subject: '😀'.repeat(998),
      idempotencyKey: 'k'.repeat(255),
    });
    expect((await accepted(t, tenant, input)).outboundEmail.status).toBe('SENT');
    const mail = await parse(onlyMail(t, maria));
    expect(mail.subject).toBe('😀'.repeat(998));
    expect(mail.to).toHaveLength(100);
  });
});

describe('what does not exist', () => {
  it("is not found, be it unknown or another organization's, and nothing is kept", async () => {
    const stranger = await createTenant(t);
    const { invoiceId, customerId } = await createInvoice(t, stranger, 'INV-1');
    const cases: [Partial<SendFreshInput>, string][] = [
      [{ fromAccountUid: randomUUID() }, 'EmailAccount'],
      [{ fromAccountUid: stranger.accountId }, 'EmailAccount'],
      [{ contexts: [{ type: 'invoice', uid: randomUUID() }] }, 'Invoice'],
      [{ contexts: [{ type: 'invoice', uid: invoiceId }] }, 'Invoice'],
      [{ contexts: [{ type: 'customer', uid: customerId }] }, 'Customer'],
    ];
    for (const [changes, entity] of cases) {
      const error = expectType(await send(t, tenant, fresh(tenant, maria, changes)), 'NotFoundError');
      expect(error).toMatchObject({ code: 'NOT_FOUND', retry: 'NEVER', entity });
    }
    const uid = randomUUID();
    expect(await send(t, tenant, { draft: { draftUid: uid } })).toMatchObject({ entity: 'Draft', uid });
    await nothingHappened();
  });

  it.each(['NEEDS_REAUTH', 'DISCONNECTED'] as const)('an account that is %s is not ready', async (status) => {
    await t.app.db.emailAccount.updateMany({ where: { organizationId: tenant.organizationId }, data: { status } });
    const error = expectType(await send(t, tenant, fresh(tenant, maria)), 'AccountNotReadyError');
    expect(error).toMatchObject({ retry: 'AFTER', account: { uid: tenant.accountId, status } });
    await nothingHappened();
  });
});

describe('what does not fit the schema', () => {
  const ONE_OF = /^Give exactly one of draft, fresh, reply\.$/;

  it.each([
    ['no way to send', () => ({}), 'input', ONE_OF],
    ['two ways', () => ({ ...fresh(tenant, maria), draft: { draftUid: randomUUID() } }), 'input', ONE_OF],
    ['a way that is null', () => ({ fresh: null }), 'input.fresh', /^Must not be null\.$/],
    [
      'an unknown field',
      () => ({ ...fresh(tenant, maria), forward: {} }),
      'input.forward',
      /no such field, only draft,/,
    ],
    [
      'no recipients',
      () => ({ fresh: { ...fresh(tenant, maria).fresh, to: undefined } }),
      'input.fresh.to',
      /^Required/,
    ],
    ['a number for an address', () => fresh(tenant, maria, { to: [maria, 5 as never] }), 'input.fresh.to.1', /address/],
    ['a uid that is none', () => ({ draft: { draftUid: 'secret' } }), 'input.draft.draftUid', /a UUID such as/],
  ])('%s is refused with its path, without what the email says', async (_name, input, path, allowed) => {
    const answer = await request(t, tenant.key, SendEmail, { input: input() as never });
    expect(answer.errors).toEqual([]);
    expect(answer.data?.sendEmail).toMatchObject({
      code: 'INVALID_INPUT',
      retry: 'NEVER',
      issues: [{ path, message: expect.stringMatching(allowed) }],
    });
    expect(JSON.stringify(answer)).not.toMatch(/Please find|secret/);
    await nothingHappened();
  });
});

describe('a look-up by a name with NUL', () => {
  it('finds nothing', async () => {
    const document = 'query ($name: String!) { invoice(number: $name) { uid } customer(externalId: $name) { uid } }';
    const answer = await request(t, tenant.key, document, { name: 'INV\0' });
    expect(answer).toMatchObject({ data: { invoice: null, customer: null }, errors: [] });
  });
});
