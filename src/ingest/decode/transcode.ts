/**
 * NDJSON and line protocol by way of delimited text: each line becomes a row of texts under fixed
 * columns, and the CSV decoder finds the types and judges the values. A kernel does that for lines
 * that are as they should be; here it is done for the others, whose rejects are led back to the
 * line they came from.
 */
import { isUtf8 } from 'node:buffer';
import type { Column } from '../../compute/relation.ts';
import { messageOf, NairobiError } from '../../errors.ts';
import { type CsvPlan, sniffCsv } from '../../formats/csv/sniff.ts';
import type { ReadOptions } from '../../formats/options.ts';
import type { Batch } from '../sources/feed.ts';
import { CsvDecoder } from './csv.ts';
import { rejectError } from './csv-search.ts';
import type { BadRows, Decoded, Decoder, Reject } from './decoder.ts';
import { type LineParser, type LineRecord, parseInfluxLine, parseJsonLine } from './lines.ts';
import { LinesKernel } from './lines-kernel.ts';
import { type Widened, withWidened } from './widen.ts';

export type LineFormat = 'ndjson' | 'influx';

/** No text has it but by an escape, so that hardly any is to be quoted. */
const DELIMITER = '\x1f';

export interface LinePlan {
  readonly format: LineFormat;
  readonly csv: CsvPlan;
}

const PARSERS: Readonly<Record<LineFormat, LineParser>> = {
  ndjson: parseJsonLine,
  influx: parseInfluxLine,
};

interface Line {
  readonly record: LineRecord;
  readonly byte: number;
  readonly line: number;
  readonly raw: string;
}

/** Looked at to know the columns; a key or a type that comes later is found when it comes. */
const SAMPLE_BYTES = 256 * 1024;

/** Finds the columns and their types from the first lines. */
export function planLines(head: Buffer, format: LineFormat, read: ReadOptions): LinePlan {
  const whole = head.subarray(0, SAMPLE_BYTES).lastIndexOf(0x0a) + 1;
  const sample = whole === 0 || head.length <= SAMPLE_BYTES ? head : head.subarray(0, whole);
  const lines = [...linesOf(sample)].flatMap(({ text }) => tryParse(PARSERS[format], text));
  const names = [...new Set(lines.flatMap((record) => [...record.keys()]))];
  if (names.length === 0) {
    throw new NairobiError('BAD_DATA', `No line could be read as ${format}`, {
      hint: 'check the format of the input, or name another with --input-format',
    });
  }
  const types = { ...textColumns(lines, names), ...read.types };
  const row = rowWriter(names, DELIMITER);
  const header = new Map(names.map((name) => [name, { text: name, kind: 'string' } as const]));
  const csv = Buffer.from([header, ...lines].map(row).join(''));
  const dialect = { header: true, delimiter: DELIMITER, quote: '"' };
  // JSON has a null of its own: no word stands for it.
  const plan = sniffCsv(csv, 'csv', { types, nulls: [], ...dialect }, true);
  const columns = plan.columns.map((column, index) => ({ ...column, name: names[index] ?? '' }));
  // These lines are only the first ones, for all that is known.
  return { format, csv: { ...plan, columns, sampledRows: lines.length } };
}

/** The plan with the types and the columns that lines behind the first ones were found to have. */
export function withMoreColumns(plan: LinePlan, widened: Widened): LinePlan {
  const known = new Set(plan.csv.columns.map(({ name }) => name));
  const more = [...widened.values()].filter(({ name }) => !known.has(name));
  const csv = withWidened(plan.csv, widened);
  return { ...plan, csv: { ...csv, columns: [...csv.columns, ...more] } };
}

/** A column of JSON strings stays text unless every one of them is a moment. */
function textColumns(
  lines: readonly LineRecord[],
  names: readonly string[],
): Record<string, string> {
  const types: Record<string, string> = {};
  for (const name of names) {
    const cells = lines.flatMap((record) => record.get(name) ?? []);
    const isText = cells.some(
      ({ kind, text }) => kind === 'json' || (kind === 'string' && !/^\d{4}-\d\d-\d\d/.test(text)),
    );
    if (isText) types[name] = 'String';
    else if (cells.length > 0 && cells.every(({ kind }) => kind === 'boolean'))
      types[name] = 'Boolean';
  }
  return types;
}

function tryParse(parse: LineParser, text: string): LineRecord[] {
  try {
    return [parse(text)];
  } catch {
    return [];
  }
}

/** The kernel for such lines; undefined where the names or the delimiter are not for it. */
export function linesKernel({ format, csv }: LinePlan): LinesKernel | undefined {
  const names = csv.columns.map(({ name }) => name);
  return LinesKernel.open(format, names, csv.dialect.delimiter);
}

export class LineDecoder implements Decoder {
  readonly columns: readonly Column[];
  readonly #plan: LinePlan;
  readonly #parse: LineParser;
  readonly #badRows: BadRows;
  readonly #names: ReadonlySet<string>;
  readonly #row: (record: LineRecord) => string;
  readonly #csv: CsvDecoder;
  readonly #kernel: LinesKernel | undefined;

  constructor(plan: LinePlan, badRows: BadRows) {
    const names = plan.csv.columns.map((column) => column.name);
    const { delimiter } = plan.csv.dialect;
    this.#plan = plan;
    this.#parse = PARSERS[plan.format];
    this.#badRows = badRows;
    this.#names = new Set(names);
    this.#row = rowWriter(names, delimiter);
    // Rejects are judged here, where their lines are known.
    this.#csv = new CsvDecoder(plan.csv, badRows === 'null' ? 'null' : 'skip', undefined);
    this.#kernel = linesKernel(plan);
    this.columns = this.#csv.columns;
  }

