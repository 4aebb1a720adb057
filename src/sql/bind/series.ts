/** generate_series and range as tables. */
import type { Expression, Plan, Scalar } from '../ir.ts';
import { INT64, TIMESTAMP } from '../types.ts';
import { convert, isInterval } from './coerce.ts';
import type { Context, ScopeColumn } from './context.ts';

const isBackward = (step: Scalar | undefined): boolean =>
  isInterval(step)
    ? BigInt(step.months * 30 + step.days) * 86_400_000_000n + step.micros < 0n
    : Number(step ?? 1) < 0;

export function bindSeries(
  context: Context,
  name: string,
  args: readonly Expression[],
  position: number,
): { plan: Plan; columns: readonly ScopeColumn[] } {
  if (name !== 'generate_series' && name !== 'range')
    throw context.unsupported(`${name}() as a table`, position);
  const bounds =
    args.length === 1 && name === 'range'
      ? [{ kind: 'literal', value: 0n, type: INT64, position } as const, ...args]
      : args;
  const [start, stop] = bounds;
  if (start === undefined || stop === undefined || bounds.length > 3)
    throw context.bad(`${name}(start, stop [, step])`, position);
  const temporal = start.type.kind !== 'integer' || stop.type.kind !== 'integer';
  const type = temporal ? TIMESTAMP : INT64;
  const constant = (expression: Expression): Expression & { kind: 'literal' } => {
    const converted = convert(context, expression, type);
    if (converted.kind !== 'literal')
      throw context.unsupported(`${name}() over something not constant`, position);
    return converted;
  };
  const step = bounds[2];
  if (step !== undefined && step.kind !== 'literal')
    throw context.unsupported(`${name}() by a step not constant`, position);
  if (temporal && step?.type.kind !== 'interval')
    throw context.bad(`${name}() of timestamps needs an interval as its step`, position);
  const column = { id: context.newId(), name, type };
  return {
    plan: {
      kind: 'series',
      column,
      start: constant(start).value,
      // range() leaves its end out.
      stop:
        name === 'range' && constant(stop).value !== null
          ? (constant(stop).value as bigint) - (isBackward(step?.value) ? -1n : 1n)
          : constant(stop).value,
      step: step?.value ?? 1n,
    },
    columns: [{ table: name, ...column }],
  };
}
