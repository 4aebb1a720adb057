import { expect, test } from 'vitest';
import { workspace } from './binary.ts';
import {
  checkReadable,
  checkWhole,
  expectKilled,
  hasStrace,
  inject,
  NEW,
  NO_STRACE,
  OLD,
  prepare,
  run,
  writingCalls,
} from './kill.ts';

/** Every boundary is visited by kill.full.ts; here a few spread over the run. */
const SAMPLES = 3;

test('killed at a writing system call and run again, a dataset is as if undisturbed', async (context) => {
  if (!hasStrace) return context.skip(NO_STRACE);
  using room = workspace('kill');
  const calls = writingCalls(room.path);
  expect(calls.length).toBeGreaterThan(30);
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const call = calls[Math.round((calls.length * sample) / (SAMPLES + 1))];
    if (call === undefined) throw new Error('the run makes fewer calls than samples');
    prepare(room.path);
    expectKilled(run(room.path, inject('signal=KILL', call)), call);
    await checkReadable(room.path);
    await checkWhole(room.path);
  }
}, 120_000);

test('a full disk at any write leaves the old rows, a clear error, and nothing behind', async (context) => {
  if (!hasStrace) return context.skip(NO_STRACE);
  using room = workspace('full-disk');
  const calls = writingCalls(room.path);
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const call = calls[Math.round((calls.length * sample) / (SAMPLES + 1))];
    if (call === undefined) throw new Error('the run makes fewer calls than samples');
    prepare(room.path);
    const failed = run(room.path, inject('error=ENOSPC', call));
    const seen = await checkReadable(room.path);
    if (failed.code === 1) {
      expect(failed.stderr, `${call.name} ${call.nth}`).toMatch(
        /no space left on the device|ENOSPC/,
      );
      expect(
        seen.length === OLD.length ||
          seen.length === NEW.length ||
          failed.stderr.includes('committed'),
      ).toBe(true);
    }
    await checkWhole(room.path);
  }
}, 120_000);
