/** The value a subquery gave, as a constant. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { collect, type DataFrame } from '../../compute/polars.ts';
import { dtypeOf, type SqlType } from '../types.ts';
import { lowerLiteral } from './literal.ts';

/** A subquery used as a value gave more than one. */
export class TooManyRows extends Error {}

/** Of the one row and column of `frame`; NULL when it has no row. */
export function constantOf(frame: DataFrame, type: SqlType): Dsl {
  if (frame.height > 1) throw new TooManyRows();
  const dtype = dtypeOf(type);
  if (frame.height === 0) return d.nullOf(dtype);
  const physical =
    type.kind === 'date' ||
    type.kind === 'timestamp' ||
    type.kind === 'time' ||
    type.kind === 'interval';
  const node = physical
    ? d.physical(d.column(frame.columns[0] as string))
    : d.column(frame.columns[0] as string);
  const text = (
    collect(frame.lazy().select(d.expression(d.cast(node, 'String'), 'v'))).rows() as unknown as [
      [string | null],
    ]
  )[0][0];
  if (text === null) return d.nullOf(dtype);
  if (type.kind === 'text') return d.text(text);
  if (type.kind === 'float')
    return lowerLiteral({
      kind: 'literal',
      value: Number(text.replace('inf', 'Infinity')),
      type,
      position: -1,
    });
  if (type.kind === 'boolean') return d.bool(text === 'true');
  return lowerLiteral({
    kind: 'literal',
    value: type.kind === 'interval' ? { months: 0, days: 0, micros: BigInt(text) } : BigInt(text),
    type,
    position: -1,
  });
}
