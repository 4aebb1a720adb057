/**
 * After a parse failed: Polars names neither line nor all the rows, so the values are looked at
 * again as text. A number that needs a wider type widens the column; anything else is reported,
 * made null or skipped. Only this path pays for the second look.
 */
import { isUtf8 } from 'node:buffer';
import { collect, type LazyFrame, polars, polarsMessage, toLazy } from '../../compute/polars.ts';
import { messageOf, NairobiError } from '../../errors.ts';
import { planFailed } from '../decoded.ts';
import { notUtf8 } from '../encoding.ts';
import { isExactDouble, reasonOf } from '../text-values.ts';
import { MAX_EXAMPLES } from './clean.ts';
import { Evidence } from './evidence.ts';
import {
  type CsvText,
  contradicts,
  internalName,
  type ParseRules,
  parseBytes,
  scanPath,
  unchangedPath,
} from './parse.ts';
import { type RecordStart, Records } from './records.ts';
import type { CsvColumn, CsvPlan } from './sniff.ts';

/** Offending values looked at for widening; were there more of another kind, it fails again. */
export const LOOKED_AT = 100_000;

export interface Offence {
  readonly index: number;
  readonly column: CsvColumn;
  /** How many values contradict the type. */
  readonly count: number;
  readonly texts: readonly string[];
  /** Row numbers among the parsed rows, from 0. */
  readonly rows: readonly number[];
}

/** A parse that may be tried again under another plan. */
export interface Parse {
  readonly text: CsvText;
  readonly plan: CsvPlan;
  readonly rules: ParseRules;
}

/** The plan and the lenient columns to try next; see Decoded.recover. */
export function recover(
  failed: Parse,
  cause: unknown,
): { readonly plan: CsvPlan; readonly lenient: ReadonlySet<number> } {
  const { text, plan, rules } = failed;
  if (!isUtf8(text.bytes)) throw notUtf8(text.bytes, text.source.path);
  const offences = findOffences(failed, cause);
  if (offences.length === 0) throw explain(failed, cause);
  const widened = new Map<number, CsvColumn>();
  const lenient = new Set(rules.lenient);
  for (const offence of offences) {
    const wider = widen(failed, offence);
    if (wider !== undefined) {
      widened.set(offence.index, wider);
      continue;
    }
    const places = locate(failed, offence.rows);
    if (rules.onError === 'fail') throw contradiction(failed, offence, places[0]);
    lenient.add(offence.index);
    if (rules.onError === 'null') text.rejected.values += offence.count;
    for (const [at, place] of places.entries()) {
      if (text.rejected.examples.length >= MAX_EXAMPLES) break;
      const reason = reasonOf(offence.texts[at] ?? '', offence.column);
      text.rejected.examples.push({ ...place, column: offence.column.name, reason });
    }
  }
  const columns = plan.columns.map((column, index) => widened.get(index) ?? column);
  const late = [...(plan.late ?? []), ...[...widened].map(([, { note }]) => note ?? '')];
  const next = { text, plan: { ...plan, columns, late }, rules: { ...rules, lenient } };
  if (rules.onError === 'skip') text.rejected.rows += rowsSkipped(next, rules);
  return { plan: next.plan, lenient };
}

/** The columns with values that are not of their type, first row first. */
function findOffences(failed: Parse, cause: unknown): Offence[] {
  const { plan, rules, text } = failed;
  if (text.cleaned.bytes.length === 0) return [];
  const typed = [...plan.columns.keys()].filter(
    (index) => plan.columns[index]?.type !== 'String' && !rules.lenient.has(index),
  );
  // Polars names the column it stopped at; the others may wait until they fail.
  const named = Number(/column '?c(\d+)'?/.exec(messageOf(cause))?.[1] ?? Number.NaN);
  const first = typed.includes(named) ? findOffence(failed, named) : undefined;
  if (first !== undefined) return [first];
  const found = typed.map((index) => findOffence(failed, index)).filter((one) => one !== undefined);
  return found.sort((one, other) => (one.rows[0] ?? 0) - (other.rows[0] ?? 0));
}

export function findOffence(failed: Parse, index: number): Offence | undefined {
  const column = failed.plan.columns[index] as CsvColumn;
  const texts = textsOf(failed, [index], failed.rules);
  const offending = collect(texts.withRowIndex('row', 0).filter(contradicts(column, index)));
  if (offending.height === 0) return undefined;
  const some = offending.sort('row').head(LOOKED_AT);
  return {
    index,
    column,
    count: offending.height,
    texts: some.getColumn(internalName(index)).toArray() as string[],
    rows: [...(some.getColumn('row').toArray() as ArrayLike<number> & Iterable<number>)],
  };
}

/** The columns as text, under their internal names; lazily where the file lies unchanged. */
export function textsOf(failed: Parse, indices: readonly number[], rules: ParseRules): LazyFrame {
  const columns = failed.plan.columns.map((column, index) => ({
    name: internalName(index),
    type: 'String',
    from: column.from,
    ...(column.nullText === undefined ? {} : { nullText: column.nullText }),
  }));
  const plan = { ...failed.plan, columns };
  const plain = { ...rules, lenient: new Set<number>() };
  const path = unchangedPath(failed.text, plan);
  if (path !== undefined) return scanPath(path, plan, plain, indices);
  return toLazy(parseBytes(failed.text.cleaned.bytes, plan, plain, indices));
}

