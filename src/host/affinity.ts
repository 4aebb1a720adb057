/** --cpus: keeps every thread of the process on some processors. */
import { readdirSync } from 'node:fs';
import { NairobiError } from '../errors.ts';
import { schedSetaffinity } from '../kernel/calls.ts';
import { checked, ERRNO } from '../kernel/errno.ts';
import { listFormat } from './files.ts';

/** CPUs a mask of ours can name: more than any kernel is built for (CONFIG_NR_CPUS <= 8192). */
const MASK_CPUS = 8192;

/**
 * Moves all threads there are to the CPUs of `list` ("0,2-3"); those they start later inherit it.
 * sched_setaffinity(2) moves one thread only, and V8 and libuv have started theirs by now.
 * Answers how many CPUs that are. To be called before Polars starts its own threads.
 */
export function pinTo(list: string): number {
  // Four digits: a longer number names no CPU, and as a range would be a list without an end.
  const cpus = /^\s*\d{1,4}(-\d{1,4})?(\s*,\s*\d{1,4}(-\d{1,4})?)*\s*$/.test(list)
    ? listFormat(list)
    : [];
  if (cpus.length === 0 || cpus.some((cpu) => cpu >= MASK_CPUS)) {
    throw new NairobiError('USAGE', `Cannot read --cpus "${list}"`, {
      hint: 'list CPUs as taskset(1) does: 0,2-3',
    });
  }
  const mask = new Uint8Array(MASK_CPUS / 8);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  for (const tid of readdirSync('/proc/self/task')) {
    const result = schedSetaffinity(Number(tid), mask);
    if (result === -ERRNO.EINVAL) {
      throw new NairobiError('USAGE', `None of the CPUs ${list} may be used`, {
        hint: 'see Cpus_allowed_list in /proc/self/status',
      });
    }
    // A thread may have ended since it was listed.
    if (result !== -ERRNO.ESRCH) checked(result, 'set the CPU affinity');
  }
  return new Set(cpus).size;
}
