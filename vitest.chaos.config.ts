import { mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/**
 * Tests that take minutes, or measure CPU and memory: storms of kills and faults, the whole matrix of Gmail's failures, the worst
 * inputs. One file at a time, so that what one does is not measured by another.
 */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  { test: { include: ['test/chaos/**/*.chaos.ts'], fileParallelism: false } },
);
