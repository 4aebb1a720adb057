/**
 * One look at all of a JSON text before Polars parses it, for what Polars does in silence: keys
 * that come after the inferred rows are dropped, integers beside fractions are rounded, `true`
 * beside a number is 1; and nesting of depth d costs it O(d^3) memory: a file of 1 KB with 500
 * levels takes 1.7 GB (measured, 0.26.1).
 */
import { NairobiError } from '../../errors.ts';

/** Deeper is an attack or an accident. */
export const MAX_JSON_DEPTH = 64;

/** What the values of one key were; bits. */
export const JSON_KIND = {
  null: 1,
  boolean: 2,
  integer: 4,
  /** A double would round it. */
  inexactInteger: 8,
  /** Does not fit 64 bits. */
  bigInteger: 16,
  float: 32,
  string: 64,
  object: 128,
  array: 256,
  /** More digits than a double has. */
  inexactFloat: 512,
} as const;

export interface JsonPath {
  /** Of the path of keys, the same in every text. */
  readonly id: number;
  /** The top-level key it is or belongs to. */
  readonly root: string;
  readonly isRoot: boolean;
  kinds: number;
}

export interface JsonCensus {
  readonly records: number;
  /** Every path of keys, top-level ones in the order they first came. */
  readonly paths: readonly JsonPath[];
  /** Records that showed a path or a kind of value first, as offsets: all that types depend on. */
  readonly telling: readonly (readonly [start: number, end: number])[];
  /** How many records there are up to the last telling one. */
  readonly lastTelling: number;
  /** Lines that begin or end like no object: Polars would print a panic about some of them. */
  readonly isUnsound: boolean;
  /** Offset of the text's first byte that is not blank, and whether it opens an array. */
  readonly start: number;
  readonly isArray: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const LF = 0x0a;
const MINUS = 0x2d;
const SPACE = 0x20;

/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv */
const FNV_START = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const ROOT = 17;
const ELEMENT = 0x5b5d;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/** Counts the records of `bytes`: lines of objects, or one array of objects (or one object). */
export function jsonCensus(bytes: Buffer, format: 'ndjson' | 'json', path: string): JsonCensus {
  return new Walker(bytes, format === 'ndjson', path).walk();
}

class Walker {
  readonly #bytes: Buffer;
  readonly #isLines: boolean;
  readonly #path: string;
  readonly #paths = new Map<number, JsonPath>();
  readonly #telling: (readonly [number, number])[] = [];
  readonly #parents = new Int32Array(MAX_JSON_DEPTH + 2);
  readonly #isObject = new Uint8Array(MAX_JSON_DEPTH + 2);
  #depth = 0;
  /** Depth at which a record's own keys stand. */
  readonly #base: number;
  #current = ROOT;
  #expectsKey = false;
  #root = '';
  #records = 0;
  #recordStart = 0;
  #isTelling = false;
  #lastTelling = 0;
  #isUnsound = false;

  constructor(bytes: Buffer, isLines: boolean, path: string) {
    this.#bytes = bytes;
    this.#isLines = isLines;
    this.#path = path;
    const isArray = !isLines && bytes[firstOf(bytes)] === OPEN_BRACKET;
    this.#base = isArray ? 2 : 1;
  }

