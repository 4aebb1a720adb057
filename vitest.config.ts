import { defineConfig } from 'vitest/config';

const full = process.env['NAIROBI_TEST_FULL'] === '1';

export default defineConfig({
  test: {
    include: full ? ['test/**/*.test.ts', 'test/**/*.full.ts'] : ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    // Native modules and host-wide facts (huge pages, sysctl) do not survive sharing a thread.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: full ? 600_000 : 30_000,
    hookTimeout: 120_000,
  },
});
