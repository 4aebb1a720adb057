/** What a query's frame becomes on its way out: named, decimals as decimals, sums narrowed. */

import type { Dsl, Dtype } from '../compute/dsl.ts';
import * as d from '../compute/dsl.ts';
import { NO_VALUE } from '../compute/no-value.ts';
import { collect, type DataFrame, type LazyFrame } from '../compute/polars.ts';
import { isStackOverflow, messageOf, NairobiError } from '../errors.ts';
import { toNativeDecimal } from './functions/numbers.ts';
import type { OutputColumn } from './ir.ts';
import { TooManyRows } from './lower/constant.ts';
import { rare } from './rare.ts';
import { tooDeep } from './source.ts';
import { entryOf, type SqlType } from './types.ts';

/** A frame cannot have a name twice: the second "a" is called "a:1" inside it, as DuckDB does. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 1; taken.has(unique); n += 1) unique = `${name}:${n}`;
    taken.add(unique);
    return unique;
  });
}

/** True where the form a value is computed in is not the one it leaves in. */
function changes(type: SqlType): boolean {
  if (type.kind === 'list') return changes(type.of);
  if (type.kind === 'map') return changes(type.key) || changes(type.value);
  if (type.kind === 'struct') return type.fields.some((each) => changes(each.type));
  return type.kind === 'decimal' || type.kind === 'calendar';
}

function leaving(node: Dsl, type: SqlType): Dsl {
  if (!changes(type)) return node;
  if (type.kind === 'decimal') {
    const native = toNativeDecimal(node, type.precision, type.scale);
    return d.cast(native, { Decimal: [type.precision, type.scale] }, true);
  }
  if (type.kind === 'calendar') return rare().toText(node, type);
  if (type.kind === 'list') return d.eachElement(node, leaving(d.element, type.of));
  if (type.kind === 'map') return d.eachElement(node, leaving(d.element, entryOf(type)));
  if (type.kind !== 'struct') return node;
  const fields = type.fields.map(
    (each) => [each.name, leaving(d.field(node, each.name), each.type)] as const,
  );
  return d.ternary(d.isNotNull(node), d.struct(fields), d.nullOf('Null'));
}

export function outputFrame(frame: LazyFrame, columns: readonly OutputColumn[]): LazyFrame {
  const names = uniqueNames(columns.map((column) => column.name));
  return frame.select(
    ...columns.map((column, index) => {
      const value = leaving(d.column(column.id), column.type);
      return d.expression(value, names[index]);
    }),
  );
}

/**
 * 128-bit integers, which few writers know, as 64-bit ones where all fit, else as decimals of 38
 * digits; those with 39 stay what they are.
 */
export function narrowed(frame: DataFrame, columns: readonly OutputColumn[]): DataFrame {
  const wide = columns.flatMap((column, index) =>
    column.type.kind === 'integer' && column.type.bits === 128
      ? [frame.columns[index] as string]
      : [],
  );
  if (wide.length === 0) return frame;
  const narrower = (['Int64', { Decimal: [38, 0] }] as const).map((type) => ({
    type,
    fits: allFit(frame, wide, type),
  }));
  const casts = wide.flatMap((name, index) => {
    const found = narrower.find(({ fits }) => fits[index] === true);
    return found === undefined ? [] : [d.expression(d.cast(d.column(name), found.type), name)];
  });
  return casts.length === 0 ? frame : collect(frame.lazy().withColumns(...casts));
}

/** For each column whether no value is lost in `type`. */
function allFit(frame: DataFrame, names: readonly string[], type: Dtype): readonly boolean[] {
  const checks = names.map((name) => {
    const lost = d.and(d.isNotNull(d.column(name)), d.isNull(d.cast(d.column(name), type)));
    const any = d.boolCall({ Any: { ignore_nulls: true } }, lost);
    return d.expression(d.not(d.coalesce(any, d.bool(false))), name);
  });
  const [fits = []] = collect(frame.lazy().select(...checks)).rows() as unknown as boolean[][];
  return fits;
}

const CONVERSION =
  /conversion from `([^`]+)` to `([^`]+)` failed in column .*? for (\d+) out of \d+ values: (\[.*)/s;

/** The engine's errors in SQL's words; a bug of ours stays what it is. */
export function explainFailure(error: unknown): unknown {
  if (error instanceof NairobiError) return error;
  if (error instanceof TooManyRows)
    return new NairobiError('BAD_DATA', 'A subquery used as a value gave more than one row');
  const message = messageOf(error);
  const raised = /nairobi: ([^"\]]*)/.exec(message)?.[1];
  if (raised !== undefined)
    return new NairobiError('BAD_DATA', raised[0]?.toUpperCase() + raised.slice(1), {
      cause: error,
    });
  if (message.includes("aggregation 'item' expected"))
    return new NairobiError('BAD_DATA', 'A subquery used as a value gave more than one row', {
      cause: error,
    });
  if (message.startsWith('recursion limit exceeded') || isStackOverflow(error))
    return tooDeep(error);
  if (message.includes(`"${NO_VALUE}"`)) return error;
  const conversion = CONVERSION.exec(message);
  if (conversion !== null) {
    const [, from, to] = conversion;
    const values = conversion[4]?.split('\n')[0];
    // Only the guards of arithmetic.ts cast so.
    if ((from === 'f64' && to === 'i128') || (from === 'i8' && to === 'u8')) {
      return new NairobiError('BAD_DATA', 'Number out of range: more than 38 digits', {
        cause: error,
        hint: 'cast to double first',
      });
    }
    if (from === 'i128' && to === 'i64')
      return new NairobiError('BAD_DATA', `Integer out of range: ${values}`, {
        cause: error,
        hint: 'cast to hugeint or double first',
      });
    return new NairobiError('BAD_DATA', `Cannot convert to ${to}: ${values}`, {
      cause: error,
      hint: 'use TRY_CAST to get NULL instead',
    });
  }
  return error;
}
