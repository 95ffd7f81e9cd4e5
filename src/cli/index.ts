/** The command line: `npm run admin -- COMMAND`; see `COMMANDS`. */
import { parseArgs } from 'node:util';
import { type Config, parseConfig } from '../config/config.ts';
import { ACCOUNT_ADD_USAGE, addAccount } from './account-add.ts';
import { ACCOUNT_FORGET_USAGE, forgetAccount } from './account-forget.ts';
import { ACCOUNT_MOVE_USAGE, moveAccount } from './account-move.ts';
import { type Report, UsageError } from './command.ts';
import { ERASE_USAGE, erase } from './erase.ts';
import { createKey, KEY_CREATE_USAGE } from './key-create.ts';
import { KEY_LIST_USAGE, KEY_REVOKE_USAGE, listKeys, revokeKey } from './key-list.ts';
import { KEYS_ROTATE_USAGE, rotateKeys } from './keys-rotate.ts';
import {
  listOrganizations,
  ORGANIZATION_LIST_USAGE,
  ORGANIZATION_RENAME_USAGE,
  renameOrganization,
} from './organization.ts';
import { ORGANIZATION_RETENTION_USAGE, setRetention } from './organization-retention.ts';
import { STATUS_USAGE, showStatus } from './status.ts';

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
  status: { usage: STATUS_USAGE, run: showStatus },
  'key create': { usage: KEY_CREATE_USAGE, run: createKey },
  'key list': { usage: KEY_LIST_USAGE, run: listKeys },
  'key revoke': { usage: KEY_REVOKE_USAGE, run: revokeKey, takesArgument: true },
  'keys rotate': { usage: KEYS_ROTATE_USAGE, run: rotateKeys },
  'organization list': { usage: ORGANIZATION_LIST_USAGE, run: listOrganizations },
  'organization rename': { usage: ORGANIZATION_RENAME_USAGE, run: renameOrganization, takesArgument: true },
  'organization retention': { usage: ORGANIZATION_RETENTION_USAGE, run: setRetention, takesArgument: true },
  erase: { usage: ERASE_USAGE, run: erase, takesArgument: true },
  'account add': { usage: ACCOUNT_ADD_USAGE, run: addAccount, takesArgument: true },
  'account move': { usage: ACCOUNT_MOVE_USAGE, run: moveAccount, takesArgument: true },
  'account forget': { usage: ACCOUNT_FORGET_USAGE, run: forgetAccount, takesArgument: true },
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
