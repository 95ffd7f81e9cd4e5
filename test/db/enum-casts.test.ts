/** Prisma casts its parameters from text to an enum. By casts of our own, the planner knows the value and the indexes that it allows. */
import { expect, it } from 'vitest';
import { useTestApp } from '../support/harness.ts';

const t = useTestApp();

it.each(['outbound_email_status', 'send_mode'])('casts every value of %s to itself', async (type) => {
  const { rows } = await t.app.pool.query<{ name: string; cast: string | null }>(
    `SELECT value::text AS name, CAST(value::text AS ${type})::text AS cast FROM unnest(enum_range(NULL::${type})) value`,
  );
  expect(rows.length).toBeGreaterThan(2);
  expect(rows.map(({ cast }) => cast)).toEqual(rows.map(({ name }) => name));
});

it('lets a list of drafts use the index that holds drafts only', async () => {
  const { rows } = await t.app.pool.query(
    `EXPLAIN SELECT FROM outbound_email
     WHERE mode = CAST('DRAFT'::text AS send_mode) AND status IN (CAST('DRAFT'::text AS outbound_email_status))`,
  );
  expect(JSON.stringify(rows)).toContain('outbound_email_drafts');
});
