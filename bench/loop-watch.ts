/**
 * Loaded into the server with `--import`. Records the longest slice of the event loop in milliseconds of the main thread's CPU time,
 * so that other load on the machine does not count, and writes it to the file that LOOP_WATCH names. SIGUSR2 resets it, after
 * the start.
 */
import { writeFileSync } from 'node:fs';

const TICK_MS = 10;
const WRITE_MS = 500;

const file = process.env.LOOP_WATCH;
if (file !== undefined) {
  let before = process.threadCpuUsage();
  let longestMs = 0;
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    before = process.threadCpuUsage();
  }, TICK_MS).unref();
  process.on('SIGUSR2', () => {
    longestMs = 0;
  });
  setInterval(() => writeFileSync(file, String(longestMs)), WRITE_MS).unref();
}
