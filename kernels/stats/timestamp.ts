// ISO 8601 timestamps in text: YYYY-MM-DD, or that with T or a blank and HH:MM, HH:MM:SS or
// HH:MM:SS.fraction, and Z or +HH:MM or -HH:MM. Without a zone it is taken as UTC.

export const NOT_A_TIME: i64 = i64.MIN_VALUE;

const DAY: i64 = 86400000000;

/** Two digits at `at`, or a number above 99. */
@inline
function two(at: usize): u32 {
  const a = <u32>load<u8>(at) - 48;
  const b = <u32>load<u8>(at, 1) - 48;
  return a < 10 && b < 10 ? a * 10 + b : 1000;
}

let lastDate: u64 = 0;
let lastRest: u16 = 0;
let lastDays: i64 = 0;

/** Days since 1970-01-01 of the ten bytes at `at`, or NOT_A_TIME. */
function days(at: usize): i64 {
  // Neighbouring rows mostly share their date.
  const head = load<u64>(at);
  const rest = load<u16>(at, 8);
  if (head == lastDate && rest == lastRest) return lastDays;
  const century = two(at);
  const decade = two(at + 2);
  const month = two(at + 5);
  const day = two(at + 8);
  if (century > 99 || decade > 99 || load<u8>(at, 4) != 0x2d || load<u8>(at, 7) != 0x2d) return NOT_A_TIME;
  if (month < 1 || month > 12 || day < 1 || day > 31) return NOT_A_TIME;
  const year = century * 100 + decade;
  const leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const longest: u32 = month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  if (day > longest) return NOT_A_TIME;
  // Howard Hinnant, "chrono-compatible low-level date algorithms".
  const y = <i64>year - (month <= 2 ? 1 : 0);
  const era = (y >= 0 ? y : y - 399) / 400;
  const ofEra = y - era * 400;
  const ofYear = (153 * (<i64>month + (month > 2 ? -3 : 9)) + 2) / 5 + <i64>day - 1;
  const ofCycle = ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear;
  lastDate = head;
  lastRest = rest;
  lastDays = era * 146097 + ofCycle - 719468;
  return lastDays;
}

/** Microseconds since 1970-01-01 UTC, or NOT_A_TIME. */
export function parseTime(at: usize, size: u32): i64 {
  if (size < 10 || size > 35) return NOT_A_TIME;
  const date = days(at);
  if (date == NOT_A_TIME) return NOT_A_TIME;
  let time = date * DAY;
  if (size == 10) return time;
  const separator = load<u8>(at, 10);
  if (size < 16 || (separator != 0x20 && separator != 0x54) || load<u8>(at, 13) != 0x3a) return NOT_A_TIME;
  const hour = two(at + 11);
  const minute = two(at + 14);
  if (hour > 23 || minute > 59) return NOT_A_TIME;
  time += <i64>(hour * 60 + minute) * 60000000;
  const end = at + size;
  let p = at + 16;
  if (p < end && load<u8>(p) == 0x3a) {
    if (p + 3 > end) return NOT_A_TIME;
    const second = two(p + 1);
    if (second > 59) return NOT_A_TIME;
    time += <i64>second * 1000000;
    p += 3;
    if (p < end && load<u8>(p) == 0x2e) {
      let unit: i64 = 100000;
      const start = ++p;
      for (; p < end; p++) {
        const digit = <u32>load<u8>(p) - 48;
        if (digit > 9) break;
        time += <i64>digit * unit;
        unit /= 10;
      }
      if (p == start) return NOT_A_TIME;
    }
  }
  if (p == end) return time;
  return zone(p, end, time);
}

function zone(p: usize, end: usize, time: i64): i64 {
  const sign = load<u8>(p);
  if (sign == 0x5a) return p + 1 == end ? time : NOT_A_TIME;
  if ((sign != 0x2b && sign != 0x2d) || end - p != 6 || load<u8>(p, 3) != 0x3a) return NOT_A_TIME;
  const hour = two(p + 1);
  const minute = two(p + 4);
  if (hour > 18 || minute > 59) return NOT_A_TIME;
  const offset = <i64>(hour * 60 + minute) * 60000000;
  return sign == 0x2b ? time - offset : time + offset;
}
