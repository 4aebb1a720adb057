/** What one text could be a value of. */
import { type Moment, momentOf } from './dates.ts';

/** Bits, so that a column's evidence is one number. */
export const KIND = {
  empty: 1,
  /** Fits 64 bits. */
  int: 2,
  /** An integer that needs more. */
  bigInt: 4,
  float: 8,
  /** NaN or infinity by name. */
  notFinite: 16,
  boolean: 32,
  date: 64,
  datetime: 128,
  time: 256,
  /** NA, NULL and their like. */
  nullWord: 512,
  text: 1024,
  /** "1,5", "1.234,5": a number where the comma is the decimal point. */
  commaFloat: 2048,
  /** "1.234.567": a number where points divide thousands, where there are such numbers. */
  grouped: 4096,
} as const;

export interface Value {
  readonly kind: number;
  readonly moment?: Moment;
}

const NULL_WORDS = new Set([
  'NA',
  'N/A',
  '#N/A',
  'n/a',
  'NULL',
  'Null',
  'null',
  'None',
  'nil',
  '\\N',
]);
const BOOLEAN = /^(true|false)$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
const INTEGER = /^[+-]?(0|[1-9]\d*)$/;
const LEADING_ZERO = /^[+-]?0\d/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d*)?$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const COMMA_FLOAT = /^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+),\d+([eE][+-]?\d+)?$/;
const GROUPED = /^[+-]?[1-9]\d{0,2}(\.\d{3}){2,}$/;

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

const EMPTY: Value = { kind: KIND.empty };
const INT: Value = { kind: KIND.int };
const FLOATING: Value = { kind: KIND.float };
const TEXT: Value = { kind: KIND.text };

/**
 * Leading blanks are passed over for numbers, as Polars' parser does; blanks behind a number make
 * it text. Numbers with leading zeros or a plus sign are names (zip codes, telephone numbers):
 * text, so that their characters survive.
 */
export function classify(text: string): Value {
  if (text === '') return EMPTY;
  const first = text.charCodeAt(0);
  const isDigit = first >= 48 && first <= 57;
  if (isDigit && text.length < 16 && isPlainInteger(text)) return INT;
  if (isDigit || first === 45 || first === 46 || first === 32 || first === 9) {
    const number = numberOf(text.replace(/^[ \t]+/, ''));
    if (number !== undefined) return number;
  }
  if (text.length > 40) return TEXT;
  if (NULL_WORDS.has(text)) return { kind: KIND.nullWord };
  if (BOOLEAN.test(text)) return { kind: KIND.boolean };
  if (NOT_FINITE.test(text)) return { kind: KIND.notFinite };
  const moment = text.length < 4 ? undefined : momentOf(text);
  if (moment === undefined || moment.formats.length === 0) return TEXT;
  return { kind: KIND[moment.kind], moment };
}

/** One to 15 digits without a leading zero: most integers, decided without a regular expression. */
function isPlainInteger(text: string): boolean {
  if (text.charCodeAt(0) === 48) return text.length === 1;
  for (let index = 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

function numberOf(text: string): Value | undefined {
  if (LEADING_ZERO.test(text)) return PLAIN_NUMBER.test(text) ? TEXT : undefined;
  if (INTEGER.test(text)) {
    if (text.length <= 18) return INT;
    const value = BigInt(text);
    return value >= INT64_MIN && value <= INT64_MAX ? INT : { kind: KIND.bigInt };
  }
  // 1e400 has no double: Polars would read infinity.
  if (FLOAT.test(text)) return Number.isFinite(Number(text)) ? FLOATING : TEXT;
  if (GROUPED.test(text)) return { kind: KIND.grouped };
  return COMMA_FLOAT.test(text) ? { kind: KIND.commaFloat } : undefined;
}