/** The same column with a type that holds the offending numbers too; undefined if none does. */
function widen(failed: Parse, offence: Offence): CsvColumn | undefined {
  return wider(offence, () => extremes(failed, offence.index));
}

/** As widen; `ends` gives what tells of the values that do fit: see extremes. */
export function wider(
  { column, texts, count }: Pick<Offence, 'column' | 'texts' | 'count'>,
  ends: () => readonly string[],
): CsvColumn | undefined {
  const isWideable = column.from === 'inferred' && /^(Int64|Decimal)/.test(column.type);
  if (!isWideable || count > texts.length) return undefined;
  const evidence = new Evidence();
  for (const text of ends()) evidence.observe(text);
  const scale = Number(/, (\d+)\)/.exec(column.type)?.[1] ?? 0);
  if (scale > 0) evidence.observe(`0.${'0'.repeat(scale)}`);
  for (const text of texts) evidence.observe(text);
  const reading = evidence.decide(column.decimalComma);
  if (reading.nullText !== undefined || !/^(Int64|Float64|Decimal)/.test(reading.type))
    return undefined;
  if (reading.type === column.type) return undefined;
  const note = `column ${column.name} widened from ${column.type} to ${reading.type}: it has "${texts[0]}"`;
  const { name, from, nullText } = column;
  return { name, from, ...reading, note, ...(nullText === undefined ? {} : { nullText }) };
}

/**
 * Of the values that do fit, as text: the least, the greatest, and an integer that a double would
 * round if there is one.
 */
export function extremes(failed: Parse, index: number): string[] {
  const pl = polars();
  const text = pl.col(internalName(index)).str.replace('^[ \t]+', '');
  const number = text.cast(pl.Decimal(38, 0), false);
  const rounded = pl
    .when(text.str.contains('^-?[0-9]{16,}$').and(isExactDouble(text).not()))
    .then(number)
    .otherwise(pl.lit(null));
  const ends = collect(
    textsOf(failed, [index], failed.rules)
      .filter(text.str.contains('^[+-]?[0-9]+$'))
      .select(
        number.min().cast(pl.Utf8).alias('least'),
        number.max().cast(pl.Utf8).alias('most'),
        rounded.max().cast(pl.Utf8).alias('rounded'),
      ),
  );
  const [row] = ends.rows() as (string | null)[][];
  return (row ?? []).filter((one) => one !== null);
}

function rowsSkipped(next: Parse, rules: ParseRules): number {
  const before = [...next.rules.lenient].filter((index) => !rules.lenient.has(index));
  if (before.length === 0) return 0;
  const texts = textsOf(next, [...next.rules.lenient], rules);
  const isBad = (index: number) => contradicts(next.plan.columns[index] as CsvColumn, index);
  const old = [...rules.lenient].reduce((rows, index) => rows.filter(isBad(index).not()), texts);
  const left = before.reduce((rows, index) => rows.filter(isBad(index).not()), old);
  return collect(old).height - collect(left).height;
}

export interface Place {
  readonly line: number;
  readonly byte: number;
}

/** Lines and offsets of rows given by their number among the parsed rows, in rising order. */
export function locate(failed: Parse, rows: readonly number[]): Place[] {
  const { plan, text } = failed;
  const gone = new Set(
    text.census.faulty
      .filter((row) => row.fault === 'blank' || (failed.rules.onError === 'skip' && isDropped(row)))
      .map(({ byte }) => byte),
  );
  const wanted = rows.slice(0, MAX_EXAMPLES);
  const records = new Records(text.bytes, plan.dialect, plan.data satisfies RecordStart);
  const places: Place[] = [];
  let row = -1;
  while (places.length < wanted.length && records.next()) {
    if (gone.has(records.byte)) continue;
    row += 1;
    if (row === wanted[places.length]) places.push({ line: records.line, byte: records.byte });
  }
  return places;
}

const isDropped = ({ fault }: { fault: string }): boolean => fault !== 'stray-quote';

export function contradiction(
  failed: Parse,
  offence: Pick<Offence, 'column' | 'texts' | 'count'>,
  place: Place | undefined,
): NairobiError {
  const { column } = offence;
  const sampled = failed.plan.sampledRows;
  const why =
    column.from === 'given'
      ? 'the type that was given'
      : `inferred from ${sampled === 'all' ? 'all' : `${sampled} sampled`} rows`;
  const message = `${reasonOf(offence.texts[0] ?? '', column)}: column "${column.name}" is ${column.type}, ${why}`;
  const more = offence.count > 1 ? ` (${offence.count} such values)` : '';
  return new NairobiError('BAD_DATA', message + more, {
    where: { file: failed.text.source.path, ...place, column: column.name },
    hint: `--types ${column.name}=text keeps it as text; --on-error null or skip goes on without it`,
  });
}

/** What Polars says when the text itself is at fault, in any of its values or rows. */
const TEXT_AT_FAULT = /could not parse|CSV malformed|fields than defined|utf-8/i;

/** A failure that no value explains. */
function explain(failed: Parse, cause: unknown): NairobiError {
  if (!TEXT_AT_FAULT.test(polarsMessage(cause))) return planFailed(cause);
  const { source } = failed.text;
  return new NairobiError('BAD_DATA', `Cannot parse the text: ${polarsMessage(cause)}`, {
    where: { file: source.path },
    cause,
  });
}
