/**
 * Rules a table is held against: read from JSON, checked, every breach with a count and examples.
 */
import { NairobiError } from '../../errors.ts';
import { parseDuration } from '../../units.ts';
import { collect, type Expr, polars } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { kindOf } from './kinds.ts';
import type { ColumnFacts } from './survey.ts';

export interface ColumnRules {
  readonly type?: string;
  readonly min?: number;
  readonly max?: number;
  /** The largest share of rows without a value. */
  readonly nulls?: number;
  readonly unique?: boolean;
  readonly values?: readonly (string | number | boolean)[];
  /** A regular expression that every text matches. */
  readonly pattern?: string;
  /** How old the latest timestamp may be, such as "2h". */
  readonly freshness?: string;
}

export interface Rules {
  readonly rows?: { readonly min?: number; readonly max?: number };
  readonly columns?: Readonly<Record<string, ColumnRules>>;
}

export interface Violation {
  readonly column: string | null;
  readonly rule: string;
  /** Rows that break it; null where the table does as a whole. */
  readonly count: number | null;
  readonly message: string;
  readonly examples: readonly string[];
}

const COLUMN_RULES = {
  type: 'string',
  min: 'number',
  max: 'number',
  nulls: 'number',
  unique: 'boolean',
  values: 'object',
  pattern: 'string',
  freshness: 'string',
} as const;

const EXAMPLES = 5;

/** Reads the rules; a misspelt one is an error, not a rule that never fires. */
export function parseRules(text: string, file: string): Rules {
  let rules: Rules;
  try {
    rules = JSON.parse(text) as Rules;
  } catch (cause) {
    throw new NairobiError('BAD_DATA', `The rules are no JSON: ${(cause as Error).message}`, {
      where: { file },
      cause,
    });
  }
  const complain = (what: string): never => {
    throw new NairobiError('BAD_DATA', what, {
      where: { file },
      hint: `{"rows": {"min": 1}, "columns": {"temp": {${Object.keys(COLUMN_RULES)
        .map((name) => `"${name}": …`)
        .join(', ')}}}}`,
    });
  };
  for (const key of Object.keys(rules)) {
    if (key !== 'rows' && key !== 'columns') complain(`There is no rule "${key}" for a table`);
  }
  for (const [column, one] of Object.entries(rules.columns ?? {})) {
    for (const [rule, value] of Object.entries(one)) {
      const type = COLUMN_RULES[rule as keyof typeof COLUMN_RULES];
      if (type === undefined) complain(`There is no rule "${rule}" (column "${column}")`);
      if (typeof value !== type) complain(`The rule "${rule}" of column "${column}" is no ${type}`);
    }
  }
  return rules;
}

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
  const { is } = kindOf(column.type);
  const numeric = is === 'integer' || is === 'float' || is === 'decimal';
  const value = (): Expr => polars().col(column.name);
  const checks: RowCheck[] = [];
  const check = (rule: string, message: string, broken: () => Expr): void => {
    checks.push({ column, rule, message, broken });
  };
  const { min, max, values, pattern } = rules;
  if (!numeric && (min !== undefined || max !== undefined)) {
    throw new NairobiError(
      'BAD_DATA',
      `Column "${column.name}" is ${column.type}: min and max are for numbers`,
    );
  }
  if (min !== undefined) check('min', `below ${min}`, () => value().lt(polars().lit(min)));
  if (max !== undefined) check('max', `above ${max}`, () => value().gt(polars().lit(max)));
  if (values !== undefined) {
    const texts = values.map(String);
    check('values', `not one of ${texts.join(', ')}`, () =>
      value().cast(polars().Utf8).isIn(texts).not(),
    );
  }
  if (pattern !== undefined) {
    check('pattern', `does not match ${pattern}`, () =>
      value().cast(polars().Utf8).str.contains(pattern).not(),
    );
  }
  return checks;
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
