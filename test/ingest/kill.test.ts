import { expect, test } from 'vitest';
import { workspace } from './binary.ts';
import { hasStrace, NO_STRACE, recordCalls, strike, WRITING_CALLS } from './injection.ts';
import { Stage } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

/** Every boundary of every scenario is visited by kill.full.ts; here a few spread over a run. */
const SAMPLES = 6;

const [scenario] = SCENARIOS;

test('killed or out of space at a writing system call and run again, it is as if undisturbed', async (context) => {
  if (!hasStrace || scenario === undefined) return context.skip(NO_STRACE);
  using room = workspace('kill');
  const stage = new Stage(scenario, room.path);
  const calls = await recordCalls(stage, WRITING_CALLS);
  expect(calls.length).toBeGreaterThan(30);
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const call = calls[Math.round((calls.length * sample) / (SAMPLES + 1))];
    if (call === undefined) throw new Error('the run makes fewer calls than samples');
    const what = `${call.name} ${call.nth}`;
    const isKill = sample % 2 === 0;
    stage.reset();
    const { ended } = await strike(stage, isKill ? 'signal=KILL' : 'error=ENOSPC', call);
    if (isKill && call.isMain && call.name !== 'write') expect(ended.signal, what).toBe('SIGKILL');
    if (ended.code === 1) expect(ended.stderr, what).toMatch(/no space left on the device|ENOSPC/);
    expect([scenario.before, scenario.after], what).toContainEqual(await stage.checkLeft(what));
    await stage.checkWhole(what);
  }
}, 120_000);
