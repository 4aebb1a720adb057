/**
 * PIVOT and UNPIVOT. A pivot is an aggregate for each combination of the pivoted values, filtered to
 * it; which values there are, when no list says so, is asked of the rows first, as DuckDB does.
 */
import type { Node, RangeFunction } from 'libpg-query';
import * as d from '../../compute/dsl.ts';
import { collect } from '../../compute/polars.ts';
import { makeCall } from '../bind/call.ts';
import { adaptLiterals, convert } from '../bind/coerce.ts';
import { type Context, Scope, type ScopeColumn } from '../bind/context.ts';
import { type Environment, literal, positionOf, stringsOf } from '../bind/environment.ts';
import type { From } from '../bind/from.ts';
import { columnLabel } from '../bind/label.ts';
import type { renamed } from '../bind/table.ts';
import type { AggregateExpression, Expression, Named, Plan } from '../ir.ts';
import { lowerCast } from '../lower/cast.ts';
import { Lowerer } from '../lower/plan.ts';
import * as t from '../types.ts';
import { columnsOf } from '../walk.ts';
import { aliased, sectionsOf } from './sections.ts';
import { unpivot } from './unpivot.ts';

/** More columns than this is a mistake rather than a wish. */
const MAX_COLUMNS = 5000;

/** One value of a pivoted column: what it is compared with, and what it is called. */
interface Value {
  readonly value: Expression;
  readonly name: string;
}

interface Axis {
  readonly expression: Expression;
  readonly values: readonly Value[];
}

const nameOfValue = (value: unknown): string => (value === null ? 'NULL' : String(value));

/** The different values of an expression, in order, with their texts. */
function valuesOf(plan: Plan, expression: Expression, context: Context): readonly Value[] {
  const id = context.newId();
  const items: Named[] = [{ id, expression }];
  const lowerer = new Lowerer();
  const frame = lowerer.frame({ kind: 'project', input: plan, items }).unique();
  const known = frame.filter(d.expression(d.isNotNull(d.column(id))));
  const text = lowerCast(d.column(id), expression.type, t.TEXT, false);
  const sorted = known
    .sort(d.expression(d.column(id)) as never)
    .limit(MAX_COLUMNS + 1)
    .select(d.expression(text, 'text'));
  const texts = collect(sorted).rows() as [string][];
  if (texts.length > MAX_COLUMNS)
    throw context.unsupported(`a PIVOT of more than ${MAX_COLUMNS} values`, expression.position);
  return texts.map(([each]) => ({
    value: convert(context, literal(each, t.TEXT), expression.type),
    name: each,
  }));
}

function axisOf(node: Node, plan: Plan, environment: Environment): Axis {
  const { context } = environment;
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_IN' && node.A_Expr.lexpr !== undefined) {
    const expression = environment.bind(node.A_Expr.lexpr, environment);
    const list = node.A_Expr.rexpr;
    const items = list !== undefined && 'List' in list ? (list.List.items ?? []) : [];
    const values = aliased(items).map(({ node: item, alias }): Value => {
      // A bare name in the list is the text of it.
      const bare = 'ColumnRef' in item ? stringsOf(item.ColumnRef.fields).at(-1) : undefined;
      const given =
        bare === undefined ? environment.bind(item, environment) : literal(bare, t.TEXT);
      const [adapted] = adaptLiterals(context, [given, expression]);
      const value = adapted ?? given;
      if (value.kind !== 'literal')
        throw context.bad('PIVOT wants constants in IN (...)', positionOf(item));
      const shown = 'A_Const' in item ? constantText(item) : bare;
      return { value, name: alias ?? shown ?? nameOfValue(value.value) };
    });
    return { expression, values };
  }
  const expression = environment.bind(node, environment);
  return { expression, values: valuesOf(plan, expression, context) };
}

function constantText(node: Node): string | undefined {
  if (!('A_Const' in node)) return undefined;
  const { ival, fval, sval, boolval, isnull } = node.A_Const;
  if (isnull === true) return 'NULL';
  if (boolval !== undefined) return String((boolval as { boolval?: boolean }).boolval ?? false);
  return sval?.sval ?? fval?.fval ?? String(ival?.ival ?? 0);
}

