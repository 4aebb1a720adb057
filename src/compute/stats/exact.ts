/** Exact numbers out of the kernel: sums as fractions of two integers, rounded once. */

/** numerator / denominator, denominator > 0. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The weight of the lowest bit of the kernel's exact sum: that of the smallest double. */
const LOWEST_BIT = 1074n;

/** Limbs of an exact sum: LIMBS of kernels/stats/exact.ts. */
export const LIMBS = 68;

/** The sum held in the limbs of kernels/stats/exact.ts (32 bits each, kept in 64, signed). */
export function fractionOfLimbs(limbs: BigInt64Array): Fraction {
  let sum = 0n;
  for (let i = limbs.length - 1; i >= 0; i -= 1) sum = (sum << 32n) + (limbs[i] ?? 0n);
  return { numerator: sum, denominator: 1n << LOWEST_BIT };
}

const bitLength = (n: bigint): number => {
  const hex = n.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)));
};

/**
 * The double nearest to numerator / denominator * 2^exponent, ties to even: one rounding, none
 * before.
 */
export function toDouble({ numerator, denominator }: Fraction, exponent = 0): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n;
  const top = negative ? -numerator : numerator;
  // A quotient of 64 or 65 bits, and one more that says whether anything was left.
  const shift = 64 - (bitLength(top) - bitLength(denominator));
  const scaled = shift >= 0 ? top << BigInt(shift) : top;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  let quotient = scaled / divisor;
  if (quotient * divisor !== scaled) quotient |= 1n;
  const value = roundToDouble(quotient, exponent - shift);
  return negative ? -value : value;
}

/** The double nearest to the root of numerator / denominator * 2^exponent, not negative. */
export function rootToDouble({ numerator, denominator }: Fraction, exponent = 0): number {
  if (numerator === 0n) return 0;
  // A quotient of 130 to 132 bits: its root has 65 or 66, of which the last one tells of a rest.
  let shift = 130 - (bitLength(numerator) - bitLength(denominator));
  if ((shift + exponent) % 2 !== 0) shift += 1;
  const scaled = shift >= 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  const square = scaled / divisor;
  let root = wholeRoot(square);
  if (root * root !== square || square * divisor !== scaled) root |= 1n;
  return roundToDouble(root, (exponent - shift) / 2);
}

/** Of up to 1000 bits, rounded down: Newton's method, from the root that a double has. */
function wholeRoot(square: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(square))));
  // From above it falls until it has arrived.
  root = (root + square / root) >> 1n;
  for (let next = (root + square / root) >> 1n; next < root; ) {
    root = next;
    next = (root + square / root) >> 1n;
  }
  return root;
}

/** quotient * 2^exponent, where the last bit of quotient may stand for a remainder. */
function roundToDouble(quotient: bigint, exponent: number): number {
  const length = bitLength(quotient);
  // Bits to drop so that 53 are left, or fewer when the result is subnormal.
  const drop = Math.max(length - 53, -1074 - exponent);
  if (drop > length + 1) return 0;
  const unit = 1n << BigInt(drop);
  let kept = quotient >> BigInt(drop);
  const rest = quotient & (unit - 1n);
  const half = unit >> 1n;
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  // kept has at most 54 bits and is even when it has 54: exact. Two steps, for subnormal results.
  const power = exponent + drop;
  return power < -1000
    ? Number(kept) * 2 ** -1000 * 2 ** (power + 1000)
    : power > 960
      ? Number(kept) * 2 ** 960 * 2 ** (power - 960)
      : Number(kept) * 2 ** power;
}
