/** From bytes to everything needed to parse delimited text: dialect, names, types. */
import { NairobiError } from '../../errors.ts';
import type { FormatName } from '../detect.ts';
import {
  type Dialect,
  type Encoding,
  givenType,
  type ReadOptions,
  type UnderstoodColumn,
} from '../options.ts';
import type { ByteSource } from './census-kernel.ts';
import { sniffDialect } from './dialect.ts';
import { Evidence, type Reading } from './evidence.ts';
import { mayQuoteFields, refuseOtherQuotes } from './first-quotes.ts';
import { headerNames, isHeader } from './header.ts';
import { momentFormat } from './moment-format.ts';
import { MAX_WATCHED_COLUMNS } from './odd-values.ts';
import { type RecordStart, Records } from './records.ts';

/** The beginning of the file that is always looked at: some thousand rows in a few ms. */
export const SAMPLE_BYTES = 128 * 1024;

/** Places after it that are looked at, and how much of each: a surprise late in the file. */
const PROBES = 16;
const PROBE_BYTES = 4 * 1024;

/** Rows that are looked at however long they are. */
const LEAST_ROWS = 20;

/** All that parsing needs; made once for a file, valid for each of its segments. */
export interface CsvPlan {
  readonly format: FormatName;
  readonly dialect: Dialect;
  readonly encoding: Encoding;
  readonly columns: readonly CsvColumn[];
  /** The first data record: behind the byte-order mark and the header. */
  readonly data: RecordStart;
  /** The first record, header or data: behind the byte-order mark and blank lines. */
  readonly first: RecordStart;
  readonly sampledRows: number | 'all';
  /** The quote is a guess: each stretch of the text is to be asked whether it contradicts it. */
  readonly unsureQuotes?: true;
  readonly notes: readonly string[];
  /** See Understood. */
  readonly late?: readonly string[];
}

export interface CsvColumn extends Reading {
  readonly name: string;
  readonly from: UnderstoodColumn['from'];
}

/**
 * Looks at UTF-8 text. `bytes` may be the whole file or, with `isWhole` false, its beginning; `all`
 * is a text that will not grow, for a look at each of its bytes: what is guessed is certain then.
 * Throws BAD_DATA for an empty text.
 */
export function sniffCsv(
  bytes: Buffer,
  format: FormatName,
  options: ReadOptions = {},
  isWhole = true,
  all?: ByteSource | Buffer,
): CsvPlan {
  const textStart = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = bytes.subarray(textStart);
  const { dialect: guessed, quotes } = sniffDialect(text, format, options);
  const sniffed = all && quotes === 'stray' ? withoutQuotes(guessed, all) : guessed;
  const first = firstRecord(bytes, sniffed, textStart);
  if (first === undefined) {
    throw new NairobiError('BAD_DATA', 'The input is empty: no header and no rows', {
      hint: 'check what wrote it; a header line alone is a table without rows',
    });
  }
  const isUnsure = quotes === 'seen' && sniffed.quote === "'";
  if (isUnsure && all !== undefined) refuseOtherQuotes(bytes, sniffed, first, all);
  const sampled = sample(bytes, sniffed, first, options, isWhole);
  const header = options.header ?? isHeader(sampled.firstTexts, sampled.evidence);
  const dialect = { ...sniffed, header };
  if (!header) {
    for (const [index, text] of sampled.firstTexts.entries())
      sampled.evidence[index]?.observe(text);
  }
  const { names, notes } = headerNames(sampled.firstTexts, sampled.evidence.length, header);
  const columns = names.map((name, index) =>
    understandColumn(name, sampled.evidence[index] ?? new Evidence(), dialect, options),
  );
  checkNamedTypes(names, options);
  return {
    format,
    dialect,
    encoding: 'utf8',
    columns,
    data: header ? sampled.afterFirst : first,
    first,
    sampledRows: sampled.isAll ? 'all' : sampled.rows,
    ...(isUnsure && all === undefined ? { unsureQuotes: true } : {}),
    notes: [
      ...notes,
      ...columns.flatMap((column) => (column.note ? [`column ${column.name} ${column.note}`] : [])),
    ],
  };
}

/** Where no field is quoted, quotes mean nothing, and nobody has to look at each of them. */
function withoutQuotes(dialect: Dialect, all: ByteSource | Buffer): Dialect {
  return mayQuoteFields(all, dialect.quote, dialect) ? dialect : { ...dialect, quote: '' };
}

/** Where the first record that is not blank begins. */
function firstRecord(bytes: Buffer, dialect: Dialect, textStart: number): RecordStart | undefined {
  const records = new Records(bytes, dialect, { byte: textStart, line: 1 });
  while (records.next()) {
    if (!records.blank) return { byte: records.byte, line: records.line };
  }
  return undefined;
}

interface Sample {
  /** The first record, which may be a header: not among the evidence. */
  readonly firstTexts: readonly string[];
  readonly afterFirst: RecordStart;
  readonly evidence: readonly Evidence[];
  readonly rows: number;
  readonly isAll: boolean;
}

