// InfluxDB's line protocol to delimited text, for lines without escapes:
// measurement,tag=value field=1i,other="text" 1763719200000000000
// https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
// Whatever else there is refuses the batch, and the host takes its own way.

import { take } from './memory';
import {
  CR, digits, find, FLOAT, isGuess, LF, nameSize, PLAIN, QUOTE, QUOTED, setValue, writeRow,
} from './row';

const COMMA: u32 = 0x2c;
const BLANK: u32 = 0x20;
const EQUALS: u32 = 0x3d;
const REFUSED: usize = 0;

/** "true" and "false" for truth values however they are written, and the time of a line. */
let words: usize = 0;
const TIME_AT: usize = 16;
const TIME_SIZE: u32 = 29;

export function openInflux(): void {
  words = take(64);
  store<u32>(words, 0x65757274);
  store<u32>(words, 0x736c6166, 4);
  store<u8>(words, 0x65, 8);
}

/** As convertJson. The columns of the measurement and of the time are known; -1: there is none. */
export function convertInflux(from: usize, end: usize, measurement: i32, time: i32): i32 {
  let lines: i32 = 0;
  let p = from;
  while (p < end) {
    lines++;
    const first = <u32>load<u8>(p);
    if (first == LF) {
      p++;
    } else if (first == 0x23) {
      while (p < end && <u32>load<u8>(p) != LF) p++;
      p++;
    } else {
      p = line(p, measurement, time);
      if (p == REFUSED) return -1;
      if (<u32>load<u8>(p) == CR) p++;
      if (p > end || (p < end && <u32>load<u8>(p) != LF)) return -1;
      writeRow();
      p++;
    }
  }
  return lines;
}

function line(from: usize, measurement: i32, time: i32): usize {
  let p = plain(from);
  if (p == from || measurement < 0) return REFUSED;
  setValue(<u32>measurement, PLAIN, from, <u32>(p - from));
  let guess: u32 = 1;
  while (<u32>load<u8>(p) == COMMA) {
    const j = name(p + 1, guess);
    if (j < 0) return REFUSED;
    const value = p + 2 + nameSize(<u32>j);
    p = plain(value);
    if (p == value) return REFUSED;
    setValue(<u32>j, PLAIN, value, <u32>(p - value));
    guess = <u32>j + 1;
  }
  let before = BLANK;
  while (<u32>load<u8>(p) == before) {
    const j = name(p + 1, guess);
    if (j < 0) return REFUSED;
    p = field(p + 2 + nameSize(<u32>j), <u32>j);
    if (p == REFUSED) return REFUSED;
    guess = <u32>j + 1;
    before = COMMA;
  }
  if (before == BLANK) return REFUSED;
  if (<u32>load<u8>(p) != BLANK) return p;
  return time < 0 ? REFUSED : stamp(p + 1, <u32>time);
}

/** The column whose name lies at `p` with an equals sign behind it; -1 when there is none. */
@inline
function name(p: usize, guess: u32): i32 {
  if (isGuess(guess, p, EQUALS)) return <i32>guess;
  const end = plain(p);
  return <u32>load<u8>(end) == EQUALS ? find(guess, p, <u32>(end - p)) : -1;
}

/** Behind the bytes that mean nothing here; a backslash, a quote, a control byte end them too. */
@inline
function plain(p: usize): usize {
  let q = p;
  while (isPlain(<u32>load<u8>(q))) q++;
  return q;
}

@inline
function isPlain(byte: u32): bool {
  return byte > BLANK && byte != COMMA && byte != EQUALS && byte != QUOTE && byte != 0x5c;
}

function field(p: usize, j: u32): usize {
  const first = <u32>load<u8>(p);
  if (first == QUOTE) return text(p + 1, j);
  if (first == 0x2d || first - 0x30 <= 9) return number(p, j);
  return truth(p, j);
}

function text(p: usize, j: u32): usize {
  let q = p;
  for (;;) {
    const byte = <u32>load<u8>(q);
    if (byte == QUOTE) break;
    if (byte < BLANK || byte == 0x5c) return REFUSED;
    q++;
  }
  setValue(j, q == p ? QUOTED : PLAIN, p, <u32>(q - p));
  return q + 1;
}

