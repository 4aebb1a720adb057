/** Rules a table is held against: every breach with a count and examples. */
import { NairobiError } from '../../errors.ts';
import { parseDuration } from '../../units.ts';
import { col, collect, type Expr, polars, polarsMessage } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { kindOf } from './kinds.ts';
import { type ColumnRules, type Rules, timeOf } from './rules-file.ts';
import type { ColumnFacts } from './survey.ts';

export interface Violation {
  readonly column: string | null;
  readonly rule: string;
  /** Rows that break it; null where the table does as a whole. */
  readonly count: number | null;
  readonly message: string;
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/** Every violation; none when all is well. `now` is for freshness. */
export async function checkRules(
  relation: Relation,
  facts: readonly ColumnFacts[],
  rules: Rules,
  now = Date.now(),
): Promise<readonly Violation[]> {
  const found: Violation[] = [...rowRules(facts, rules)];
  const checks: RowCheck[] = [];
  for (const [name, one] of Object.entries(rules.columns ?? {})) {
    const known = facts.find(({ column }) => column.name === name);
    if (known === undefined) {
      found.push(whole(name, 'exists', 'the column is missing'));
      continue;
    }
    found.push(...columnRules(known, one, now));
    checks.push(...rowChecks(known.column, one));
    if (one.unique === true) found.push(...repeated(relation, known));
  }
  return [...found, ...(await runChecks(relation, checks))];
}

function whole(column: string | null, rule: string, message: string): Violation {
  return { column, rule, count: null, message, examples: [] };
}

function rowRules(facts: readonly ColumnFacts[], { rows: bounds }: Rules): Violation[] {
  const rows = facts[0]?.facts.rows ?? 0;
  const { min, max } = bounds ?? {};
  return [
    ...(min !== undefined && rows < min
      ? [whole(null, 'rows', `${rows} rows, at least ${min} expected`)]
      : []),
    ...(max !== undefined && rows > max
      ? [whole(null, 'rows', `${rows} rows, at most ${max} expected`)]
      : []),
  ];
}

function columnRules({ column, facts }: ColumnFacts, rules: ColumnRules, now: number): Violation[] {
  const found: Violation[] = [];
  if (rules.type !== undefined && rules.type !== column.type) {
    found.push(whole(column.name, 'type', `the type is ${column.type}, ${rules.type} expected`));
  }
  const share = facts.rows === 0 ? 0 : facts.nulls / facts.rows;
  if (rules.nulls !== undefined && share > rules.nulls) {
    const message = `${(share * 100).toFixed(2)} % have no value, at most ${rules.nulls * 100} % expected`;
    found.push({ ...whole(column.name, 'nulls', message), count: facts.nulls });
  }
  if (rules.freshness !== undefined) {
    const times = facts.is === 'opaque' ? undefined : facts.times;
    const latest =
      times === undefined ? undefined : Number((times.max * BigInt(times.unitNs)) / 1_000_000n);
    const oldest = now - parseDuration(rules.freshness);
    if (latest === undefined) found.push(whole(column.name, 'freshness', 'there is no timestamp'));
    else if (latest < oldest) {
      const message = `the latest is ${new Date(latest).toISOString()}, older than ${rules.freshness}`;
      found.push(whole(column.name, 'freshness', message));
    }
  }
  return found;
}

interface RowCheck {
  readonly column: Column;
  readonly rule: string;
  readonly message: string;
  /** True for the rows that break the rule. */
  readonly broken: () => Expr;
}

function rowChecks(column: Column, rules: ColumnRules): RowCheck[] {
  const value = (): Expr => col(column.name);
  const checks: RowCheck[] = [];
  const check = (rule: string, message: string, broken: () => Expr): void => {
    checks.push({ column, rule, message, broken });
  };
  const { min, max, values, pattern } = rules;
  if (min !== undefined) {
    const [number, bound] = comparable(column, min);
    check('min', `below ${min}`, () => number().lt(bound()));
  }
  if (max !== undefined) {
    const [number, bound] = comparable(column, max);
    check('max', `above ${max}`, () => number().gt(bound()));
  }
  if (values !== undefined) {
    check('values', `not one of ${values.join(', ')}`, () => isIn(column, values).not());
  }
  if (pattern !== undefined) {
    requireExpression(column, pattern);
    check('pattern', `does not match ${pattern}`, () =>
      value().cast(polars().Utf8).str.contains(pattern).not(),
    );
  }
  return checks;
}

const misfit = ({ name, type }: Column, what: string): NairobiError =>
  new NairobiError('BAD_DATA', `Column "${name}" is ${type}: ${what}`);

/** The column and a bound in one unit; times in their own, so that none is rounded. */
function comparable(column: Column, bound: number | string): readonly [() => Expr, () => Expr] {
  const { Int64, Float64, lit } = polars();
  const value = (): Expr => col(column.name);
  const kind = kindOf(column.type);
  if (kind.is === 'integer' || kind.is === 'float' || kind.is === 'decimal') {
    if (typeof bound === 'number') return [value, () => lit(bound)];
    throw misfit(column, `a bound is a number, not "${bound}"`);
  }
  if (kind.is !== 'time') throw misfit(column, 'min and max are for numbers and times');
  const ms = typeof bound === 'string' ? timeOf(bound) : undefined;
  if (ms === undefined) throw misfit(column, 'a bound is a date such as "2024-01-31"');
  if (column.type === 'Date') {
    return [() => value().cast(Int64).cast(Float64), () => lit(ms / DAY_MS)];
  }
  const ticks = NANOSECONDS_A_MS / kind.unitNs;
  return [() => value().cast(Int64), () => lit(ms).cast(Int64).mul(lit(ticks).cast(Int64))];
}

const DAY_MS = 86_400_000;
const NANOSECONDS_A_MS = 1e6;

/** Fractions compare as numbers, all else as it is written: integers of any length too. */
function isIn(column: Column, values: NonNullable<ColumnRules['values']>): Expr {
  const pl = polars();
  const { is } = kindOf(column.type);
  if (is !== 'float' && is !== 'decimal') {
    return col(column.name).cast(pl.Utf8).isIn(values.map(String));
  }
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length) throw misfit(column, 'its values are numbers');
  return col(column.name).cast(pl.Float64).isIn(numbers);
}

