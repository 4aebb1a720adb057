/**
 * Variances and standard deviations from a group's exact sums of values and of squares: rounded
 * once, so that they depend on neither order nor threads, and cancel in no digit.
 */
import { type Fraction, LIMBS, rootToDouble, toDouble } from '../stats/exact.ts';
import type { GroupKernel, State } from './kernel.ts';

/** SQL's names; `sem` is the standard error of the mean. */
export const SPREADS = ['var_samp', 'var_pop', 'stddev_samp', 'stddev_pop', 'sem'] as const;
export type Spread = (typeof SPREADS)[number];

export const isSpread = (what: string): what is Spread =>
  (SPREADS as readonly string[]).includes(what);

/**
 * What a group contributes to what Polars makes of others: the mean, and the sum of the squares of
 * deviations, of its values times 2^power.
 */
export interface Moment {
  readonly what: 'mean' | 'squares';
  readonly power: number;
}

/** SQUARES_LIMBS of kernels/groups/squares.ts. */
const SQUARES_LIMBS = 134;
/** The units of sums and of sums of squares, as powers of two. */
const UNIT = -1074;
const SQUARE_UNIT = 2 * UNIT;

/** value * 2^shift. */
interface Scaled {
  readonly value: bigint;
  readonly shift: number;
}

/** The integer in carried limbs, two's complement in the low halves of 64 bits each. */
function integerAt(words: Int32Array, at: number, limbs: number): Scaled {
  const from = at / 4;
  const word = (index: number): number => words[from + 2 * index] ?? 0;
  const sign = word(limbs - 1) < 0 ? -1 : 0;
  let top = limbs - 1;
  while (top >= 0 && word(top) === sign) top -= 1;
  let low = 0;
  while (low <= top && word(low) === 0) low += 1;
  let value = BigInt(sign);
  for (let index = top; index >= low; index -= 1) {
    value = (value << 32n) | BigInt(word(index) >>> 0);
  }
  return { value, shift: 32 * low };
}

/** n sum(x^2) - sum(x)^2 of `n` values. */
function deviations(sum: Scaled, squares: Scaled, n: bigint): Scaled {
  const shift = Math.min(squares.shift, 2 * sum.shift);
  const value =
    n * (squares.value << BigInt(squares.shift - shift)) -
    ((sum.value * sum.value) << BigInt(2 * sum.shift - shift));
  return { value, shift };
}

function spread(what: Spread, { value, shift }: Scaled, n: bigint): number {
  const isSample = what === 'var_samp' || what === 'stddev_samp';
  const divisor = n * (isSample ? n - 1n : n);
  const fraction: Fraction = {
    numerator: value,
    denominator: what === 'sem' ? divisor * n : divisor,
  };
  return what === 'var_samp' || what === 'var_pop'
    ? toDouble(fraction, SQUARE_UNIT + shift)
    : rootToDouble(fraction, SQUARE_UNIT + shift);
}

function moment({ what, power }: Moment, sum: Scaled, squares: Scaled, n: bigint): number {
  if (what === 'mean') {
    return toDouble({ numerator: sum.value, denominator: n }, UNIT + sum.shift + power);
  }
  const { value, shift } = deviations(sum, squares, n);
  return toDouble({ numerator: value, denominator: n }, SQUARE_UNIT + shift + 2 * power);
}

/**
 * Of each of these groups one, from a leaf that adds squares up; `counts` are those of its values.
 * Null of too few; not a number where a value is not finite; infinite where the true answer is
 * beyond the largest double, which hardly any standard deviation is.
 */
export function spreadsOf(
  asked: Spread | Moment,
  { kernel, state }: { readonly kernel: GroupKernel; readonly state: State },
  leaf: number,
  groups: readonly { readonly group: number; readonly n: bigint }[],
): (number | null)[] {
  const at = (field: 'totalsAt' | 'specialsAt') =>
    kernel.field('Leaf', kernel.leaf(state, leaf), field);
  const [totals, specials] = [at('totalsAt'), at('specialsAt')];
  const words = new Int32Array(kernel.memory);
  const doubles = new Float64Array(kernel.memory);
  const fewest = asked === 'var_samp' || asked === 'stddev_samp' ? 2n : 1n;
  return groups.map(({ group, n }) => {
    if (n < fewest) return null;
    if (doubles[specials / 8 + group] !== 0) return Number.NaN;
    // Also carries the sum.
    const squaresAt = kernel.calls.squaresOf(state, leaf, group);
    const sum = integerAt(words, totals + group * LIMBS * 8, LIMBS);
    const squares = integerAt(words, squaresAt, SQUARES_LIMBS);
    return typeof asked === 'string'
      ? spread(asked, deviations(sum, squares, n), n)
      : moment(asked, sum, squares, n);
  });
}
