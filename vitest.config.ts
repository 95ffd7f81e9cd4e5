import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node resolves: vite's own conditions would load a second copy of graphql, whose errors are no instances of ours.
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/template.ts'],
    pool: 'forks',
    // A worker loads the program once, not once for each file: no file changes a module or leaves something running.
    isolate: false,
    // More than there are cores: most tests wait for something most of their time.
    maxWorkers: 4,
    // No test is about how fast this machine is.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
