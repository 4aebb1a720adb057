/** Finds out how a delimited text is written, from its first records. */
import { NairobiError } from '../../errors.ts';
import type { FormatName } from '../detect.ts';
import type { Dialect, ReadOptions } from '../options.ts';
import { Records } from './records.ts';

/** Records looked at: enough for the counts to be regular, few enough to take no time. */
const DIALECT_RECORDS = 64;
const DIALECT_BYTES = 64 * 1024;

const DELIMITERS = [',', '\t', ';', '|'] as const;
const BY_FORMAT: Readonly<Partial<Record<FormatName, string>>> = { tsv: '\t', psv: '|' };

interface Trial {
  readonly dialect: Dialect;
  /** The commonest number of fields, and the share of records that have it. */
  readonly fields: number;
  readonly share: number;
  /** Records that break the rules of quoting. */
  readonly flaws: number;
  readonly strayQuotes: number;
  readonly quotedFields: number;
}

export interface SniffedDialect {
  readonly dialect: Dialect;
  /**
   * What the quote rests on: the user's word, or what the beginning shows; 'stray' when it shows
   * quotes, but no field that begins with one.
   */
  readonly quotes: 'given' | 'seen' | 'stray';
}

/** The dialect of `head`, the beginning of the text after any byte-order mark. */
export function sniffDialect(
  head: Buffer,
  format: FormatName,
  options: ReadOptions,
): SniffedDialect {
  const sample = head.subarray(0, DIALECT_BYTES);
  const base = {
    header: options.header ?? true,
    comment: options.comment,
    decimalComma: options.decimalComma ?? false,
    lineEnd: sample.includes(0x0d) && !sample.includes(0x0a) ? '\r' : '\n',
  } as const;
  const delimiters = delimiterChoices(sample, base.lineEnd, format, options);
  const bestWith = (quote: string): Trial =>
    delimiters
      .map((delimiter) => tryDialect(sample, { ...base, delimiter, quote }))
      .reduce((one, other) => (isBetter(other, one) ? other : one));
  const best = chooseQuote(sample, options, bestWith);
  const isStray = best.quotedFields === 0 && best.strayQuotes > 0;
  const guessed = isStray ? 'stray' : 'seen';
  const quotes = options.quote === undefined ? guessed : 'given';
  const { dialect } = best;
  const isLone = options.delimiter === undefined && best.fields <= 1 && format === 'csv';
  if (!isLone) return { dialect, quotes };
  // One column: any delimiter will do that the text does not hold.
  const unused = DELIMITERS.find((delimiter) => !sample.includes(delimiter));
  return { dialect: { ...dialect, delimiter: unused ?? '\x1f' }, quotes };
}

/** Those that the first line holds: without it there, a table has but one column. */
function delimiterChoices(
  sample: Buffer,
  lineEnd: string,
  format: FormatName,
  options: ReadOptions,
): readonly string[] {
  if (options.delimiter !== undefined) {
    oneByte(options.delimiter, 'delimiter');
    return [options.delimiter];
  }
  const named = BY_FORMAT[format];
  if (named !== undefined) return [named];
  const line = firstLine(sample, lineEnd.charCodeAt(0), options.comment);
  // An open quote: the header goes on in the next line.
  const isOpen = line.toString('latin1').split('"').length % 2 === 0;
  const held = DELIMITERS.filter((delimiter) => isOpen || line.includes(delimiter));
  return held.length === 0 ? DELIMITERS.slice(0, 1) : held;
}

/** The first line that is neither blank nor a comment. */
function firstLine(sample: Buffer, lineEnd: number, comment: string | undefined): Buffer {
  for (let start = 0; start < sample.length; ) {
    const found = sample.indexOf(lineEnd, start);
    const end = found < 0 ? sample.length : found;
    const line = sample.subarray(start, end);
    const isComment = comment !== undefined && comment !== '' && line.indexOf(comment) === 0;
    if (!isComment && line.toString('latin1').trim() !== '') return line;
    start = end + 1;
  }
  return sample;
}

/**
 * The double quote, unless no field begins with one and the single one fits without a flaw. Quotes
 * within fields alone (5" pipe) say nothing: a field that is quoted may come later.
 */
function chooseQuote(
  sample: Buffer,
  options: ReadOptions,
  bestWith: (quote: string) => Trial,
): Trial {
  if (options.quote !== undefined) {
    if (options.quote !== '') oneByte(options.quote, 'quote');
    return bestWith(options.quote);
  }
  const usual = bestWith('"');
  if (usual.quotedFields > 0) return usual;
  if (sample.includes("'")) {
    const single = bestWith("'");
    const isFlawless = single.flaws === 0 && single.strayQuotes === 0;
    if (isFlawless && single.quotedFields > 1 && single.share >= usual.share) return single;
  }
  return usual;
}

/** Polars takes the first byte of what it is given and says nothing (measured): refuse more. */
function oneByte(text: string, what: string): void {
  const isFit = Buffer.byteLength(text) === 1 && text !== '\n' && text !== '\r';
  if (isFit) return;
  throw new NairobiError('USAGE', `The ${what} ${JSON.stringify(text)} is not a single byte`, {
    hint: 'name one ASCII character; "\\t" is a tab',
  });
}

function tryDialect(sample: Buffer, dialect: Dialect): Trial {
  const records = new Records(sample, dialect);
  const counts = new Map<number, number>();
  let flaws = 0;
  let strayQuotes = 0;
  let quotedFields = 0;
  let first: number | undefined;
  let seen = 0;
  while (seen < DIALECT_RECORDS && records.next()) {
    const isCut = records.end.byte >= sample.length && sample.length === DIALECT_BYTES;
    if (records.blank || (isCut && seen > 0)) continue;
    seen += 1;
    first ??= records.count;
    counts.set(records.count, (counts.get(records.count) ?? 0) + 1);
    if (records.flaw === 'stray-quote') strayQuotes += 1;
    else if (records.flaw !== undefined && !isCut) flaws += 1;
    for (let index = 0; index < records.count; index += 1) {
      if (records.quoted[index]) quotedFields += 1;
    }
  }
  const [fields, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [1, 0]);
  const isHeaded = first === undefined || first === fields;
  const share = seen === 0 ? 0 : (count / seen) * (isHeaded ? 1 : 0.5);
  return { dialect, fields, share, flaws, strayQuotes, quotedFields };
}

/** Regular beats irregular, several columns beat one, fewer broken quotes beat more. */
function isBetter(one: Trial, other: Trial): boolean {
  const score = (trial: Trial): number[] => {
    const isRegular = trial.share > 0.9 && trial.fields > 1;
    return [
      -trial.flaws,
      isRegular ? 1 : 0,
      -trial.strayQuotes,
      trial.fields > 1 ? trial.share : trial.share / 2,
      trial.quotedFields,
      trial.fields,
    ];
  };
  const a = score(one);
  const b = score(other);
  const place = a.findIndex((value, index) => value !== b[index]);
  return place >= 0 && (a[place] ?? 0) > (b[place] ?? 0);
}
