/** `totalCount` up to its bound, and beyond it. */
import { expect, it } from 'vitest';
import { createTenant, request, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';

const t = useTestApp();

interface Counted {
  readonly outboundEmails: { readonly totalCount: number; readonly totalCountIsExact: boolean };
}

it('counts exactly up to 10,000, says that there are more beyond, and counts once for both fields', async () => {
  const tenant = await createTenant(t);
  const uid = await insertEmail(t, tenant);
  const count = async () => {
    const document = '{ outboundEmails(first: 1) { totalCount totalCountIsExact edges { node { uid } } } }';
    t.resetStatements();
    const { data } = await request<Counted, object>(t, tenant.key, document);
    const counts = t.statements().filter((text) => /count\(/i.test(text));
    return { ...data?.outboundEmails, counts: counts.length };
  };
  expect(await count()).toMatchObject({ totalCount: 1, totalCountIsExact: true, counts: 1 });
  const copy = (times: number) =>
    t.app.pool.query(
      `INSERT INTO outbound_email (organization_id, id, account_id, mode, from_email, "to", cc, bcc, reply_to, subject,
         "references", status, sent_at, resolved_by, actor)
       SELECT organization_id, gen_random_uuid(), account_id, mode, from_email, "to", cc, bcc, reply_to, subject, "references",
         status, sent_at, 'test', actor FROM outbound_email, generate_series(1, $2) WHERE id = $1`,
      [uid, times],
    );
  await copy(9_999);
  expect(await count()).toMatchObject({ totalCount: 10_000, totalCountIsExact: true, counts: 1 });
  await copy(1);
  expect(await count()).toMatchObject({ totalCount: 10_000, totalCountIsExact: false, counts: 1 });
});
