/** FROM: files, tables, WITH queries, subqueries and joins. */
import type { JoinExpr, Node, RangeFunction, RangeSubselect } from 'libpg-query';
import type { Expression, JoinKind, Plan } from '../ir.ts';
import { cross, joinOn, ONE_ROW } from '../join.ts';
import { rare } from '../rare.ts';
import { conjuncts } from '../walk.ts';
import { asofJoin } from './asof.ts';
import { type Context, Scope, type ScopeColumn } from './context.ts';
import type { Environment } from './environment.ts';
import { stringsOf } from './environment.ts';
import { bindCondition } from './operator.ts';
import { bindSeries } from './series.ts';
import { bindTable, renamed, scanOf } from './table.ts';
import { using } from './using.ts';

export interface From {
  readonly plan: Plan;
  readonly columns: readonly ScopeColumn[];
  /** LATERAL: it reads the columns beside it, and joins itself to the plan that has them. */
  readonly apply?: (left: Plan, join: 'inner' | 'left', on: readonly Expression[]) => Plan;
}

/** What a source may read of the sources before it in the same FROM. */
export type Siblings = readonly ScopeColumn[];

function bindSubselect(
  context: Context,
  node: RangeSubselect,
  scope: Scope,
  siblings: Siblings,
): From {
  const select = node.subquery;
  if (select === undefined || !('SelectStmt' in select))
    throw context.bad('FROM (...) must hold a SELECT', undefined);
  if (node.lateral === true)
    return rare().lateral(context, node, select.SelectStmt, scope, siblings, renamed);
  // The tables beside it are not visible in it; those of the queries around are.
  const outside = new Scope(scope.parent, scope.ctes);
  const { plan, columns, outer } = context.bindQuery(context, select.SelectStmt, outside);
  for (const id of outer) scope.outer.add(id);
  const visible = columns.map((column) => ({ ...column, table: undefined }));
  return { plan, columns: renamed(context, visible, node.alias, undefined) };
}

function bindRangeFunction(
  context: Context,
  node: RangeFunction,
  environment: Environment,
  siblings: Siblings,
): From {
  const list = node.functions?.[0];
  const call = list !== undefined && 'List' in list ? list.List.items?.[0] : undefined;
  if (call === undefined || !('FuncCall' in call))
    throw context.unsupported('this kind of table function', undefined);
  const name = (stringsOf(call.FuncCall.funcname).at(-1) ?? '').toLowerCase();
  const position = call.FuncCall.location ?? 0;
  if (TABLE_FUNCTIONS.test(name) && !mayBeSeries(call.FuncCall.args ?? [], node))
    return rare().tableFunction(node, call.FuncCall, name, environment, siblings, renamed);
  const args = (call.FuncCall.args ?? []).map((arg) => environment.bind(arg, environment));
  if (
    /^(read_csv|read_csv_auto|read_parquet|parquet_scan|read_json|read_json_auto|read_ndjson|scan_csv|scan_parquet)$/.test(
      name,
    )
  ) {
    const [file, more] = args;
    if (file?.kind !== 'literal' || typeof file.value !== 'string' || more !== undefined) {
      throw context.unsupported(
        `${name}() with options`,
        position,
        "write FROM 'file' and give options on the command line",
      );
    }
    const from = scanOf(
      context,
      { name: file.value, file: true, position: context.source.typed(position) },
      [],
    );
    return { ...from, columns: renamed(context, from.columns, node.alias, from.columns[0]?.table) };
  }
  const series = bindSeries(context, name, args, position);
  return { ...series, columns: renamed(context, series.columns, node.alias, name) };
}

const TABLE_FUNCTIONS = /^(unnest|generate_series|range|@unpivot)$/;

/** Series between constants have a plan of their own. */
function mayBeSeries(args: readonly Node[], node: RangeFunction): boolean {
  const name = JSON.stringify(node.functions ?? []);
  if (node.ordinality === true || /"sval":"(unnest|@\w+)"/i.test(name)) return false;
  return !JSON.stringify(args).includes('"ColumnRef"');
}

const KINDS: Readonly<Record<string, JoinKind>> = {
  JOIN_INNER: 'inner',
  JOIN_LEFT: 'left',
  JOIN_FULL: 'full',
};

/** "@asof", "@semi", "@anti": see dialect.ts. */
function markOf(node: Node | undefined): string | undefined {
  if (node === undefined || !('JoinExpr' in node)) return undefined;
  const right = node.JoinExpr.rarg;
  const name = right !== undefined && 'RangeVar' in right ? (right.RangeVar.relname ?? '') : '';
  return /^@(asof|semi|anti|positional)$/.exec(name)?.[1];
}

