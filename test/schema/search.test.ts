import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import { tsquery } from '../../src/email/search-terms.ts';
import { MAX_FOUND } from '../../src/schema/page.ts';
import { graphql } from '../generated/gql.ts';
import type { OutboundEmailFilter } from '../generated/graphql.ts';
import { createTenant, query, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { gmailMessage, store } from '../support/stored.ts';

const SearchedEmails = graphql(`
  query SearchedEmails($filter: OutboundEmailFilter) {
    outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) { edges { node { uid } } }
  }
`);
const SearchAll = graphql(`
  query SearchAll($search: String!) {
    conversations(filter: { search: $search }) { totalCount }
    outboundEmails(filter: { search: $search }) { totalCount }
  }
`);

let tenant: Tenant;

const app = useTestApp();

beforeAll(async () => {
  tenant = await createTenant(app);
});

const emails = async (filter: OutboundEmailFilter) =>
  (await query(app, tenant.key, SearchedEmails, { filter })).outboundEmails.edges.map(({ node }) => node.uid);

describe('search', () => {
  const words: [string, string, string][] = [
    ['without accents what has them', 'Rechnung für Zoë Müller', 'zoe muller'],
    ['with accents what has none', 'Resume of Zoe', 'résumé'],
    ['Chinese', '关于发票的付款提醒', '发票'],
    ['Japanese', '請求書のお支払いについて', '請求書'],
    ['Korean', '청구서 결제 안내', '결제'],
    ['Cyrillic in another case', 'Счёт на оплату', 'СЧЕТ'],
    ['Arabic', 'فاتورة شهر مارس', 'فاتورة'],
    ['Thai', 'ใบแจ้งหนี้ค้างชำระ', 'ค้าง'],
    ['full-width forms', 'ＩＮＶ２０２６', 'inv2026'],
    ['what stands between unseen marks', '\u200fחשבונית\u200e מרץ', 'חשבונית'],
    ['by what was copied with such marks', 'עברית קבלה', '\u2067קבלה\u2069'],
    ['words with an unseen break between them', 'lion\u200btamer', 'tamer'],
    ['a part of a file name', 'lease_signed.final.pdf', 'signed'],
    ['a whole file name', 'lease_countersigned.pdf', 'lease_countersigned.pdf'],
    ['a word behind an apostrophe', "Objet : l'hippopotame", 'hippopotame'],
    ['one apostrophe by the other', 'Dear Mr O’Shaughnessy', "o'shaughnessy"],
    ['a part of a domain', 'see https://www.armadillo.example/now', 'armadillo'],
    ['an address in a text', 'Ask ostrich@farm.example.', 'ostrich@farm.example'],
    ['an address with a name, as programs copy it', 'From penguin@farm.example', '"Penguin" <penguin@farm.example>,'],
    ['an address in another case', 'Pelican@Farm.example', 'PELICAN@FARM.EXAMPLE'],
  ];
  for (const [what, subject, search] of words) {
    it(`finds ${what}`, async () => {
      const uid = await insertEmail(app, tenant, { subject, bodyText: '' });
      expect(await emails({ search })).toEqual([uid]);
    });
  }

  it('finds words of the body and addresses, all of which must be there', async () => {
    const uid = await insertEmail(app, tenant, { bodyText: 'The giraffe waits', to: ['keeper@zoo.example'] });
    for (const search of [
      'giraffe',
      'GIRAFFE waits',
      'giraffe keeper@zoo.example',
      'zoo.example giraffe',
      '  giraffe, ',
      'gir',
      'GIRAF wai',
      'waits giraffe keep',
      'keeper@zoo',
    ]) {
      expect(await emails({ search })).toEqual([uid]);
    }
    for (const search of [
      'giraffe elephant',
      'gi',
      'iraffe',
      'giraffes',
      'giraffe other@zoo.example',
      'giraffe NOT waits',
    ]) {
      expect(await emails({ search })).toEqual([]);
    }
  });

  it('takes only the last of joined words for a beginning', async () => {
    const uid = await insertEmail(app, tenant, { subject: 'Invoice OKAPI-007731', bodyText: '' });
    for (const search of ['okapi-007731', 'OKAPI-0077', 'okapi-', 'oka 0077', 'oka', '0077 okapi-007']) {
      expect(await emails({ search })).toEqual([uid]);
    }
    for (const search of ['oka-007731', 'okapi-0078', '0077-okapi', 'okapi-0077-1', '0077 oka-007']) {
      expect(await emails({ search })).toEqual([]);
    }
  });

  it('counts what is found, unless the planner expects one term to have many', async () => {
    const { organizationId, ...other } = await createTenant(app);
    const uids: string[] = [];
    for (let n = 0; n < 30; n++) {
      uids.push(await insertEmail(app, { organizationId, ...other }, { subject: `Quokka ${n}`, bodyText: '' }));
    }
    await app.app.pool.query('ANALYZE outbound_email_search');
    const count = (search: string) =>
      inTransaction(app.app.pool, async (tx) => {
        await tx.query(`SELECT set_config('epistle.search', $1, true)`, [tsquery(search)]);
        const { rows } = await tx.query<{ n: number }>(`SELECT count_found('outbound_email_search', $1, 3) AS n`, [
          organizationId,
        ]);
        return rows[0]?.n;
      });
    expect([await count('quokk'), await count('quokka 17')]).toEqual([4, 1]);
    // The planner does not know yet.
    await app.app.pool.query('DELETE FROM outbound_email_search WHERE outbound_email_id = ANY($1)', [uids.slice(2)]);
    expect([await count('quokk'), await count('quokka invoice'), await count('quokka 1')]).toEqual([4, 0, 1]);
    const { rows } = await app.app.pool.query<{ view: string }>(`SELECT pg_get_viewdef('found_count') AS view`);
    expect(rows[0]?.view).toContain(` ${MAX_FOUND})`);
  });

  it('takes operators, quotes and wildcards for what they are, and the first 16 words of a long search', async () => {
    const uid = await insertEmail(app, tenant, { bodyText: 'The walrus and the carpenter' });
    for (const search of [
      'walr%',
      'walr*',
      '"walrus carpenter"',
      'walrus & carpenter',
      '+walrus (carpenter)',
      "walrus' {carpenter}",
    ]) {
      expect(await emails({ search })).toEqual([uid]);
    }
    for (const search of ['walru_', 'walrus OR elephant', 'walrus -elephant', '\\walrus%\\elephant']) {
      expect(await emails({ search })).toEqual([]);
    }
    expect(await emails({ search: 'walrus '.repeat(2_000) })).toEqual([uid]);
    expect(await emails({ search: Array.from({ length: 2_000 }, (_, n) => `word${n}`).join(' ') })).toEqual([]);
    const words = 'the walrus and carpenter';
    await insertEmail(app, tenant, { subject: 'b c d e f g h i j k l m', bodyText: words });
    expect(await emails({ search: `${words} b c d e f g h i j k l m` })).toHaveLength(1);
    expect(await emails({ search: `${words} b c d e f g h i j k l elephant` })).toEqual([]);
    expect(await emails({ search: `${words} b c d e f g h i j k l m elephant` })).toHaveLength(1);
  });

  it('takes a blank search for none and survives what PostgreSQL cannot hold', async () => {
    const all = await emails({});
    for (const search of ['', '   ', '%', "'; DROP TABLE", '\0']) {
      expect((await emails({ search })).length).toBeLessThanOrEqual(all.length);
    }
    expect(await emails({ search: ' ' })).toEqual(all);
    expect(await emails({ search: 'gir\0affe@zoo.example' })).toEqual([]);
    expect(await emails({ recipient: 'nobody\0@zoo.example' })).toEqual([]);
    for (const name of ['search', 'recipient'])
      expect(await emails({ [name]: 'nobody\ud83d@zoo.example' })).toEqual([]);
  });
});

describe('search of conversations', () => {
  beforeEach(async () => {
    tenant = await createTenant(app);
  });

  it('of symbols alone finds nothing, of nothing everything', async () => {
    const maria = createRecipient(app, tenant);
    const email = { fromAccountUid: tenant.accountId, to: [maria], subject: 'C++ & more', bodyText: 'x' };
    await fetchSentCopy(app, tenant, (await accepted(app, tenant, { fresh: email })).outboundEmail.uid);
    for (const search of ['!!!', '--', '🙂', '( )', '%', '*']) {
      const found = await query(app, tenant.key, SearchAll, { search });
      expect([search, found.conversations.totalCount, found.outboundEmails.totalCount]).toEqual([search, 0, 0]);
    }
    const all = await query(app, tenant.key, SearchAll, { search: '  ' });
    expect([all.conversations.totalCount, all.outboundEmails.totalCount]).toEqual([1, 1]);
  });

  it('finds the words of an HTML body that was sent, not its markup', async () => {
    const bodyHtml = '<table class="zebra"><td>M&uuml;ller</td><td>Giraffe</td></table>';
    const email = { fromAccountUid: tenant.accountId, to: [createRecipient(app, tenant)], subject: 'Hello', bodyHtml };
    await fetchSentCopy(app, tenant, (await accepted(app, tenant, { fresh: email })).outboundEmail.uid);
    const count = async (search: string) => {
      const found = await query(app, tenant.key, SearchAll, { search });
      return [found.conversations.totalCount, found.outboundEmails.totalCount];
    };
    for (const search of ['muller', 'giraffe']) expect([search, ...(await count(search))]).toEqual([search, 1, 1]);
    for (const search of ['zebra', 'table', 'uuml']) expect([search, ...(await count(search))]).toEqual([search, 0, 0]);
  });

  it('finds a letter with more marks on it than any language has', async () => {
    await store(
      app,
      tenant,
      gmailMessage(tenant, { messageId: 'marks', bodyText: `z${'\u0323\u0301'.repeat(66_000)}oo` }),
    );
    const { conversations } = await query(app, tenant.key, SearchAll, { search: `z${'\u0301\u0323'.repeat(2_000)}oo` });
    expect(conversations.totalCount).toBe(1);
  });

  it('finds the words of an HTML body, not its markup', async () => {
    const message = gmailMessage(tenant, {
      messageId: 'html',
      bodyText: null,
      bodyHtml: '<table class="zebra"><td>Giraffe</td></table>',
    });
    await store(app, tenant, message);
    const count = async (search: string) =>
      (await query(app, tenant.key, SearchAll, { search })).conversations.totalCount;
    expect([await count('giraffe'), await count('zebra'), await count('table')]).toEqual([1, 0, 0]);
  });

  it('finds an address that somebody has written, a file by a part of its name, and a person by the company', async () => {
    const file = { partId: '1', filename: 'lease_signed.pdf', contentType: 'application/pdf', size: 3 };
    await store(
      app,
      tenant,
      gmailMessage(tenant, {
        messageId: 'rich',
        from: 'Maria Lopez <maria.lopez@acme.example>',
        bodyText: 'Please write to payments@bank.example.',
        parts: [{ ...file, contentId: null, attachmentId: 'x', data: null }],
      }),
    );
    const count = async (search: string) =>
      (await query(app, tenant.key, SearchAll, { search })).conversations.totalCount;
    for (const search of [
      'payments@bank.example',
      'signed',
      'lease_signed.pdf',
      'acme',
      'lopez',
      '<maria.lopez@ACME.example>',
    ]) {
      expect([search, await count(search)]).toEqual([search, 1]);
    }
    for (const search of ['payments@acme.example', 'unsigned', 'loop']) {
      expect([search, await count(search)]).toEqual([search, 0]);
    }
  });
});
