/** Number theory and bits. */
import { type FunctionTable, RowError, type ScalarFunction } from '../functions/function.ts';
import * as t from '../types.ts';
import { byRow, neverLowered, numberOf } from './by-row.ts';

const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;
/** 34! is beyond 128 bits. */
const FACTORIAL_MAX = 33n;

const sizeOf = (value: bigint): bigint => (value < 0n ? -value : value);

function gcd(a: bigint, b: bigint): bigint {
  let [one, other] = [sizeOf(a), sizeOf(b)];
  while (other !== 0n) [one, other] = [other, one % other];
  return one;
}

const lcm = (a: bigint, b: bigint): bigint =>
  a === 0n || b === 0n ? 0n : sizeOf(a / gcd(a, b)) * sizeOf(b);

/** Of 64-bit integers, or of 128-bit ones where an argument is one. */
const ofTwo = (name: string, work: (a: bigint, b: bigint) => bigint): ScalarFunction => ({
  usage: `${name}(integer, integer)`,
  resolve: (types) => {
    const fits = types.every(({ kind }) => kind === 'integer' || kind === 'null');
    if (types.length !== 2 || !fits) return undefined;
    const isWide = types.some((type) => type.kind === 'integer' && type.bits === 128);
    const type = isWide ? t.INT128 : t.INT64;
    return { args: [type, type], type };
  },
  lower: neverLowered,
  byRow: ({ type }) => ({
    work: ([a = '', b = '']) => {
      const found = work(BigInt(a), BigInt(b));
      const most = t.sameType(type, t.INT128) ? INT128_MAX : INT64_MAX;
      if (found > most) throw new RowError(`${name}(${a}, ${b}) is out of range`);
      return found;
    },
  }),
});

function factorial(text: string): bigint {
  const n = BigInt(text);
  if (n < 0n || n > FACTORIAL_MAX) throw new RowError(`${n} is not from 0 to ${FACTORIAL_MAX}`);
  let product = 1n;
  for (let k = 2n; k <= n; k += 1n) product *= k;
  return product;
}

/** Of two's complement in the width of the argument's type. */
const bitCount: ScalarFunction = {
  usage: 'bit_count(integer)',
  resolve: ([a, more]) => {
    if (a === undefined || more !== undefined) return undefined;
    if (a.kind !== 'integer' && a.kind !== 'null') return undefined;
    return { args: [a.kind === 'null' ? t.INT64 : a], type: t.INT64 };
  },
  lower: neverLowered,
  byRow: ({ args: [arg] }) => {
    const bits = arg?.type.kind === 'integer' ? arg.type.bits : 64;
    return {
      work: ([value = '']) =>
        BigInt(BigInt.asUintN(bits, BigInt(value)).toString(2).replaceAll('0', '').length),
    };
  },
};

const view = new DataView(new ArrayBuffer(8));

/** The next double from `a` toward `b`: the next pattern of bits. */
function nextAfter(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  if (a === b) return b;
  if (a === 0) return b > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  view.setFloat64(0, a);
  const grows = b > a === a > 0;
  view.setBigInt64(0, view.getBigInt64(0) + (grows ? 1n : -1n));
  return view.getFloat64(0);
}

export const ROW_NUMBERS: FunctionTable = {
  gcd: ofTwo('gcd', gcd),
  lcm: ofTwo('lcm', lcm),
  factorial: byRow('factorial(integer)', [t.INT64], t.INT128, ([n = '']) => factorial(n)),
  bit_count: bitCount,
  nextafter: byRow('nextafter(number, toward)', [t.FLOAT64, t.FLOAT64], t.FLOAT64, ([a, b]) =>
    nextAfter(numberOf(a), numberOf(b)),
  ),
  signbit: byRow('signbit(number)', [t.FLOAT64], t.BOOLEAN, ([a = '']) => a.startsWith('-')),
};

export const ROW_NUMBER_ALIASES: Readonly<Record<string, string>> = {
  greatest_common_divisor: 'gcd',
  least_common_multiple: 'lcm',
};
