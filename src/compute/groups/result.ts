/** From the kernel's groups to a frame: exact until the last division. */
import * as d from '../dsl.ts';
import { type DataFrame, polars, type Series } from '../polars.ts';
import type { Column, TypeName } from '../relation.ts';
import { fractionOfLimbs, LIMBS, toDouble } from '../stats/exact.ts';
import { type GroupKernel, KIND, type State } from './kernel.ts';
import type { Figure } from './plan.ts';
import { Unreadable } from './refusal.ts';
import { isSpread, spreadsOf } from './spread.ts';

const NULL_ID = 1;

/** The groups that have rows. */
interface Groups {
  readonly kernel: GroupKernel;
  readonly state: State;
  readonly numbers: readonly number[];
  readonly counts: readonly bigint[];
}

/** Keys and figures, and of each figure the leaf it is made of. */
export interface FigurePlan {
  readonly request: { readonly keys: readonly Column[]; readonly measures: readonly Figure[] };
  readonly places: readonly number[];
}

export function frameOf(kernel: GroupKernel, state: State, plan: FigurePlan): DataFrame {
  const memory = new DataView(kernel.memory);
  const [last, countsAt] = (['groups', 'countsAt'] as const).map((each) =>
    kernel.field('State', state, each),
  ) as [number, number];
  const numbers: number[] = [];
  const counts: bigint[] = [];
  // Without keys there is one group, also of no rows.
  const { keys, measures } = plan.request;
  const end = keys.length === 0 ? NULL_ID + 1 : last;
  for (let group = NULL_ID; group < end; group += 1) {
    const rows = memory.getBigUint64(countsAt + group * 8, true);
    if (rows === 0n && keys.length > 0) continue;
    numbers.push(group);
    counts.push(rows);
  }
  const groups: Groups = { kernel, state, numbers, counts };
  const made = [
    ...keys.map(({ type }, index) => keySeries(groups, index, keys.length, type)),
    ...measures.map((measure, index) =>
      measureSeries(groups, measure, index, plan.places[index] ?? -1),
    ),
  ];
  const plain = polars().DataFrame(made.map(({ series }) => series)) as DataFrame;
  const nodes = made.map(({ series, node }) => d.expression(node, series.name));
  try {
    return plain.select(...nodes);
  } catch (cause) {
    throw new Unreadable('a value is not of the type of its column', { cause });
  }
}

/** A column on its way: as a series that JavaScript can make, and what is to become of it. */
interface Made {
  readonly series: Series;
  readonly node: d.Dsl;
}

/** Integers of any size exactly, through their digits; of `type` as it is computed with. */
function integers(name: string, values: readonly (bigint | null)[], type: d.Dtype): Made {
  const digits = values.map((value) => (value === null ? null : String(value)));
  const pl = polars();
  // Days are 32-bit integers.
  const plain = type === 'Date' ? 'Int32' : type === 'Boolean' ? 'Int8' : whole(type);
  const read = d.cast(d.column(name), plain, true);
  const node = plain === type ? read : d.cast(read, type, true);
  return { series: pl.Series(name, digits, pl.Utf8), node };
}

const whole = (type: d.Dtype): d.Dtype => (typeof type === 'string' ? type : 'Int64');

function doubles(name: string, values: readonly (number | null)[], type: TypeName): Made {
  const pl = polars();
  const series = pl.Series(name, values as number[], pl.Float64);
  const node = d.column(name);
  return { series, node: type === 'Float32' ? d.cast(node, type) : node };
}

const UNITS: Readonly<Record<string, string>> = {
  ms: 'Milliseconds',
  us: 'Microseconds',
  ns: 'Nanoseconds',
};

/** As the plans above an aggregate expect it: decimals are scaled integers of 128 bits. */
function computedType(type: TypeName): d.Dtype {
  if (type.startsWith('Decimal(')) return 'Int128';
  const [, unit, zone] = /^Datetime\((ms|us|ns)(?:, *(.+))?\)$/.exec(type) ?? [];
  if (unit === undefined) return type;
  return { Datetime: [UNITS[unit], zone === undefined ? null : { inner: zone }] };
}

function keySeries(groups: Groups, index: number, keys: number, type: TypeName): Made {
  const { kernel, state, numbers } = groups;
  const memory = new DataView(kernel.memory);
  const leaf = kernel.leaf(state, index);
  const valuesAt = kernel.field('Leaf', leaf, 'valuesAt');
  const tuplesAt = kernel.field('State', state, 'tuplesAt');
  const idOf = (group: number): number => {
    if (keys === 1) return group;
    return memory.getUint16(tuplesAt + group * 8 + 2 * (keys - 1 - index), true);
  };
  const name = `k${index}`;
  if (kernel.field('Leaf', leaf, 'kind') !== KIND.text) {
    const values = numbers.map((group) => {
      const id = idOf(group);
      return id === NULL_ID ? null : memory.getBigInt64(valuesAt + id * 8, true);
    });
    return integers(name, values, computedType(type));
  }
  const texts = new Map<number, string>();
  const textOf = (id: number): string => {
    const known = texts.get(id);
    if (known !== undefined) return known;
    const at = memory.getUint32(valuesAt + id * 8, true);
    const size = memory.getUint32(valuesAt + id * 8 + 4, true);
    const text = decodeText(Uint8Array.from(new Uint8Array(kernel.memory, at, size)));
    texts.set(id, text);
    return text;
  };
  const values = numbers.map((group) => {
    const id = idOf(group);
    return id === NULL_ID ? null : textOf(id);
  });
  const pl = polars();
  return { series: pl.Series(name, values, pl.Utf8), node: d.column(name) };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new Unreadable('a text is not UTF-8', { cause });
  }
}