function sample(
  bytes: Buffer,
  dialect: Dialect,
  first: RecordStart,
  options: ReadOptions,
  isWhole: boolean,
): Sample {
  const records = new Records(bytes, dialect, first);
  records.next();
  const firstTexts = Array.from({ length: records.count }, (_, index) => records.text(index));
  const afterFirst = records.end;
  const evidence = firstTexts.map(() => new Evidence());
  const { inferRows } = options;
  const nulls = options.nulls === undefined ? undefined : new Set(options.nulls);
  const isTooWide = firstTexts.length > MAX_WATCHED_COLUMNS;
  const most =
    inferRows === 'all' || isTooWide ? Number.POSITIVE_INFINITY : (inferRows ?? undefined);
  let rows = 0;
  const isEnough = (): boolean =>
    most === undefined
      ? rows >= LEAST_ROWS && records.end.byte - first.byte > SAMPLE_BYTES
      : rows >= most;
  while (!isEnough() && records.next()) {
    // Half a record at the end of a beginning says nothing.
    if (!isWhole && records.end.byte >= bytes.length && rows > 0) break;
    if (records.blank && firstTexts.length > 1) continue;
    rows += 1;
    observe(records, evidence, nulls);
  }
  const isAll = isWhole && records.end.byte >= bytes.length;
  if (most === undefined && !isAll)
    rows += probe(bytes, dialect, records.end.byte, evidence, nulls);
  return { firstTexts, afterFirst, evidence, rows, isAll };
}

/** Adds the fields of the present record to what is known of their columns. */
export function observe(
  records: Records,
  evidence: readonly Evidence[],
  nulls: ReadonlySet<string> | undefined,
): void {
  const count = Math.min(records.count, evidence.length);
  for (let index = 0; index < count; index += 1) {
    const column = evidence[index];
    if (column === undefined || column.isText) continue;
    if (nulls?.has(records.text(index))) continue;
    if (records.quoted[index]) column.observe(records.text(index));
    else column.observeBytes(records.bytes, records.starts[index] ?? 0, records.ends[index] ?? 0);
  }
}

/**
 * Looks at whole records in places spread over the rest. Inside a quoted field a line end may be
 * mistaken for a record's; such a piece has the wrong number of fields and is passed over.
 */
function probe(
  bytes: Buffer,
  dialect: Dialect,
  from: number,
  evidence: readonly Evidence[],
  nulls: ReadonlySet<string> | undefined,
): number {
  const step = Math.floor((bytes.length - from) / PROBES);
  if (step < PROBE_BYTES || evidence.length < 2) return 0;
  const lineEnd = dialect.lineEnd.charCodeAt(0);
  let rows = 0;
  for (let place = 1; place <= PROBES; place += 1) {
    const start = bytes.indexOf(lineEnd, from + place * step - PROBE_BYTES) + 1;
    const piece = bytes.subarray(start, Math.min(start + PROBE_BYTES, bytes.length));
    const records = new Records(piece, dialect);
    while (records.next() && records.end.byte < piece.length) {
      if (records.count !== evidence.length || records.flaw !== undefined) break;
      rows += 1;
      observe(records, evidence, nulls);
    }
  }
  return rows;
}

function understandColumn(
  name: string,
  evidence: Evidence,
  dialect: Dialect,
  options: ReadOptions,
): CsvColumn {
  const given = givenType(options, name);
  if (given === undefined && options.allText) return { name, type: 'String', from: 'given' };
  if (given === undefined)
    return { name, ...readingOf(evidence, dialect, options), from: 'inferred' };
  const isMoment = /^(Date|Time)/.test(given);
  const format = isMoment ? momentFormat(name, given, evidence, options) : undefined;
  const isFloat = /^Float/.test(given) && commaRule(dialect, options) === true;
  return {
    name,
    type: given,
    from: 'given',
    ...(format === undefined ? {} : { format }),
    ...(isFloat ? { decimalComma: true, grouped: true } : {}),
  };
}

/** What the values seen say, as far as the options leave it to them. */
export function readingOf(evidence: Evidence, dialect: Dialect, options: ReadOptions): Reading {
  const inferred =
    withDateFormats(evidence, options) ?? evidence.decide(commaRule(dialect, options));
  const { nullText, ...rest } = inferred;
  return options.nulls !== undefined || nullText === undefined ? rest : { ...rest, nullText };
}

const commaRule = (dialect: Dialect, options: ReadOptions): boolean | undefined =>
  dialect.delimiter === ',' ? options.decimalComma === true : options.decimalComma;

/** A format the user named that all the dates fit, where several or none would. */
function withDateFormats(evidence: Evidence, options: ReadOptions): Reading | undefined {
  const format = options.dateFormats?.find((one) => evidence.fits(one));
  return format === undefined ? undefined : evidence.momentOf(format);
}

function checkNamedTypes(names: readonly string[], options: ReadOptions): void {
  const unknown = Object.keys(options.types ?? {}).find((name) => !names.includes(name));
  if (unknown === undefined || options.typesMayLack === true) return;
  throw new NairobiError('UNKNOWN_COLUMN', `A type is given for "${unknown}", which is no column`, {
    hint: `the columns are ${names.slice(0, 20).join(', ')}`,
  });
}
