import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetExhaustedError, ByteBudget } from '../src/byte-budget.ts';

const server = createServer();
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A response that is not written yet. */
async function openResponse(): Promise<ServerResponse> {
  const address = server.address() as AddressInfo;
  get({ port: address.port, host: '127.0.0.1', agent: false }, (response) => response.resume()).on(
    'error',
    () => undefined,
  );
  const [, response] = await once(server, 'request');
  return response;
}

function answer(response: ServerResponse): Promise<unknown> {
  const closed = once(response, 'close');
  response.end();
  return closed;
}

/** Whether it is granted without anything else happening. */
async function isGranted(held: Promise<unknown>): Promise<boolean> {
  let granted = false;
  void held.then(
    () => (granted = true),
    () => undefined,
  );
  await new Promise((resolve) => setImmediate(resolve));
  return granted;
}

describe('a budget of bytes', () => {
  it('grants shares in the order of asking, and until the response is closed', async () => {
    const budget = new ByteBudget(100);
    const [a, b, c] = [await openResponse(), await openResponse(), await openResponse()];
    await budget.hold(60, a);
    const large = budget.hold(60, b);
    const small = budget.hold(10, c);
    expect(await isGranted(large)).toBe(false);
    // It would fit, and has to wait all the same: a large one would never get its turn.
    expect(await isGranted(small)).toBe(false);
    await answer(a);
    await Promise.all([large, small]);
    await Promise.all([answer(b), answer(c)]);
  });

  it('grants more than it has to one that is alone', async () => {
    const budget = new ByteBudget(100);
    const [a, b] = [await openResponse(), await openResponse()];
    await budget.hold(1_000, a);
    const next = budget.hold(1, b);
    expect(await isGranted(next)).toBe(false);
    await answer(a);
    await next;
    await answer(b);
  });

  it('takes back a share once, before its response is closed or then', async () => {
    const budget = new ByteBudget(100);
    const [a, b, c] = [await openResponse(), await openResponse(), await openResponse()];
    const release = await budget.hold(100, a);
    const next = budget.hold(60, b);
    release();
    release();
    await next;
    await answer(a);
    const last = budget.hold(60, c);
    expect(await isGranted(last)).toBe(false);
    await answer(b);
    await last;
    await answer(c);
  });

  it('refuses one that has waited too long, and goes on with the next', async () => {
    const budget = new ByteBudget(100, 50);
    const [a, b, c] = [await openResponse(), await openResponse(), await openResponse()];
    await budget.hold(60, a);
    await expect(budget.hold(60, b)).rejects.toThrow(BudgetExhaustedError);
    await budget.hold(40, c);
    await Promise.all([answer(a), answer(b), answer(c)]);
    await budget.hold(100, await openResponse());
  });

  it('gives up the place of a client that goes away, before its turn or in it', async () => {
    const budget = new ByteBudget(100);
    const [a, b, c] = [await openResponse(), await openResponse(), await openResponse()];
    await budget.hold(100, a);
    const gone = budget.hold(100, b);
    const next = budget.hold(100, c);
    b.destroy();
    await expect(gone).rejects.toThrow(BudgetExhaustedError);
    a.destroy();
    await next;
    await answer(c);
    await expect(budget.hold(100, c)).rejects.toThrow(BudgetExhaustedError);
    await budget.hold(100, await openResponse());
  });
});
