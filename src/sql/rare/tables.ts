/** Sources that are no tables: unnest(), series over columns, positional joins, samples. */
import type { FuncCall, Node, RangeFunction, RangeTableSample } from 'libpg-query';
import { makeCall } from '../bind/call.ts';
import { type Context, Scope, type ScopeColumn } from '../bind/context.ts';
import { type Environment, stringsOf } from '../bind/environment.ts';
import type { From, Siblings } from '../bind/from.ts';
import type { renamed } from '../bind/table.ts';
import { columnOf } from '../build.ts';
import type { Expression, Named, Plan } from '../ir.ts';
import { joinOn, ONE_ROW } from '../join.ts';
import { ROW_NUMBER } from '../row-number.ts';
import * as t from '../types.ts';
import { columnsOf } from '../walk.ts';
import { elementType } from './special.ts';

/** The lists a table function makes, one for each column. */
function listsOf(
  call: FuncCall,
  name: string,
  environment: Environment,
): { readonly lists: readonly Expression[]; readonly names: readonly string[] } {
  const { context } = environment;
  const args = (call.args ?? []).map((node) => environment.bind(node, environment));
  if (name !== 'unnest') {
    const list = makeCall(context, name, args, call.location ?? 0);
    return { lists: [list], names: [name] };
  }
  if (args.length === 0) throw context.bad('unnest() wants a list', call.location);
  return { lists: args, names: args.map(() => 'unnest') };
}

/** unnest(list, ...) and generate_series(1, t.n) in FROM; they may read the sources beside them. */
export function tableFunction(
  node: RangeFunction,
  call: FuncCall,
  name: string,
  environment: Environment,
  siblings: Siblings,
  rename: typeof renamed,
): From {
  const { context, scope } = environment;
  const inner = new Scope(scope.parent, scope.ctes);
  inner.columns = [...siblings];
  const { lists, names } = listsOf(call, name, { ...environment, scope: inner });
  for (const id of inner.outer) scope.outer.add(id);
  const items: Named[] = lists.map((expression) => ({ id: context.newId(), expression }));
  const ordinality = node.ordinality === true ? context.newId() : undefined;
  const made = items.flatMap((item, index): ScopeColumn[] => {
    const type = elementType(item.expression, environment);
    return [{ table: undefined, name: names[index] ?? name, id: item.id, type }];
  });
  if (ordinality !== undefined)
    made.push({ table: undefined, name: 'ordinality', id: ordinality, type: t.INT64 });
  const [only] = made;
  const alias = node.alias;
  // PostgreSQL: the alias of a function of one column names the column too.
  const named =
    made.length === 1 && only !== undefined && alias?.aliasname && alias.colnames === undefined
      ? [{ ...only, name: context.name(alias.aliasname) }]
      : made;
  const columns = rename(context, named, alias, name);
  const over = (input: Plan, outer: boolean): Plan => ({
    kind: 'unnest',
    input,
    items,
    outer,
    ordinality,
  });
  const ids = new Set(siblings.map((column) => column.id));
  const reads = lists.some((list) => [...columnsOf(list)].some((id) => ids.has(id)));
  if (!reads) return { plan: over(ONE_ROW, false), columns };
  return {
    plan: ONE_ROW,
    columns,
    apply: (left, join, on) => {
      const [condition] = on;
      if (join === 'left' && condition !== undefined && !isTrue(condition))
        throw context.unsupported('LEFT JOIN of a table function ON anything but true', -1);
      const rows = over(left, join === 'left');
      return join === 'left' || condition === undefined
        ? rows
        : on.reduce<Plan>((input, predicate) => ({ kind: 'filter', input, predicate }), rows);
    },
  };
}

const isTrue = (expression: Expression): boolean =>
  expression.kind === 'literal' && expression.value === true;

/** Row by row, the shorter side filled up with NULLs. */
export function positional(context: Context, left: From, right: From): From {
  const numbered = (from: From): { readonly plan: Plan; readonly row: Expression } => {
    const id = context.newId();
    const plan: Plan = {
      kind: 'window',
      input: from.plan,
      windows: [{ id, expression: ROW_NUMBER }],
    };
    return { plan, row: columnOf(id, t.INT64) };
  };
  const [a, b] = [numbered(left), numbered(right)];
  const joined = joinOn('full', a.plan, b.plan, [makeCall(context, '=', [a.row, b.row], -1)]);
  const place = makeCall(context, 'coalesce', [a.row, b.row], -1);
  const items = [{ expression: place, descending: false, nullsFirst: false }];
  return {
    plan: { kind: 'sort', input: joined, items },
    columns: [...left.columns, ...right.columns],
  };
}

const number = (node: Node | undefined, environment: Environment): number | undefined => {
  if (node === undefined) return undefined;
  const bound = environment.bind(node, environment);
  if (bound.kind !== 'literal' || !t.isNumeric(bound.type)) return undefined;
  const scale = bound.type.kind === 'decimal' ? bound.type.scale : 0;
  return Number(bound.value) / 10 ** scale;
};

/** TABLESAMPLE method (share) REPEATABLE (seed); "rows" is what USING SAMPLE n ROWS became. */
export function sample(input: Plan, node: RangeTableSample, environment: Environment): Plan {
  const { context } = environment;
  const method = stringsOf(node.method).at(-1) ?? '';
  const [argument] = node.args ?? [];
  const amount = number(argument, environment);
  if (amount === undefined || amount < 0)
    throw context.bad('A sample wants a constant share or number of rows', node.location);
  const given = number(node.repeatable, environment);
  const seed = given ?? Math.floor(Math.random() * 2 ** 32);
  if (/^(rows|reservoir_rows)$/.test(method))
    return { kind: 'sample', input, share: undefined, rows: Math.floor(amount), seed };
  if (!/^(bernoulli|system|reservoir)$/.test(method))
    throw context.unsupported(`TABLESAMPLE ${method}`, node.location, 'use BERNOULLI');
  if (amount > 100) throw context.bad('A sample has at most 100 percent', node.location);
  return { kind: 'sample', input, share: amount / 100, rows: undefined, seed };
}
