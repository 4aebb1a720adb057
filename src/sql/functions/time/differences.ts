/** How many boundaries of a unit lie between two times. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { arg, literalOf, type ScalarFunction } from '../function.ts';
import { truncatedDivide } from '../numbers.ts';
import { field, floorDivide, isoYear, micros, partName, times, year } from './parts.ts';

const DIFF_MICROS: Readonly<Record<string, number>> = {
  week: 7 * 86_400e6,
  day: 86_400e6,
  hour: 3600e6,
  minute: 60e6,
  second: 1e6,
  millisecond: 1e3,
  microsecond: 1,
};

const CALENDAR_DIFFS = new Set(['year', 'isoyear', 'decade', 'century', 'month', 'quarter']);

/** Boundaries of `part` crossed between two timestamps, as DuckDB's date_diff counts. */
function boundary(part: string, node: Dsl, type: SqlType): Dsl {
  if (part === 'year' || part === 'decade' || part === 'century') {
    return floorDivide(year(node), { year: 1, decade: 10, century: 100 }[part]);
  }
  if (part === 'isoyear') return isoYear(node);
  if (part === 'month') return d.binary('Plus', times(year(node), 12), field('Month')(node));
  if (part === 'quarter') return d.binary('Plus', times(year(node), 4), field('Quarter')(node));
  return floorDivide(micros(node, type), DIFF_MICROS[part] ?? 1);
}

export const dateDiff: ScalarFunction = {
  usage: "date_diff('part', start, end)",
  resolve: ([, b, c], args) => {
    const part = partName(literalOf(args[0]));
    if (b === undefined || c === undefined) return undefined;
    if (part === undefined || !(part in DIFF_MICROS || CALENDAR_DIFFS.has(part)))
      return 'unknown date part';
    const common = t.commonType(b, c);
    return common?.kind === 'date' || common?.kind === 'timestamp'
      ? { args: [t.TEXT, common, common], type: t.INT64 }
      : undefined;
  },
  lower: (args, call) => {
    const part = partName(literalOf(call.args[0])) ?? 'day';
    const type = call.args[1]?.type ?? t.TIMESTAMP;
    const crossed = (unit: string): Dsl =>
      d.binary('Minus', boundary(unit, arg(args, 2), type), boundary(unit, arg(args, 1), type));
    // DuckDB counts whole weeks between the two days, not Mondays.
    return part === 'week' ? truncatedDivide(crossed('day'), d.int64(7), 'Int64') : crossed(part);
  },
};
