import { execFile } from 'node:child_process';
import { environment, ROOT } from './processes.ts';

/** Runs `npm run admin -- …` as an operator does. */
export function runAdmin(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: environment({ NODE_ENV: 'test', LOG_LEVEL: 'warn', ...env }) };
    execFile(process.execPath, ['src/cli/index.ts', ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}