/** PIVOT (..) and UNPIVOT (..) after a source; see rare/statements.ts. */
function pivotOf(node: Node): RangeFunction | undefined {
  if (!('RangeFunction' in node)) return undefined;
  const text = JSON.stringify(node.RangeFunction.functions?.[0] ?? null).slice(0, 200);
  return /"sval":"@(un)?pivot"/.test(text) ? node.RangeFunction : undefined;
}

function bindJoin(
  context: Context,
  join: JoinExpr,
  scope: Scope,
  environment: Environment,
  siblings: Siblings,
): From {
  const mark = markOf(join.larg);
  const leftNode =
    mark !== undefined && join.larg !== undefined && 'JoinExpr' in join.larg
      ? join.larg.JoinExpr.larg
      : join.larg;
  if (leftNode === undefined || join.rarg === undefined)
    throw context.bad('A join needs two sides', undefined);
  const left = bindFromItem(context, leftNode, scope, environment, siblings);
  const pivoted = pivotOf(join.rarg);
  if (pivoted !== undefined) return rare().pivot(left, pivoted, environment, renamed);
  const right = bindFromItem(context, join.rarg, scope, environment, [
    ...siblings.filter((column) => left.columns.every((each) => each.id !== column.id)),
    ...left.columns,
  ]);
  if (mark === 'positional') return rare().positional(context, left, right);
  const kind = join.jointype === 'JOIN_RIGHT' ? 'right' : (KINDS[join.jointype ?? ''] ?? 'inner');
  const both = new Scope(scope.parent, scope.ctes);
  both.columns = [...left.columns, ...right.columns];
  let predicates: Expression[] = [];
  let { columns } = both;
  if (join.isNatural === true || join.usingClause !== undefined) {
    ({ predicates, columns } = using(context, join, left, right, kind));
  } else if (join.quals !== undefined) {
    predicates = conjuncts(
      bindCondition(join.quals, { ...environment, scope: both, clause: 'ON' }),
    );
  }
  for (const id of both.outer) scope.outer.add(id);
  if (left.apply !== undefined || right.apply !== undefined) {
    if (
      left.apply !== undefined ||
      (kind !== 'inner' && kind !== 'left') ||
      right.apply === undefined
    )
      throw context.unsupported('LATERAL in this place', join.rtindex);
    return { plan: right.apply(left.plan, kind, predicates), columns };
  }
  if (mark === 'asof')
    return { plan: asofJoin(context, left.plan, right.plan, predicates, kind === 'left'), columns };
  if (mark === 'semi' || mark === 'anti') {
    return { plan: joinOn(mark, left.plan, right.plan, predicates), columns: left.columns };
  }
  const plan =
    kind === 'right'
      ? joinOn('left', right.plan, left.plan, predicates)
      : joinOn(kind, left.plan, right.plan, predicates);
  return { plan, columns };
}

export function bindFromItem(
  context: Context,
  node: Node,
  scope: Scope,
  environment: Environment,
  siblings: Siblings = [],
): From {
  if ('RangeVar' in node) return bindTable(context, node.RangeVar, scope);
  if ('RangeSubselect' in node) return bindSubselect(context, node.RangeSubselect, scope, siblings);
  if ('JoinExpr' in node) return bindJoin(context, node.JoinExpr, scope, environment, siblings);
  if ('RangeFunction' in node)
    return bindRangeFunction(context, node.RangeFunction, environment, siblings);
  if ('RangeTableSample' in node) {
    const { relation } = node.RangeTableSample;
    if (relation === undefined) throw context.bad('TABLESAMPLE of nothing', undefined);
    const from = bindFromItem(context, relation, scope, environment, siblings);
    return { ...from, plan: rare().sample(from.plan, node.RangeTableSample, environment) };
  }
  throw context.unsupported(Object.keys(node)[0] ?? 'this source', undefined);
}

/** The whole FROM clause; a comma is a cross join whose conditions WHERE gives. */
export function bindFrom(
  context: Context,
  nodes: readonly Node[],
  scope: Scope,
  environment: Environment,
): From {
  const items: From[] = [];
  for (const node of nodes) {
    const siblings = items.flatMap((item) => item.columns);
    items.push(bindFromItem(context, node, scope, environment, siblings));
  }
  const tables = items.flatMap((item) => [...new Set(item.columns.map((column) => column.table))]);
  const twice = tables.find(
    (table, index) => table !== undefined && tables.indexOf(table) !== index,
  );
  if (twice !== undefined)
    throw context.bad(
      `Table "${twice}" stands twice in FROM`,
      undefined,
      'give each its own alias',
    );
  const [first, ...rest] = items as [From, ...From[]];
  const start = first.apply === undefined ? first.plan : first.apply(ONE_ROW, 'inner', []);
  const plan = rest.reduce(
    (left, right) =>
      right.apply === undefined ? cross(left, right.plan) : right.apply(left, 'inner', []),
    start,
  );
  return { plan, columns: items.flatMap((item) => item.columns) };
}