function measureSeries(groups: Groups, measure: Figure, index: number, leaf: number): Made {
  const name = `m${index}`;
  const { what, column } = measure;
  if (column === undefined) return integers(name, groups.counts, 'Int64');
  const { type } = column;
  const known = knownOf(groups, leaf);
  const isFloat = type.startsWith('Float');
  if (what === 'count') return integers(name, known, 'Int64');
  if (typeof what !== 'string' || isSpread(what)) {
    const all = groups.numbers.map((group, i) => ({ group, n: known[i] ?? 0n }));
    return doubles(name, spreadsOf(what, groups, leaf, all), 'Float64');
  }
  if (what === 'min' || what === 'max') {
    const extremes = extremesOf(groups, leaf, what, known);
    return isFloat
      ? doubles(name, extremes.map(asDouble), type)
      : integers(name, extremes, computedType(type));
  }
  if (isFloat) {
    const sums = groups.numbers.map((group, i) => {
      const rows = known[i] ?? 0n;
      if (rows === 0n) return null;
      const sum = groups.kernel.calls.sumOf(groups.state, leaf, group);
      if (what === 'sum') return sum;
      return Number.isFinite(sum) ? sum / Number(rows) : meanBeyond(groups, leaf, group, sum, rows);
    });
    return doubles(name, sums, 'Float64');
  }
  const sums = totalsOf(groups, leaf, known);
  if (what === 'sum') return integers(name, sums, sumType(type));
  const unit = 10n ** BigInt(/^Decimal\(\d+, *(\d+)\)$/.exec(type)?.[1] ?? 0);
  const means = sums.map((sum, i) =>
    sum === null ? null : toDouble({ numerator: sum, denominator: (known[i] ?? 1n) * unit }),
  );
  return doubles(name, means, 'Float64');
}

/** The mean of finite doubles whose sum is beyond the largest one; else the sum is the mean. */
function meanBeyond(
  { kernel, state }: Groups,
  leaf: number,
  group: number,
  sum: number,
  rows: bigint,
): number {
  const at = (field: 'specialsAt' | 'totalsAt') =>
    kernel.field('Leaf', kernel.leaf(state, leaf), field);
  if (new DataView(kernel.memory).getFloat64(at('specialsAt') + group * 8, true) !== 0) return sum;
  const limbs = new BigInt64Array(kernel.memory, at('totalsAt') + group * LIMBS * 8, LIMBS);
  const { numerator, denominator } = fractionOfLimbs(limbs);
  return toDouble({ numerator, denominator: denominator * rows });
}

/** As SQL's sum has it: up to 32 bits in 64, others in 128. */
const sumType = (type: TypeName): d.Dtype =>
  /^U?Int(8|16|32)$/.test(type) || type === 'Boolean' ? 'Int64' : 'Int128';

/** Of each group the values that are not null. */
function knownOf({ kernel, state, numbers, counts }: Groups, leaf: number): bigint[] {
  const memory = new DataView(kernel.memory);
  const at = kernel.field('Leaf', kernel.leaf(state, leaf), 'nullsAt');
  return numbers.map((group, i) => (counts[i] ?? 0n) - memory.getBigUint64(at + group * 8, true));
}

function totalsOf(
  { kernel, state, numbers }: Groups,
  leaf: number,
  known: readonly bigint[],
): (bigint | null)[] {
  const memory = new DataView(kernel.memory);
  const at = kernel.field('Leaf', kernel.leaf(state, leaf), 'totalsAt');
  return numbers.map((group, i) => {
    if (known[i] === 0n) return null;
    const low = memory.getBigUint64(at + group * 16, true);
    return (memory.getBigInt64(at + group * 16 + 8, true) << 64n) | low;
  });
}

function extremesOf(
  { kernel, state, numbers }: Groups,
  leaf: number,
  what: 'min' | 'max',
  known: readonly bigint[],
): (bigint | null)[] {
  const { calls } = kernel;
  return numbers.map((group, i) => {
    if (known[i] === 0n) return null;
    return what === 'min' ? calls.least(state, leaf, group) : calls.most(state, leaf, group);
  });
}

const WORD = new DataView(new ArrayBuffer(8));

function asDouble(bits: bigint | null): number | null {
  if (bits === null) return null;
  WORD.setBigInt64(0, bits);
  return WORD.getFloat64(0);
}
