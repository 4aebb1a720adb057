/** What numbers and texts have in common, out of the kernel. */
import { assert } from '../../errors.ts';
import { estimateDistinct } from '../sketch/hyperloglog.ts';
import type { DistinctFacts, Frequent, Order } from './facts.ts';
import type { Kernel } from './kernel.ts';

const REGISTERS = 1 << 14;
/** Of kernels/stats/frequent.ts. */
const FREQUENT_SLOTS = 16_384;

export function orderOf(bits: bigint): Order {
  return { rises: (bits & 1n) !== 0n, falls: (bits & 2n) !== 0n, repeats: (bits & 4n) !== 0n };
}

export function estimatedDistinct(kernel: Kernel, registers: bigint): DistinctFacts {
  const count = Math.round(estimateDistinct(kernel.bytes(registers, REGISTERS)));
  return { count, exact: false, values: undefined };
}

interface Table {
  readonly slots: bigint;
  readonly arena: bigint;
  readonly arenaFill: bigint;
}

/** The values counted in slots of 32 bytes: hash, count, and the view of the value's bytes. */
export function countsOf<Value>(
  kernel: Kernel,
  { slots: at, arena: heap, arenaFill }: Table,
  capacity: number,
  toValue: (bytes: Buffer) => Value,
): [Value, number][] {
  const slots = Buffer.from(kernel.bytes(at, capacity * 32).buffer);
  const arena = Buffer.from(kernel.bytes(heap, Number(arenaFill)).buffer);
  const values: [Value, number][] = [];
  for (let slot = 0; slot < slots.length; slot += 32) {
    const count = Number(slots.readBigUInt64LE(slot + 8));
    if (count === 0) continue;
    const size = slots.readUInt32LE(slot + 16);
    const from = size <= 12 ? slot + 20 : Number(slots.readBigUInt64LE(slot + 24));
    values.push([toValue((size <= 12 ? slots : arena).subarray(from, from + size)), count]);
  }
  return values;
}

/** Undefined when the most frequent were not asked for. */
export function frequentOf<Value extends Frequent['values'][number][0]>(
  kernel: Kernel,
  address: bigint,
  toValue: (bytes: Buffer) => Value,
): Frequent | undefined {
  if (address === 0n) return undefined;
  const fields = kernel.read('Frequent', address);
  const values = countsOf(kernel, fields, FREQUENT_SLOTS, toValue);
  assert(values.length === Number(fields.used), 'the table of values has as many as it counted');
  return { values, error: Number(fields.error) };
}
