import { expect, test } from 'vitest';
import { workspace } from './binary.ts';
import {
  checkReadable,
  checkWhole,
  expectKilled,
  hasStrace,
  inject,
  killAfter,
  NO_STRACE,
  prepare,
  run,
  writingCalls,
} from './kill.ts';

const ONE_HOUR_MS = 3_600_000;
const RANDOM_KILLS = Number(process.env['NAIROBI_KILLS'] ?? 200);
const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);

test(
  'killed before every single writing system call, a rerun gives the same dataset',
  async (context) => {
    if (!hasStrace) return context.skip(NO_STRACE);
    using room = workspace('kill-all');
    const calls = writingCalls(room.path);
    for (const call of calls) {
      prepare(room.path);
      expectKilled(run(room.path, inject('signal=KILL', call)), call);
      await checkReadable(room.path);
      await checkWhole(room.path);
    }
    console.log(`killed before each of ${calls.length} writing system calls`);
  },
  ONE_HOUR_MS,
);

for (const error of ['ENOSPC', 'EIO']) {
  test(
    `${error} at every writing system call: an error or no harm, and a rerun is whole`,
    async (context) => {
      if (!hasStrace) return context.skip(NO_STRACE);
      using room = workspace('errors');
      const calls = writingCalls(room.path);
      for (const call of calls) {
        prepare(room.path);
        const failed = run(room.path, inject(`error=${error}`, call));
        expect(failed.stderr, `${call.name} ${call.nth}`).not.toMatch(/this is a bug|at file:/);
        await checkReadable(room.path);
        await checkWhole(room.path);
      }
    },
    ONE_HOUR_MS,
  );
}

test(
  `killed ${RANDOM_KILLS} times at random moments, a rerun gives the same dataset`,
  async () => {
    using room = workspace('kill-random');
    console.log(`NAIROBI_SEED=${seed}`);
    let state = seed || 1;
    const random = (): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    };
    prepare(room.path);
    const started = performance.now();
    run(room.path);
    const wholeMs = performance.now() - started;
    for (let round = 0; round < RANDOM_KILLS; round += 1) {
      prepare(room.path);
      // Most of a short run is start-up: the interesting part is its second half.
      await killAfter(room.path, wholeMs * (0.3 + 0.8 * random()));
      await checkReadable(room.path);
      await checkWhole(room.path);
    }
  },
  ONE_HOUR_MS,
);
