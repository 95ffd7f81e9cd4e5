/** Eight emails of 20 MB at once: how long they take, and what each of them holds in memory. */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { whenQueueIsEmpty } from './database.ts';
import { exchange, type LoadRequest } from './load.ts';
import { checkEpistleAnswer, sendThroughEpistle } from './mail.ts';
import { watchMemory } from './memory.ts';
import { atMost, type Row, unbounded } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { type Setup, withSetup } from './setup.ts';
import { median } from './statistics.ts';

const AT_ONCE = 8;
const FILE_BYTES = 20_000_000;
const ROUNDS = 3;
const MAX_MB_EACH = 120;

export function benchAttachments(): Promise<Row[]> {
  return withSetup({ measuresIdle: true }, async (setup) => {
    const tenant = await withApp(setup.database, setup.encryptionKey, (app) => createTenant(app, 'epistle', AT_ONCE));
    return measure(setup, tenant);
  });
}

async function measure({ epistle, database, idleMb }: Setup, tenant: Tenant): Promise<Row[]> {
  const measured = { ms: [] as number[], peakMb: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    // Made before, so that only the processes that are measured work meanwhile.
    const requests = Array.from({ length: AT_ONCE }, (_, n) =>
      withFile(sendThroughEpistle(epistle, tenant, `${round}`, n)),
    );
    const memory = watchMemory(epistle.pid);
    measured.ms.push(await allAtOnce(requests));
    await whenQueueIsEmpty(database);
    measured.peakMb.push(memory.stop());
  }
  return [
    atMost(MAX_MB_EACH, 'MB', {
      scenario: `attachments, memory of each of ${AT_ONCE} emails of 20 MB`,
      epistle: (Math.max(...measured.peakMb) - idleMb) / AT_ONCE,
      detail: { idleMb, ...measured },
    }),
    unbounded('ms', {
      scenario: `attachments, ${AT_ONCE} emails of 20 MB at once`,
      epistle: median(measured.ms),
    }),
  ];
}

/** The same request with a file of its own: bytes that are stored already cost less. */
function withFile(request: LoadRequest): LoadRequest {
  const dataBase64 = randomBytes(FILE_BYTES).toString('base64');
  const attachments = [{ filename: 'statement.pdf', contentType: 'application/pdf', dataBase64 }];
  const body = JSON.parse(request.body);
  Object.assign(body.variables.input.fresh, { attachments });
  return { ...request, body: JSON.stringify(body) };
}

async function allAtOnce(requests: readonly LoadRequest[]): Promise<number> {
  const agent = new Agent();
  const startedAt = performance.now();
  const answers = await Promise.all(requests.map((request) => exchange(agent, request)));
  const elapsed = performance.now() - startedAt;
  agent.destroy();
  for (const { status, body } of answers) checkEpistleAnswer(status, body);
  return elapsed;
}
