/**
 * The Gmail sandbox: an HTTP server on one origin that behaves as Gmail and Google's OAuth do.
 *   router    finds the call and its mailbox
 *   faults    may stop, break or hold it, before and after it takes effect
 *   handlers  compute operations (drafts, messages, threads, history, account)
 *   world     applies and journals them; one commit is one record
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createAdmin, type SandboxAdmin } from './admin.ts';
import { AdminHttp } from './admin-http.ts';
import { CallLog } from './calls.ts';
import { badRequest, GoogleError } from './errors.ts';
import { Faults } from './faults.ts';
import { OAuth } from './oauth.ts';
import { attachJournal } from './persistence.ts';
import { Pushes } from './push.ts';
import { Quota } from './quota.ts';
import type { Reply } from './reply.ts';
import { type Exchange, resolveTarget, type Services, type Target } from './router.ts';
import { readContent, strike, writeReply } from './transport.ts';
import { World } from './world.ts';

export interface SandboxOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** File that keeps mailboxes, grants and messages over restarts. One sandbox a file. Absent: memory only. */
  readonly statePath?: string;
  readonly now?: () => Date;
}

export interface Sandbox {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly admin: SandboxAdmin;
  /** Breaks open connections, lets held calls go, closes the journal. */
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const off = Number.POSITIVE_INFINITY;
  const world = new World(options.now ?? (() => new Date()));
  const closeJournal = options.statePath === undefined ? () => {} : attachJournal(world, options.statePath);
  const client = { clientId: 'sandbox.apps.googleusercontent.com', clientSecret: 'GOCSPX-sandbox' };
  const services: Services = {
    world,
    oauth: new OAuth(world, client),
    // Until `admin` sets limits.
    quota: new Quota({ unitsPerMinute: off, dailySends: off, concurrentRequests: off }),
    switches: { searchLagMs: 0, lingeringDrafts: false },
    pushes: new Pushes(world),
  };
  const faults = new Faults();
  const log = new CallLog();
  const admin = createAdmin(services, log, faults);
  const adminHttp = new AdminHttp(admin, faults);

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // Ignores a client that disconnected while its request was read.
      if (response.destroyed || request.errored) return;
      writeReply(response, errorReply(error));
    });
  });
  // Longer than clients keep idle connections, so that none of them is closed under a request.
  server.keepAliveTimeout = 300_000;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const content = await readContent(request);
    const { method = 'GET', headers } = request;
    if (!URL.canParse(request.url ?? '', 'http://sandbox')) throw badRequest('Invalid URL');
    const exchange: Exchange = { method, headers, content, url: new URL(request.url ?? '', 'http://sandbox') };
    if (exchange.url.pathname.startsWith('/sandbox/')) writeReply(response, await adminHttp.answer(exchange));
    else await answerCall(exchange, response);
  }

  async function answerCall(exchange: Exchange, response: ServerResponse): Promise<void> {
    const target = resolveTarget(services, exchange);
    const { kind, mailbox } = target;
    const { pathname, search } = exchange.url;
    const path = pathname.includes('/gmail/') ? pathname + search : pathname;
    const { method } = exchange;
    const finish = log.start({ method, path, call: kind, mailbox: mailbox?.email ?? null, at: world.now() });
    let leave = () => {};
    try {
      if (mailbox !== null) leave = services.quota.enter(mailbox);
      finish(await carryOut(target, response));
    } catch (error) {
      finish(writeReply(response, errorReply(error)));
    } finally {
      leave();
    }
  }

  /** @returns the status that the client was given, null when it got none. */
  async function carryOut({ kind, mailbox, id, answer }: Target, response: ServerResponse): Promise<number | null> {
    const { before, after, refusedByMail, hold } = faults.claim(kind, mailbox?.email ?? null, id ?? null);
    await hold('before');
    if (before !== null) {
      const outcome = await strike(response, before, null, world.now());
      if (outcome !== 'go on') return outcome;
    }
    const reply = attempt(() => answer({ refusedByMail }));
    await hold('after');
    if (after !== null) {
      const outcome = await strike(response, after, reply, world.now());
      if (outcome !== 'go on') return outcome;
    }
    return writeReply(response, reply);
  }

  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    url,
    ...client,
    admin,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      faults.clear();
      closeJournal();
    },
  };
}

/** A refusal is an answer like any other: a fault can lose it too. */
function attempt(answer: () => Reply): Reply {
  try {
    return answer();
  } catch (error) {
    return errorReply(error);
  }
}

function errorReply(error: unknown): Reply {
  if (error instanceof GoogleError) return error.toReply();
  // A bug of the sandbox must not pass for a fault of Gmail.
  process.emitWarning(error instanceof Error ? error : String(error));
  return new GoogleError(500, 'sandboxError', `Gmail sandbox: ${String(error)}`).toReply();
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sandbox listens on no port');
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}
