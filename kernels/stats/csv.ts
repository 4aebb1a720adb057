// Delimited text to columns, for text that is as it should be: every row with every field, every
// value of its column's type. Anything else is refused, and the host takes its general way, which
// names the place or mends it. What is accepted gives the very values the general way gives.

import { digitsOf, isDigits, parseDouble, whole } from './double';
import { endsOf, lines, quotes, returns, wide } from './ends';
import { NOT_A_TIME, parseTime } from './timestamp';

/** One column: what it is, and where the host wants its values and validity bits. */
@unmanaged
export class Field {
  // 0 skip, 1 text, 2 Int64, 3 Float64, 4 Boolean, 5 timestamp in microseconds, 6 date in days.
  kind: u64;
  values: u64;
  validity: u64;
  // Out: how many values are null.
  nulls: u64;
  // The text that means null beside an empty field, and its length (0: none).
  nullAt: u64;
  nullSize: u64;
  // The state that takes the values.
  state: u64;
  // Room for 4 bytes.
  buffer: u64;
  // Of timestamps: the byte between date and time, 1 if there are seconds, 1 if there is a zone.
  separator: u64;
  seconds: u64;
  zone: u64;
  // 1 when every value has to be null: the first that is not decides the type.
  unseen: u64;
}

@unmanaged
export class Plan {
  fields: u64;
  // How many fields a row has.
  count: u64;
  delimiter: u64;
  // 0: quotes mean nothing.
  quote: u64;
  // Room for the ends of fields, 4 bytes each.
  ends: u64;
  endsRoom: u64;
  // Out: whether a quote or a byte above 127 was met.
  quoted: u64;
  wide: u64;
  // Out: carriage returns met. Each must be part of a line end: readers disagree about others.
  returns: u64;
}

const REFUSED: i32 = -1;
const LF: u32 = 0x0a;
const CR: u32 = 0x0d;

/**
 * Takes the `size` bytes at `at`: whole rows, the last with its line end, and 64 bytes of room
 * behind. Gives the number of rows, or -1 when it is refused. May change the bytes.
 */
export function decode(plan: Plan, at: usize, size: u32): i32 {
  const found = findEnds(plan, at, size);
  const fields = <u32>plan.count;
  if (found < 0 || <u32>found % fields != 0) return REFUSED;
  const rows = <u32>found / fields;
  if (plan.wide != 0 && !isUtf8(at, size)) return REFUSED;
  // Each row ends with a line end, which the last field sees to: so no other field does.
  if (lines != rows) return REFUSED;
  for (let j: u32 = 0; j < fields; j++) {
    const field = changetype<Field>(<usize>plan.fields + <usize>j * offsetof<Field>());
    if (field.kind == 0 && plan.quoted == 0 && j < fields - 1) continue;
    if (!decodeField(plan, field, at, j, rows)) return REFUSED;
  }
  return <i32>rows;
}

/** Writes the offset of every delimiter and line end outside quotes; gives their number. */
export function findEnds(plan: Plan, at: usize, size: u32): i32 {
  const room = <u32>plan.endsRoom;
  const found = endsOf(at, size, <u32>plan.delimiter, <u32>plan.quote, <usize>plan.ends, room);
  plan.returns = returns;
  plan.quoted = u64(quotes != 0);
  plan.wide = u64(wide);
  return found;
}

