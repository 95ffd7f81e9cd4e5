/**
 * Scheduled emails: how many a second leave when ten thousand of 200 accounts are due at the same instant, and how late
 * single emails are on an idle server.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../src/app.ts';
import { createDraft } from '../src/outbound/drafts.ts';
import { vacuum, whenQueueIsEmpty, withClient } from './database.ts';
import { MAIL } from './mail.ts';
import { atMost, type Row, unbounded } from './report.ts';
import { createTenant, identityOf, type Tenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';
import { quantile } from './statistics.ts';

const EMAILS = 10_000;
const ACCOUNTS = 200;
/** Time to write them all before they are due. */
const LEAD_MS = 60_000;
const TIMEOUT_MS = 600_000;
const POLL_MS = 250;

const SINGLES = 60;
const SINGLE_EVERY_MS = 1_000;
/** Each in a second of its own, so that two are never delivered at the same time. */
const SINGLE_WITHIN_MS = 700;

export function benchDue(): Promise<Row[]> {
  return withSetup({}, async (setup) => {
    const tenant = await withApp(setup.database, setup.encryptionKey, (app) => createTenant(app, 'epistle', ACCOUNTS));
    const lateness = await measureLateness(setup, tenant);
    const perSecond = await sendAtOnce(setup, tenant);
    await whenQueueIsEmpty(setup.database);
    const { sent, refused } = await setup.gmailCounts();
    if (refused > 0 || sent !== SINGLES + EMAILS) throw new Error(`Gmail sent ${sent} and refused ${refused}`);
    return [
      unbounded('mails/s', { scenario: `due, ${EMAILS} at once`, epistle: perSecond }),
      atMost(1_500, 'ms', {
        scenario: `due, ${SINGLES} singles: p99 late`,
        epistle: quantile(lateness, 0.99),
        detail: { p50Ms: quantile(lateness, 0.5), latenessMs: lateness },
      }),
    ];
  });
}

/** From the planned time of each to the arrival of its `drafts.send` at Gmail, in milliseconds. */
async function measureLateness({ database, encryptionKey, gmailArrivals }: Setup, tenant: Tenant): Promise<number[]> {
  const startsAt = Date.now() + 2 * SINGLE_EVERY_MS;
  const times = Array.from(
    { length: SINGLES },
    (_, n) => new Date(startsAt + n * SINGLE_EVERY_MS + Math.floor(Math.random() * SINGLE_WITHIN_MS)),
  );
  await withApp(database, encryptionKey, async (app) => {
    for (const [n, at] of times.entries()) await scheduleMail(app, tenant, n, at);
  });
  await delay(startsAt + SINGLES * SINGLE_EVERY_MS - Date.now());
  await untilSent(database, tenant, SINGLES);
  const arrivals = await gmailArrivals();
  const { rows } = await withClient(database, (client) =>
    client.query<{ plannedSendAt: Date; draftId: string }>(
      `SELECT planned_send_at AS "plannedSendAt", gmail_draft_id AS "draftId"
       FROM outbound_email WHERE organization_id = $1`,
      [tenant.organizationId],
    ),
  );
  return rows.map(({ plannedSendAt, draftId }) => (arrivals.get(draftId) ?? Number.NaN) - plannedSendAt.getTime());
}

/** @returns mails a second, from the instant at which they are due until the last one is SENT. */
async function sendAtOnce({ database, encryptionKey }: Setup, tenant: Tenant): Promise<number> {
  const dueAt = new Date(Date.now() + LEAD_MS);
  await withApp(database, encryptionKey, (app) => scheduleMails(app, tenant, dueAt));
  await vacuum(database);
  if (Date.now() > dueAt.getTime()) throw new Error('they were due before all were written');
  await delay(dueAt.getTime() - Date.now());
  const lastSentAt = await untilSent(database, tenant, SINGLES + EMAILS);
  return EMAILS / ((lastSentAt.getTime() - dueAt.getTime()) / 1000);
}

async function scheduleMails(app: App, tenant: Tenant, at: Date): Promise<void> {
  let n = 0;
  const writer = async () => {
    while (n < EMAILS) await scheduleMail(app, tenant, n++, at);
  };
  await Promise.all(Array.from({ length: 16 }, writer));
}

async function scheduleMail(app: App, tenant: Tenant, n: number, plannedSendAt: Date): Promise<void> {
  const index = n % ACCOUNTS;
  await createDraft(app, identityOf(tenant), {
    fromAccountUid: tenant.accountIds[index] ?? null,
    contexts: [{ type: 'invoice', uid: tenant.invoiceIds[index] ?? '' }],
    ...MAIL,
    plannedSendAt,
  });
}

/** @returns when the last one was sent. @throws after ten minutes. */
function untilSent(database: Setup['database'], { organizationId }: Tenant, count: number): Promise<Date> {
  return withClient(database, async (client) => {
    const deadline = performance.now() + TIMEOUT_MS;
    while (performance.now() < deadline) {
      const { rows } = await client.query<{ sent: number; lastSentAt: Date }>(
        `SELECT count(*)::int AS sent, max(sent_at) AS "lastSentAt" FROM outbound_email
         WHERE organization_id = $1 AND status = 'SENT'`,
        [organizationId],
      );
      const [row] = rows;
      if (row?.sent === count) return row.lastSentAt;
      await delay(POLL_MS);
    }
    throw new Error('not all of them were sent');
  });
}
