// NDJSON to delimited text, as ECMA-404 has it: each line one object under known names. Whatever
// else there is refuses the batch, and the host takes its own way, which names the place. Numbers,
// and what is nested, keep the very text they were written with.

import {
  ABSENT, CR, digits, find, isGuess, LF, nameSize, PLAIN, QUOTE, QUOTED, setValue, writeRow,
} from './row';

const BACKSLASH: u32 = 0x5c;
const OPEN_BRACE: u32 = 0x7b;
const CLOSE_BRACE: u32 = 0x7d;
const OPEN_BRACKET: u32 = 0x5b;
const CLOSE_BRACKET: u32 = 0x5d;

/** Levels of what is nested. */
const MAX_DEPTH: u32 = 64;

const REFUSED: usize = 0;

/** Takes the lines of [p, end); their number, or -1 when they are refused. */
export function convertJson(from: usize, end: usize): i32 {
  let lines: i32 = 0;
  let p = from;
  while (p < end) {
    lines++;
    const first = <u32>load<u8>(p);
    if (first == LF) {
      p++;
      continue;
    }
    if (first == CR && p + 1 < end && <u32>load<u8>(p, 1) == LF) {
      p += 2;
      continue;
    }
    p = object(skip(p));
    if (p == REFUSED) return -1;
    p = skip(p);
    if (p > end || (p < end && <u32>load<u8>(p) != LF)) return -1;
    writeRow();
    p++;
  }
  return lines;
}

/** Over what JSON calls white space, but for line ends. */
@inline
function skip(p: usize): usize {
  let q = p;
  let byte = <u32>load<u8>(q);
  while (byte == 0x20 || byte == 0x09 || byte == CR) byte = <u32>load<u8>(++q);
  return q;
}

function object(from: usize): usize {
  let p = from;
  if (<u32>load<u8>(p) != OPEN_BRACE) return REFUSED;
  p = skip(p + 1);
  if (<u32>load<u8>(p) == CLOSE_BRACE) return p + 1;
  let guess: u32 = 0;
  while (<u32>load<u8>(p) == QUOTE) {
    p++;
    if (isGuess(guess, p, QUOTE)) {
      p += nameSize(guess) + 1;
    } else {
      const last = plainEnd(p);
      if (last == REFUSED) return REFUSED;
      const found = find(guess, p, <u32>(last - p));
      if (found < 0) return REFUSED;
      guess = <u32>found;
      p = last + 1;
    }
    p = skip(p);
    if (<u32>load<u8>(p) != 0x3a) return REFUSED;
    p = value(skip(p + 1), guess);
    if (p == REFUSED) return REFUSED;
    guess++;
    p = skip(p);
    const next = <u32>load<u8>(p);
    if (next == CLOSE_BRACE) return p + 1;
    if (next != 0x2c) return REFUSED;
    p = skip(p + 1);
  }
  return REFUSED;
}

/** The quote that ends a text without escapes. */
@inline
function plainEnd(p: usize): usize {
  const q = special(p);
  return <u32>load<u8>(q) == QUOTE ? q : REFUSED;
}

/** The next quote, backslash or control byte; the input ends with one. */
@inline
function special(p: usize): usize {
  const quote = i8x16.splat(<i8>QUOTE);
  const backslash = i8x16.splat(<i8>BACKSLASH);
  const blank = i8x16.splat(0x20);
  let q = p;
  let mask: u32 = 0;
  do {
    const bytes = v128.load(q);
    mask = <u32>i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)),
        i8x16.lt_u(bytes, blank),
      ),
    );
    q += 16;
  } while (mask == 0);
  return q - 16 + ctz(mask);
}

@inline
function value(p: usize, j: u32): usize {
  const first = <u32>load<u8>(p);
  if (first == QUOTE) return text(p + 1, j);
  let end: usize;
  let kind = PLAIN;
  if (first == 0x2d || first - 0x30 <= 9) end = number(p);
  else if (first == OPEN_BRACE || first == OPEN_BRACKET) {
    end = nested(p);
    kind = QUOTED;
  } else {
    end = word(p);
    if (first == 0x6e) kind = ABSENT;
  }
  setValue(j, kind, p, <u32>(end - p));
  return end;
}

/** Behind true, false or null; little-endian "true", "fals" and "e", "null". */
@inline
function word(p: usize): usize {
  const four = load<u32>(p);
  if (four == 0x65757274 || four == 0x6c6c756e) return p + 4;
  return four == 0x736c6166 && load<u8>(p, 4) == 0x65 ? p + 5 : REFUSED;
}

