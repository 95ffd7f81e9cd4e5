/**
 * Runs once around all tests: a PostgreSQL server, and on it a template database with every migration applied.
 * The server is the one of TEST_DATABASE_URL or DATABASE_URL (its role must be allowed to create databases), else an
 * embedded one in a temporary folder.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { prepareDatabase } from '../../src/db/prepare.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `url` is a database of the server to connect to for creating others. All names of this run start with `prefix`. */
    readonly postgres: { readonly url: string; readonly template: string; readonly prefix: string };
    /** For files of this run; it is removed afterwards, even when the run is aborted. */
    readonly temporaryFolder: string;
  }
}

const JANITOR = path.join(import.meta.dirname, 'janitor.ts');

let embedded: EmbeddedPostgres | undefined;
let janitor: ChildProcess | undefined;

export async function setup(project: TestProject): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epistle-test-'));
  const prefix = `epistle_test_${randomBytes(6).toString('hex')}_`;
  const template = `${prefix}template`;
  const given = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL;
  janitor = spawn(process.execPath, [JANITOR, folder, ...(given ? [prefix] : [])], {
    // The URL may hold a password: not for the list of processes.
    env: { ...process.env, DATABASE_URL: given },
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const url = given || (await embedServer(folder)).url;
  await execute(url, `create database ${template}`);
  await prepareDatabase({ connectionString: databaseUrl(url, template) }, () => {});
  project.provide('postgres', { url, template, prefix });
  project.provide('temporaryFolder', folder);
}

export async function teardown(): Promise<void> {
  await embedded?.stop();
  if (janitor === undefined) return;
  janitor.stdin?.end();
  if (janitor.exitCode === null) await once(janitor, 'exit');
}

async function embedServer(folder: string): Promise<EmbeddedPostgres> {
  embedded = await startEmbeddedPostgres(path.join(folder, 'data'), { log: () => {}, durable: false });
  return embedded;
}

/** The URL of another database on the same server. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
