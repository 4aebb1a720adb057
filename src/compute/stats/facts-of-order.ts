/** What numbers and texts have in common, out of the kernel. */
import { estimateDistinct } from '../sketch/hyperloglog.ts';
import type { DistinctFacts, Order } from './facts.ts';
import type { Kernel } from './kernel.ts';

const REGISTERS = 1 << 14;

export function orderOf(bits: bigint): Order {
  return { rises: (bits & 1n) !== 0n, falls: (bits & 2n) !== 0n, repeats: (bits & 4n) !== 0n };
}

export function estimatedDistinct(kernel: Kernel, registers: bigint): DistinctFacts {
  const count = Math.round(estimateDistinct(kernel.bytes(registers, REGISTERS)));
  return { count, exact: false, values: undefined };
}