/** Throws BAD_DATA for what Polars cannot read as a regular expression. */
function requireExpression(column: Column, pattern: string): void {
  const pl = polars();
  try {
    collect(
      pl
        .DataFrame({ text: [''] })
        .lazy()
        .select(pl.col('text').str.contains(pattern)),
    );
  } catch (cause) {
    const what = `Cannot read the pattern "${pattern}" of column "${column.name}"`;
    throw new NairobiError('BAD_DATA', what, { cause, hint: polarsMessage(cause) });
  }
}

async function runChecks(relation: Relation, checks: readonly RowCheck[]): Promise<Violation[]> {
  const tallies = checks.map((check) => ({ check, count: 0, examples: [] as string[] }));
  const names = [...new Set(checks.map(({ column }) => column.name))];
  if (names.length === 0) return [];
  for await (const piece of relation.segments(names)) {
    const frame = collect(piece);
    for (const tally of tallies) {
      const { column, broken } = tally.check;
      const rows = frame.filter(broken().and(polars().col(column.name).isNotNull()));
      tally.count += rows.height;
      const more = rows
        .select(polars().col(column.name).cast(polars().Utf8))
        .head(EXAMPLES - tally.examples.length);
      for (const [text] of more.rows() as string[][]) tally.examples.push(String(text));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return tallies
    .filter(({ count }) => count > 0)
    .map(({ check: { column, rule, message }, count, examples }) => ({
      ...{ column: column.name, rule, count, message, examples },
    }));
}

/** Values that come more than once; counted by Polars where the table of texts is not exact. */
function repeated(relation: Relation, { column, facts }: ColumnFacts): Violation[] {
  const pl = polars();
  const groups = relation
    .scan([column.name])
    .filter(pl.col(column.name).isNotNull())
    .groupBy(column.name)
    .agg(pl.col(column.name).count().alias('__count'))
    .filter(pl.col('__count').gt(pl.lit(1)));
  if (
    facts.is !== 'opaque' &&
    facts.distinct.exact &&
    facts.distinct.count === facts.rows - facts.nulls
  )
    return [];
  const rows = collect(groups.sort(column.name));
  if (rows.height === 0) return [];
  const examples = (
    rows.select(pl.col(column.name).cast(pl.Utf8)).head(EXAMPLES).rows() as string[][]
  ).map(([text]) => String(text));
  return [
    {
      column: column.name,
      rule: 'unique',
      count: rows.height,
      message: 'values that come more than once',
      examples,
    },
  ];
}
