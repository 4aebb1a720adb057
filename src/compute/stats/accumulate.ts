/** One column in the kernel: batches in, facts out. */
import { assert, NairobiError } from '../../errors.ts';
import { estimateDistinct } from '../sketch/hyperloglog.ts';
import type { ColumnBatch } from './arrow.ts';
import { decimalAccumulator } from './decimal.ts';
import { type Fraction, fractionOfLimbs } from './exact.ts';
import type {
  DistinctFacts,
  Facts,
  KeptValues,
  MomentFacts,
  NumberFacts,
  Order,
  TextFacts,
  TimeFacts,
} from './facts.ts';
import type { Fields, Kernel, State } from './kernel.ts';
import type { Kind } from './kinds.ts';

/**
 * Up to so many distinct values are counted exactly: the tables (2 and 4 MiB a column) still fit a
 * second-level cache, and beyond it counting costs more than parsing.
 */
export const EXACT_DISTINCT = 65_536;

const REGISTERS = 1 << 14;
const LIMBS = 68;
const SKETCH_LEVELS = 40;
const SKETCH_SIZE = 4096;
const SLOTS_OF_STEPS = 8192;

/** What is wanted beyond the default figures. */
export interface Depth {
  /** Numbers that may be kept for sorting in each column; 0: none. */
  readonly keepValues: number;
  /** Quantiles of columns whose values are not all counted, estimated in bounded memory. */
  readonly sketch: boolean;
  /** Texts that may be counted exactly in each column. */
  readonly distinctTexts: number;
  readonly distinctTextBytes: number;
}

export const DEFAULT_DEPTH: Depth = {
  keepValues: 0,
  sketch: false,
  distinctTexts: EXACT_DISTINCT,
  distinctTextBytes: 4 * 1024 * 1024,
};

export interface Accumulator {
  /** Where the kernel has it; 0 when it does not. */
  readonly state: number;
  add(batch: ColumnBatch): void;
  finish(): Facts;
}

export function accumulatorFor(kernel: Kernel, kind: Kind, depth = DEFAULT_DEPTH): Accumulator {
  if (kind.is === 'text') return textAccumulator(kernel, depth);
  if (kind.is === 'opaque') return countingAccumulator();
  if (kind.is === 'decimal') {
    const doubles = numberAccumulator(kernel, { is: 'float', code: 'f64' }, depth);
    return decimalAccumulator(doubles, kind.scale);
  }
  return numberAccumulator(kernel, kind, depth);
}

/** Takes booleans: whether there is a value. */
function countingAccumulator(): Accumulator {
  let rows = 0;
  let nulls = 0;
  return {
    state: 0,
    add(batch) {
      rows += batch.rows;
      nulls += batch.rows - countOnes(batch.values, batch.rows);
    },
    finish: () => ({ is: 'opaque', rows, nulls }),
  };
}

function countOnes(bits: Uint8Array, rows: number): number {
  let ones = 0;
  for (let row = 0; row < rows; row += 1) ones += ((bits[row >> 3] ?? 0) >> (row & 7)) & 1;
  return ones;
}

type NumberKind = Exclude<Kind, { is: 'text' | 'opaque' | 'decimal' }>;

export function numberAccumulator(kernel: Kernel, kind: NumberKind, depth: Depth): Accumulator {
  const whole = kind.is !== 'float';
  const state = kernel.numbers({
    whole,
    timed: kind.is === 'time',
    distinctLimit: EXACT_DISTINCT,
    keep: depth.keepValues,
    sketch: depth.sketch,
  });
  return {
    state,
    add: (batch) => kernel.addNumbers(state, kind.code, batch),
    finish() {
      kernel.finishNumbers(state);
      return numberFacts(kernel, state, kind);
    },
  };
}

