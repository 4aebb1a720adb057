/** What GL there is, asked in a child process, so that a driver's crash costs the probe alone. */
import type { GlTrial } from '../../host/observed.ts';
import { describeAttempt } from '../../host/observed.ts';
import type { GlProbe } from '../../render/gl/choose.ts';
import type { GlChoice } from '../../render/request.ts';
import type { TrialStep } from './trials/protocol.ts';
import { runTrials } from './trials/run.ts';

/** A cold llvmpipe takes 0.7 s; a GPU driver's first context about as much. */
const PROBE_MS = 10_000;

export function glStep(choice: GlChoice): TrialStep {
  return { id: 'gl', trial: 'gl', options: { choice } };
}

/** Opens what `choice` means in a child and has it count; says why when that does not work. */
export async function probeGl(choice: GlChoice): Promise<GlProbe> {
  // A just-in-time compiler that Node itself may not have kills llvmpipe at its first draw.
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')];
  if (flags.includes('--jitless'))
    return { works: false, reason: 'this Node runs without a JIT (--jitless)' };
  const outcomes = await runTrials([glStep(choice)], performance.now() + PROBE_MS);
  const outcome = outcomes.get('gl');
  if (outcome === undefined || !outcome.answered) {
    return {
      works: false,
      reason: outcome === undefined ? 'not tried' : describeAttempt(outcome.attempt),
    };
  }
  const { attempt, renderer, hardware } = outcome.result as GlTrial;
  if (attempt === undefined || attempt.outcome !== 'ok') {
    return {
      works: false,
      reason: attempt === undefined ? 'the probe threw' : describeAttempt(attempt),
    };
  }
  return { works: true, renderer: renderer ?? 'unknown', hardware };
}
