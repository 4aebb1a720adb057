/** Runs trial steps in child processes of our own binary, with a deadline, and gathers answers. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Attempt } from '../../../host/observed.ts';
import { threadEntry } from '../../../thread-entry.ts';
import type { TrialMessage, TrialStep } from './protocol.ts';

/** What came of a step: the child's own answer, or how it ended without one. */
export type TrialOutcome =
  | { readonly answered: true; readonly result: unknown }
  | { readonly answered: false; readonly attempt: Attempt };

/**
 * Runs `steps` in order in one child. Where it dies the step in progress is marked and the rest
 * go on in a new child; past `deadline` (performance.now) what is left has timed out.
 */
export async function runTrials(
  steps: readonly TrialStep[],
  deadline: number,
): Promise<ReadonlyMap<string, TrialOutcome>> {
  const outcomes = new Map<string, TrialOutcome>();
  let left = steps;
  while (left.length > 0) {
    const { current, attempt } = await runChild(left, deadline, outcomes);
    const stuck = left.find(({ id }) => id === current && !outcomes.has(id)) ?? left[0];
    if (stuck !== undefined && !outcomes.has(stuck.id)) {
      outcomes.set(stuck.id, { answered: false, attempt });
    }
    left = left.filter(({ id }) => !outcomes.has(id));
  }
  return outcomes;
}

interface ChildEnd {
  /** The step announced last. */
  readonly current: string | undefined;
  readonly attempt: Attempt;
}

function runChild(
  steps: readonly TrialStep[],
  deadline: number,
  outcomes: Map<string, TrialOutcome>,
): Promise<ChildEnd> {
  const milliseconds = deadline - performance.now();
  if (milliseconds <= 0) {
    return Promise.resolve({ current: undefined, attempt: { outcome: 'untried' } });
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [childEntry(), JSON.stringify(steps)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      // Mesa and Vega write to stderr and caches; a trial must leave no trace.
      env: { ...process.env, EGL_LOG_LEVEL: 'fatal', MESA_SHADER_CACHE_DISABLE: 'true' },
    });
    let current: string | undefined;
    const timer = setTimeout(() => {
      // A child that waits for a dead file server cannot be killed: it is left, not waited for.
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
      end({ outcome: 'timeout' });
    }, milliseconds);
    const read = lineReader((line) => {
      const message = JSON.parse(line) as TrialMessage;
      if ('start' in message) current = message.start;
      else outcomes.set(message.done, { answered: true, result: message.result });
    });
    child.stdout.setEncoding('utf8').on('data', read);
    const end = (attempt: Attempt): void => {
      clearTimeout(timer);
      resolve({ current, attempt });
    };
    child.on('error', (error) => end({ outcome: 'failed', message: error.message }));
    child.on('close', (code, signal) => {
      if (signal !== null) return end({ outcome: 'killed', signal });
      end({ outcome: 'failed', message: `the trial ended with status ${code}` });
    });
  });
}

/** The source beside this one, or the file the bundler makes of it. */
function childEntry(): string {
  return fileURLToPath(threadEntry('trial', './child.ts', import.meta.url));
}

function lineReader(onLine: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  };
}
