/**
 * CSV batches to frames. Polars parses a batch strictly; only when it refuses, or where it lets
 * pass what may be wrong (short rows, blank lines, stray quotes), are the records counted one by
 * one. The record that Polars refuses is found by halving.
 */
import { collect, type DataFrame, type LazyFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import { census, type FaultyRow } from '../../formats/csv/census.ts';
import { bytesInMemory } from '../../formats/csv/census-kernel.ts';
import { mayQuoteFields, refuseOtherQuotes } from '../../formats/csv/first-quotes.ts';
import { ODD, oddColumns, watchOf } from '../../formats/csv/odd-values.ts';
import { type ParseRules, parseBytes } from '../../formats/csv/parse.ts';
import { Records } from '../../formats/csv/records.ts';
import type { CsvColumn, CsvPlan } from '../../formats/csv/sniff.ts';
import type { Dialect } from '../../formats/options.ts';
import { located } from '../../formats/segment.ts';
import type { Batch } from '../sources/feed.ts';
import { countByte } from './boundary.ts';
import { rejectError, Search, type Sound, textOf } from './csv-search.ts';
import type { BadRows, Decoded, Decoder, Reject } from './decoder.ts';

const NEWLINE = 0x0a;

/** The columns were announced: what was empty so far is text. */
const UNSEEN_STAYS_TEXT = ODD.number | ODD.double | ODD.micros;

const STRICT: ParseRules = {
  onError: 'fail',
  nulls: undefined,
  lenient: new Set(),
  truncate: false,
};

export class CsvDecoder implements Decoder {
  readonly columns: readonly Column[];
  #plan: CsvPlan;
  readonly #badRows: BadRows;
  readonly #indices: readonly number[];
  readonly #rules: ParseRules;
  #whole: CsvPlan | undefined;
  #quoteless: CsvDecoder | undefined;

  constructor(plan: CsvPlan, badRows: BadRows, nulls: readonly string[] | undefined) {
    this.#plan = plan;
    this.#badRows = badRows;
    this.#whole = wholeSeconds(plan);
    this.#indices = plan.columns.map((_, index) => index);
    this.#rules = { ...STRICT, nulls };
    this.columns = plan.columns.map(({ name, type }) => ({ name, type }));
  }

  /** Values that a parser takes and that mean something else are bad from here on. */
  private refuseOdd(data: Buffer): void {
    const watch = watchOf(this.#plan, UNSEEN_STAYS_TEXT);
    const found = watch === undefined ? undefined : oddColumns(bytesInMemory(data), 0, watch);
    if (found?.some((bits) => bits !== 0) !== true) return;
    const exact = (column: CsvColumn, index: number): CsvColumn =>
      found[index] === 0 ? column : { ...column, exact: true };
    this.#plan = { ...this.#plan, columns: this.#plan.columns.map(exact) };
    this.#whole = wholeSeconds(this.#plan);
  }

  decode(batch: Batch, line: number): Decoded {
    const { dialect, unsureQuotes } = this.#plan;
    const { quote } = dialect;
    if (unsureQuotes) refuseQuotes(batch, dialect, line);
    const hasQuotes = quote !== '' && batch.data.includes(quote);
    if (hasQuotes && !mayQuoteFields(batch.data, quote, dialect)) {
      this.#quoteless ??= this.withoutQuotes();
      return this.#quoteless.decode(batch, line);
    }
    this.refuseOdd(batch.data);
    const frame = this.tryParse(batch.data);
    if (frame === undefined || hasQuotes || this.mayHideFaults(frame)) {
      return this.decodeCarefully(batch, line, frame);
    }
    return { frame, records: frame.height, rejects: [], nulled: 0, lines: frame.height };
  }

  /** Short rows and blank lines end with nulls: where the last column has none, there are none. */
  private mayHideFaults(frame: DataFrame): boolean {
    const last = frame.columns.at(-1);
    return last === undefined || frame.getColumn(last).nullCount() > 0;
  }

  /** For batches where no field is quoted: a quote is a character there. */
  private withoutQuotes(): CsvDecoder {
    const dialect = { ...this.#plan.dialect, quote: '' };
    return new CsvDecoder({ ...this.#plan, dialect }, this.#badRows, this.#rules.nulls);
  }

  private parse(data: Buffer, lenient: ReadonlySet<number> = new Set()): DataFrame {
    const rules = { ...this.#rules, lenient };
    const parsed = parseBytes(data, this.#plan, rules, this.#indices);
    return isLazy(parsed) ? collect(parsed) : parsed;
  }

  private tryParse(data: Buffer): DataFrame | undefined {
    if (this.#whole !== undefined) {
      try {
        const parsed = parseBytes(data, this.#whole, this.#rules, this.#indices);
        return isLazy(parsed) ? collect(parsed) : parsed;
      } catch {
        // Some timestamp has a fraction: the plan that allows it decides.
      }
    }
    try {
      return this.parse(data);
    } catch (error) {
      if (error instanceof NairobiError) throw error;
      return undefined;
    }
  }

  private decodeCarefully(batch: Batch, line: number, parsed: DataFrame | undefined): Decoded {
    const { dialect, columns } = this.#plan;
    const { data } = batch;
    const lines = countByte(data, NEWLINE, 0, data.length);
    const { faulty } = census(data, dialect, columns.length, { byte: 0, line });
    if (faulty.length === 0 && parsed !== undefined) {
      return { frame: parsed, records: parsed.height, rejects: [], nulled: 0, lines };
    }
    const rejects: Reject[] = [];
    const sound = this.soundRecords(batch, faulty, rejects);
    const found = new Search(this.#plan, this.#badRows, this.#rules, (bytes, lenient) =>
      this.parse(bytes, lenient),
    );
    found.take(sound, line, batch);
    rejects.push(...found.rejects);
    rejects.sort((a, b) => a.byte - b.byte);
    const frame = found.frame ?? this.parse(Buffer.alloc(0));
    return { frame, records: frame.height + rejects.length, rejects, nulled: found.nulled, lines };
  }

  /** The records without faults; what is faulty is mended, left out or rejected. */
  private soundRecords(batch: Batch, faulty: readonly FaultyRow[], rejects: Reject[]): Sound {
    const { data, offset } = batch;
    const pieces: Buffer[] = [];
    const origins: { at: number; byte: number }[] = [];
    let length = 0;
    const keep = (piece: Buffer, byte: number): void => {
      if (piece.length === 0) return;
      pieces.push(piece);
      origins.push({ at: length, byte });
      length += piece.length;
    };
    let start = 0;
    for (const row of faulty) {
      keep(data.subarray(start, row.byte), start);
      start = row.end;
      if (row.fault === 'blank') continue;
      const raw = data.subarray(row.byte, row.end);
      if (row.fault === 'stray-quote') {
        keep(requote(raw, this.#plan), row.byte);
        continue;
      }
      const reject: Reject = {
        line: row.line,
        byte: offset + row.byte,
        column: undefined,
        reason: faultReason(row, this.#plan.columns.length),
        raw: textOf(raw),
      };
      if (this.#badRows === 'fail') throw rejectError(reject);
      rejects.push(reject);
    }
    keep(data.subarray(start), start);
    return { data: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), origins };
  }
}

function refuseQuotes({ data, offset }: Batch, dialect: Dialect, line: number): void {
  const place = { byte: offset, line };
  located({ place }, () => refuseOtherQuotes(data, dialect));
}

/**
 * The plan with timestamps that end with the second, which Polars parses 7 times faster than
 * those that may have a fraction (11 against 75 ns a value); undefined where there are none.
 */
function wholeSeconds(plan: CsvPlan): CsvPlan | undefined {
  const columns = plan.columns.map((column) =>
    column.format?.endsWith(':%S%.f') && column.type.startsWith('Datetime')
      ? { ...column, format: column.format.slice(0, -'%.f'.length) }
      : column,
  );
  return columns.some((column, index) => column !== plan.columns[index])
    ? { ...plan, columns }
    : undefined;
}

const isLazy = (parsed: DataFrame | LazyFrame): parsed is LazyFrame => '_ldf' in parsed;

/** The record with every field quoted: what was meant by a quote in the middle of a field. */
function requote(data: Buffer, plan: CsvPlan): Buffer {
  const { dialect } = plan;
  const records = new Records(data, dialect);
  records.next();
  const { quote } = dialect;
  const fields = Array.from({ length: records.count }, (_, index) => {
    const text = records.text(index);
    const isEmpty = text === '' && !records.quoted[index];
    return isEmpty ? '' : quote + text.replaceAll(quote, quote + quote) + quote;
  });
  return Buffer.from(fields.join(dialect.delimiter) + dialect.lineEnd);
}

function faultReason(row: FaultyRow, fields: number): string {
  if (row.fault === 'unterminated') return 'a quoted field is never closed';
  if (row.fault === 'after-quote') return 'there is text behind a closing quote';
  return `${row.fields} ${row.fields === 1 ? 'field' : 'fields'} where the header has ${fields}`;
}
