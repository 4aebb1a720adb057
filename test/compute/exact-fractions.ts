/** Doubles as fractions of big integers, and such fractions as doubles, rounded once. */

/** numerator / 2^shift for every value of a column. */
export interface Fixed {
  readonly values: readonly bigint[];
  readonly shift: bigint;
}

/** x = top / 2^shift. */
export function fractionOf(x: number): { readonly top: bigint; readonly shift: number } {
  let shift = 0;
  let top = x;
  while (!Number.isInteger(top)) {
    const step = Math.abs(top) < 2 ** -900 ? 100 : 1;
    top *= 2 ** step;
    shift += step;
  }
  return { top: BigInt(top), shift };
}

/** All over the same power of two. */
export function fixed(values: readonly (number | bigint)[]): Fixed {
  const parts = values.map((x) => (typeof x === 'bigint' ? { top: x, shift: 0 } : fractionOf(x)));
  const shift = parts.reduce((most, part) => Math.max(most, part.shift), 0);
  return {
    values: parts.map((part) => part.top << BigInt(shift - part.shift)),
    shift: BigInt(shift),
  };
}

/** The point between two doubles has at most 768 digits: with more, no tie is missed. */
const DIGITS = 780;

/** The double nearest to top / bottom. */
export function rounded(top: bigint, bottom: bigint): number {
  if (bottom < 0n) return rounded(-top, -bottom);
  const digits = (x: bigint): number => x.toString().replace('-', '').length;
  const scale = DIGITS - (digits(top) - digits(bottom));
  const dividend = scale >= 0 ? top * 10n ** BigInt(scale) : top;
  const divisor = scale >= 0 ? bottom : bottom * 10n ** BigInt(-scale);
  // Whatever is left over shows as one more digit.
  const left = dividend % divisor;
  const last = left === 0n ? 0n : left < 0n ? -1n : 1n;
  return Number(`${(dividend / divisor) * 10n + last}e${-scale - 1}`);
}

/** The root of top / bottom, rounded down to 120 binary digits or more. */
export function rooted(top: bigint, bottom: bigint): number {
  if (top === 0n) return 0;
  const bits = (x: bigint): number => x.toString(2).length;
  const extra = BigInt(Math.max(0, 260 - bits(top) + bits(bottom)) * 2);
  const square = (top << extra) / bottom;
  let guess = 1n << BigInt(Math.ceil(bits(square) / 2));
  for (let next = (guess + square / guess) >> 1n; next < guess; ) {
    guess = next;
    next = (guess + square / guess) >> 1n;
  }
  return rounded(guess, 1n << (extra / 2n));
}
