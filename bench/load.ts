/** A closed loop over a fixed number of connections: each sends its next request when its last one was answered. */
import { Agent, request as httpRequest } from 'node:http';
import { quantile } from './statistics.ts';

export interface LoadRequest {
  readonly port: number;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface LoadResult {
  readonly answers: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * @param load.next the request number `n`, counted from 0 over all connections.
 * @param load.check throws for a wrong answer, which ends the load.
 */
export async function runLoad(load: {
  readonly connections: number;
  readonly durationMs: number;
  readonly next: (n: number) => LoadRequest;
  readonly check: (status: number, body: string) => void;
}): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + load.durationMs;
  let n = 0;
  const loop = async () => {
    for (let sentAt = performance.now(); sentAt < endsAt; sentAt = performance.now()) {
      const { status, body } = await exchange(agent, load.next(n++));
      latencies.push(performance.now() - sentAt);
      load.check(status, body);
    }
  };
  try {
    await Promise.all(Array.from({ length: load.connections }, loop));
  } finally {
    agent.destroy();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    answers: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/** One POST. */
export function exchange(agent: Agent, { port, path, headers, body }: LoadRequest) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const request = httpRequest({
      agent,
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.end(body);
  });
}
