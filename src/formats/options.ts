/** What may be said about an input, and what was understood of it. */

import type { TypeName } from '../compute/relation.ts';
import { NairobiError } from '../errors.ts';
import type { FormatName } from './detect.ts';

/** What happens to a value that contradicts its column's type, or a row of the wrong length. */
export const ON_ERROR = ['fail', 'null', 'skip'] as const;
export type OnError = (typeof ON_ERROR)[number];

export const ENCODINGS = ['utf8', 'utf16le', 'utf16be', 'latin1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Everything is optional: what is not said is sniffed. */
export interface ReadOptions {
  readonly format?: FormatName;
  /** One byte. */
  readonly delimiter?: string;
  /** One byte, or '' for no quoting at all. */
  readonly quote?: string;
  readonly header?: boolean;
  /** Lines that begin with this are left out. */
  readonly comment?: string;
  readonly decimalComma?: boolean;
  /** Texts that mean null, in every column, instead of the ones that are sniffed. */
  readonly nulls?: readonly string[];
  /** Column -> type; columns that are not named are inferred. */
  readonly types?: Readonly<Record<string, TypeName>>;
  /** This file may lack some of the columns in `types`: its table has other files as well. */
  readonly typesMayLack?: boolean;
  /** Rows to infer from: the first N, or all. Default: see SAMPLE_BYTES in limits of sniff. */
  readonly inferRows?: number | 'all';
  /** Every column is text. */
  readonly allText?: boolean;
  readonly onError?: OnError;
  /** chrono formats tried before the known ones, such as "%d/%m/%Y". */
  readonly dateFormats?: readonly string[];
  readonly encoding?: Encoding;
  /** A table of an SQLite file; needed when it has more than one. */
  readonly table?: string;
}

/** What was said of the column: a column may be called "constructor", which every object has. */
export const givenType = (
  { types }: Pick<ReadOptions, 'types'>,
  name: string,
): TypeName | undefined =>
  types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;

/** How a delimited text is written. */
export interface Dialect {
  readonly delimiter: string;
  /** '' for none. */
  readonly quote: string;
  readonly header: boolean;
  readonly comment: string | undefined;
  readonly decimalComma: boolean;
  readonly lineEnd: '\n' | '\r';
}

/** Why a column has its type: for --dry-run and for error messages. */
export interface UnderstoodColumn {
  readonly name: string;
  readonly type: TypeName;
  /** Given by the user, found by looking at the sample, or stated by the file itself. */
  readonly from: 'given' | 'inferred' | 'file';
  /** chrono format of a date or timestamp that is parsed from text. */
  readonly format?: string;
  /** The text that means null in this column beside an empty field. */
  readonly nullText?: string;
}

export interface Understood {
  readonly format: FormatName;
  readonly columns: readonly UnderstoodColumn[];
  readonly dialect?: Dialect;
  readonly encoding?: Encoding;
  /** Rows the types were inferred from; "all" when nothing is left to contradict them. */
  readonly sampledRows?: number | 'all';
  /** Plain sentences: ambiguous dates, renamed duplicate columns, skipped blank lines. */
  readonly notes: readonly string[];
  /** Types that turned out differently than the sample had it: to be told in any case. */
  readonly late?: readonly string[];
}

/** Rows and values left out or made null, as --on-error allowed. */
export interface Rejected {
  rows: number;
  values: number;
  /** The first few, to report. */
  readonly examples: { line: number; byte: number; column?: string; reason: string }[];
}

const TYPE_WORDS: Readonly<Record<string, TypeName>> = {
  text: 'String',
  str: 'String',
  string: 'String',
  varchar: 'String',
  utf8: 'String',
  bool: 'Boolean',
  boolean: 'Boolean',
  int: 'Int64',
  integer: 'Int64',
  bigint: 'Int64',
  long: 'Int64',
  int8: 'Int8',
  tinyint: 'Int8',
  int16: 'Int16',
  smallint: 'Int16',
  int32: 'Int32',
  int64: 'Int64',
  uint8: 'UInt8',
  uint16: 'UInt16',
  uint32: 'UInt32',
  uint64: 'UInt64',
  hugeint: 'Decimal(38, 0)',
  int128: 'Decimal(38, 0)',
  float: 'Float64',
  double: 'Float64',
  real: 'Float32',
  float32: 'Float32',
  float64: 'Float64',
  date: 'Date',
  time: 'Time',
  datetime: 'Datetime(us)',
  timestamp: 'Datetime(us)',
  timestamptz: 'Datetime(us, UTC)',
  timestamp_ns: 'Datetime(ns)',
  timestamp_ms: 'Datetime(ms)',
};

/** "int", "timestamp", "decimal(10,2)" or a Polars name -> the type's name. */
export function parseTypeName(text: string): TypeName {
  const word = text.trim();
  const lower = word.toLowerCase();
  const spelt = Object.hasOwn(TYPE_WORDS, lower) ? TYPE_WORDS[lower] : undefined;
  const known = spelt ?? (word === 'Categorical' ? word : undefined);
  if (known !== undefined) return known;
  const decimal = /^(?:decimal|numeric)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/i.exec(word);
  if (decimal !== null) return decimalType(Number(decimal[1] ?? 38), Number(decimal[2] ?? 0), word);
  const moment = /^datetime\(\s*(ms|us|ns)\s*(?:,\s*([\w/+-]+)\s*)?\)$/i.exec(word);
  if (moment !== null) {
    return moment[2] === undefined
      ? `Datetime(${moment[1]})`
      : `Datetime(${moment[1]}, ${moment[2]})`;
  }
  throw new NairobiError('USAGE', `Unknown type "${text}"`, {
    hint: `one of ${Object.keys(TYPE_WORDS).join(', ')}, decimal(precision,scale)`,
  });
}

function decimalType(precision: number, scale: number, text: string): TypeName {
  if (precision < 1 || precision > 38 || scale > precision) {
    throw new NairobiError('USAGE', `Cannot have the type ${text}`, {
      hint: 'a decimal has 1 to 38 digits, and no more of them after the point than in all',
    });
  }
  return `Decimal(${precision}, ${scale})`;
}
