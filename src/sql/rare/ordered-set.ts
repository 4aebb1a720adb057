/** Ordered-set aggregates: f(fraction) WITHIN GROUP (ORDER BY value). */
import type { Context } from '../bind/context.ts';
import type { Expression, SortItem } from '../ir.ts';
import * as t from '../types.ts';

/** From the other end: the fraction of a descending order, in doubles and decimals alike. */
function flipped(fraction: Expression, context: Context): Expression {
  if (fraction.kind === 'call' && fraction.name === 'array')
    return { ...fraction, args: fraction.args.map((each) => flipped(each, context)) };
  if (fraction.kind === 'cast') return { ...fraction, input: flipped(fraction.input, context) };
  if (fraction.kind !== 'literal' || !t.isNumeric(fraction.type))
    throw context.bad('The fraction must be a constant between 0 and 1', fraction.position);
  if (fraction.type.kind === 'float') return { ...fraction, value: 1 - Number(fraction.value) };
  const scale = fraction.type.kind === 'decimal' ? fraction.type.scale : 0;
  return { ...fraction, value: 10n ** BigInt(scale) - BigInt(fraction.value as bigint) };
}

/** The arguments as the plain functions take them: the ordered value first. */
export function withinGroup(
  name: string,
  given: readonly Expression[],
  order: readonly SortItem[],
  context: Context,
): Expression[] {
  const values = order.map((item) => item.expression);
  if (order[0]?.descending !== true) return [...values, ...given];
  if (name === 'mode') return values;
  if (name !== 'percentile_cont' && name !== 'quantile_cont')
    throw context.unsupported(
      `${name}() WITHIN GROUP (ORDER BY ... DESC)`,
      order[0].expression.position,
      'order it ascending, and take 1 - fraction',
    );
  return [...values, ...given.map((fraction) => flipped(fraction, context))];
}

/** Asked for by name only: the part is there by now. */
export const variant = (name: string): string => name;
