/**
 * The figures of a list of doubles in exact rational arithmetic: slow, and right by construction.
 */
import { type Fraction, toDouble } from '../../src/compute/stats/exact.ts';

const UNIT = 1074n;

/** x * 2^1074 as an integer. */
export function toFixedPoint(x: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0] ?? 0n;
  const biased = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0n ? fraction : fraction | (1n << 52n);
  const value = mantissa << (biased === 0n ? 0n : biased - 1n);
  return bits >> 63n === 1n ? -value : value;
}

export interface Reference {
  readonly sum: number;
  readonly mean: number;
  readonly variance: number;
  readonly sd: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

/** The root of a fraction to about 60 digits beyond the leading one. */
function root({ numerator, denominator }: Fraction): Fraction {
  if (numerator === 0n) return { numerator, denominator };
  const extra = BigInt(
    Math.max(0, 400 - (numerator.toString(2).length - denominator.toString(2).length)),
  );
  const scaled = (numerator << (2n * extra)) / denominator;
  let guess = 1n << BigInt(Math.ceil(scaled.toString(2).length / 2));
  for (;;) {
    const next = (guess + scaled / guess) >> 1n;
    if (next >= guess) return { numerator: guess, denominator: 1n << extra };
    guess = next;
  }
}

export function reference(values: readonly number[]): Reference {
  const n = BigInt(values.length);
  const fixed = values.map(toFixedPoint);
  const total = fixed.reduce((sum, value) => sum + value, 0n);
  const power = (k: bigint): bigint =>
    fixed.reduce((sum, value) => sum + (n * value - total) ** k, 0n);
  // Sums of powers of n * (x - mean) * 2^1074.
  const [m2, m3, m4] = [power(2n), power(3n), power(4n)];
  const unit = 1n << UNIT;
  const variance = { numerator: m2, denominator: n * n * (n - 1n) * unit * unit };
  // G1^2 = n (n-1) / (n-2)^2 * n m3^2 / m2^3; the powers of n and of the unit cancel.
  const skew = {
    numerator: n * n * (n - 1n) * m3 * m3,
    denominator: (n - 2n) ** 2n * m2 ** 3n || 1n,
  };
  // G2 = (n-1) / ((n-2)(n-3)) * ((n+1) (n m4 / m2^2 - 3) + 6)
  const kurtosis = {
    numerator: (n - 1n) * ((n + 1n) * (n * m4 - 3n * m2 * m2) + 6n * m2 * m2),
    denominator: (n - 2n) * (n - 3n) * m2 * m2 || 1n,
  };
  return {
    sum: toDouble({ numerator: total, denominator: unit }),
    mean: toDouble({ numerator: total, denominator: n * unit }),
    variance: toDouble(variance),
    sd: toDouble(root(variance)),
    skewness:
      m2 === 0n || n < 3n
        ? Number.NaN
        : Math.sign(Number(m3 > 0n) - Number(m3 < 0n)) * toDouble(root(skew)),
    kurtosis: m2 === 0n || n < 4n ? Number.NaN : toDouble(kurtosis),
  };
}
