/**
 * NDJSON and line protocol by way of CSV: each line becomes a row of texts under fixed columns,
 * and the CSV decoder finds the types and judges the values. Its rejects are led back to the line
 * they came from.
 */
import type { Column } from '../compute/relation.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { type CsvPlan, sniffCsv } from '../formats/csv/sniff.ts';
import type { ReadOptions } from '../formats/options.ts';
import { CsvDecoder } from './csv.ts';
import { rejectError } from './csv-search.ts';
import type { BadRows, Decoded, Decoder, Reject } from './decoder.ts';
import type { Batch } from './feed.ts';
import { type LineParser, type LineRecord, parseInfluxLine, parseJsonLine } from './lines.ts';

export type LineFormat = 'ndjson' | 'influx';

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

/** Finds the columns and their types from the first lines. */
export function planLines(head: Buffer, format: LineFormat, read: ReadOptions): LinePlan {
  const lines = [...linesOf(head)].flatMap(({ text }) => tryParse(PARSERS[format], text));
  const names = [...new Set(lines.flatMap((record) => [...record.keys()]))];
  if (names.length === 0) {
    throw new NairobiError('BAD_DATA', `No line could be read as ${format}`, {
      hint: 'check the format of the input, or name another with --input-format',
    });
  }
  const types = { ...textColumns(lines, names), ...read.types };
  const csv = Buffer.from(`${row(names)}\n${lines.map((one) => rowOf(one, names)).join('')}`);
  const plan = sniffCsv(csv, 'csv', { types, header: true, delimiter: ',', quote: '"' }, true);
  return { format, csv: plan };
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

export class LineDecoder implements Decoder {
  readonly columns: readonly Column[];
  readonly #parse: LineParser;
  readonly #badRows: BadRows;
  readonly #names: readonly string[];
  readonly #csv: CsvDecoder;

  constructor(plan: LinePlan, badRows: BadRows) {
    this.#parse = PARSERS[plan.format];
    this.#badRows = badRows;
    this.#names = plan.csv.columns.map((column) => column.name);
    // Rejects are judged here, where their lines are known.
    this.#csv = new CsvDecoder(plan.csv, badRows === 'null' ? 'null' : 'skip', undefined);
    this.columns = this.#csv.columns;
  }

  decode(batch: Batch, line: number): Decoded {
    const rejects: Reject[] = [];
    const kept: Line[] = [];
    let lines = 0;
    for (const { text, byte } of linesOf(batch.data)) {
      const place = { line: line + lines, byte: batch.offset + byte, raw: text };
      lines += 1;
      if (text === '' || (this.#parse === parseInfluxLine && text.startsWith('#'))) continue;
      try {
        kept.push({ record: this.#parse(text), ...place });
      } catch (error) {
        rejects.push({ ...place, column: undefined, reason: messageOf(error) });
      }
    }
    const texts = kept.map((one) => rowOf(one.record, this.#names));
    const decoded = this.#csv.decode({ data: Buffer.from(texts.join('')), offset: 0 }, 0);
    for (const reject of decoded.rejects) rejects.push(led(reject, kept, texts));
    rejects.sort((a, b) => a.byte - b.byte);
    const [first] = rejects;
    if (first !== undefined && this.#badRows === 'fail') throw rejectError(first);
    const records = decoded.frame.height + rejects.length;
    return { frame: decoded.frame, records, rejects, nulled: decoded.nulled, lines };
  }
}

/** The reject of a CSV row as one of the line that it was made from. */
function led(reject: Reject, kept: readonly Line[], texts: readonly string[]): Reject {
  let at = 0;
  let index = 0;
  while (index < texts.length && at + Buffer.byteLength(texts[index] ?? '') <= reject.byte) {
    at += Buffer.byteLength(texts[index] ?? '');
    index += 1;
  }
  const { line, byte, raw } = kept[index] ?? { line: 0, byte: 0, raw: '' };
  return { ...reject, line, byte, raw };
}

function* linesOf(data: Buffer): Generator<{ text: string; byte: number }> {
  for (let at = 0; at < data.length; ) {
    const found = data.indexOf(0x0a, at);
    const end = found === -1 ? data.length : found;
    const stop = end > at && data[end - 1] === 0x0d ? end - 1 : end;
    yield { text: data.toString('utf8', at, stop), byte: at };
    at = end + 1;
  }
}

const rowOf = (record: LineRecord, names: readonly string[]): string =>
  `${row(names.map((name) => record.get(name)?.text))}\n`;

function row(texts: readonly (string | undefined)[]): string {
  if (texts.length === 1 && texts[0] === undefined) return '""';
  return texts.map((text) => (text === undefined ? '' : quoted(text))).join(',');
}

/** An empty text is not a missing one: it is quoted. */
const quoted = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
