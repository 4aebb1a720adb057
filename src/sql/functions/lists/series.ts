/** Lists of integers and of times, one step apart. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { arg, type ScalarFunction } from '../function.ts';
import { int, one, plus, zero } from './shapes.ts';

export function series(inclusive: boolean): ScalarFunction {
  const name = inclusive ? 'generate_series' : 'range';
  return {
    usage: `${name}([start,] stop [, step])`,
    resolve: (types) => {
      if (types.length < 1 || types.length > 3) return undefined;
      if (types.every((type) => type.kind === 'integer' || type.kind === 'null'))
        return { args: types.map(() => t.INT64), type: t.listOf(t.INT64) };
      const [a, b, step] = types;
      const isTime = (type: SqlType | undefined): boolean =>
        type?.kind === 'date' || type?.kind === 'timestamp';
      return isTime(a) && isTime(b) && step?.kind === 'interval'
        ? { args: [t.TIMESTAMP, t.TIMESTAMP, t.INTERVAL], type: t.listOf(t.TIMESTAMP) }
        : undefined;
    },
    lower: (args, call) => {
      if (call.args.length === 3 && call.args[2]?.type.kind === 'interval')
        return moments(args, inclusive);
      const [start, stop, step] = args.length === 1 ? [zero, arg(args, 0)] : args;
      return integers(start as Dsl, stop as Dsl, step ?? one, inclusive);
    },
  };
}

/** An empty list where the step leads away; NULL where a bound is. */
function integers(start: Dsl, stop: Dsl, step: Dsl, inclusive: boolean): Dsl {
  const up = d.binary('Gt', step, zero);
  const end = inclusive ? plus(stop, d.ternary(up, one, d.int64(-1))) : stop;
  const runs = d.ternary(up, d.binary('Gt', end, start), d.binary('Lt', end, start));
  const list = d.call(
    { Range: { IntRanges: { dtype: { Literal: 'Int64' } } } },
    start,
    d.ternary(runs, end, start),
    d.ternary(d.binary('Eq', step, zero), one, step),
  );
  const isZero = d.binary('Eq', step, zero);
  const empty = d.listCall('Slice', list, zero, zero);
  const unknown = d.or(d.isNull(start), d.isNull(stop), d.isNull(step));
  return d.ternary(unknown, d.nullOf({ List: 'Int64' }), d.ternary(isZero, empty, list));
}

/** By a step of fixed length: as integers of microseconds. */
function moments(args: readonly Dsl[], inclusive: boolean): Dsl {
  const [start, stop, step] = args.map((each) => int(d.physical(each))) as [Dsl, Dsl, Dsl];
  const dtype = { List: t.dtypeOf(t.TIMESTAMP) };
  return d.cast(integers(start, stop, step, inclusive), dtype);
}
