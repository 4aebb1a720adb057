// Decimal text to the nearest double. Short numbers take Clinger's exact path (one division or
// multiplication of exact doubles); the rest goes to the host, whose parser rounds correctly.

// @ts-ignore: imported from the host: the double of `size` bytes of text at `at`, NaN for an
// integer that a double rounds.
@external('env', 'slowDouble')
declare function slowDouble(at: usize, size: u32): f64;

/** 10^0 to 10^22 are doubles. */
const POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
];

const ZEROS: u64 = 0x3030303030303030;
const HIGH_BITS: u64 = 0x8080808080808080;

/** Up to eight bytes (at least one) as their distance from "0", the last on top, zeros in front. */
@inline
export function digitsOf(p: usize, size: u32): u64 {
  return (load<u64>(p) ^ ZEROS) << <u64>((8 - size) << 3);
}

/** Whether each of the eight is below ten. */
@inline
export function isDigits(eight: u64): bool {
  return (((eight + 0x7676767676767676) | eight) & HIGH_BITS) == 0;
}

// https://lemire.me/blog/2022/01/21/swar-explained-parsing-eight-digits/
/** The number that eight digits are. */
@inline
export function whole(eight: u64): u64 {
  const pairs = eight * 10 + (eight >>> 8);
  const mask: u64 = 0x000000ff000000ff;
  return ((pairs & mask) * 0x000f424000000064 + ((pairs >>> 16) & mask) * 0x0000271000000001) >>> 32;
}

/** A point, as digitsOf has it. */
const POINTS: u64 = 0x1e1e1e1e1e1e1e1e;

/** The same for most numbers there are: at most eight bytes but the sign, no exponent. */
@inline
function parseShort(to: usize, p: usize, size: u32): bool {
  const negative = <u32>(load<u8>(p) == 0x2d);
  const first = p + negative;
  const length = size - negative;
  // What begins with a zero that no point follows is not judged here.
  if (length - 1 > 7) return false;
  if (load<u8>(first) == 0x30 && length > 1 && load<u8>(first, 1) != 0x2e) return false;
  let digits = digitsOf(first, length);
  const apart = digits ^ POINTS;
  const point = (apart - 0x0101010101010101) & ~apart & HIGH_BITS;
  let decimals: u32 = 0;
  if (point != 0) {
    if (length == 1) return false;
    // The lowest bit is of the first point; what stands before it moves up by one byte.
    const place = <u32>ctz(point) >>> 3;
    const before = (<u64>1 << <u64>(place << 3)) - 1;
    digits = ((digits & before) << 8) | (digits & ~((before << 8) | 0xff));
    decimals = 7 - place;
  }
  if (!isDigits(digits)) return false;
  const value = <f64>whole(digits) / POWERS[decimals];
  store<f64>(to, negative != 0 ? -value : value);
  return true;
}

/** Writes the double at `to`; false when the text is no plain decimal number. */
export function parseDouble(to: usize, p: usize, size: u32): bool {
  return parseShort(to, p, size) || parseAny(to, p, size);
}

function parseAny(to: usize, p: usize, size: u32): bool {
  const end = p + size;
  const negative = load<u8>(p) == 0x2d;
  let q = p + <usize>negative;
  let mantissa: u64 = 0;
  const first = q;
  let digit: u32 = 0;
  while (q < end && (digit = <u32>load<u8>(q) - 48) < 10) {
    mantissa = mantissa * 10 + digit;
    q++;
  }
  let digits = <u32>(q - first);
  // 007 may be a name: the host decides.
  if (digits > 1 && load<u8>(first) == 0x30) return false;
  let exponent: i32 = 0;
  if (q < end && load<u8>(q) == 0x2e) {
    const point = ++q;
    while (q < end && (digit = <u32>load<u8>(q) - 48) < 10) {
      mantissa = mantissa * 10 + digit;
      q++;
    }
    exponent = -<i32>(q - point);
    digits += <u32>(q - point);
  }
  if (digits == 0) return false;
  if (q < end) {
    const power = exponentAt(q, end);
    if (power == i32.MIN_VALUE) return false;
    exponent += power;
  }
  // 19 digits fit 64 bits; leading zeros are counted, so a few short numbers go the long way.
  if (digits <= 19 && mantissa <= (1 << 53) && exponent <= 22 && exponent >= -22) {
    const whole = <f64>mantissa;
    const value = exponent < 0 ? whole / POWERS[-exponent] : whole * POWERS[exponent];
    store<f64>(to, negative ? -value : value);
    return true;
  }
  const value = slowDouble(p, size);
  store<f64>(to, value);
  return value - value == 0;
}

/** The exponent in "e-12" up to `end`, or MIN_VALUE when that is not what is there. */
function exponentAt(at: usize, end: usize): i32 {
  if ((load<u8>(at) | 0x20) != 0x65) return i32.MIN_VALUE;
  let q = at + 1;
  if (q == end) return i32.MIN_VALUE;
  const sign = load<u8>(q);
  if (sign == 0x2b || sign == 0x2d) q++;
  if (q == end || end - q > 4) return i32.MIN_VALUE;
  let power: i32 = 0;
  for (; q < end; q++) {
    const digit = <u32>load<u8>(q) - 48;
    if (digit > 9) return i32.MIN_VALUE;
    power = power * 10 + <i32>digit;
  }
  return sign == 0x2d ? -power : power;
}
