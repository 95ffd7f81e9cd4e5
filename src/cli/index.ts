/** The command line beside the server: `npm run admin -- COMMAND`; see `USAGE`. */
import { parseArgs } from 'node:util';
import { ACCOUNT_ADD_USAGE, addAccount } from './account-add.ts';
import { type Report, UsageError } from './command.ts';
import { createKey, KEY_CREATE_USAGE } from './key-create.ts';
import { KEYS_ROTATE_USAGE, rotateKeys } from './keys-rotate.ts';
import { parseConfig } from '../config/config.ts';

const OPTIONS = {
  organization: { type: 'string' },
  name: { type: 'string' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
} as const;

const USAGE = [KEY_CREATE_USAGE, KEYS_ROTATE_USAGE, ACCOUNT_ADD_USAGE]
  .map((usage, index) => `${index === 0 ? 'Usage:' : '      '} npm run admin -- ${usage}`)
  .join('\n');

async function run(args: readonly string[]): Promise<Report> {
  const { values, positionals } = parse(args);
  const [noun, verb, ...rest] = positionals;
  const command = rest.length > (noun === 'account' ? 1 : 0) ? null : `${noun} ${verb}`;
  if (command === 'key create') return createKey(parseConfig(process.env), values);
  if (command === 'keys rotate') return rotateKeys(parseConfig(process.env));
  if (command === 'account add') return addAccount(parseConfig(process.env), rest[0], values);
  throw new UsageError('There are three commands: key create, keys rotate, account add.');
}

/** @throws {UsageError} */
function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch {
    const known = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw new UsageError(`The options are ${known.join(', ')}, and each needs a value.`);
  }
}

run(process.argv.slice(2)).then(
  ({ lines, problems }) => {
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    process.stderr.write(problems.map((problem) => `${problem}\n`).join(''));
    if (problems.length > 0) process.exitCode = 1;
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : 'failed';
    process.stderr.write(`${message}\n${error instanceof UsageError ? `${USAGE}\n` : ''}`);
    process.exitCode = 1;
  },
);
