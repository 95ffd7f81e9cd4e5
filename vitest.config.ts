import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would add `development`, which gives our code a graphql of its own: its errors are not those of the libraries.
  ssr: { resolve: { conditions: ['module', 'node'], externalConditions: ['node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/template.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
