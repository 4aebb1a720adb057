/**
 * The entry of a trial process; not a public command. Takes the steps as JSON in argv, writes one
 * line before and one after each.
 */
import { writeSync } from 'node:fs';
import { messageOf } from '../../../errors.ts';
import type { TrialMessage, TrialName, TrialStep } from './protocol.ts';

type Trial = (options: never) => unknown;

/** Each loads only what it needs: koffi costs 10 ms, polars 27. */
const TRIALS: Readonly<Record<TrialName, () => Promise<Trial>>> = {
  uring: async () => (await import('./uring.ts')).tryUring,
  thp: async () => (await import('./pages.ts')).tryThp,
  hugetlb: async () => (await import('./pages.ts')).tryHugetlb,
  place: async () => (await import('./place.ts')).tryPlace,
  memfd: async () => (await import('./memfd.ts')).tryMemfd,
  clock: async () => (await import('./clock.ts')).tryClock,
  module: async () => (await import('./module.ts')).tryModule,
  gl: async () => (await import('./gl.ts')).tryGl,
};

function say(message: TrialMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

const steps = JSON.parse(process.argv[2] ?? '[]') as readonly TrialStep[];
for (const { id, trial, options } of steps) {
  say({ start: id });
  try {
    const run = await TRIALS[trial]();
    say({ done: id, result: await run(options as never) });
  } catch (error) {
    say({ done: id, result: { threw: messageOf(error) } });
  }
}
// Native modules may keep threads alive; there is nothing left to flush.
process.exit(0);
