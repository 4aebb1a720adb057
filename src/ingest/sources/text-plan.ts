/** How a text is to be read: found out once, kept in the state, the same for all of a run. */
import { NairobiError } from '../../errors.ts';
import { type CsvPlan, sniffCsv } from '../../formats/csv/sniff.ts';
import { type CutRules, wholeRecords } from '../../formats/cut.ts';
import { type FormatName, isDelimited } from '../../formats/detect.ts';
import { requireText } from '../../formats/encoding.ts';
import type { Encoding, ReadOptions } from '../../formats/options.ts';
import type { Cutter } from '../decode/boundary.ts';
import { CsvDecoder } from '../decode/csv.ts';
import type { BadRows, Decoder } from '../decode/decoder.ts';
import {
  LineDecoder,
  type LineFormat,
  type LinePlan,
  planLines,
  withMoreColumns,
} from '../decode/transcode.ts';
import { type Widened, withWidened } from '../decode/widen.ts';

export type TextFormat = 'csv' | 'tsv' | 'psv' | LineFormat;

export type TextPlan =
  | { readonly kind: 'csv'; readonly csv: CsvPlan }
  | { readonly kind: 'lines'; readonly lines: LinePlan };

export const isTextFormat = (format: FormatName | TextFormat): format is TextFormat =>
  format === 'influx' || format === 'ndjson' || isDelimited(format);

export interface Looking {
  readonly format: TextFormat;
  readonly read: ReadOptions;
  /** What the text was before it was made UTF-8. */
  readonly encoding: Encoding;
  /** False when `head` is only the beginning. */
  readonly isWhole: boolean;
  /** How the text before was read: this one must have the same columns. */
  readonly known: TextPlan | undefined;
  /** What this text, or one that is read with it, was found to hold beyond its sample. */
  readonly widened: Widened;
}

/** Finds out how a text that begins with `head`, in UTF-8, is to be read. */
export function planText(head: Buffer, looking: Looking): TextPlan {
  const plan = widenedPlan(sniffText(head, looking), looking.widened);
  const { encoding } = looking;
  if (plan.kind === 'csv') return { kind: 'csv', csv: { ...plan.csv, encoding } };
  return { kind: 'lines', lines: { ...plan.lines, csv: { ...plan.lines.csv, encoding } } };
}

/** What the text is outside: a plan of old, too, says it. */
export const encodingOf = (plan: TextPlan): Encoding =>
  (plan.kind === 'csv' ? plan.csv : plan.lines.csv).encoding;

function sniffText(head: Buffer, { format, read, isWhole, known }: Looking): TextPlan {
  const before = known?.kind === 'csv' ? known.csv : known?.lines.csv;
  const types = Object.fromEntries((before?.columns ?? []).map((c) => [c.name, c.type]));
  const dateFormats = (before?.columns ?? []).flatMap((c) => c.format ?? []);
  const asBefore: ReadOptions =
    before === undefined
      ? read
      : {
          ...read,
          types,
          typesMayLack: true,
          dateFormats: [...dateFormats, ...(read.dateFormats ?? [])],
        };
  if (format === 'ndjson' || format === 'influx') {
    // A line may leave columns out: what is known stays as it is.
    return known ?? { kind: 'lines', lines: planLines(head, format, asBefore) };
  }
  requireText(head);
  const csv = sniffCsv(head, format, asBefore, isWhole);
  if (before === undefined) return { kind: 'csv', csv };
  requireSameColumns(csv, before);
  return { kind: 'csv', csv: asInferred(csv, before) };
}

/** A plan from a state, for text that was not there when it was made. */
export function resumedPlan(plan: TextPlan, widened: Widened): TextPlan {
  const resumed: TextPlan =
    plan.kind === 'csv' ? { kind: 'csv', csv: asInferred(plan.csv, plan.csv) } : plan;
  return widenedPlan(resumed, widened);
}

const widenedPlan = (plan: TextPlan, widened: Widened): TextPlan =>
  plan.kind === 'csv'
    ? { kind: 'csv', csv: withWidened(plan.csv, widened) }
    : { kind: 'lines', lines: withMoreColumns(plan.lines, widened) };

/** Types of the text before are no promise: values that contradict them are still looked for. */
function asInferred(plan: CsvPlan, known: CsvPlan): CsvPlan {
  const columns = plan.columns.map((column, index) => ({
    ...column,
    from: known.columns[index]?.from ?? column.from,
  }));
  return { ...plan, columns, sampledRows: plan.sampledRows === 'all' ? 0 : plan.sampledRows };
}

export function decoderOf(
  plan: TextPlan,
  badRows: BadRows,
  nulls: readonly string[] | undefined,
): Decoder {
  if (plan.kind === 'csv') return new CsvDecoder(plan.csv, badRows, nulls);
  return new LineDecoder(plan.lines, badRows);
}

/** Where batches of such a text may be cut. */
export function cutterFor(plan: TextPlan): Cutter {
  const rules: CutRules =
    plan.kind === 'csv'
      ? { kind: 'delimited', dialect: plan.csv.dialect, fields: plan.csv.columns.length }
      : { kind: 'lines' };
  return (data) => wholeRecords(data, rules);
}

/** Where the rows begin in the text as UTF-8: behind the byte-order mark and the header. */
export function dataStart(plan: TextPlan): { readonly byte: number; readonly lines: number } {
  if (plan.kind === 'lines') return { byte: 0, lines: 0 };
  return { byte: plan.csv.data.byte, lines: plan.csv.data.line - 1 };
}

function requireSameColumns(plan: CsvPlan, known: CsvPlan): void {
  const names = plan.columns.map((column) => column.name);
  const expected = known.columns.map((column) => column.name);
  if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
  throw new NairobiError('BAD_DATA', `The columns are ${names.join(', ')}`, {
    where: { line: 1 },
    hint: `the rows before have ${expected.join(', ')}: ingest it into a target of its own`,
  });
}
