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
  /** It begins with the name of the command. */
  readonly usage: string;
  readonly run: (config: Config, values: Values, argument: string | undefined) => Promise<Report>;
  /** Whether an argument that is not an option follows its name. */
  readonly takesArgument?: boolean;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  status: { usage: 'status [--json]', run: showStatus },
  'key create': {
    usage: `key create --organization NAME --name NAME --scopes ${SCOPES.join(',')}|all [--expires YYYY-MM-DD]`,
    run: createKey,
  },
  'key list': { usage: 'key list [--organization NAME] [--json]', run: listKeys },
  'key revoke': { usage: 'key revoke UID', run: revokeKey, takesArgument: true },
  'keys rotate': { usage: 'keys rotate', run: rotateKeys },
  'organization list': { usage: 'organization list', run: listOrganizations },
  'organization rename': {
    usage: 'organization rename NAME --name NEW_NAME',
    run: renameOrganization,
    takesArgument: true,
  },
  'organization retention': {
    usage: 'organization retention NAME [--messages DAYS|default] [--events DAYS|default]',
    run: setRetention,
    takesArgument: true,
  },
  erase: { usage: 'erase EMAIL [--organization NAME]', run: erase, takesArgument: true },
  'account add': { usage: 'account add EMAIL --organization NAME', run: addAccount, takesArgument: true },
  'account move': { usage: 'account move EMAIL --organization NAME', run: moveAccount, takesArgument: true },
  'account forget': {
    usage: 'account forget EMAIL [--organization NAME] [--sent]',
    run: forgetAccount,
    takesArgument: true,
  },
};

const USAGE = Object.values(COMMANDS)
  .map(({ usage }, index) => `${index === 0 ? 'Usage:' : '      '} npm run admin -- ${usage}`)
  .join('\n');

async function run(args: readonly string[]): Promise<Report> {
  const { values, positionals } = parse(args);
  if (values.help) return { lines: [USAGE] };
  const name = Object.keys(COMMANDS).find((known) => `${positionals.join(' ')} `.startsWith(`${known} `)) ?? '';
  const command = COMMANDS[name];
  const [argument, ...rest] = positionals.slice(name.split(' ').length);
  if (command === undefined || rest.length > 0 || (argument !== undefined && command.takesArgument !== true)) {
    throw new UsageError(`The commands are: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  return command.run(parseConfig(process.env), values, argument);
}

/** @throws {UsageError} */
function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch {
    const names = Object.entries(OPTIONS).map(([name, { type }]) => `--${name}${type === 'string' ? ' VALUE' : ''}`);
    throw new UsageError(`The options are ${names.join(', ')}.`);
  }
}

run(process.argv.slice(2)).then(
  ({ lines, warnings = [], problems = [] }) => {
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    process.stderr.write([...warnings, ...problems].map((line) => `${line}\n`).join(''));
    if (problems.length > 0) process.exitCode = 1;
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : 'failed';
    process.stderr.write(`${message}\n${error instanceof UsageError ? `${USAGE}\n` : ''}`);
    process.exitCode = 1;
  },
);