  decode(batch: Batch, line: number): Decoded {
    const converted = this.#kernel?.convert(batch.data);
    if (converted !== undefined) {
      const decoded = this.#csv.decode({ data: converted.text, offset: 0 }, 0);
      if (decoded.rejects.length === 0) return { ...decoded, lines: converted.lines };
    }
    return this.decodeCarefully(batch, line);
  }

  private decodeCarefully(batch: Batch, line: number): Decoded {
    const rejects: Reject[] = [];
    const kept: Line[] = [];
    const isText = isUtf8(batch.data);
    let lines = 0;
    let lost = 0;
    for (const { text, byte, bytes } of linesOf(batch.data)) {
      const place = { line: line + lines, byte: batch.offset + byte, raw: text };
      lines += 1;
      if (text === '' || (this.#plan.format === 'influx' && text.startsWith('#'))) continue;
      const taken = isText || isUtf8(bytes) ? this.take(text) : { reason: NOT_UTF8 };
      if ('record' in taken) {
        lost += taken.lost;
        kept.push({ record: taken.record, ...place });
        continue;
      }
      const stranger = 'stranger' in taken ? taken.stranger : undefined;
      const wider = this.columnFor(stranger, batch.data.subarray(byte));
      rejects.push({ ...place, column: undefined, reason: taken.reason, ...wider });
      // What is behind it is of no interest: the run ends here, or where a value before it is bad.
      if (this.#badRows === 'fail') break;
    }
    const texts = kept.map(({ record }) => this.#row(record));
    const decoded = this.#csv.decode({ data: Buffer.from(texts.join('')), offset: 0 }, 0);
    rejects.push(...led(decoded.rejects, kept, texts));
    rejects.sort((a, b) => a.byte - b.byte);
    const [first] = rejects;
    if (first !== undefined && this.#badRows === 'fail') throw rejectError(first);
    const records = decoded.frame.height + rejects.length;
    const nulled = decoded.nulled + lost;
    return { frame: decoded.frame, records, rejects, nulled, lines };
  }

  /**
   * The record of a line, or why it is none. A key that is no column, because it came later than
   * the columns were decided, is a value that is lost where rows may lose some, else a bad row.
   */
  private take(text: string): Taken {
    let record: LineRecord;
    try {
      record = this.#parse(text);
    } catch (error) {
      return { reason: messageOf(error) };
    }
    const strangers = [...record.keys()].filter((name) => !this.#names.has(name));
    const [stranger] = strangers;
    const isLossy = this.#badRows === 'skip' || this.#badRows === 'null';
    if (stranger === undefined || isLossy) return { record, lost: strangers.length };
    return { reason: `the key ${JSON.stringify(stranger)} is none of the columns`, stranger };
  }

  /** What would hold a key that is no column, where the run can begin again. */
  private columnFor(name: string | undefined, from: Buffer): Pick<Reject, 'wider'> {
    if (name === undefined || this.#badRows !== 'fail') return {};
    const { columns } = planLines(from, this.#plan.format, {}).csv;
    const column = columns.find((one) => one.name === name);
    const note = `column ${name} was added: lines that come late have it`;
    return column === undefined ? {} : { wider: { ...column, note } };
  }
}

const NOT_UTF8 = 'the line is not UTF-8';

type Taken =
  | { readonly record: LineRecord; readonly lost: number }
  | { readonly reason: string; readonly stranger?: string };

/** Rejects of rows, in their order, as those of the lines that the rows were made from. */
function* led(
  rejects: readonly Reject[],
  kept: readonly Line[],
  texts: readonly string[],
): Generator<Reject> {
  let index = 0;
  let end = Buffer.byteLength(texts[0] ?? '');
  for (const reject of rejects) {
    while (index < texts.length && end <= reject.byte) {
      index += 1;
      end += Buffer.byteLength(texts[index] ?? '');
    }
    const { line, byte, raw } = kept[index] ?? { line: 0, byte: 0, raw: '' };
    yield { ...reject, line, byte, raw };
  }
}

function* linesOf(data: Buffer): Generator<{ text: string; byte: number; bytes: Buffer }> {
  for (let at = 0; at < data.length; ) {
    const found = data.indexOf(0x0a, at);
    const end = found === -1 ? data.length : found;
    const stop = end > at && data[end - 1] === 0x0d ? end - 1 : end;
    const bytes = data.subarray(at, stop);
    yield { text: bytes.toString('utf8'), byte: at, bytes };
    at = end + 1;
  }
}

/** Writes records as rows under these names. */
function rowWriter(names: readonly string[], delimiter: string): (record: LineRecord) => string {
  const isSpecial = new RegExp(`["\\r\\n\\x${hex(delimiter)}]`);
  // An empty text is not a missing one: it is quoted.
  const quoted = (text: string): string =>
    text === '' || isSpecial.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const field = (text: string | undefined): string => (text === undefined ? '' : quoted(text));
  return (record) => {
    const texts = names.map((name) => record.get(name)?.text);
    // A lone null has to be told from a blank line.
    if (texts.length === 1 && texts[0] === undefined) return '""\n';
    return `${texts.map(field).join(delimiter)}\n`;
  };
}

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, '0');
