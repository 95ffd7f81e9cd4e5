import { mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** Tests in a real browser. It comes from the system, not from npm: /usr/bin/chromium, or CHROMIUM. `.ci/run` installs it. */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  { test: { include: ['test/browser/**/*.browser.ts'] } },
);
