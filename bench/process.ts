/** Processes of a benchmark: each scenario starts its own and ends them by their ids. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = path.join(import.meta.dirname, '..');
const READY_POLL_MS = 5;

export interface BenchProcess {
  /** Of its HTTP server on 127.0.0.1. */
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** What `npm start` runs, until /ready answers. @param env added to an otherwise bare environment. */
export async function startEpistle(env: Record<string, string>, nodeOptions = ''): Promise<BenchProcess> {
  const port = await freePort();
  const child = spawn(path.join(ROOT, 'scripts', 'start.sh'), {
    env: { ...bareEnvironment(), NODE_OPTIONS: nodeOptions, PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const epistle = describe(child, port);
  while (!(await isReady(epistle.url))) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    await delay(READY_POLL_MS);
  }
  return epistle;
}

/** A program of this folder that serves HTTP and tells its port in its first message. */
export async function startHelper(file: string, env: Record<string, string> = {}): Promise<BenchProcess> {
  const child = fork(path.join(import.meta.dirname, file), { env: { ...bareEnvironment(), ...env } });
  const [port]: unknown[] = await once(child, 'message');
  if (typeof port !== 'number') throw new Error(`${file} did not tell its port`);
  return describe(child, port);
}

/** Tells the process that forked this one where its server listens. */
export function tellPort(address: string | AddressInfo | null): void {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  process.send?.(address.port);
}

function describe(child: ChildProcess, port: number): BenchProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('a process could not be started');
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    pid,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function bareEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/ready`).catch(() => null);
  return response?.status === 200;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
