/** `compose.yaml` against what the image, the configuration and the files of this repository need. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../src/config/config.ts';
import { TIMING } from '../src/config/timing.ts';
import { ROOT } from './support/processes.ts';

const Service = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  read_only: z.boolean().optional(),
  stop_grace_period: z.string().optional(),
});
const Compose = z.object({
  services: z.object({ epistle: Service, postgres: Service, sandbox: Service }),
  volumes: z.record(z.string(), z.null()),
});

const read = (name: string) => readFile(path.join(ROOT, name), 'utf8');

async function compose() {
  const document = parseDocument(await read('compose.yaml'), { strict: true, uniqueKeys: true });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return Compose.parse(document.toJS());
}

/** As compose replaces `${NAME:?message}`. */
function filled(values: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>) {
  const fill = (value: string) => value.replace(/\$\{(\w+)[^}]*\}/g, (_, name: string) => env[name] ?? '');
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]));
}

describe('compose.yaml', () => {
  it('gives Epistle a configuration that it takes, and the database that it starts', async () => {
    const { epistle, postgres } = (await compose()).services;
    const environment = filled(epistle.environment, { POSTGRES_PASSWORD: 'secret' });
    const config = parseConfig({ ...environment, NODE_ENV: 'test' });
    const url = new URL(config.databaseUrl ?? '');
    const started = filled(postgres.environment, { POSTGRES_PASSWORD: 'secret' });
    expect([url.hostname, url.port, url.username, url.password, url.pathname]).toEqual([
      'postgres',
      '5432',
      started.POSTGRES_USER,
      started.POSTGRES_PASSWORD,
      `/${started.POSTGRES_DB}`,
    ]);
    expect(epistle.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  });

  it('publishes the port that Epistle listens on, to this machine only', async () => {
    const { epistle, sandbox } = (await compose()).services;
    const [, exposed] = /^EXPOSE (\d+)$/m.exec(await read('Dockerfile')) ?? [];
    expect(epistle.environment).toMatchObject({ HOST: '0.0.0.0', PORT: exposed });
    expect(epistle.ports).toEqual([`127.0.0.1:4000:${exposed}`, `127.0.0.1:4001:${sandbox.environment.PORT}`]);
  });

  it('sets only variables that Epistle reads', async () => {
    const known = [...(await read('.env.example')).matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
    const { epistle, sandbox } = (await compose()).services;
    const set = [...Object.keys(epistle.environment), ...Object.keys(sandbox.environment)];
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('is not overruled by a copy of .env.example, and neither are the image and the systemd unit', async () => {
    const assigned = [...(await read('.env.example')).matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    const image = [...(await read('Dockerfile')).matchAll(/^ENV ([A-Z_]+)=/gm)].map(([, name]) => name);
    const unit = [...(await read('ops/epistle.service')).matchAll(/^Environment=([A-Z_]+)=/gm)].map(([, name]) => name);
    const set = [...image, ...unit];
    expect(set).toEqual(expect.arrayContaining(['NODE_ENV', 'HOST', 'DRAIN_DELAY_MS']));
    expect(set.filter((name) => assigned.includes(name))).toEqual([]);
  });

  it('waits longer for the end than Epistle takes, and runs files that the image has', async () => {
    const { epistle, sandbox } = (await compose()).services;
    expect(Number.parseInt(epistle.stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(TIMING.drainMs);
    expect([epistle.read_only, sandbox.read_only]).toEqual([true, true]);
    const [program, file = ''] = sandbox.command ?? [];
    expect([program, existsSync(path.join(ROOT, file))]).toEqual(['node', true]);
    expect(await read('Dockerfile')).toMatch(new RegExp(`^COPY ${path.dirname(file)} ${path.dirname(file)}$`, 'm'));
  });
});