function numberFacts(kernel: Kernel, state: State, kind: NumberKind): NumberFacts {
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
  const small = isSafe(fields.min) && isSafe(fields.max);
  const order = !whole ? 'doubles' : small ? 'small' : unsigned ? 'unsigned' : 'signed';
  const distinct = distinctNumbers(kernel, fields.distinct, toValue, order);
  const empty = raw.n === 0n;
  return {
    is: 'number',
    rows: Number(fields.rows),
    nulls: Number(fields.nulls),
    nan: special[0] ?? 0,
    positiveInfinity: special[1] ?? 0,
    negativeInfinity: special[2] ?? 0,
    zeros: Number(whole ? fields.zeros : raw.zeros),
    negatives: Number(whole ? fields.negatives : raw.negatives),
    min: empty ? undefined : whole ? integer(fields.min) : raw.min,
    max: empty ? undefined : whole ? integer(fields.max) : raw.max,
    sum: whole ? wholeSum(fields) : floatSum(kernel, raw.limbs),
    moments: momentsOf(raw, unsigned ? BigInt.asUintN(64, fields.pivot) : fields.pivot),
    order: orderOf(fields.order),
    sketch: fields.sketch === 0n ? undefined : sketchOf(kernel, fields),
    distinct: { ...distinct, count: distinct.count + special.filter((count) => count > 0).length },
    sample: sampleOf(kernel, fields),
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

function momentsOf(raw: Fields<'Moments'>, pivot: bigint): MomentFacts {
  const mean = raw.mean + raw.meanLow + Number(pivot);
  const { m2, m3, m4 } = raw;
  return { n: Number(raw.n), scale: Number(raw.scale), mean, m2, m3, m4 };
}

function orderOf(bits: bigint): Order {
  return { rises: (bits & 1n) !== 0n, falls: (bits & 2n) !== 0n, repeats: (bits & 4n) !== 0n };
}

/** The values the sketch holds, each with the number it stands for. */
function sketchOf(kernel: Kernel, fields: Fields<'Numbers'>): [number, number][] {
  const { held, buffers, rest, restSize } = kernel.read('Sketch', fields.sketch);
  const pivot = Number(fields.pivot);
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

function sampleOf(kernel: Kernel, fields: Fields<'Numbers'>): Float64Array {
  const { values, kept } = kernel.read('Sample', fields.sample);
  const pivot = Number(fields.pivot);
  const sample = new Float64Array(kernel.bytes(values, Number(kept) * 8).buffer);
  return pivot === 0 ? sample : sample.map((value) => value + pivot);
}

function distinctNumbers(
  kernel: Kernel,
  address: bigint,
  toValue: (key: bigint) => number | bigint,
  order: KeptOrder,
): DistinctFacts {
  const { slots, capacity, used, registers } = kernel.read('Distinct', address);
  if (registers !== 0n) {
    return { ...estimated(kernel, registers), kept: keptOf(kernel, address, order) };
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

/** small: integers that doubles hold. */
type KeptOrder = 'doubles' | 'signed' | 'unsigned' | 'small';

/** Sorts what was kept; throws when that was not all. */
function keptOf(kernel: Kernel, address: bigint, order: KeptOrder): (() => KeptValues) | undefined {
  const { keep, kept, spilt } = kernel.read('Distinct', address);
  if (keep === 0n) return undefined;
  return () => {
    if (spilt !== 0n) {
      throw new NairobiError('MEMORY_LIMIT', 'The values do not fit the memory limit for sorting', {
        hint: 'raise --memory-limit, or take estimates: --approx',
      });
    }
    const count = Number(kept);
    const [to, spare] = kernel.scratch(2, count * 8);
    const kind = { doubles: 0, signed: 1, unsigned: 2, small: 3 }[order];
    const at = kernel.calls.sortKept(Number(address), kind, to ?? 0, spare ?? 0);
    const memory = kernel.memory;
    if (order === 'doubles' || order === 'small') return new Float64Array(memory, at, count);
    return order === 'signed'
      ? new BigInt64Array(memory, at, count)
      : new BigUint64Array(memory, at, count);
  };
}

function estimated(kernel: Kernel, registers: bigint): DistinctFacts {
  const count = Math.round(estimateDistinct(kernel.bytes(registers, REGISTERS)));
  return { count, exact: false, values: undefined };
}

function timesOf(kernel: Kernel, address: bigint, unitNs: number): TimeFacts | undefined {
  const times = kernel.read('Times', address);
  if (times.count === 0n) return undefined;
  const table = new BigInt64Array(kernel.bytes(times.slots, SLOTS_OF_STEPS * 16).buffer);
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

function textAccumulator(kernel: Kernel, depth: Depth): Accumulator {
  const state = kernel.texts({
    distinctLimit: depth.distinctTexts,
    distinctBytes: depth.distinctTextBytes,
  });
  return {
    state,
    add: (batch) => kernel.addTexts(state, batch),
    finish() {
      kernel.finishTexts(state);
      return textFacts(kernel, state);
    },
  };
}

function textFacts(kernel: Kernel, state: State): TextFacts {
  const fields = kernel.read('Texts', state);
  const text = (at: bigint, size: bigint): string =>
    Buffer.from(kernel.bytes(at, Number(size))).toString('utf8');
  const none = fields.started === 0n;
  const times = fields.timed === 1n ? timesOf(kernel, fields.times, 1_000) : undefined;
  return {
    is: 'text',
    rows: Number(fields.rows),
    nulls: Number(fields.nulls),
    empty: Number(fields.empty),
    bytes: Number(fields.bytes),
    characters: Number(fields.characters),
    minLength: none ? 0 : Number(fields.minLength),
    maxLength: Number(fields.maxLength),
    wide: Number(fields.wide),
    leadingZeros: Number(fields.leadingZeros),
    min: none ? undefined : text(fields.minAt, fields.minSize),
    max: none ? undefined : text(fields.maxAt, fields.maxSize),
    order: orderOf(fields.order),
    distinct: distinctTexts(kernel, fields),
    times:
      times === undefined
        ? undefined
        : { ...times, dateOnly: fields.withTime === 0n, zoned: fields.withZone > 0n },
  };
}

function distinctTexts(kernel: Kernel, fields: Fields<'Texts'>): DistinctFacts {
  if (fields.registers !== 0n) return estimated(kernel, fields.registers);
  const slots = Buffer.from(kernel.bytes(fields.slots, Number(fields.capacity) * 32).buffer);
  const arena = Buffer.from(kernel.bytes(fields.arena, Number(fields.arenaFill)).buffer);
  const values: [string, number][] = [];
  for (let at = 0; at < slots.length; at += 32) {
    const count = Number(slots.readBigUInt64LE(at + 8));
    if (count === 0) continue;
    const size = slots.readUInt32LE(at + 16);
    const from = size <= 12 ? at + 20 : Number(slots.readBigUInt64LE(at + 24));
    values.push([(size <= 12 ? slots : arena).toString('utf8', from, from + size), count]);
  }
  assert(values.length === Number(fields.used), 'the table of texts has as many as it counted');
  return { count: values.length, exact: true, values };
}
