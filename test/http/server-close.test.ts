import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, startServer } from '../../src/http/server.ts';
import { createTenant, startTestApp, type TestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';

let t: TestApp;
let server: HttpServer;

beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  server = await startServer(t.app, { demo: null });
});

async function openConnection() {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('closing the server', () => {
  it('does not wait for a connection that never asked anything', { timeout: 2_000 }, async () => {
    const socket = await openConnection();
    const ended = once(socket, 'close');
    socket.resume();
    await server.close();
    await ended;
    expect(socket.destroyed).toBe(true);
  });

  it('waits for what is being answered, and for nothing else then', { timeout: 3_000 }, async () => {
    const tenant = await createTenant(t);
    const maria = createRecipient(t, tenant);
    const idle = await openConnection();
    idle.resume();
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const sending = accepted({ url: `http://127.0.0.1:${server.port}` }, tenant, fresh(tenant, maria));
    await gate.arrived;
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await expect(fetch(`http://127.0.0.1:${server.port}/health`)).rejects.toThrow();
    expect(closed).toBe(false);
    gate.release();
    expect((await sending).outboundEmail.status).toBe('SENT');
    await closing;
  });
});
