/** Requests over a fixed number of keep-alive connections, each asking again as soon as it is answered. */
import { Agent, request } from 'node:http';

export interface Target {
  readonly url: string;
  readonly key: string;
  readonly body: string;
}

export interface LoadFigures {
  readonly perSecond: number;
  /** Median milliseconds of one request. */
  readonly p50Ms: number;
}

export async function load(target: Target, connections: number, durationMs: number): Promise<LoadFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const startedAt = performance.now();
  const worker = async () => {
    while (performance.now() - startedAt < durationMs) {
      const askedAt = performance.now();
      await ask(target, agent);
      latencies.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const elapsed = performance.now() - startedAt;
  agent.destroy();
  return { perSecond: (latencies.length / elapsed) * 1000, p50Ms: median(latencies) };
}

/** @throws when the answer is not 200. */
export function ask({ url, key, body }: Target, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${key}`,
    };
    const asked = request(url, { method: 'POST', headers, ...(agent === undefined ? {} : { agent }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${response.statusCode}: ${text.slice(0, 300)}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
