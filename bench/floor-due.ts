/**
 * The floor of `due`: workers that take scheduled emails whose time has come, a handful at a time, and deliver them.
 * POST /run sends everything that ORGANIZATION has planned until UNTIL, and answers `{ sent, elapsedMs }`.
 */
import { createServer } from 'node:http';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createReadBacks, deliver, type FloorEmail, LEASE_MS } from './floor-delivery.ts';
import { CLAIM_DUE } from './floor-sql.ts';
import { tellPort } from './process.ts';

const WORKERS = 16;
const CLAIMED_AT_ONCE = 50;

const gmailUrl = process.env.GMAIL_URL ?? '';
const organizationId = process.env.ORGANIZATION ?? '';
const plannedUntil = new Date(process.env.UNTIL ?? '');
const pool = new pg.Pool({ ...JSON.parse(process.env.DATABASE ?? '{}'), max: WORKERS });

const readBacks = createReadBacks(pool, gmailUrl);

async function run(): Promise<{ sent: number; elapsedMs: number }> {
  const startedAt = performance.now();
  const sent = await Promise.all(Array.from({ length: WORKERS }, work));
  return { sent: sent.reduce((sum, count) => sum + count, 0), elapsedMs: performance.now() - startedAt };
}

/** Until nothing is due. @returns how many it has sent. */
async function work(): Promise<number> {
  let sent = 0;
  for (;;) {
    const emails = await claim();
    if (emails.length === 0) return sent;
    for (const email of emails) {
      readBacks.add(email, await deliver(pool, gmailUrl, email));
      sent++;
    }
  }
}

async function claim(): Promise<FloorEmail[]> {
  const [leaseToken, now] = [uuidv7(), new Date()];
  const leaseEnds = new Date(now.getTime() + LEASE_MS);
  const { rows } = await pool.query<Omit<FloorEmail, 'organizationId' | 'leaseToken'>>({
    ...CLAIM_DUE,
    values: [organizationId, plannedUntil, leaseEnds, leaseToken, now, CLAIMED_AT_ONCE],
  });
  return rows.map((row) => ({ ...row, organizationId, leaseToken }));
}

const server = createServer((_request, response) => {
  run().then(
    (result) => response.end(JSON.stringify(result)),
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});
// One request, which takes as long as it takes.
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => tellPort(server.address()));
process.on('disconnect', () => process.exit());
