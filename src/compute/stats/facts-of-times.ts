/** The steps between timestamps, out of the kernel. */
import type { TimeFacts } from './facts.ts';
import type { Kernel } from './kernel.ts';

export function timesOf(kernel: Kernel, address: bigint, unitNs: number): TimeFacts | undefined {
  const times = kernel.read('Times', address);
  if (times.count === 0n) return undefined;
  const table = new BigInt64Array(kernel.bytes(times.slots, Number(times.capacity) * 16).buffer);
  const steps: [bigint, number][] = [];
  for (let i = 0; i < table.length; i += 2) {
    const count = Number(table[i + 1]);
    if (count > 0) steps.push([table[i] ?? 0n, count]);
  }
  return {
    unitNs,
    count: Number(times.count),
    min: times.min,
    max: times.max,
    forward: Number(times.forward),
    back: Number(times.back),
    repeats: Number(times.repeats),
    longest: times.longest,
    longestAt: times.longestAt,
    steps: times.overflowed === 0n ? steps : undefined,
  };
}
