/**
 * Does what the Dockerfile does, step by step and without a container engine: a stage is a folder, a RUN is a process of an
 * ordinary user in it. What a base image brings (npm, a C library) is this machine's.
 *
 *   node scripts/follow-dockerfile.ts FOLDER     FOLDER must be empty, or not exist
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const REPOSITORY = path.join(import.meta.dirname, '..');
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Whom processes belong to when this runs as root, as in the Dockerfile. */
export const ORDINARY_USER = process.getuid?.() === 0 ? { uid: 10_001, gid: 10_001 } : {};

export interface ImageTree {
  /** The folder that is `/` in the image. */
  readonly root: string;
  /** Where the command starts, on this machine. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly healthcheck: readonly [string, ...string[]];
  readonly command: readonly [string, ...string[]];
}

/** @returns the last stage, whose files are read-only. @throws {Error} on an instruction that it does not know. */
export function followDockerfile(folder: string): ImageTree {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const [name, rest] of readInstructions()) {
    if (name === 'FROM') {
      const alias = / AS (\S+)$/.exec(rest)?.[1] ?? 'image';
      stage = new Stage(path.join(folder, alias));
      stages.set(alias, stage);
    } else {
      if (stage === undefined) throw new Error(`${name} comes before FROM`);
      stage.follow(name, rest, stages);
    }
  }
  if (stage === undefined) throw new Error('the Dockerfile has no stage');
  execFileSync('chmod', ['-R', 'a-w', stage.root]);
  return stage;
}

function readInstructions(): [string, string][] {
  const lines = readFileSync(path.join(REPOSITORY, 'Dockerfile'), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return [name, rest.join(' ')];
    });
}

class Stage implements ImageTree {
  readonly root: string;
  workdir: string;
  readonly env: Record<string, string> = { PATH: SYSTEM_PATH };
  healthcheck: readonly [string, ...string[]] = ['false'];
  command: readonly [string, ...string[]] = ['false'];

  constructor(root: string) {
    this.root = root;
    this.workdir = root;
    makeFolder(root);
  }

  follow(name: string, rest: string, stages: ReadonlyMap<string, Stage>): void {
    if (name === 'WORKDIR') {
      this.workdir = path.join(this.root, rest);
      makeFolder(this.workdir);
    } else if (name === 'COPY') this.#copy(rest.split(' '), stages);
    else if (name === 'ENV') this.#set(rest);
    else if (name === 'RUN') this.#run(rest);
    else if (name === 'HEALTHCHECK') this.healthcheck = parseCommand(rest.slice(rest.indexOf('CMD ') + 4));
    else if (name === 'CMD') this.command = parseCommand(rest);
    else if (name !== 'USER' && name !== 'EXPOSE')
      throw new Error(`the Dockerfile has an unknown instruction: ${name}`);
  }

  /** npm, which the first base image brings, and the way to its registry are those of this process. */
  #run(command: string): void {
    const cache = path.join(this.root, '.npm');
    execFileSync('sh', ['-c', command], {
      ...ORDINARY_USER,
      cwd: this.workdir,
      env: {
        ...process.env,
        ...this.env,
        PATH: this.env.PATH?.replace(SYSTEM_PATH, process.env.PATH ?? ''),
        HOME: this.root,
        npm_config_cache: cache,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }

  #copy(words: readonly string[], stages: ReadonlyMap<string, Stage>): void {
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    const paths = words.filter((word) => !word.startsWith('--'));
    const target = paths.at(-1) ?? '';
    const place = target.startsWith('/') ? path.join(this.root, target) : path.join(this.workdir, target);
    for (const source of paths.slice(0, -1)) {
      const file = path.join(from === undefined ? REPOSITORY : (stages.get(from)?.root ?? ''), source);
      const isIntoFolder = target.endsWith('/');
      cpSync(file, isIntoFolder ? path.join(place, path.basename(file)) : place, {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
    giveAway(this.root);
  }

  #set(assignment: string): void {
    const [, name, value] = /^(\w+)=(\S*)$/.exec(assignment) ?? [];
    if (name === undefined || value === undefined) throw new Error(`ENV takes one variable here: ${assignment}`);
    const expanded = value.replace(/\$(\w+)/g, (_, variable: string) => this.env[variable] ?? '');
    this.env[name] = expanded.replaceAll('/epistle', path.join(this.root, 'epistle'));
  }
}

/** The form with brackets. */
function parseCommand(json: string): [string, ...string[]] {
  const words: unknown = JSON.parse(json);
  if (!Array.isArray(words)) throw new Error(`a command must be a list: ${json}`);
  const [program, ...args] = words.map(String);
  if (program === undefined) throw new Error('a command is empty');
  return [program, ...args];
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  giveAway(folder);
}

function giveAway(folder: string): void {
  const { uid, gid } = ORDINARY_USER;
  if (uid === undefined || gid === undefined) return;
  execFileSync('chown', ['-R', `${uid}:${gid}`, folder]);
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Name an empty folder.');
  const { workdir, command } = followDockerfile(path.resolve(folder));
  process.stdout.write(`cd ${workdir} && ${command.join(' ')}\n`);
}
