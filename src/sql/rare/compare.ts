/** x > ALL (SELECT ..), x <= ANY (SELECT ..) and their like. */
import { makeCall } from '../bind/call.ts';
import { convert } from '../bind/coerce.ts';
import type { Context } from '../bind/context.ts';
import type { Environment } from '../bind/environment.ts';
import { aggregateOf, callOf, columnOf, integer, truth } from '../build.ts';
import type { ColumnId, Expression, Plan, SubqueryExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import { BOOLEAN, INT64, listOf, TEXT } from '../types.ts';
import { columnsOf } from '../walk.ts';
import { quantified } from './lateral.ts';

type Base = Pick<SubqueryExpression, 'kind' | 'plan' | 'columns' | 'outer' | 'position'>;

const OPERATORS: Readonly<Record<string, string>> = { '!=': '<>', '~~': 'like', '~~*': 'ilike' };
const ORDERED = /^(<|<=|>|>=)$/;

/** A constant over the subquery's rows, which are computed once for all such. */
function aggregates(
  base: Base,
  environment: Environment,
): (name: string, type: SqlType, ofRows?: boolean) => Expression {
  const { context } = environment;
  const [column] = base.columns;
  if (column === undefined) throw new RangeError('subquery without a column');
  const key = context.newKey();
  const definition = { plan: base.plan, uses: 0 };
  return (name, type, ofRows = false) => {
    definition.uses += 1;
    const [from, id] = [context.newId(), context.newId()];
    const columns = [{ ...column, id: from, from: column.id }];
    const input: Plan = { kind: 'shared', key, name: 'rows', definition, columns };
    const args = ofRows ? [] : [columnOf(from, column.type)];
    const one = [{ id, expression: aggregateOf(name, args, type) }];
    return {
      kind: 'subquery',
      mode: 'scalar',
      plan: { kind: 'aggregate', input, keys: [], aggregates: one },
      columns: [{ id, name, type }],
      needles: [],
      outer: new Set<ColumnId>(),
      type,
      position: base.position,
    };
  };
}

/** By the least or greatest value of the subquery: the comparison that is hardest or easiest. */
function byExtreme(
  base: Base,
  name: string,
  needle: Expression,
  all: boolean,
  environment: Environment,
): Expression {
  const { context } = environment;
  const type = base.columns[0]?.type as SqlType;
  const of = aggregates(base, environment);
  const extreme = of(name.startsWith('>') === all ? 'max' : 'min', type);
  const test = makeCall(context, name, [needle, extreme], base.position);
  const missing = callOf('<>', [of('count', INT64, true), of('count', INT64)]);
  const empty = callOf('=', [of('count', INT64, true), integer(0n)]);
  const decisive = all ? callOf('not', [test]) : test;
  return {
    kind: 'case',
    branches: [
      { when: empty, result: truth(all) },
      { when: callOf('is true', [decisive]), result: truth(!all) },
      { when: callOf('or', [callOf('is null', [test]), missing]), result: truth(null) },
    ],
    otherwise: truth(all),
    type: BOOLEAN,
    position: base.position,
  };
}

export function compareAll(
  base: Base,
  operator: string,
  needles: readonly Expression[],
  all: boolean,
  environment: Environment,
): Expression {
  const { context } = environment;
  const name = OPERATORS[operator] ?? operator;
  const [needle] = needles;
  if (needle === undefined || needles.length > 1)
    throw context.unsupported(
      `comparing rows with ${operator} ${all ? 'ALL' : 'ANY'}`,
      base.position,
    );
  if (base.outer.size === 0 && ORDERED.test(name))
    return byExtreme(base, name, needle, all, environment);
  const [column] = base.columns;
  if (column === undefined) throw new RangeError('subquery without a column');
  const value = columnOf(column.id, column.type, column.name);
  const right = name.endsWith('like') ? convert(context, value, TEXT) : value;
  const test = makeCall(context, name, [needle, right], base.position);
  const outer = new Set(base.outer);
  columnsOf(needle, outer);
  return quantified(context, base, test, all, outer);
}

/** ARRAY(SELECT ..): the one column of the subquery as a list. */
export function arraySubquery(context: Context, base: Base): SubqueryExpression {
  const [column, more] = base.columns;
  if (column === undefined || more !== undefined)
    throw context.bad('ARRAY(SELECT ..) wants one column', base.position);
  const id = context.newId();
  const type = listOf(column.type);
  const list = aggregateOf('array_agg', [columnOf(column.id, column.type)], type);
  return {
    ...base,
    mode: 'scalar',
    plan: { kind: 'aggregate', input: base.plan, keys: [], aggregates: [{ id, expression: list }] },
    columns: [{ id, name: 'array', type }],
    needles: [],
    type,
  };
}
