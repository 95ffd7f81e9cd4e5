/** From `node src/main.ts` to a /ready that answers 200: on an empty data folder, and on that folder again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = path.join(import.meta.dirname, '..');
const PORT = 4790;
const RUNS = 5;
const POLL_MS = 5;

export interface StartFigures {
  /** Medians of milliseconds until ready. */
  readonly coldMs: number;
  readonly warmMs: number;
}

export async function benchStart(): Promise<StartFigures> {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const folder = await mkdtemp(path.join(tmpdir(), 'epistle-bench-'));
    cold.push(await timeToReady(folder));
    warm.push(await timeToReady(folder));
    await rm(folder, { recursive: true, force: true });
  }
  return { coldMs: median(cold), warmMs: median(warm) };
}

async function timeToReady(dataDir: string): Promise<number> {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(PORT),
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    // As `npm start` sets it.
    NODE_COMPILE_CACHE: 'node_modules/.cache/node',
  };
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['src/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await untilReady(child);
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${PORT}/ready`).catch(() => null);
    if (response?.status === 200) return;
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    await delay(POLL_MS);
  }
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}
