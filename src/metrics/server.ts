import { once } from 'node:events';
import { createServer } from 'node:http';
import type { App } from '../app.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { createMetrics } from './registry.ts';

/**
 * Serves `GET /metrics` on a port of its own, without authentication.
 * @throws {ConfigError} when it cannot listen there.
 */
export async function startMetrics(app: App, { port, host }: NonNullable<Config['metrics']>) {
  const metrics = createMetrics(app);
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    metrics.render().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigError(`METRICS_PORT: cannot be listened on (${code})`);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server of the metrics has no port');
  return {
    port: address.port,
    async close(): Promise<void> {
      metrics.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
