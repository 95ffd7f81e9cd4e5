/** The command line: `npm run admin -- COMMAND`; see `COMMANDS`. */
import { parseArgs } from 'node:util';
import { SCOPES } from '../auth/scopes.ts';
import { type Config, parseConfig } from '../config/config.ts';
import { addAccount } from './account-add.ts';
import { forgetAccount } from './account-forget.ts';
import { moveAccount } from './account-move.ts';
import { type Report, UsageError } from './command.ts';
import { erase } from './erase.ts';
import { createKey } from './key-create.ts';
import { listKeys, revokeKey } from './key-list.ts';
import { rotateKeys } from './keys-rotate.ts';
import { listOrganizations, renameOrganization } from './organization.ts';
import { setRetention } from './organization-retention.ts';
import { showStatus } from './status.ts';

const OPTIONS = {
  organization: { type: 'string' },
  name: { type: 'string' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
  messages: { type: 'string' },
  events: { type: 'string' },
  sent: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parse>['values'];

interface Command {
  /** What follows its name: its argument in upper case, if it takes one, and the options that it takes. */
  readonly usage: string;
  readonly summary: string;
  readonly run: (config: Config, values: Values, argument: string | undefined) => Promise<Report>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  status: {
    usage: '[--json]',
    summary: 'Shows the whole installation. Exits with 1 when something needs a person.',
    run: showStatus,
  },
  'key create': {
    usage: `--organization NAME --name NAME --scopes ${SCOPES.join(',')}|all [--expires YYYY-MM-DD]`,
    summary: 'Creates an API key, and the organization if it does not exist. The last line is the key.',
    run: createKey,
  },
  'key list': {
    usage: '[--organization NAME] [--json]',
    summary: 'Lists the keys of one organization, or of all.',
    run: listKeys,
  },
  'key revoke': { usage: 'UID', summary: 'Revokes a key. Servers refuse it within 5 s.', run: revokeKey },
  'keys rotate': {
    usage: '',
    summary: 'Encrypts every stored secret under the first key of ENCRYPTION_KEY.',
    run: rotateKeys,
  },
  'organization list': {
    usage: '',
    summary: 'Lists the organizations with the number of their keys and accounts.',
    run: listOrganizations,
  },
  'organization rename': {
    usage: 'NAME --name NEW_NAME',
    summary: 'Renames an organization. Its keys and accounts stay.',
    run: renameOrganization,
  },
  'organization retention': {
    usage: 'NAME [--messages DAYS|default] [--events DAYS|default]',
    summary: 'Sets how long an organization keeps content (0: without limit), and shows it.',
    run: setRetention,
  },
  erase: {
    usage: 'EMAIL [--organization NAME]',
    summary: 'Erases a person: the address, and the content of mail with that person.',
    run: erase,
  },
  'account add': {
    usage: 'EMAIL --organization NAME',
    summary: 'Connects a mailbox that its Workspace delegates to the service account.',
    run: addAccount,
  },
  'account move': {
    usage: 'EMAIL --organization NAME',
    summary: 'Moves a mailbox with its consent to another organization, without its history.',
    run: moveAccount,
  },
  'account forget': {
    usage: 'EMAIL [--organization NAME] [--sent]',
    summary: 'Revokes the consent and deletes what is stored of a mailbox; --sent: also the content of what it sent.',
    run: forgetAccount,
  },
};

/** @param name of a command. Undefined: the usage of all. */
function usageOf(name: string | undefined): string {
  const commands = Object.entries(COMMANDS).filter(([each]) => name === undefined || each === name);
  const lines = commands.map(([each, { usage, summary }]) => `  ${`${each} ${usage}`.trim()}\n      ${summary}`);
  return `Usage: npm run admin -- COMMAND\n${lines.join('\n')}`;
}

async function run(name: string | undefined, args: readonly string[]): Promise<Report> {
  const command = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || command === undefined) {
    if (args.includes('--help')) return { lines: [usageOf(undefined)] };
    throw new UsageError(`The commands are: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  const { values, positionals } = parse(name, args.slice(name.split(' ').length));
  if (values.help) return { lines: [usageOf(name)] };
  const option = Object.keys(values).find((each) => !command.usage.includes(`--${each}`));
  const [argument, ...rest] = positionals;
  const [excess] = /^[A-Z]/.test(command.usage) ? rest : positionals;
  if (option !== undefined || excess !== undefined) {
    throw new UsageError(`\`${name}\` does not take ${option === undefined ? excess : `--${option}`}.`);
  }
  return command.run(parseConfig(process.env), values, argument);
}

/** @throws {UsageError} */
function parse(name: string, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    const { message } = error as Error;
    const [, unknown] = /^Unknown option '(.*?)'/.exec(message) ?? [];
    const [problem] = message.split(/\.?(?:\n|$)/);
    throw new UsageError(unknown === undefined ? `${problem}.` : `\`${name}\` does not take ${unknown}.`);
  }
}

const args = process.argv.slice(2);
const name = Object.keys(COMMANDS).find((known) => `${args.join(' ')} `.startsWith(`${known} `));

run(name, args).then(
  ({ lines, warnings = [], problems = [] }) => {
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    process.stderr.write([...warnings, ...problems].map((line) => `${line}\n`).join(''));
    if (problems.length > 0) process.exitCode = 1;
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : 'failed';
    process.stderr.write(`${message}\n${error instanceof UsageError ? `${usageOf(name)}\n` : ''}`);
    process.exitCode = 1;
  },
);
