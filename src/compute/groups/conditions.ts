/** Conditions on single columns, as the kernel of groups tests them. */
import type { Column } from '../relation.ts';
import { type GroupKernel, KIND, type State } from './kernel.ts';

/** A value of a column: of integers, decimals, days and times the integer they are kept as. */
export type Comparable = bigint | number | string | boolean;

/** What a column has to be; NULL passes only `is null`. */
export interface Condition {
  readonly column: Column;
  readonly test: '=' | '<' | '<=' | '>' | '>=' | 'in' | 'is null' | 'is not null';
  /** One of them, but for `in` and the last two. */
  readonly values: readonly Comparable[];
  /** Values that would pass fail, and the other way; NULL fails all the same. */
  readonly negated: boolean;
}

/** Ready for the kernel; structured clone takes it to threads. */
export interface Test {
  /** Both ends within, in the kernel's order. */
  readonly ranges: readonly (readonly [bigint, bigint])[];
  readonly texts: readonly string[];
  readonly negated: boolean;
  readonly nullsPass: boolean;
}

/** More is left to Polars. */
const MAX_VALUES = 64;
const MAX_TEXT_BYTES = 65_536;

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
const MAGNITUDE = MOST;

/** Undefined where the kernel cannot test it. */
export function testOf({ test, values, negated }: Condition, kind: number): Test | undefined {
  if (values.length > MAX_VALUES) return undefined;
  const all = [[LEAST, MOST]] as const;
  const ofText = kind === KIND.text;
  if (test === 'is null' || test === 'is not null') {
    const isNull = (test === 'is null') !== negated;
    return { ranges: ofText ? [] : all, texts: [], negated: isNull, nullsPass: isNull };
  }
  if (ofText) {
    const texts = values.filter((value) => typeof value === 'string');
    const isSet = (test === '=' || test === 'in') && texts.length === values.length;
    if (!isSet || texts.some((text) => text.length * 3 > MAX_TEXT_BYTES)) return undefined;
    // The kernel asks the set only when there is a range.
    return { ranges: all, texts, negated, nullsPass: false };
  }
  const ranges: (readonly [bigint, bigint])[] = [];
  for (const value of values) {
    const at = placeOf(value, kind);
    if (at === undefined) return undefined;
    const range = rangeOf(test, at);
    if (range !== undefined) ranges.push(range);
  }
  return { ranges, texts: [], negated, nullsPass: false };
}

type Range = readonly [bigint, bigint];

/** Undefined where nothing is there. */
function rangeOf(test: Condition['test'], [low, high]: Range): Range | undefined {
  if (test === '<') return low === LEAST ? undefined : [LEAST, low - 1n];
  if (test === '<=') return [LEAST, high];
  if (test === '>') return high === MOST ? undefined : [high + 1n, MOST];
  if (test === '>=') return [low, MOST];
  return [low, high];
}

const WORD = new DataView(new ArrayBuffer(8));

/** Where a value is in the kernel's order: zeros of both signs are equal, yet two places. */
function placeOf(value: Comparable, kind: number): Range | undefined {
  if (kind === KIND.float32 || kind === KIND.float64) {
    if (typeof value !== 'number') return undefined;
    if (value === 0) return [-1n, 0n];
    WORD.setFloat64(0, value);
    const bits = WORD.getBigInt64(0);
    if (Number.isNaN(value)) return [0x7ff8000000000000n, 0x7ff8000000000000n];
    const order = bits < 0n ? bits ^ MAGNITUDE : bits;
    return [order, order];
  }
  const whole = typeof value === 'boolean' ? BigInt(value) : value;
  const isInside = typeof whole === 'bigint' && whole >= LEAST && whole <= MOST;
  return isInside ? [whole, whole] : undefined;
}

export function addTest(
  kernel: GroupKernel,
  state: State,
  { kind, leaf, test }: { kind: number; leaf: number; test: Test },
): void {
  const { calls } = kernel;
  calls.condition(state, kind, test.ranges.length, test.negated, test.nullsPass);
  for (const [index, [low, high]] of test.ranges.entries()) {
    calls.setRange(state, leaf, index, low, high);
  }
  for (const text of test.texts) {
    const bytes = Buffer.from(text);
    const at = calls.packed(state, bytes.length);
    new Uint8Array(kernel.memory, at, bytes.length).set(bytes);
    calls.addText(state, leaf, bytes.length);
  }
}
