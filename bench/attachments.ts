/** Eight emails of 20 MB at once: how long they take beside the floor, and what each of them holds in memory. */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { whenQueueIsEmpty } from './database.ts';
import { exchange, type LoadRequest } from './load.ts';
import { checkEpistleAnswer, checkFloorAnswer, sendThroughEpistle, sendThroughFloor } from './mail.ts';
import { memoryMb, watchMemory } from './memory.ts';
import { type BenchProcess, startHelper } from './process.ts';
import { atMost, type Row } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';
import { median } from './statistics.ts';

const AT_ONCE = 8;
const FILE_BYTES = 20_000_000;
const ROUNDS = 3;
const IDLE_AFTER_MS = 5_000;
const MAX_MB_EACH = 90;

export function benchAttachments(): Promise<Row[]> {
  let idleMb = Number.NaN;
  const onStart = async ({ pid }: BenchProcess) => {
    await delay(IDLE_AFTER_MS);
    idleMb = memoryMb(pid);
  };
  return withSetup({ onStart }, async (setup) => {
    const [tenant, floorTenant] = await withApp(setup.database, setup.encryptionKey, (app) =>
      Promise.all([createTenant(app, 'epistle', AT_ONCE), createTenant(app, 'floor', AT_ONCE)]),
    );
    const floor = await startHelper('attachments-floor.ts', {
      DATABASE: JSON.stringify(setup.database),
      GMAIL_URL: setup.gmail.url,
    });
    try {
      return await measure(setup, tenant, { floor, floorTenant }, idleMb);
    } finally {
      await floor.stop();
    }
  });
}

async function measure(
  { epistle, database }: Setup,
  tenant: Tenant,
  { floor, floorTenant }: { readonly floor: BenchProcess; readonly floorTenant: Tenant },
  idleMb: number,
): Promise<Row[]> {
  const measured = { epistleMs: [] as number[], floorMs: [] as number[], peakMb: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const requests = (send: (n: number) => LoadRequest) => Array.from({ length: AT_ONCE }, (_, n) => withFile(send(n)));
    // Made before, so that only the processes that are measured work meanwhile.
    const throughEpistle = requests((n) => sendThroughEpistle(epistle, tenant, `${round}`, n));
    const memory = watchMemory(epistle.pid);
    measured.epistleMs.push(await allAtOnce(throughEpistle, checkEpistleAnswer));
    await whenQueueIsEmpty(database);
    measured.peakMb.push(memory.stop());
    const throughFloor = requests((n) => sendThroughFloor(floor, floorTenant, `${round}`, n));
    measured.floorMs.push(await allAtOnce(throughFloor, checkFloorAnswer));
  }
  const [epistleMs, floorMs] = [median(measured.epistleMs), median(measured.floorMs)];
  return [
    atMost(MAX_MB_EACH, 'MB', {
      scenario: `attachments, memory of each of ${AT_ONCE} emails of 20 MB`,
      epistle: (Math.max(...measured.peakMb) - idleMb) / AT_ONCE,
      detail: { idleMb, ...measured },
    }),
    {
      scenario: `attachments, ${AT_ONCE} emails of 20 MB at once`,
      epistle: epistleMs,
      floor: floorMs,
      unit: 'ms',
      ratio: epistleMs / floorMs,
      bound: 'no bound',
      met: true,
    },
  ];
}

/** The same request with a file of its own: bytes that are stored already cost less. */
function withFile(request: LoadRequest): LoadRequest {
  const dataBase64 = randomBytes(FILE_BYTES).toString('base64');
  const attachments = [{ filename: 'statement.pdf', contentType: 'application/pdf', dataBase64 }];
  const body = JSON.parse(request.body);
  const mail = body.variables?.input.fresh ?? body;
  Object.assign(mail, { attachments });
  return { ...request, body: JSON.stringify(body) };
}

async function allAtOnce(
  requests: readonly LoadRequest[],
  check: (status: number, body: string) => void,
): Promise<number> {
  const agent = new Agent();
  const startedAt = performance.now();
  const answers = await Promise.all(requests.map((request) => exchange(agent, request)));
  const elapsed = performance.now() - startedAt;
  agent.destroy();
  for (const { status, body } of answers) check(status, body);
  return elapsed;
}
