/**
 * Which records of a stretch contradict their columns' types. All columns are read as text and
 * compared at once; what Polars refuses for another reason (bytes that are not UTF-8) is found by
 * halving.
 */
import {
  collect,
  type DataFrame,
  type LazyFrame,
  polars,
  polarsMessage,
} from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import {
  contradicts,
  internalName,
  isNative,
  type ParseRules,
  parseBytes,
} from '../../formats/csv/parse.ts';
import { Records } from '../../formats/csv/records.ts';
import type { CsvColumn, CsvPlan } from '../../formats/csv/sniff.ts';
import type { Batch } from '../sources/feed.ts';
import { countByte } from './boundary.ts';
import type { BadRows, Reject } from './decoder.ts';
import { Widening, widerColumn } from './widen.ts';

const NEWLINE = 0x0a;

type Parse = (data: Buffer, lenient?: ReadonlySet<number>) => DataFrame;

/** Parses records, halving what Polars refuses until single bad records remain. */
export class Search {
  readonly rejects: Reject[] = [];
  nulled = 0;
  readonly #plan: CsvPlan;
  readonly #badRows: BadRows;
  readonly #parse: Parse;
  readonly #rules: ParseRules;
  readonly #frames: DataFrame[] = [];
  #counted = { to: 0, lines: 0 };
  readonly #wider = new Map<number, CsvColumn | undefined>();

  constructor(plan: CsvPlan, badRows: BadRows, rules: ParseRules, parse: Parse) {
    this.#plan = plan;
    this.#badRows = badRows;
    this.#parse = parse;
    this.#rules = rules;
  }

  get frame(): DataFrame | undefined {
    const [first] = this.#frames;
    return this.#frames.length > 1 ? polars().concat(this.#frames) : first;
  }

