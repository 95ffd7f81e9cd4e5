/** Two processes behind nginx, restarted one after the other under load. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SendEmail } from '../support/documents.ts';
import { eventually, query } from '../support/harness.ts';
import { createRecipient, fresh } from '../support/mail.ts';
import { type Fleet, startFleet, statusCounts } from '../support/processes.ts';
import { type RunningProxy, startNginx } from '../support/proxies.ts';

const SENDS_PER_SECOND = 20;

let fleet: Fleet | undefined;
let nginx: RunningProxy | undefined;
beforeAll(async () => {
  fleet = await startFleet({ processes: 2, env: { DRAIN_DELAY_MS: '5000' } });
  nginx = await startNginx(fleet.processes.map(({ url }) => url));
});
afterAll(async () => {
  await nginx?.stop();
  await fleet?.close();
});

describe('a rolling restart under load', () => {
  it('fails no request, and sends each email once', async () => {
    if (fleet === undefined || nginx === undefined) throw new Error('it was not started');
    const { tenant, processes } = fleet;
    const to = createRecipient(fleet, tenant);
    const proxy = { url: nginx.url };
    const failures: unknown[] = [];
    const sends: Promise<void>[] = [];
    const sendOne = async () => {
      const { sendEmail } = await query(proxy, tenant.key, SendEmail, { input: fresh(tenant, to) });
      if (sendEmail.__typename !== 'SendEmailPayload') failures.push(sendEmail);
    };
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        sends.push(sendOne().catch((error: unknown) => void failures.push(error)));
        await delay(1_000 / SENDS_PER_SECOND);
      }
    })();

    const statuses: unknown[] = [];
    for (const each of processes) {
      await delay(1_000);
      each.signal('SIGTERM');
      statuses.push(
        await eventually(async () => {
          // Its kept connection may be closed just then.
          const ready = await fetch(`${each.url}/ready`).catch(() => null);
          return ready?.status === 503 ? ready.json() : null;
        }),
      );
      expect(await each.exit()).toEqual([0, null]);
      await each.start();
    }
    await delay(1_000);
    isOver = true;
    await load;
    await Promise.all(sends);

    expect(failures).toEqual([]);
    expect(statuses).toMatchObject([{ status: 'stopping' }, { status: 'stopping' }]);
    expect(sends.length).toBeGreaterThan(100);
    const counts = await eventually(async () => {
      const now = await statusCounts({ app: (fleet ?? expect.fail()).app });
      return now.SENT === sends.length ? now : null;
    });
    expect(counts).toEqual({ SENT: sends.length });
    expect(fleet.sandbox.admin.messages(to)).toHaveLength(sends.length);
  });
});
