/** Runs row functions: columns leave the engine as text, a batch at a time, and come back so. */
import * as d from '../../compute/dsl.ts';
import { collect, type DataFrame, type LazyFrame, polars } from '../../compute/polars.ts';
import { assert, NairobiError } from '../../errors.ts';
import { RowError, type RowFunction, type RowValue } from '../functions/function.ts';
import { scalarFunction } from '../functions/scalar.ts';
import type { CallExpression, Compute, Named } from '../ir.ts';
import { concat } from '../lower/concat.ts';
import type { Lowerer } from '../lower/plan.ts';
import { dtypeOf } from '../types.ts';

/** Values of a batch in JavaScript take some ten megabytes; more at a time gains nothing. */
const BATCH_ROWS = 2 ** 16;

type Texts = readonly (string | null)[];

export function lowerCompute(lowerer: Lowerer, plan: Compute): LazyFrame {
  let frame = collect(lowerer.frame(plan.input));
  for (const item of plan.items) {
    const column = computed(lowerer, frame, item).getColumn(item.id);
    frame = frame.hstack([column]) as unknown as DataFrame;
  }
  return frame.lazy();
}

function computed(
  lowerer: Lowerer,
  frame: DataFrame,
  { id, expression: call }: Named<CallExpression>,
): DataFrame {
  const fn = scalarFunction(call.name)?.byRow?.(call);
  assert(fn !== undefined, `${call.name} is a row function`);
  const names = call.args.map((_, index) => `arg${index}`);
  const args = call.args.map((arg, index) =>
    d.expression(d.cast(lowerer.dsl(arg), 'String'), names[index]),
  );
  const texts =
    args.length === 0
      ? frame
      : collect(
          frame
            .lazy()
            .withColumns(...args)
            .select(...names),
        );
  const pieces: LazyFrame[] = [];
  for (let at = 0; at === 0 || at < frame.height; at += BATCH_ROWS) {
    const height = Math.min(BATCH_ROWS, frame.height - at);
    const batch = texts.slice(at, height);
    const columns = names.map((name) => batch.getColumn(name).toArray() as Texts);
    pieces.push(asColumn(id, call, batchOf(call.name, fn, columns, height)));
  }
  return collect(concat(pieces));
}

function batchOf(
  name: string,
  fn: RowFunction,
  columns: readonly Texts[],
  height: number,
): RowValue[] {
  // Columns of text often hold the same value many times over.
  const seen = new Map<string, RowValue>();
  const [only, second] = columns;
  const isCached = only !== undefined && second === undefined;
  return Array.from({ length: height }, (_, row) => {
    const args = columns.map((column) => column[row] ?? null);
    if (fn.nulls !== true && args.includes(null)) return null;
    const key = isCached ? args[0] : null;
    const known = typeof key === 'string' ? seen.get(key) : undefined;
    if (known !== undefined) return known;
    const value = rowValue(name, fn, args);
    if (typeof key === 'string') seen.set(key, value);
    return value;
  });
}

function rowValue(name: string, fn: RowFunction, args: Texts): RowValue {
  try {
    return fn.work(
      args.map((arg) => arg ?? ''),
      args.map((arg) => arg !== null),
    );
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw new NairobiError('BAD_DATA', `${name}(): ${error.message}`, { cause: error });
  }
}

/** Numbers come back as their digits, which loses nothing. */
function asColumn(id: string, { type }: CallExpression, values: readonly RowValue[]): LazyFrame {
  const pl = polars();
  if (type.kind === 'list') {
    const series = pl.Series(id, values as never, pl.List(pl.Utf8));
    return pl.DataFrame([series]).lazy();
  }
  const texts = values.map((value) => (value === null ? null : textOf(value as string)));
  const frame = pl.DataFrame([pl.Series(id, texts, pl.Utf8)]).lazy();
  if (type.kind === 'text') return frame;
  const column = d.column(id);
  const typed =
    type.kind === 'boolean'
      ? d.binary('Eq', column, d.text('true'))
      : d.cast(column, dtypeOf(type), true);
  return frame.select(d.expression(typed, id));
}

function textOf(value: string | bigint | number | boolean): string {
  if (typeof value !== 'number' || Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}