  walk(): JsonCensus {
    const bytes = this.#bytes;
    const { length } = bytes;
    let at = firstOf(bytes);
    this.#recordStart = at;
    while (at < length) {
      const byte = bytes[at] ?? 0;
      if (this.#depth === 0 && byte > SPACE && byte !== OPEN_BRACE) this.#isUnsound = true;
      if (byte === QUOTE) at = this.#string(at + 1);
      else if (byte === COMMA) {
        this.#expectsKey = this.#isObject[this.#depth] === 1;
        this.#current = this.#parents[this.#depth] ?? ROOT;
        at += 1;
      } else if (byte === COLON || byte === SPACE || byte === 0x0d || byte === 0x09) at += 1;
      else if (byte === LF) {
        // A broken line must not take the next one with it.
        if (this.#isLines) this.#reset();
        at += 1;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#open(byte === OPEN_BRACE, at);
        at += 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#close(at);
        at += 1;
      } else at = this.#word(at, byte);
    }
    return {
      records: this.#records,
      paths: [...this.#paths.values()],
      telling: this.#telling,
      lastTelling: this.#lastTelling,
      isUnsound: this.#isLines && (this.#isUnsound || this.#depth !== 0),
      start: firstOf(bytes),
      isArray: this.#base === 2,
    };
  }

  #reset(): void {
    if (this.#depth !== 0) this.#isUnsound = true;
    this.#depth = 0;
    this.#current = ROOT;
    this.#expectsKey = false;
  }

  #open(isObject: boolean, at: number): void {
    if (this.#depth >= this.#base) this.#note(isObject ? JSON_KIND.object : JSON_KIND.array);
    this.#depth += 1;
    if (this.#depth > MAX_JSON_DEPTH) throw this.#tooDeep(at);
    if (this.#depth === this.#base) this.#recordStart = at;
    const isRecord = this.#depth <= this.#base;
    const parent = isRecord ? ROOT : isObject ? this.#current : mix(this.#current, ELEMENT);
    this.#parents[this.#depth] = parent;
    this.#isObject[this.#depth] = isObject ? 1 : 0;
    this.#current = parent;
    this.#expectsKey = isObject;
  }

  #close(at: number): void {
    if (this.#depth === this.#base) {
      this.#records += 1;
      if (this.#isTelling) {
        this.#telling.push([this.#recordStart, at + 1]);
        this.#lastTelling = this.#records;
      }
      this.#isTelling = false;
    }
    if (this.#depth > 0) this.#depth -= 1;
    this.#expectsKey = false;
  }

  /** A string from behind its quote; gives the offset behind its end. */
  #string(from: number): number {
    const bytes = this.#bytes;
    const { length } = bytes;
    let at = from;
    if (!this.#expectsKey) {
      for (; at < length; at += 1) {
        const byte = bytes[at];
        if (byte === QUOTE || (byte === LF && this.#isLines)) break;
        if (byte === BACKSLASH) at += 1;
      }
      this.#note(JSON_KIND.string);
      return bytes[at] === LF ? at : at + 1;
    }
    let hash = FNV_START;
    for (; at < length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE || (byte === LF && this.#isLines)) break;
      hash = Math.imul(hash ^ byte, FNV_PRIME);
      if (byte === BACKSLASH) {
        at += 1;
        hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
      }
    }
    this.#current = mix(this.#parents[this.#depth] ?? ROOT, hash);
    this.#expectsKey = false;
    if (this.#depth === this.#base && !this.#paths.has(this.#current)) {
      this.#add(nameOf(bytes, from, at), true);
    } else if (this.#depth === this.#base) {
      this.#root = this.#paths.get(this.#current)?.root ?? '';
    }
    return bytes[at] === LF ? at : at + 1;
  }

  #add(root: string, isRoot: boolean): void {
    this.#paths.set(this.#current, { id: this.#current, root, isRoot, kinds: 0 });
    this.#root = root;
    this.#isTelling = true;
  }

  /** A number, true, false or null; gives the offset behind. */
  #word(from: number, first: number): number {
    const bytes = this.#bytes;
    const isNumber = first === MINUS || (first >= 0x30 && first <= 0x39);
    let at = from + 1;
    let isFloat = false;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      const isLetterOrDigit = byte >= 0x30 && byte !== COLON && (byte | 0x20) <= 0x7a;
      const isEnd = byte === OPEN_BRACKET || byte === CLOSE_BRACKET;
      if (byte === 0x2e || (isNumber && (byte | 0x20) === 0x65)) isFloat = true;
      else if (isEnd || !(isLetterOrDigit || byte === MINUS || byte === 0x2b)) break;
    }
    if (!isNumber) this.#note(first === 0x6e ? JSON_KIND.null : JSON_KIND.boolean);
    else if (isFloat) this.#note(JSON_KIND.float | this.#lossOf(from, at));
    else this.#note(JSON_KIND.integer | this.#sizeOf(from, at));
    return at;
  }

  #sizeOf(from: number, end: number): number {
    if (end - from < 16) return 0;
    const text = this.#bytes.toString('latin1', from, end);
    if (!/^-?\d+$/.test(text)) return 0;
    const value = BigInt(text);
    // JavaScript writes large doubles with zeros at the end: what comes back the same is exact.
    const inexact = String(Number(text)) === text ? 0 : JSON_KIND.inexactInteger;
    const isBig = value > INT64_MAX || value < INT64_MIN;
    return inexact | (isBig ? JSON_KIND.bigInteger : 0);
  }

  #lossOf(from: number, end: number): number {
    const text = end - from < 17 ? '' : this.#bytes.toString('latin1', from, end);
    return losesDigits(text) ? JSON_KIND.inexactFloat : 0;
  }

  #note(kind: number): void {
    if (this.#depth < this.#base) return;
    let path = this.#paths.get(this.#current);
    if (path === undefined) {
      this.#add(this.#root, false);
      path = this.#paths.get(this.#current);
    }
    if (path === undefined || (path.kinds & kind) === kind) return;
    path.kinds |= kind;
    this.#isTelling = true;
  }

  #tooDeep(at: number): NairobiError {
    const before = this.#bytes.subarray(0, at);
    let line = 1;
    for (let end = before.indexOf(LF); end >= 0; end = before.indexOf(LF, end + 1)) line += 1;
    return new NairobiError('BAD_DATA', `JSON is nested deeper than ${MAX_JSON_DEPTH} levels`, {
      where: { file: this.#path, line, byte: at },
      hint: 'flatten it before, for example with jq',
    });
  }
}

const mix = (path: number, part: number): number =>
  Math.imul(path ^ part, FNV_PRIME) ^ (part >>> 7);

/** The first byte that is neither blank nor part of a byte-order mark. */
export function firstOf(bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length && (bytes[at] ?? 0) <= SPACE) at += 1;
  return at;
}

/** Fifteen digits are exact in any double; of more, those that come back the same. */
function losesDigits(text: string): boolean {
  if (text === '' || String(Number(text)) === text) return false;
  const digits = (one: string): string => one.replace(/e.*$/i, '').replace(/^-?[0.]*|\.|0+$/g, '');
  const written = digits(text.includes('.') ? text : `${text}.`);
  return written.length > 15 && digits(Number(text).toExponential()) !== written;
}

function nameOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
