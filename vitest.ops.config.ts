import { mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** Tests that need programs which npm does not bring; `.ci/run` installs them. */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  { test: { include: ['test/ops/**/*.ops.ts'] } },
);
