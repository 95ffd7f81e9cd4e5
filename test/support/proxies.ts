/** The proxies of Debian's packages, with the configurations of `ops/`: only addresses and certificates are replaced. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'vitest';
import { eventually } from './harness.ts';
import { environment, freePort, ROOT } from './processes.ts';

export interface RunningProxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param upstreams URLs of processes. */
export async function startNginx(upstreams: readonly string[]): Promise<RunningProxy> {
  const port = await freePort();
  const [folder, example] = await Promise.all([makeFolder('nginx'), readExample('nginx.conf')]);
  const server = /^ +server 127\.0\.0\.1:4000(.*);$/m;
  const [, options] = server.exec(example) ?? [];
  const site = example
    .replace(server, upstreams.map((url) => `server ${new URL(url).host}${options};`).join('\n'))
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace(/^ +ssl_.*$/gm, '');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
  const config = `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${temporary}
${site}
}
`;
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, config);
  const asRoot = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];
  return listening('nginx', ['-e', `${folder}/error.log`, '-c', file, ...asRoot], port);
}

export async function startCaddy(upstream: string): Promise<RunningProxy> {
  const port = await freePort();
  const [folder, example] = await Promise.all([makeFolder('caddy'), readExample('Caddyfile')]);
  const config = `{
	admin off
}
${example.replace('mail.example.com {', `http://127.0.0.1:${port} {`).replace('127.0.0.1:4000', new URL(upstream).host)}`;
  const file = path.join(folder, 'Caddyfile');
  await writeFile(file, config);
  return listening('caddy', ['run', '--adapter', 'caddyfile', '--config', file], port, { HOME: folder });
}

async function makeFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(inject('temporaryFolder'), `${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

function readExample(name: string): Promise<string> {
  return readFile(path.join(ROOT, 'ops', name), 'utf8');
}

async function listening(program: string, args: readonly string[], port: number, env = {}): Promise<RunningProxy> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment(env) });
  let output = '';
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
    return fetch(url).catch(() => null);
  });
  return { url, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}