/** t, T, true, True, TRUE and the same of false. */
function truth(p: usize, j: u32): usize {
  const end = plain(p);
  const size = <u32>(end - p);
  const first = <u32>load<u8>(p);
  const isTrue = (first | 0x20) == 0x74;
  if (!isTrue && (first | 0x20) != 0x66) return REFUSED;
  const word = isTrue ? words : words + 4;
  const whole: u32 = isTrue ? 4 : 5;
  if (size != 1) {
    if (size != whole) return REFUSED;
    const isUpper = first < 0x60 && <u32>load<u8>(p, 1) < 0x60;
    for (let k: usize = 1; k < <usize>size; k++) {
      const wanted = <u32>load<u8>(word + k);
      if (<u32>load<u8>(p + k) != (isUpper ? wanted - 0x20 : wanted)) return REFUSED;
    }
  }
  setValue(j, PLAIN, word, whole);
  return end;
}

function number(p: usize, j: u32): usize {
  const whole = p + usize(<u32>load<u8>(p) == 0x2d);
  let q = digits(whole);
  if (q == whole) return REFUSED;
  const next = <u32>load<u8>(q);
  // "i" and, of what has no sign, "u".
  if (next == 0x69 || (next == 0x75 && whole == p)) {
    setValue(j, PLAIN, p, <u32>(q - p));
    return q + 1;
  }
  let kind = FLOAT;
  if (next == 0x2e) {
    const fraction = q + 1;
    q = digits(fraction);
    if (q == fraction) return REFUSED;
    kind = PLAIN;
  }
  if ((<u32>load<u8>(q) | 0x20) == 0x65) {
    let power = q + 1;
    const sign = <u32>load<u8>(power);
    if (sign == 0x2b || sign == 0x2d) power++;
    q = digits(power);
    if (q == power) return REFUSED;
    kind = PLAIN;
  }
  setValue(j, kind, p, <u32>(q - p));
  return q;
}

@inline
function pair(to: usize, value: u32): void {
  store<u8>(to, <u8>(0x30 + value / 10));
  store<u8>(to, <u8>(0x30 + (value % 10)), 1);
}

/** Nanoseconds since 1970 as ISO text with all nine digits. */
function stamp(p: usize, j: u32): usize {
  const end = digits(p);
  // 18 digits and the 19th below 9: no more than 64 bits hold, and a year of four digits.
  if (end == p || end - p > 19 || (end - p == 19 && <u32>load<u8>(p) > 0x38)) return REFUSED;
  let total: u64 = 0;
  for (let q = p; q < end; q++) total = total * 10 + <u64>(<u32>load<u8>(q) - 0x30);
  const seconds = total / 1000000000;
  let nano = <u32>(total - seconds * 1000000000);
  const days = <u32>(seconds / 86400);
  const second = <u32>(seconds - <u64>days * 86400);
  // Days to a date: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
  const z = days + 719468;
  const era = z / 146097;
  const dayOfEra = z - era * 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const shifted = (5 * dayOfYear + 2) / 153;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + u32(month <= 2);
  const to = words + TIME_AT;
  pair(to, year / 100);
  pair(to + 2, year % 100);
  store<u8>(to, 0x2d, 4);
  pair(to + 5, month);
  store<u8>(to, 0x2d, 7);
  pair(to + 8, dayOfYear - (153 * shifted + 2) / 5 + 1);
  store<u8>(to, 0x54, 10);
  pair(to + 11, second / 3600);
  store<u8>(to, 0x3a, 13);
  pair(to + 14, (second / 60) % 60);
  store<u8>(to, 0x3a, 16);
  pair(to + 17, second % 60);
  store<u8>(to, 0x2e, 19);
  for (let k: usize = 28; k > 19; k--) {
    store<u8>(to + k, <u8>(0x30 + (nano % 10)));
    nano /= 10;
  }
  setValue(j, PLAIN, to, TIME_SIZE);
  return end;
}