export function decodeField(plan: Plan, field: Field, at: usize, j: u32, rows: u32): bool {
  const ends = <usize>plan.ends;
  const fields = <u32>plan.count;
  const isLast = j == fields - 1;
  const endByte = isLast ? LF : <u32>plan.delimiter;
  const quoted = plan.quoted != 0;
  const quote = <u32>plan.quote;
  const kind = <u32>field.kind;
  const validity = <usize>field.validity;
  const nullSize = <u32>field.nullSize;
  let nulls: u64 = 0;
  let returns: u64 = 0;
  let bits: u32 = 0;
  let slot = ends + (<usize>j << 2);
  const step = <usize>fields << 2;
  for (let row: u32 = 0; row < rows; row++, slot += step) {
    let start: u32 = row == 0 && j == 0 ? 0 : load<u32>(slot - 4) + 1;
    let end = load<u32>(slot);
    if (<u32>load<u8>(at + end) != endByte) return false;
    if (isLast && end > start && <u32>load<u8>(at + end - 1) == CR) {
      end--;
      returns++;
    }
    let size = end - start;
    let p = at + start;
    let isQuoted = false;
    if (quoted && size > 0) {
      if (<u32>load<u8>(p) == quote) {
        const inner = unquote(p, size, quote);
        if (inner < 0) return false;
        isQuoted = true;
        p++;
        size = <u32>inner;
      } else if (holds(p, size, quote)) {
        return false;
      }
    }
    let valid: u32 = 1;
    if (size == 0 && !isQuoted) valid = 0;
    else if (size == nullSize && memory.compare(p, <usize>field.nullAt, size) == 0) {
      if (isQuoted) return false;
      valid = 0;
    }
    if (!store1(field, kind, p, size, at, row, valid, isQuoted)) return false;
    nulls += <u64>(valid ^ 1);
    bits |= valid << (row & 7);
    if ((row & 7) == 7) {
      store<u8>(validity + (row >>> 3), <u8>bits);
      bits = 0;
    }
  }
  if ((rows & 7) != 0) store<u8>(validity + (rows >>> 3), <u8>bits);
  field.nulls = nulls;
  return !isLast || returns == plan.returns;
}

/** Writes one value; false when it is not of the column's type. */
@inline
function store1(
  field: Field, kind: u32, p: usize, size: u32, at: usize, row: u32, valid: u32, isQuoted: bool,
): bool {
  if (kind == 0) return true;
  if (kind == 1) {
    if (field.unseen != 0 && valid != 0) return false;
    storeView(<usize>field.values + (<usize>row << 4), p, valid != 0 ? size : 0, at);
    return true;
  }
  const to = <usize>field.values + (<usize>row << 3);
  if (valid == 0) {
    store<u64>(to, 0);
    return true;
  }
  if (isQuoted && (kind > 3 || size == 0)) return false;
  if (kind == 2) return storeInteger(to, p, size);
  if (kind == 3) return parseDouble(to, p, size);
  if (kind == 4) return storeBoolean(to, p, size);
  return storeTime(field, to, p, size, kind);
}

function storeView(to: usize, p: usize, size: u32, at: usize): void {
  if (size > 12) {
    store<u32>(to, size);
    store<u32>(to, load<u32>(p), 4);
    store<u32>(to, 0, 8);
    store<u32>(to, <u32>(p - at), 12);
    return;
  }
  // Length, then the text, then zeros.
  let low = load<u64>(p);
  let high = <u64>load<u32>(p, 8);
  if (size < 8) {
    low &= ((<u64>1) << (<u64>size << 3)) - 1;
    high = 0;
  } else if (size < 12) {
    high &= ((<u64>1) << (<u64>(size - 8) << 3)) - 1;
  }
  store<u64>(to, <u64>size | (low << 32));
  store<u64>(to, (low >>> 32) | (high << 32), 8);
}

export function storeInteger(to: usize, p: usize, size: u32): bool {
  const negative = load<u8>(p) == 0x2d;
  const digits = size - <u32>negative;
  if (digits == 0 || digits > 18) return false;
  const first = p + <usize>negative;
  // 007 may be a name: the host decides.
  if (digits > 1 && load<u8>(first) == 0x30) return false;
  let value: i64;
  if (digits <= 16) {
    // The last eight and what stands before them; a short text has zeros in front.
    const few = min<u32>(digits, 8);
    const last = digitsOf(first + <usize>(digits - few), few);
    if (!isDigits(last)) return false;
    value = <i64>whole(last);
    if (digits > 8) {
      const before = digitsOf(first, digits - 8);
      if (!isDigits(before)) return false;
      value += <i64>whole(before) * 100000000;
    }
  } else {
    value = 0;
    for (let q = first, end = p + size; q < end; q++) {
      const digit = <u32>load<u8>(q) - 48;
      if (digit > 9) return false;
      value = value * 10 + <i64>digit;
    }
  }
  store<i64>(to, negative ? -value : value);
  return true;
}

