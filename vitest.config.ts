import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const full = process.env['NAIROBI_TEST_FULL'] === '1';

const shared = {
  globalSetup: 'test/build.ts',
  // Native modules and host-wide facts (huge pages, sysctl) do not survive sharing a thread.
  pool: 'forks',
  // Each thread that is started from a .ts file loads Node's WebAssembly that strips types. V8 13.6
  // can end the process (SIGTRAP, SIGSEGV) when many such threads compile the wrappers of its
  // imports anew and free the old ones: github.com/nodejs/node/issues/64500. They never do now.
  execArgv: ['--wasm-wrapper-tiering-budget=2000000000'] as string[],
  testTimeout: full ? 600_000 : 90_000,
  hookTimeout: 120_000,
} as const;

const resolve = {
  alias: [
    {
      find: /^.*\/thread-entry\.ts$/,
      replacement: fileURLToPath(new URL('test/thread-entry.ts', import.meta.url)),
    },
  ],
};

/** Tests that change the host (a sysctl, huge pages, limits), and put it back. */
const HOST = ['test/**/*.host.test.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve,
        test: {
          ...shared,
          name: 'rooms',
          include: full ? ['test/**/*.test.ts', 'test/**/*.full.ts'] : ['test/**/*.test.ts'],
          exclude: HOST,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Alone and last: whatever ran beside them would meet the changed host.
        resolve,
        test: {
          ...shared,
          name: 'host',
          include: HOST,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
