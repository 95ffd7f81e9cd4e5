/** From `node src/main.ts` to a /ready that answers 200: on an empty data folder, and on that folder again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEpistle } from './process.ts';
import { atMost, type Row } from './report.ts';
import { median } from './statistics.ts';

const RUNS = 5;

export async function benchStart(): Promise<Row[]> {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const folder = await mkdtemp(path.join(tmpdir(), 'epistle-bench-'));
    cold.push(await timeToReady(folder));
    warm.push(await timeToReady(folder));
    await rm(folder, { recursive: true, force: true });
  }
  return [
    atMost(2_500, 'ms', { scenario: 'start, empty data folder', epistle: median(cold), detail: { runs: cold } }),
    atMost(1_000, 'ms', { scenario: 'start, data there', epistle: median(warm), detail: { runs: warm } }),
  ];
}

async function timeToReady(dataDir: string): Promise<number> {
  const startedAt = performance.now();
  const epistle = await startEpistle({ DATA_DIR: dataDir, LOG_LEVEL: 'error' });
  const readyMs = performance.now() - startedAt;
  await epistle.stop();
  return readyMs;
}
