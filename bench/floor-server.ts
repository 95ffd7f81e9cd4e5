/** The HTTP server of a floor. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tellPort } from './process.ts';

/**
 * Serves on a port of its own, which the process that forked this one is told, until that process ends.
 * @param answer gives the JSON for a request, whose body it gets whole. An error is the status 500.
 */
export function serveFloor(answer: (request: IncomingMessage, body: string) => Promise<string>): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, Buffer.concat(chunks).toString('utf8')).then(
        (json) => write(response, 200, json),
        (error: unknown) => write(response, 500, JSON.stringify({ error: String(error) })),
      );
    });
  });
  server.listen(0, '127.0.0.1', () => tellPort(server.address()));
  process.on('disconnect', () => process.exit());
}

function write(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}
