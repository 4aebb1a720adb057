/** DESCRIBE, SUMMARIZE and EXPLAIN: questions about a query instead of its rows. */
import { type DataFrame, polars } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import type { Applying } from './apply.ts';
import { aggregateOf, columnOf, constant } from './build.ts';
import { aggregateFunction } from './functions/aggregates.ts';
import type { AggregateExpression, Expression, Named, OutputColumn, Plan } from './ir.ts';
import { describeType, FLOAT64, INT64, isNumeric, type SqlType, TEXT } from './types.ts';

export const DESCRIBE_COLUMNS: readonly Column[] = [
  { name: 'column_name', type: 'String' },
  { name: 'column_type', type: 'String' },
];

/** The names and types of a query's columns, without reading a row. */
export function describe(columns: readonly OutputColumn[]): DataFrame {
  return polars().DataFrame({
    column_name: columns.map((column) => column.name),
    column_type: columns.map((column) => describeType(column.type)),
  }) as DataFrame;
}

export const EXPLAIN_COLUMNS: readonly Column[] = [{ name: 'plan', type: 'String' }];

export const explained = (text: string): DataFrame =>
  polars().DataFrame({ plan: text.split('\n') }) as DataFrame;

/** One row of SUMMARIZE for each column; what a type has no answer for is NULL. */
const STATISTICS = [
  'min',
  'max',
  'unique',
  'avg',
  'std',
  'q25',
  'q50',
  'q75',
  'count',
  'null_percentage',
] as const;

export const SUMMARIZE_COLUMNS: readonly Column[] = [
  ...DESCRIBE_COLUMNS,
  ...STATISTICS.map((name) => ({
    name,
    type:
      name === 'unique' || name === 'count'
        ? 'Int64'
        : /^(min|max)$/.test(name)
          ? 'String'
          : 'Float64',
  })),
];

const call = (
  name: string,
  args: readonly Expression[],
  type: SqlType,
): AggregateExpression | undefined =>
  aggregateFunction(name) === undefined ? undefined : aggregateOf(name, args, type);

function ofColumn(
  column: OutputColumn,
): Readonly<Record<(typeof STATISTICS)[number], Expression | undefined>> {
  const value = columnOf(column.id, column.type, column.name);
  const number: Expression = {
    kind: 'cast',
    input: value,
    type: FLOAT64,
    lenient: false,
    position: -1,
  };
  const numeric = isNumeric(column.type);
  const ordered =
    numeric || ['text', 'date', 'timestamp', 'time', 'boolean'].includes(column.type.kind);
  const quantile = (fraction: number): Expression | undefined =>
    numeric ? call('quantile_cont', [number, constant(fraction, FLOAT64)], FLOAT64) : undefined;
  const count = aggregateOf('count', [value], INT64);
  return {
    min: ordered ? call('min', [value], column.type) : undefined,
    max: ordered ? call('max', [value], column.type) : undefined,
    unique: ordered ? { ...count, distinct: true } : undefined,
    avg: numeric ? call('avg', [number], FLOAT64) : undefined,
    std: numeric ? call('stddev_samp', [number], FLOAT64) : undefined,
    q25: quantile(0.25),
    q50: quantile(0.5),
    q75: quantile(0.75),
    count,
    null_percentage: aggregateOf('count', [], INT64),
  };
}

export interface Summary {
  readonly plan: Plan;
  readonly columns: readonly OutputColumn[];
  /** From the one row of the plan's result to a row for each column. */
  readonly present: (frame: DataFrame) => DataFrame;
}

/** One aggregate over the whole query; text of any minimum, so that all share a column. */
export function summarize(
  applying: Applying,
  plan: Plan,
  columns: readonly OutputColumn[],
): Summary {
  const aggregates: Named<AggregateExpression>[] = [];
  const items: Named[] = [];
  const ids = columns.map((column) =>
    Object.fromEntries(
      Object.entries(ofColumn(column)).map(([name, expression]) => {
        if (expression?.kind !== 'aggregate') return [name, undefined];
        const id = applying.newId();
        aggregates.push({ id, expression });
        const value = columnOf(id, expression.type);
        const asText: Expression = {
          kind: 'cast',
          input: value,
          type: TEXT,
          lenient: false,
          position: -1,
        };
        items.push({
          id: `${id}_text`,
          expression: expression.type.kind === 'text' ? value : asText,
        });
        return [name, `${id}_text`];
      }),
    ),
  );
  const output = items.map((item): OutputColumn => ({ id: item.id, name: item.id, type: TEXT }));
  return {
    plan: {
      kind: 'project',
      input: { kind: 'aggregate', input: plan, keys: [], aggregates },
      items,
    },
    columns: output,
    present: (frame) => present(frame, columns, ids),
  };
}

function present(
  frame: DataFrame,
  columns: readonly OutputColumn[],
  ids: readonly Record<string, string | undefined>[],
): DataFrame {
  const names = frame.columns;
  const row = frame.rows()[0] as (string | null)[];
  const text = (column: number, name: string): string | null => {
    const id = ids[column]?.[name];
    return id === undefined ? null : (row[names.indexOf(id)] ?? null);
  };
  const number = (column: number, name: string): number | null => {
    const value = text(column, name);
    return value === null ? null : Number(value);
  };
  const missing = (column: number): number | null => {
    const [known, all] = [number(column, 'count'), number(column, 'null_percentage')];
    return known === null || all === null || all === 0
      ? null
      : Math.round((1 - known / all) * 10_000) / 100;
  };
  const pl = polars();
  const values = (name: string): unknown => {
    const each = columns.map((_, index) =>
      name === 'null_percentage'
        ? missing(index)
        : /^(min|max)$/.test(name)
          ? text(index, name)
          : number(index, name),
    );
    if (/^(min|max)$/.test(name)) return pl.Series(name, each, pl.Utf8);
    const series = pl.Series(name, each, pl.Float64);
    return name === 'unique' || name === 'count' ? series.cast(pl.Int64) : series;
  };
  return pl.DataFrame({
    column_name: columns.map((column) => column.name),
    column_type: columns.map((column) => describeType(column.type)),
    ...Object.fromEntries(STATISTICS.map((name) => [name, values(name)])),
  } as never) as DataFrame;
}