/** Behind an object or an array, which is checked and left as it is. */
function nested(from: usize): usize {
  let depth: u32 = 0;
  // One bit for each level: whether it is an object.
  let objects: u64 = 0;
  let p = from;
  while (true) {
    // A value is due.
    const first = <u32>load<u8>(p);
    if (first == OPEN_BRACE || first == OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return REFUSED;
      const isObject = first == OPEN_BRACE;
      objects = (objects << 1) | u64(isObject);
      p = skip(p + 1);
      if (<u32>load<u8>(p) != (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        if (isObject) p = key(p);
        if (p == REFUSED) return REFUSED;
        continue;
      }
    } else {
      if (first == QUOTE) p = wholeText(p + 1);
      else if (first == 0x2d || first - 0x30 <= 9) p = number(p);
      else p = word(p);
      if (p == REFUSED) return REFUSED;
      p = skip(p);
    }
    // A value is done: levels end, or the next one is due.
    while (<u32>load<u8>(p) == ((objects & 1) != 0 ? CLOSE_BRACE : CLOSE_BRACKET)) {
      objects >>>= 1;
      p++;
      if (--depth == 0) return p;
      p = skip(p);
    }
    if (<u32>load<u8>(p) != 0x2c) return REFUSED;
    p = skip(p + 1);
    if ((objects & 1) != 0) p = key(p);
    if (p == REFUSED) return REFUSED;
  }
  return REFUSED;
}

/** Behind the key at `p` and its colon. */
function key(p: usize): usize {
  if (<u32>load<u8>(p) != QUOTE) return REFUSED;
  const end = wholeText(p + 1);
  if (end == REFUSED) return REFUSED;
  const colon = skip(end);
  return <u32>load<u8>(colon) == 0x3a ? skip(colon + 1) : REFUSED;
}

/** Behind the closing quote of a text that is left as it is. */
function wholeText(p: usize): usize {
  let q = special(p);
  while (<u32>load<u8>(q) == BACKSLASH) {
    const what = <u32>load<u8>(q, 1);
    if (what == 0x75) {
      if (hex4(q + 2) < 0) return REFUSED;
      q += 4;
    } else if (!isEscape(what)) return REFUSED;
    q = special(q + 2);
  }
  return <u32>load<u8>(q) == QUOTE ? q + 1 : REFUSED;
}

/** One of b f n r t and the three that stand for themselves. */
@inline
function isEscape(byte: u32): bool {
  return (
    byte == QUOTE || byte == BACKSLASH || byte == 0x2f || byte == 0x62 || byte == 0x66 ||
    byte == 0x6e || byte == 0x72 || byte == 0x74
  );
}

function text(p: usize, j: u32): usize {
  const q = special(p);
  const byte = <u32>load<u8>(q);
  if (byte == QUOTE) {
    // An empty text is not a missing one.
    setValue(j, q == p ? QUOTED : PLAIN, p, <u32>(q - p));
    return q + 1;
  }
  return byte == BACKSLASH ? escaped(p, q, j) : REFUSED;
}

/** A text with escapes, the first at `q`: they are resolved in place, which makes it shorter. */
function escaped(p: usize, from: usize, j: u32): usize {
  let q = from;
  let to = from;
  let kind = PLAIN;
  for (;;) {
    const byte = <u32>load<u8>(q);
    if (byte == QUOTE) break;
    if (byte < 0x20) return REFUSED;
    if (byte != BACKSLASH) {
      store<u8>(to++, <u8>byte);
      q++;
      continue;
    }
    const what = <u32>load<u8>(q, 1);
    q += 2;
    let char: u32 = what;
    if (what == 0x6e) char = LF;
    else if (what == 0x72) char = CR;
    else if (what == 0x74) char = 0x09;
    else if (what == 0x75) {
      const unit = hex4(q);
      q += 4;
      // Others than letters, halves of pairs among them, are left to the host.
      if (unit < 0x20 || (unit >= 0xd800 && unit < 0xe000)) return REFUSED;
      char = <u32>unit;
    } else if (what != QUOTE && what != BACKSLASH && what != 0x2f) return REFUSED;
    if (char == QUOTE || char == LF || char == CR) kind = QUOTED;
    to = utf8(to, char);
  }
  setValue(j, to == p ? QUOTED : kind, p, <u32>(to - p));
  return q + 1;
}

function hex4(p: usize): i32 {
  let unit: i32 = 0;
  for (let k: usize = 0; k < 4; k++) {
    const byte = <u32>load<u8>(p + k);
    const letter = (byte | 0x20) - 0x61;
    if (byte - 0x30 <= 9) unit = (unit << 4) | <i32>(byte - 0x30);
    else if (letter <= 5) unit = (unit << 4) | <i32>(letter + 10);
    else return -1;
  }
  return unit;
}

function utf8(at: usize, char: u32): usize {
  let to = at;
  if (char < 0x80) store<u8>(to++, <u8>char);
  else {
    if (char < 0x800) store<u8>(to++, <u8>(0xc0 | (char >>> 6)));
    else {
      store<u8>(to++, <u8>(0xe0 | (char >>> 12)));
      store<u8>(to++, <u8>(0x80 | ((char >>> 6) & 0x3f)));
    }
    store<u8>(to++, <u8>(0x80 | (char & 0x3f)));
  }
  return to;
}

/** -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
function number(p: usize): usize {
  const whole = p + usize(<u32>load<u8>(p) == 0x2d);
  let q = digits(whole);
  if (q == whole || (q - whole > 1 && <u32>load<u8>(whole) == 0x30)) return REFUSED;
  if (<u32>load<u8>(q) == 0x2e) {
    const fraction = q + 1;
    q = digits(fraction);
    if (q == fraction) return REFUSED;
  }
  if ((<u32>load<u8>(q) | 0x20) == 0x65) {
    let power = q + 1;
    const sign = <u32>load<u8>(power);
    if (sign == 0x2b || sign == 0x2d) power++;
    q = digits(power);
    if (q == power) return REFUSED;
  }
  return q;
}
