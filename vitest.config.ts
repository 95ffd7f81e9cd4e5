import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node resolves: vite's own conditions would load a second copy of graphql, whose errors are no instances of ours.
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/template.ts'],
    pool: 'forks',
    // By default one less than there are cores; most tests wait for something most of their time.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
