/** Queries on a real streaming standby: PostgreSQL of Debian's package. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TIMING } from '../../src/config/timing.ts';
import { openDatabase } from '../../src/db/client.ts';
import { openReadReplica } from '../../src/db/read-replica.ts';
import { createLogger } from '../../src/log.ts';
import { eventually } from '../support/harness.ts';
import { accepted, createRecipient, fresh, record } from '../support/mail.ts';
import { type EpistleProcess, type Fleet, startFleet } from '../support/processes.ts';
import { type Replication, startReplication } from '../support/standby.ts';

let replication: Replication | undefined;
let fleet: Fleet | undefined;
beforeAll(async () => {
  replication = await startReplication();
  fleet = await startFleet({
    processes: 2,
    databaseUrl: replication.primary.url,
    env: { DATABASE_READ_URL: replication.standby.url, LOG_LEVEL: 'info' },
  });
});
afterAll(async () => {
  await fleet?.close();
  await replication?.close();
});

function running() {
  const [first, second] = fleet?.processes ?? [];
  if (!fleet || !replication || !first || !second) throw new Error('it was not started');
  return { fleet, replication, first, second };
}

/** Whether the newest word of a process about its replica is that it answers queries. */
function usesReplica({ output }: EpistleProcess): boolean {
  return (
    output.lastIndexOf('the read replica answers queries') > output.lastIndexOf('the read replica is away or behind')
  );
}
const untilReplica = (server: EpistleProcess, used: boolean) =>
  eventually(async () => usesReplica(server) === used || null);

/** Queries of Prisma that the standby has answered, since its statistics began. */
async function readsOfStandby(): Promise<number> {
  const client = new Client({ connectionString: running().replication.standby.url });
  await client.connect();
  const { rows } = await client.query(`SELECT coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::int AS reads
    FROM pg_stat_user_tables WHERE relname = 'outbound_email'`);
  await client.end();
  return rows[0].reads;
}

describe('DATABASE_READ_URL', () => {
  it('answers queries from the standby', async () => {
    const { fleet, first } = running();
    await untilReplica(first, true);
    const { outboundEmail } = await accepted(
      first,
      fleet.tenant,
      fresh(fleet.tenant, createRecipient(fleet, fleet.tenant)),
    );
    const before = await readsOfStandby();
    await eventually(async () => {
      expect((await record(first, fleet.tenant, outboundEmail.uid)).status).toBe('SENT');
      return (await readsOfStandby()) > before || null;
    });
  });

  it('shows a caller at once what it has written, also in another process, while the standby is behind', async () => {
    const { fleet, replication, first, second } = running();
    await untilReplica(first, true);
    await untilReplica(second, true);
    const maria = createRecipient(fleet, fleet.tenant, 'behind');
    await replication.standby.pauseReplay();
    try {
      for (let round = 0; round < 20; round++) {
        const { outboundEmail } = await accepted(first, fleet.tenant, fresh(fleet.tenant, maria));
        const [here, there] = await Promise.all([
          record(first, fleet.tenant, outboundEmail.uid),
          record(second, fleet.tenant, outboundEmail.uid),
        ]);
        expect([here.status, there.status]).toEqual(['SENT', 'SENT']);
      }
      // Longer behind than any caller may see.
      await untilReplica(first, false);
    } finally {
      await replication.standby.resumeReplay();
    }
    await untilReplica(first, true);
  });

  it('keeps no connection to a server where it cannot listen, as after a failover', async () => {
    const { standby, primary } = running().replication;
    const log = createLogger('silent');
    const { pool, close } = openDatabase({ connectionString: primary.url }, log);
    const failures: unknown[] = [];
    const replica = openReadReplica({
      config: { connectionString: standby.url },
      primary: { connectionString: standby.url, application_name: 'listener' },
      pool,
      log,
      logFailure: (error) => void failures.push(error),
      timing: TIMING,
    });
    onTestFinished(async () => {
      await replica.close();
      await close();
    });
    await eventually(async () => failures.length >= 5 || null);
    const client = new Client({ connectionString: standby.url });
    await client.connect();
    onTestFinished(() => client.end());
    const { rowCount } = await client.query("SELECT FROM pg_stat_activity WHERE application_name = 'listener'");
    expect(rowCount).toBeLessThan(2);
    expect(failures.map(String)).toContain('error: cannot execute LISTEN during recovery');
  });

  it('falls back to the primary when the standby dies, and fails no query', async () => {
    const { fleet, replication, first, second } = running();
    await untilReplica(first, true);
    const { outboundEmail } = await accepted(
      second,
      fleet.tenant,
      fresh(fleet.tenant, createRecipient(fleet, fleet.tenant, 'gone')),
    );
    // The caller has written nothing for longer than the standby needs.
    const before = await readsOfStandby();
    await eventually(async () => {
      await record(first, fleet.tenant, outboundEmail.uid);
      return (await readsOfStandby()) > before || null;
    });
    let killed = false;
    const reading = (async () => {
      const statuses: string[] = [];
      while (!killed || statuses.length < 50) {
        statuses.push((await record(first, fleet.tenant, outboundEmail.uid)).status);
      }
      return statuses;
    })();
    await replication.standby.kill();
    killed = true;
    expect(new Set(await reading)).toEqual(new Set(['SENT']));
    await untilReplica(first, false);
  });
});
