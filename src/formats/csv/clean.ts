/** Takes out or mends the rows a census found faulty, as the user allowed. */
import { type ErrorDetails, NairobiError } from '../../errors.ts';
import type { Dialect, OnError, Rejected } from '../options.ts';
import type { Census, FaultyRow } from './census.ts';
import { Records } from './records.ts';

/** How many rejected rows are kept to be shown. */
export const MAX_EXAMPLES = 10;

export interface Cleaned {
  /** The rows to parse: the same bytes when nothing had to be changed. */
  readonly bytes: Buffer;
  readonly mended: Mended;
  /** True when rows with too many fields are left for the parser to cut. */
  readonly truncate: boolean;
}

/** What was done without being asked. */
export interface Mended {
  readonly blankLines: number;
  readonly strayQuotes: number;
}

export const NOTHING_MENDED: Mended = { blankLines: 0, strayQuotes: 0 };

/** In words, for the notes of a run. */
export function mendedNotes({ blankLines, strayQuotes }: Mended): string[] {
  const quotes = 'rows have a quote in the middle of a field: taken as text';
  return [
    ...(blankLines > 0 ? [`${blankLines} blank lines left out`] : []),
    ...(strayQuotes > 0 ? [`${strayQuotes} ${quotes}`] : []),
  ];
}

interface Cleaning {
  readonly bytes: Buffer;
  readonly dialect: Dialect;
  readonly fields: number;
  readonly onError: OnError;
  readonly path: string;
  readonly rejected: Rejected;
}

/**
 * Blank lines go; fields with a quote in the middle are quoted properly; short and long rows
 * fail, are padded and cut, or go. Throws BAD_DATA with the place of the first row that may not
 * be mended. `from` is where the data begins.
 */
export function clean(census: Census, from: number, cleaning: Cleaning): Cleaned {
  const { bytes, rejected } = cleaning;
  const pieces: Buffer[] = [];
  let start = from;
  let blank = 0;
  let mended = 0;
  let truncate = false;
  for (const row of census.faulty) {
    const fix = fixOf(row, cleaning);
    if (fix === 'keep') {
      truncate ||= row.fault === 'long';
      note(rejected, row, cleaning);
      continue;
    }
    if (start < row.byte) pieces.push(bytes.subarray(start, row.byte));
    start = row.end;
    if (fix === 'drop' && row.fault === 'blank') blank += 1;
    if (fix === 'drop' && row.fault !== 'blank') note(rejected, row, cleaning);
    if (fix !== 'mend') continue;
    pieces.push(mend(row, cleaning));
    if (row.fault === 'stray-quote') mended += 1;
    else note(rejected, row, cleaning);
    truncate ||= row.fault === 'long';
  }
  const done = { mended: { blankLines: blank, strayQuotes: mended }, truncate };
  if (start === from) return { bytes: bytes.subarray(from), ...done };
  pieces.push(bytes.subarray(start));
  return { bytes: joined(pieces), ...done };
}

/** One piece stays where it is: blank lines at the end cost no copy. */
function joined(pieces: readonly Buffer[]): Buffer {
  const filled = pieces.filter((piece) => piece.length > 0);
  const [only] = filled;
  return filled.length === 1 && only !== undefined ? only : Buffer.concat(filled);
}

function fixOf(row: FaultyRow, cleaning: Cleaning): 'drop' | 'keep' | 'mend' {
  if (row.fault === 'blank') return 'drop';
  if (row.fault === 'stray-quote') return 'mend';
  if (cleaning.onError === 'skip' && row.fault !== 'unterminated') return 'drop';
  const isLength = row.fault === 'short' || row.fault === 'long';
  if (cleaning.onError === 'null' && isLength) return row.hasStray ? 'mend' : 'keep';
  throw rowError(row, cleaning);
}

function note(rejected: Rejected, row: FaultyRow, cleaning: Cleaning): void {
  rejected.rows += 1;
  if (rejected.examples.length >= MAX_EXAMPLES) return;
  rejected.examples.push({
    line: row.line,
    byte: row.byte,
    reason: reasonOf(row, cleaning.fields),
  });
}

function reasonOf(row: FaultyRow, fields: number): string {
  switch (row.fault) {
    case 'unterminated':
      return 'a quoted field is never closed';
    case 'after-quote':
      return 'there is text behind a closing quote';
    default:
      return `${row.fields} ${row.fields === 1 ? 'field' : 'fields'} where the header has ${fields}`;
  }
}

function remedyOf({ fault }: FaultyRow, fields: number): string {
  if (fault === 'unterminated' || fault === 'after-quote')
    return 'mend the quotes, or say --quote "" if quotes mean nothing in this file';
  // Lines above the table, most likely: padding and cutting would leave nothing of it.
  if (fields === 1)
    return 'cut off what stands above the table (tail -n +3 FILE | nairobi ... -), or say --comment "#"';
  return '--on-error null pads and cuts such rows, --on-error skip leaves them out';
}

function rowError(row: FaultyRow, cleaning: Cleaning): NairobiError {
  const details: ErrorDetails = {
    where: { file: cleaning.path, line: row.line, byte: row.byte },
    hint: remedyOf(row, cleaning.fields),
  };
  return new NairobiError(
    'BAD_DATA',
    `Cannot take this row: ${reasonOf(row, cleaning.fields)}`,
    details,
  );
}

/** The row written again with every field quoted. */
function mend(row: FaultyRow, cleaning: Cleaning): Buffer {
  const { dialect } = cleaning;
  const records = new Records(cleaning.bytes, dialect, { byte: row.byte, line: row.line });
  records.next();
  const { quote } = dialect;
  const fields = Array.from({ length: records.count }, (_, index) => {
    const text = records.text(index);
    // An empty field stays null; a quoted one would be an empty text.
    return text === '' && !records.quoted[index]
      ? ''
      : quote + text.replaceAll(quote, quote + quote) + quote;
  });
  return Buffer.from(fields.join(dialect.delimiter) + dialect.lineEnd, 'utf8');
}
