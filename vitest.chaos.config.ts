import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** What measures CPU and memory runs alone, so that nothing else is measured. */
const MEASURING = ['test/chaos/foreign-text.chaos.ts', 'test/chaos/memory-attacks.chaos.ts'];

function group(name: string, groupOrder: number, test: { include: string[]; exclude?: string[]; maxWorkers: number }) {
  return { ...config, test: { ...config.test, ...test, name, sequence: { groupOrder } } };
}

/** Tests that take minutes: storms of kills and faults, the whole matrix of Gmail's failures, the worst inputs. */
export default defineConfig({
  test: {
    projects: [
      group('measuring', 0, { include: MEASURING, maxWorkers: 1 }),
      // They wait most of their time.
      group('faults', 1, { include: ['test/chaos/**/*.chaos.ts'], exclude: MEASURING, maxWorkers: 2 }),
    ],
  },
});
