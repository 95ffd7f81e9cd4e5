import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node resolves: vite's own conditions would load a second copy of graphql, whose errors are no instances of ours.
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/template.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
