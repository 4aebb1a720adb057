/** What --all adds, by its definition: quantiles, means and frequencies of sorted values. */

import { fixed, fractionOf, rounded } from './exact-fractions.ts';

export type Value = number | bigint | string | boolean | null;
export type Expected = Record<string, unknown>;

export const less = (a: Value, b: Value): number =>
  typeof a === 'string' && typeof b === 'string'
    ? Buffer.compare(Buffer.from(a), Buffer.from(b))
    : (a as number) < (b as number)
      ? -1
      : (a as number) > (b as number)
        ? 1
        : 0;

/** 2^K times the sum of 1 / x keeps more digits of the smallest part than a double has. */
const INVERSE_BITS = 2400n;

/** The logarithms' whole parts are added as integers, so the rest loses nothing beside them. */
export function means(values: readonly (number | bigint)[]): Expected {
  if (values.length === 0 || values.some((x) => x <= 0)) {
    return { geometric_mean: null, harmonic_mean: null };
  }
  const { values: tops, shift } = fixed(values);
  let whole = 0n;
  let rest = 0;
  let inverses = 0n;
  for (const top of tops) {
    const bits = BigInt(top.toString(2).length - 1);
    whole += bits - shift;
    rest += Math.log2(Number((top << 60n) >> bits) / 2 ** 60);
    inverses += (1n << (shift + INVERSE_BITS)) / top;
  }
  const n = BigInt(values.length);
  const exponent = whole / n;
  const fraction = (Number(whole - exponent * n) + rest) / values.length;
  const half = Number(exponent / 2n);
  return {
    geometric_mean: 2 ** half * 2 ** (Number(exponent) - half + fraction),
    harmonic_mean: rounded(n << INVERSE_BITS, inverses),
  };
}

export function frequencies(sorted: readonly Value[]): Expected {
  if (sorted.length === 0) return { entropy: null, uniqueness: null };
  const counts = new Map<Value, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  // A stable sort: of equal counts the smaller value stays in front.
  const ranked = [...counts].sort((a, b) => b[1] - a[1]);
  const rare = [...counts].sort((a, b) => a[1] - b[1]);
  const n = sorted.length;
  let entropy = 0;
  for (const count of [...counts.values()].sort((a, b) => a - b)) {
    entropy -= (count / n) * Math.log2(count / n);
  }
  return {
    mode: ranked[0]?.[0],
    mode_count: ranked[0]?.[1],
    modes: ranked.filter(([, count]) => count === ranked[0]?.[1]).length,
    antimode: rare[0]?.[0],
    antimode_count: rare[0]?.[1],
    antimodes: rare.filter(([, count]) => count === rare[0]?.[1]).length,
    top: ranked.slice(0, 5),
    entropy,
    uniqueness: counts.size / n,
  };
}

/** Definition 7 of Hyndman and Fan. */
function quantile(sorted: readonly (number | bigint)[], p: number): number | null {
  if (sorted.length === 0) return null;
  const position = (sorted.length - 1) * p;
  const { values, shift } = fixed([
    sorted[Math.floor(position)] ?? 0,
    sorted[Math.ceil(position)] ?? 0,
  ]);
  const share = fractionOf(position - Math.floor(position));
  const [low = 0n, high = 0n] = values;
  const top = (low << BigInt(share.shift)) + (high - low) * share.top;
  return rounded(top, 1n << (shift + BigInt(share.shift)));
}

export function deep(values: readonly (number | bigint)[], quantiles: readonly number[]): Expected {
  const sorted = values.toSorted(less);
  const at = (p: number): number | null => quantile(sorted, p);
  const [q1, median, q3] = [at(0.25), at(0.5), at(0.75)];
  const distances =
    median === null ? [] : values.map((x) => Math.abs(Number(x) - median)).sort((a, b) => a - b);
  const iqr = q1 === null || q3 === null ? null : q3 - q1;
  return {
    median,
    q1,
    q3,
    iqr,
    lower_fence: iqr === null ? null : (q1 ?? 0) - 1.5 * iqr,
    upper_fence: iqr === null ? null : (q3 ?? 0) + 1.5 * iqr,
    mad: quantile(distances, 0.5),
    quantiles_exact: true,
    ...Object.fromEntries(quantiles.map((p) => [`p${Number((p * 100).toPrecision(12))}`, at(p)])),
    ...frequencies(sorted),
  };
}