const combinations = (axes: readonly Axis[]): (readonly { axis: Axis; value: Value }[])[] =>
  axes.reduce<{ axis: Axis; value: Value }[][]>(
    (all, axis) =>
      all.flatMap((before) => axis.values.map((value) => [...before, { axis, value }])),
    [[]],
  );

interface Measure {
  readonly aggregate: AggregateExpression;
  readonly name: string;
  /** By AS. */
  readonly named: boolean;
}

function measuresOf(nodes: readonly Node[], environment: Environment): readonly Measure[] {
  const { context } = environment;
  const inside = { ...environment, aggregates: true, clause: 'USING' };
  return aliased(nodes).map(({ node, alias }) => {
    const bound = environment.bind(node, inside);
    if (bound.kind !== 'aggregate')
      throw context.unsupported('PIVOT by anything but an aggregate', positionOf(node));
    return { aggregate: bound, name: alias ?? columnLabel(node), named: alias !== undefined };
  });
}

function filtered(
  context: Context,
  aggregate: AggregateExpression,
  tests: readonly Expression[],
): AggregateExpression {
  const all = aggregate.filter === undefined ? tests : [...tests, aggregate.filter];
  const filter = all.reduce((a, b) => makeCall(context, 'and', [a, b], -1));
  return { ...aggregate, filter };
}

/** `left PIVOT (...)` or `left UNPIVOT (...)`. */
export function pivot(
  left: From,
  node: RangeFunction,
  outside: Environment,
  rename: typeof renamed,
): From {
  const { context, scope } = outside;
  const inner = new Scope(scope.parent, scope.ctes);
  inner.columns = [...left.columns];
  const environment: Environment = { ...outside, scope: inner, clause: 'PIVOT' };
  const { call, sections } = sectionsOf(node);
  if (stringsOf(call.funcname).at(-1) === '@unpivot')
    return unpivot(left, node, sections, environment, rename);
  const axes = (sections.get('@for') ?? []).map((each) => axisOf(each, left.plan, environment));
  const measures = measuresOf(sections.get('@using') ?? [], environment);
  if (axes.length === 0) throw context.bad('PIVOT wants ON columns', call.location);
  const counted: Measure = {
    aggregate: {
      kind: 'aggregate',
      name: 'count',
      args: [],
      distinct: false,
      filter: undefined,
      order: [],
      type: t.INT64,
      position: -1,
    },
    name: 'count',
    named: false,
  };
  const used = measures.length === 0 ? [counted] : measures;
  const keys = keysOf(sections.get('@by'), left, axes, used, environment);
  const made = combinations(axes).flatMap((combination) => {
    const tests = combination.map(({ axis, value }) =>
      makeCall(context, 'is not distinct from', [axis.expression, value.value], -1),
    );
    const name = combination.map(({ value }) => value.name).join('_');
    return used.map((measure) => ({
      id: context.newId(),
      name: used.length === 1 && !measure.named ? name : `${name}_${measure.name}`,
      expression: filtered(context, measure.aggregate, tests),
    }));
  });
  const named = keys.map((key) => ({ ...key, id: context.newId() }));
  const plan: Plan = {
    kind: 'aggregate',
    input: left.plan,
    keys: named.map(({ id, expression }) => ({ id, expression })),
    aggregates: made.map(({ id, expression }) => ({ id, expression })),
  };
  const columns: ScopeColumn[] = [...named, ...made].map(({ id, name, expression }) => ({
    table: undefined,
    name,
    id,
    type: expression.type,
  }));
  return { plan, columns: rename(context, columns, node.alias, undefined) };
}

/** GROUP BY's, or every column that neither the pivot nor its aggregates read. */
function keysOf(
  nodes: readonly Node[] | undefined,
  left: From,
  axes: readonly Axis[],
  measures: readonly Measure[],
  environment: Environment,
): readonly { readonly name: string; readonly expression: Expression }[] {
  if (nodes !== undefined)
    return nodes.map((node) => ({
      name: columnLabel(node),
      expression: environment.bind(node, environment),
    }));
  const used = new Set<string>();
  for (const axis of axes) columnsOf(axis.expression, used);
  for (const { aggregate } of measures) columnsOf(aggregate, used);
  return left.columns
    .filter((column) => column.hidden !== true && !used.has(column.id))
    .map((column) => ({
      name: column.name,
      expression: column.expression ?? {
        kind: 'column',
        id: column.id,
        name: column.name,
        type: column.type,
        position: -1,
      },
    }));
}
