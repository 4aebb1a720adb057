/** A column of numbers, out of the kernel. */
import { assert } from '../../errors.ts';
import { type Fraction, fractionOfLimbs, LIMBS } from './exact.ts';
import type { DistinctFacts, MomentFacts, NumberFacts } from './facts.ts';
import { estimatedDistinct, frequentOf, orderOf } from './facts-of-order.ts';
import { timesOf } from './facts-of-times.ts';
import { type KeptOrder, KeptValues } from './kept.ts';
import type { Fields, Kernel, State } from './kernel.ts';
import type { Kind } from './kinds.ts';

const SKETCH_LEVELS = 40;
const SKETCH_SIZE = 4096;

export type NumberKind = Exclude<Kind, { is: 'text' | 'opaque' | 'decimal' }>;

/** What the kernel knows of a column of numbers, once it is finished. */
export function numberFacts(kernel: Kernel, state: State, kind: NumberKind): NumberFacts {
  const fields = kernel.read('Numbers', state);
  const raw = kernel.read('Moments', fields.moments);
  const whole = kind.is !== 'float';
  const unsigned = kind.code === 'u64';
  const integer = (value: bigint): number | bigint =>
    compact(unsigned ? BigInt.asUintN(64, value) : value);
  const special = [fields.nan, fields.positiveInfinity, fields.negativeInfinity].map(Number);
  const toValue = (key: bigint): number | bigint =>
    whole ? integer(key) : (new Float64Array(BigInt64Array.of(key).buffer)[0] ?? Number.NaN);
  const isSafe = (value: bigint): boolean => typeof integer(value) === 'number';
  const small = !unsigned && isSafe(fields.min) && isSafe(fields.max);
  const order = !whole ? 'doubles' : small ? 'small' : unsigned ? 'unsigned' : 'signed';
  const distinct = distinctNumbers(kernel, fields.distinct, toValue, order);
  const empty = raw.n === 0n;
  const pivot = Number(unsigned ? BigInt.asUintN(64, fields.pivot) : fields.pivot);
  const min = whole ? integer(fields.min) : raw.min;
  const max = whole ? integer(fields.max) : raw.max;
  return {
    is: 'number',
    rows: Number(fields.rows),
    nulls: Number(fields.nulls),
    nan: special[0] ?? 0,
    positiveInfinity: special[1] ?? 0,
    negativeInfinity: special[2] ?? 0,
    zeros: Number(whole ? fields.zeros : raw.zeros),
    negatives: Number(whole ? fields.negatives : raw.negatives),
    min: empty ? undefined : min,
    max: empty ? undefined : max,
    sum: whole ? wholeSum(fields) : floatSum(kernel, raw.limbs),
    moments: momentsOf(raw, pivot),
    order: orderOf(fields.order),
    sketch: fields.sketch === 0n ? undefined : sketchOf(kernel, fields.sketch, pivot),
    distinct: { ...distinct, count: distinct.count + special.filter((count) => count > 0).length },
    sample: sampleOf(kernel, fields.sample, { pivot, min: Number(min), max: Number(max) }),
    times: kind.is === 'time' ? timesOf(kernel, fields.times, kind.unitNs) : undefined,
  };
}

/** A number while it is exact as one. */
export function compact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function wholeSum(fields: Fields<'Numbers'>): Fraction {
  return { numerator: (fields.sumHigh << 32n) + fields.sumLow, denominator: 1n };
}

function floatSum(kernel: Kernel, limbs: bigint): Fraction {
  return fractionOfLimbs(new BigInt64Array(kernel.bytes(limbs, LIMBS * 8).buffer));
}

function momentsOf(raw: Fields<'Moments'>, pivot: number): MomentFacts {
  const mean = raw.mean + raw.meanLow + pivot;
  const { m2, m3, m4 } = raw;
  return { n: Number(raw.n), scale: Number(raw.scale), mean, m2, m3, m4 };
}

/** The values the sketch holds, each with the number it stands for. */
function sketchOf(kernel: Kernel, at: bigint, pivot: number): [number, number][] {
  const { held, buffers, rest, restSize } = kernel.read('Sketch', at);
  const places = new BigUint64Array(kernel.bytes(buffers, SKETCH_LEVELS * 8).buffer);
  const entries: [number, number][] = [];
  const add = (at: bigint, size: number, weight: number): void => {
    const values = new Float64Array(kernel.bytes(at, size * 8).buffer);
    for (const value of values) entries.push([value + pivot, weight]);
  };
  add(rest, Number(restSize), 1);
  for (const [level, at] of places.entries()) {
    if (((held >> BigInt(level)) & 1n) === 1n) add(at, SKETCH_SIZE, 2 ** level);
  }
  return entries;
}

/** Where rounding would carry a value beyond the column's extremes, they stand. */
function sampleOf(
  kernel: Kernel,
  at: bigint,
  { pivot, min, max }: { pivot: number; min: number; max: number },
): Float64Array {
  const { values, kept } = kernel.read('Sample', at);
  const sample = new Float64Array(kernel.bytes(values, Number(kept) * 8).buffer);
  if (pivot === 0) return sample;
  return sample.map((value) => Math.min(max, Math.max(min, value + pivot)));
}

function distinctNumbers(
  kernel: Kernel,
  address: bigint,
  toValue: (key: bigint) => number | bigint,
  order: KeptOrder,
): DistinctFacts {
  const { slots, capacity, used, registers, kept, ...rest } = kernel.read('Distinct', address);
  if (registers !== 0n) {
    const estimate = estimatedDistinct(kernel, registers);
    if (kept !== 0n) return { ...estimate, ...keptFacts(kernel, Number(kept), order) };
    const ofBytes = (bytes: Buffer): number | bigint => toValue(bytes.readBigInt64LE());
    return { ...estimate, frequent: frequentOf(kernel, rest.frequent, ofBytes) };
  }
  const table = new BigInt64Array(kernel.bytes(slots, Number(capacity) * 16).buffer);
  const values: [number | bigint, number][] = [];
  for (let i = 0; i < table.length; i += 2) {
    const count = Number(table[i + 1]);
    if (count > 0) values.push([toValue(table[i] ?? 0n), count]);
  }
  assert(values.length === Number(used), 'the table of distinct values has as many as it counted');
  return { count: values.length, exact: true, values };
}

function keptFacts(kernel: Kernel, address: number, order: KeptOrder): Partial<DistinctFacts> {
  const { count, spilt } = kernel.read('Kept', address);
  if (spilt !== 0n) return { lacksBytes: Number(count) * 8 };
  return { kept: new KeptValues(kernel, address, Number(count), order) };
}
