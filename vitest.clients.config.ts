import { mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** Web clients over docs/clients.md. npm installs them in a temporary folder. */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  { test: { include: ['test/clients/**/*.clients.ts'] } },
);