  /** Parses records that have the right number of fields. */
  take({ data, origins }: Sound, line: number, batch: Batch): void {
    const starts = recordStarts(data, this.#plan);
    const run: Run = { data, origins, line, batch, starts };
    const bad = this.contradictions(run);
    if (bad === undefined || bad.size === 0) {
      this.halve(run, 0, starts.length);
      return;
    }
    if (this.#badRows === 'null') {
      const culprits = new Set([...bad.values()].flat());
      for (const columns of bad.values()) this.nulled += columns.length;
      this.#frames.push(this.#parse(data, culprits));
      return;
    }
    let from = 0;
    for (const [row, columns] of bad) {
      this.halve(run, from, row);
      this.reject(run, row, columns[0]);
      from = row + 1;
    }
    this.halve(run, from, starts.length);
  }

  /**
   * Row -> the columns whose texts are no values of their types; undefined when the stretch cannot
   * be read as text either, or when nothing is wrong with it.
   */
  private contradictions(run: Run): Map<number, number[]> | undefined {
    try {
      this.#parse(run.data);
      return undefined;
    } catch (error) {
      if (error instanceof NairobiError) throw error;
    }
    try {
      return this.compare(run);
    } catch {
      return undefined;
    }
  }

  private compare(run: Run): Map<number, number[]> | undefined {
    const pl = polars();
    const columns = this.#plan.columns;
    const asText = columns.map(({ nullText }, index) => ({
      name: internalName(index),
      type: 'String',
      from: 'given' as const,
      ...(nullText === undefined ? {} : { nullText }),
    }));
    const indices = columns.map((_, index) => index);
    const text = parseBytes(run.data, { ...this.#plan, columns: asText }, this.#rules, indices);
    const frame = '_ldf' in text ? collect(text as LazyFrame) : (text as DataFrame);
    if (frame.height !== run.starts.length) return undefined;
    const masks = columns.map((column, index) =>
      column.type === 'String' && isNative(column)
        ? pl.lit(false).alias(internalName(index))
        : contradicts(column, index).alias(internalName(index)),
    );
    const bad = new Map<number, number[]>();
    const marked = collect(
      frame
        .lazy()
        .select(...masks)
        .withRowIndex('row'),
    );
    for (const index of indices) {
      const rows = marked
        .filter(pl.col(internalName(index)))
        .getColumn('row')
        .toArray()
        .map(Number);
      if (rows.length > 0) this.considerWider(frame, index, rows);
      for (const row of rows) bad.set(row, [...(bad.get(row) ?? []), index]);
    }
    return new Map([...bad].sort(([a], [b]) => a - b));
  }

  /** What type would hold the values: asked when the first of a column are met. */
  private considerWider(frame: DataFrame, index: number, rows: readonly number[]): void {
    const column = this.#plan.columns[index];
    if (column === undefined || this.#wider.has(index)) return;
    const texts = frame.getColumn(internalName(index)).toArray() as (string | null)[];
    const bad = rows.flatMap((row) => texts[row] ?? []);
    this.#wider.set(
      index,
      widerColumn(column, bad, () => texts.filter((text) => text !== null)),
    );
  }

  private reject(run: Run, row: number, culprit: number | undefined, error?: unknown): void {
    const begin = run.starts[row] ?? 0;
    const data = run.data.subarray(begin, run.starts[row + 1] ?? run.data.length);
    const column = culprit === undefined ? undefined : this.#plan.columns[culprit];
    const place = originOf(run, begin);
    const plain: Reject = {
      line: run.line + this.linesBefore(run, place),
      byte: run.batch.offset + place,
      column: column?.name,
      reason:
        column === undefined
          ? polarsMessage(error)
          : `${JSON.stringify(this.valueOf(data, culprit ?? 0))} is not ${column.type}`,
      raw: textOf(data),
    };
    const wider = culprit === undefined ? undefined : this.#wider.get(culprit);
    const reject: Reject = wider === undefined ? plain : { ...plain, wider };
    if (this.#badRows === 'fail') throw rejectError(reject);
    this.rejects.push(reject);
  }

  /** Counted on from the reject before: they come in rising order, and there may be many. */
  private linesBefore(run: Run, place: number): number {
    const from = place < this.#counted.to ? { to: 0, lines: 0 } : this.#counted;
    const lines = from.lines + countByte(run.batch.data, NEWLINE, from.to, place);
    this.#counted = { to: place, lines };
    return lines;
  }

  private halve(run: Run, from: number, to: number): void {
    if (from >= to) return;
    const begin = run.starts[from] ?? 0;
    const end = run.starts[to] ?? run.data.length;
    const data = run.data.subarray(begin, end);
    try {
      this.#frames.push(this.#parse(data));
    } catch (error) {
      if (error instanceof NairobiError) throw error;
      if (to - from === 1) {
        this.reject(run, from, undefined, error);
        return;
      }
      const middle = (from + to) >> 1;
      this.halve(run, from, middle);
      this.halve(run, middle, to);
    }
  }

  private valueOf(data: Buffer, index: number): string {
    const records = new Records(data, this.#plan.dialect);
    return records.next() ? records.text(index) : '';
  }
}

/** Records of a batch, some of them left out or written anew. */
export interface Sound {
  readonly data: Buffer;
  /** In rising order: what is at `at` in the data, and all behind it, was at `byte` in the batch. */
  readonly origins: readonly { readonly at: number; readonly byte: number }[];
}

/** Where a record that begins at `at` was in the batch. */
function originOf({ origins }: Sound, at: number): number {
  let low = 0;
  for (let high = origins.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if ((origins[middle]?.at ?? 0) <= at) low = middle;
    else high = middle;
  }
  const origin = origins[low];
  return origin === undefined ? at : origin.byte + at - origin.at;
}

interface Run extends Sound {
  readonly line: number;
  readonly batch: Batch;
  readonly starts: readonly number[];
}

/** Where each record begins; blank lines are none. */
function recordStarts(data: Buffer, plan: CsvPlan): number[] {
  const records = new Records(data, plan.dialect);
  const starts: number[] = [];
  while (records.next()) {
    if (!records.blank || plan.columns.length === 1) starts.push(records.byte);
  }
  return starts;
}

export const textOf = (data: Buffer): string => data.toString('utf8').replace(/\r?\n$/, '');

export function rejectError(reject: Reject): NairobiError {
  const column = reject.column === undefined ? '' : ` in column "${reject.column}"`;
  return new NairobiError('BAD_DATA', `Bad row: ${reject.reason}${column}`, {
    where: {
      line: reject.line,
      byte: reject.byte,
      ...(reject.column === undefined ? {} : { column: reject.column }),
    },
    hint: hintFor(reject),
    ...(reject.wider === undefined ? {} : { cause: new Widening(reject.wider) }),
  });
}

function hintFor({ column }: Reject): string {
  const apart = '--on-error quarantine --rejects FILE keeps such rows apart';
  return column === undefined ? apart : `say its type: --types ${column}=text; or ${apart}`;
}
