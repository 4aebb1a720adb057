/**
 * What becomes of a column whose values are odd (odd-values.ts): its type is decided anew, as if
 * those values had been in the sample.
 */
import { collect, type Expr, polars } from '../../compute/polars.ts';
import { momentOf } from './dates.ts';
import { Evidence } from './evidence.ts';
import { ODD } from './odd-values.ts';
import { internalName } from './parse.ts';
import { type Parse, textsOf } from './recover.ts';
import type { CsvColumn, CsvPlan } from './sniff.ts';
import { classify, KIND } from './values.ts';

/** Odd values that are looked at; were there more, the column is text. */
const LOOKED_AT = 100_000;

/** The plan with the types that the columns get; undefined when they stay as they are. */
export function reconsider(parse: Parse, found: Uint8Array): CsvPlan | undefined {
  const { plan } = parse;
  const notes: string[] = [];
  const columns = plan.columns.map((column, index) => {
    const bits = found[index] ?? 0;
    const texts = bits === 0 ? [] : oddTexts(parse, index, bits);
    const next = texts.length === 0 ? undefined : decide(parse, index, texts);
    if (next === undefined) return column;
    const why = `it has ${JSON.stringify(texts[0])}`;
    notes.push(`column ${column.name} is ${next.type} and not ${column.type}: ${why}`);
    return next;
  });
  const late = [...(plan.late ?? []), ...notes];
  return notes.length === 0 ? undefined : { ...plan, columns, late };
}

/** The first of the values that are odd; those that stand for null are not among them. */
function oddTexts(parse: Parse, index: number, bits: number): string[] {
  const pl = polars();
  const text = pl.col(internalName(index));
  const tests: Expr[] = [];
  if (bits & ODD.number) tests.push(text.str.contains('^[ \\t]*-?0[0-9]|^[ \\t]*\\+[0-9.]'));
  if (bits & ODD.double) tests.push(text.str.contains('^[ \\t]*-?[0-9]{16}|[eE][+]?[0-9]{3}'));
  if (bits & ODD.micros) tests.push(text.str.contains('\\.[0-9]{7}'));
  if (bits & ODD.unseen) tests.push(text.neq(pl.lit('')));
  const [first, ...rest] = tests;
  if (first === undefined) return [];
  const isOdd = rest.reduce((all, one) => all.or(one), first);
  const frame = collect(textsOf(parse, [index], parse.rules).filter(isOdd).head(LOOKED_AT));
  const texts = frame.getColumn(internalName(index)).toArray() as string[];
  if (bits & ODD.unseen) {
    const isWord = (one: string): boolean => classify(one).kind === KIND.nullWord;
    return texts.every(isWord) ? [] : texts;
  }
  return texts.filter((one) => isReallyOdd(one));
}

/** A double may have 16 digits and more, or an exponent of three, and be what it says. */
function isReallyOdd(text: string): boolean {
  const value = text.trim();
  if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) || /^-?0\d/.test(value)) return true;
  return /^-?\d+$/.test(value) ? String(Number(value)) !== value : !Number.isFinite(Number(value));
}

/** The column as all of its values want it; undefined when that is what it is. */
function decide(parse: Parse, index: number, texts: readonly string[]): CsvColumn | undefined {
  const column = parse.plan.columns[index] as CsvColumn;
  const { name, from } = column;
  if (column.unseen === true) {
    const evidence = new Evidence();
    for (const text of texts) evidence.observe(text);
    const { delimiter, decimalComma } = parse.plan.dialect;
    const reading = evidence.decide(delimiter === ',' ? decimalComma : undefined);
    return reading.unseen === true ? undefined : { name, from, ...reading };
  }
  return oddColumn(column, texts, () => decimalFor(parse, index));
}

/** The column as these odd values of it want it; `decimal` is a type for all of its numbers. */
export function oddColumn(
  column: CsvColumn,
  texts: readonly string[],
  decimal: () => string | undefined,
): CsvColumn | undefined {
  const { name, from, nullText } = column;
  const kept = nullText === undefined ? {} : { nullText };
  if (column.type.startsWith('Datetime(us')) {
    // Others contradict the column anyway, which --on-error is for.
    const fitting = texts.filter((text) =>
      momentOf(text.replace(/(\.\d{9})\d+/, '$1'))?.formats.includes(column.format ?? ''),
    );
    if (fitting.length === 0) return undefined;
    if (fitting.some((text) => /\.\d{10}/.test(text))) return { name, from, type: 'String' };
    return { ...column, type: column.type.replace('(us', '(ns') };
  }
  const type = texts.every(isInteger) ? decimal() : undefined;
  return type === undefined ? { name, from, type: 'String' } : { name, from, type, ...kept };
}

const isInteger = (text: string): boolean => /^[ \t]*-?[1-9]\d*$/.test(text);

/** The decimal that holds every number of the column; undefined when none does. */
function decimalFor(parse: Parse, index: number): string | undefined {
  const pl = polars();
  const text = pl.col(internalName(index));
  const most = (pattern: string, name: string): Expr =>
    text.str.extract(pattern, 1).str.lengths().cast(pl.Float64).max().alias(name);
  const other = text.str.contains('^[ \t]*-?[0-9]*[.]?[0-9]*$').not().cast(pl.Float64).sum();
  const [row = []] = collect(
    textsOf(parse, [index], parse.rules).select(
      most('^[ \t]*-?([0-9]+)', 'whole'),
      most('[.]([0-9]*)$', 'fraction'),
      other.alias('other'),
    ),
  ).rows() as (number | null)[][];
  const [whole, fraction, others] = row.map((value) => value ?? 0);
  const isDecimal = others === 0 && (whole ?? 0) + (fraction ?? 0) <= 38;
  return isDecimal ? `Decimal(38, ${fraction})` : undefined;
}