export function storeBoolean(to: usize, p: usize, size: u32): bool {
  // "true", "fals" and "e", little-endian.
  if (size == 4 && load<u32>(p) == 0x65757274) {
    store<u64>(to, 1);
    return true;
  }
  if (size == 5 && load<u32>(p) == 0x736c6166 && load<u8>(p, 4) == 0x65) {
    store<u64>(to, 0);
    return true;
  }
  return false;
}

export function storeTime(field: Field, to: usize, p: usize, size: u32, kind: u32): bool {
  if (kind == 6) {
    if (size != 10) return false;
    const day = parseTime(p, size);
    if (day == NOT_A_TIME) return false;
    store<i64>(to, day / 86400000000);
    return true;
  }
  // The layout must be the very one: separator, seconds or not, zone or not, at most 6 decimals.
  if (size < 16 || <u64>load<u8>(p, 10) != field.separator) return false;
  const last = <u32>load<u8>(p + size - 1);
  const zoned = last == 0x5a || (size > 19 && load<u8>(p + size - 3) == 0x3a);
  if (zoned != (field.zone != 0)) return false;
  const withSeconds = size > 16 && load<u8>(p, 16) == 0x3a;
  if (withSeconds != (field.seconds != 0) || size - (zoned ? (last == 0x5a ? 1 : 6) : 0) > 26) return false;
  const time = parseTime(p, size);
  if (time == NOT_A_TIME) return false;
  store<i64>(to, time);
  return true;
}

/** Size of the text inside the quotes at p, doubled quotes made one in place; -1 if it is not so. */
function unquote(p: usize, size: u32, quote: u32): i32 {
  return unquoteTo(p + 1, p, size, quote);
}

/** The same with the text written to `start`. */
export function unquoteTo(start: usize, p: usize, size: u32, quote: u32): i32 {
  if (size < 2 || <u32>load<u8>(p + size - 1) != quote) return -1;
  const end = p + size - 1;
  let to = start;
  for (let q = p + 1; q < end; q++) {
    const byte = load<u8>(q);
    if (<u32>byte == quote) {
      q++;
      if (q >= end || <u32>load<u8>(q) != quote) return -1;
    }
    store<u8>(to, byte);
    to++;
  }
  return <i32>(to - start);
}

/** Size of the whole rows in the `size` bytes at `at`, which begin with a row; 0 when there is none. */
export function wholeRows(at: usize, size: u32, quote: u32): u32 {
  let inside = false;
  let end: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const byte = <u32>load<u8>(at + i);
    if (byte == quote) inside = !inside;
    else if (byte == LF && !inside) end = i + 1;
  }
  return end;
}

export function holds(p: usize, size: u32, byte: u32): bool {
  for (let i: u32 = 0; i < size; i++) if (<u32>load<u8>(p + i) == byte) return true;
  return false;
}

/** RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
export function isUtf8(at: usize, size: u32): bool {
  const end = at + size;
  let p = at;
  while (p < end) {
    if (p + 8 <= end && (load<u64>(p) & 0x8080808080808080) == 0) {
      p += 8;
      continue;
    }
    const byte = <u32>load<u8>(p);
    if (byte < 0x80) {
      p++;
      continue;
    }
    const more: u32 = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    if (byte < 0xc2 || byte > 0xf4 || p + more >= end) return false;
    const second = <u32>load<u8>(p, 1);
    const low: u32 = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    const high: u32 = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let k: u32 = 2; k <= more; k++) if ((load<u8>(p + k) & 0xc0) != 0x80) return false;
    p += more + 1;
  }
  return true;
}
