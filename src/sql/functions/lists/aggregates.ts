/** Aggregates over the elements of each list. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { AggregateExpression, Expression } from '../../ir.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { lowerAggregate } from '../aggregate.ts';
import { aggregateFunction, canonicalAggregate } from '../aggregates.ts';
import { arg, literalOf, type Resolution, type ScalarFunction } from '../function.ts';
import { isList } from './shapes.ts';

const ELEMENT: Omit<Extract<Expression, { kind: 'column' }>, 'type'> = {
  kind: 'column',
  id: '@element',
  name: 'element',
  position: -1,
};

/** list_sum and its like: the aggregate over the elements of each list. */
function aggregateCall(
  name: string,
  types: readonly SqlType[],
  args: readonly Expression[],
): { readonly aggregate: AggregateExpression; readonly resolution: Resolution } | undefined {
  const [list] = types;
  const fn = aggregateFunction(name);
  if (fn === undefined || !isList(list)) return undefined;
  const element: Expression = { ...ELEMENT, type: list.of };
  const inner = [element, ...args.slice(1)];
  const resolved = fn.resolve(
    inner.map((each) => each.type),
    inner,
  );
  if (resolved === undefined || typeof resolved === 'string') return undefined;
  const of = resolved.args[0] ?? list.of;
  return {
    aggregate: {
      kind: 'aggregate',
      name: canonicalAggregate(name),
      args: [{ ...element, type: of }, ...args.slice(1)],
      distinct: false,
      filter: undefined,
      order: [],
      type: resolved.type,
      position: -1,
    },
    resolution: { args: [t.listOf(of), ...resolved.args.slice(1)], type: resolved.type },
  };
}

function lowerListAggregate(aggregate: AggregateExpression, list: Dsl, rest: readonly Dsl[]): Dsl {
  const fn = aggregateFunction(aggregate.name);
  if (fn === undefined) throw new RangeError(aggregate.name);
  let next = 0;
  const node = lowerAggregate(fn, aggregate, (inner) =>
    inner.kind === 'column' ? d.element : arg(rest, next++),
  );
  return d.ofElements(list, node);
}

export const listAggregate = (name: string): ScalarFunction => ({
  usage: `list_${name}(list)`,
  resolve: (types, args) => aggregateCall(name, types, args)?.resolution,
  lower: (args, call) => {
    const types = call.args.map((each) => each.type);
    const found = aggregateCall(name, types, call.args);
    if (found === undefined) throw new RangeError(name);
    return lowerListAggregate(found.aggregate, arg(args, 0), args.slice(1));
  },
});

/** list_aggregate(list, 'name', ...): the name is a constant. */
export const listAggregateByName: ScalarFunction = {
  usage: "list_aggregate(list, 'sum')",
  resolve: (types, args) => {
    const name = literalOf(args[1]);
    if (typeof name !== 'string') return 'the name of the aggregate must be a constant';
    const pick = <T>(all: readonly T[]): T[] => [...all.slice(0, 1), ...all.slice(2)];
    const found = aggregateCall(name, pick(types), pick(args));
    if (found === undefined) return `there is no aggregate ${name}() of these`;
    const [list, ...rest] = found.resolution.args as [SqlType, ...SqlType[]];
    return { args: [list, t.TEXT, ...rest], type: found.resolution.type };
  },
  lower: (args, call) => {
    const name = String(literalOf(call.args[1]));
    const inner = [...call.args.slice(0, 1), ...call.args.slice(2)];
    const types = inner.map((each) => each.type);
    const found = aggregateCall(name, types, inner);
    if (found === undefined) throw new RangeError(name);
    return lowerListAggregate(found.aggregate, arg(args, 0), args.slice(2));
  },
};
