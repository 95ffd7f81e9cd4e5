import { hash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTenant, startServer, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';

let server: Awaited<ReturnType<typeof startServer>>;

const t = useTestApp({ timing: { requestMs: 3_000 } });
beforeEach(async () => {
  server = await startServer(t.app);
});

async function openConnection() {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('closing the server', () => {
  it('does not wait for a connection that never asked anything', async () => {
    const socket = await openConnection();
    const ended = once(socket, 'close');
    socket.resume();
    await server.close();
    await ended;
    expect(socket.destroyed).toBe(true);
  });

  it('waits for what is being answered, and for nothing else then', async () => {
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

  it('waits for a while only for a client that takes nothing of its file', async () => {
    const tenant = await createTenant(t);
    const { organizationId } = tenant;
    const [id, outboundEmailId] = [randomUUID(), await insertEmail(t, tenant)];
    const bytes = Buffer.alloc(20_000_000);
    const sha256 = hash('sha256', bytes, 'hex');
    await t.app.db.attachmentContent.create({ data: { organizationId, sha256, bytes } });
    const file = { filename: 'a.pdf', contentType: 'application/pdf', size: bytes.length, sha256 };
    await t.app.db.attachment.create({ data: { organizationId, id, outboundEmailId, position: 0, ...file } });
    const socket = await openConnection();
    const begun = once(socket, 'readable');
    socket.write(`GET /attachments/${id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tenant.key}\r\n\r\n`);
    await begun;
    await server.close();
    socket.destroy();
  });
});
