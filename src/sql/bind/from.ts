/** FROM: files, tables, WITH queries, subqueries and joins. */
import { basename } from 'node:path';
import type { Alias, JoinExpr, Node, RangeFunction, RangeSubselect, RangeVar } from 'libpg-query';
import { NairobiError } from '../../errors.ts';
import type { Expression, JoinKind, Plan } from '../ir.ts';
import { cross, joinOn } from '../join.ts';
import { sameName, suggestion } from '../names.ts';
import { parseTypeName } from '../types.ts';
import { conjuncts } from '../walk.ts';
import { asofJoin } from './asof.ts';
import { makeCall } from './call.ts';
import { type Context, type Cte, Scope, type ScopeColumn, type TableReference } from './context.ts';
import type { Environment } from './environment.ts';
import { stringsOf } from './environment.ts';
import { bindCondition } from './operator.ts';
import { bindSeries } from './series.ts';

export interface From {
  readonly plan: Plan;
  readonly columns: readonly ScopeColumn[];
}

/** What a RangeVar names: a file between quotes, or a table. */
export function referenceOf(
  context: Pick<Context, 'marks' | 'source' | 'name'>,
  node: RangeVar,
): TableReference {
  const position = context.source.typed(node.location ?? 0);
  const file = /^@file:(\d+)$/.exec(node.relname ?? '');
  if (file !== null)
    return { name: context.marks.files[Number(file[1])] ?? '', file: true, position };
  return { name: context.name(node.relname), file: false, position };
}

/** "logs/a.csv.gz" is known as "a". */
const stem = (path: string): string => basename(path).replace(/\.[^/]*$/, '') || path;

/** The alias, and new column names where AS t(a, b) gives them. */
function renamed(
  context: Context,
  columns: readonly ScopeColumn[],
  alias: Alias | undefined,
  fallback: string | undefined,
): ScopeColumn[] {
  const table = alias?.aliasname === undefined ? fallback : context.name(alias.aliasname);
  const names = stringsOf(alias?.colnames).map((name) => context.name(name));
  if (names.length > columns.length) {
    throw context.bad(
      `"${table}" has ${columns.length} columns, ${names.length} names are given`,
      undefined,
    );
  }
  return columns.map((column, index) => ({ ...column, table, name: names[index] ?? column.name }));
}

function useCte(context: Context, cte: Cte): From {
  cte.definition.uses += 1;
  const columns = cte.columns.map((column) => ({
    ...column,
    from: column.id,
    id: context.newId(),
  }));
  return {
    plan: { kind: 'shared', key: cte.key, name: cte.name, definition: cte.definition, columns },
    columns: columns.map(({ id, name, type }) => ({ table: cte.name, id, name, type })),
  };
}

export function scanOf(context: Context, reference: TableReference, ctes: readonly Cte[]): From {
  let relation: ReturnType<Context['relation']>;
  try {
    relation = context.relation(reference);
  } catch (error) {
    if (!(error instanceof NairobiError) || error.where !== undefined) throw error;
    const hint =
      error.hint ??
      (reference.file
        ? undefined
        : suggestion(
            reference.name,
            ctes.map((cte) => cte.name),
          ));
    throw context.source.errorAtTyped(error.code, error.message, reference.position, hint);
  }
  const columns = relation.columns.map((column) => ({
    id: context.newId(),
    name: column.name,
    type: parseTypeName(column.type),
  }));
  const table = reference.file ? stem(reference.name) : reference.name;
  return {
    plan: { kind: 'scan', relation, columns, predicate: undefined },
    columns: columns.map((column) => ({ ...column, table })),
  };
}

function bindTable(context: Context, node: RangeVar, scope: Scope): From {
  const reference = referenceOf(context, node);
  const cte =
    reference.file || node.schemaname !== undefined ? undefined : scope.cte(reference.name);
  const from = cte === undefined ? scanOf(context, reference, scope.ctes) : useCte(context, cte);
  return { ...from, columns: renamed(context, from.columns, node.alias, from.columns[0]?.table) };
}

function bindSubselect(context: Context, node: RangeSubselect, scope: Scope): From {
  const select = node.subquery;
  if (select === undefined || !('SelectStmt' in select))
    throw context.bad('FROM (...) must hold a SELECT', undefined);
  if (node.lateral === true) throw context.unsupported('LATERAL', undefined);
  // The tables beside it are not visible in it; those of the queries around are.
  const outside = new Scope(scope.parent, scope.ctes);
  const { plan, columns, outer } = context.bindQuery(context, select.SelectStmt, outside);
  for (const id of outer) scope.outer.add(id);
  const visible = columns.map((column) => ({ ...column, table: undefined }));
  return { plan, columns: renamed(context, visible, node.alias, undefined) };
}

function bindRangeFunction(context: Context, node: RangeFunction, environment: Environment): From {
  const list = node.functions?.[0];
  const call = list !== undefined && 'List' in list ? list.List.items?.[0] : undefined;
  if (call === undefined || !('FuncCall' in call))
    throw context.unsupported('this kind of table function', undefined);
  const name = (stringsOf(call.FuncCall.funcname).at(-1) ?? '').toLowerCase();
  const position = call.FuncCall.location ?? 0;
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

/** USING (a, b) and NATURAL: equal columns, shown once. */
function using(
  context: Context,
  join: JoinExpr,
  left: From,
  right: From,
  kind: string,
): { predicates: Expression[]; columns: ScopeColumn[] } {
  const names =
    join.isNatural === true
      ? left.columns
          .filter((a) => right.columns.some((b) => sameName(a.name, b.name)))
          .map((column) => column.name)
      : stringsOf(join.usingClause).map((name) => context.name(name));
  const merged: ScopeColumn[] = [];
  const predicates: Expression[] = [];
  const hidden = new Set<string>();
  for (const name of names) {
    const [a, b] = [left, right].map((side) => {
      const found = side.columns.find(
        (column) => column.hidden !== true && sameName(name, column.name),
      );
      if (found === undefined)
        throw context.bad(`USING (${name}): both sides need a column "${name}"`, undefined);
      return found;
    }) as [ScopeColumn, ScopeColumn];
    const [x, y] = [a, b].map(
      (column): Expression =>
        column.expression ?? {
          kind: 'column',
          id: column.id,
          name,
          type: column.type,
          position: -1,
        },
    ) as [Expression, Expression];
    predicates.push(makeCall(context, '=', [x, y], -1));
    const one =
      kind === 'full' ? makeCall(context, 'coalesce', [x, y], -1) : kind === 'right' ? y : x;
    merged.push({
      table: undefined,
      name: a.name,
      id: kind === 'right' ? b.id : a.id,
      type: one.type,
      expression: one,
    });
    hidden.add(a.id).add(b.id);
  }
  const rest = [...left.columns, ...right.columns].map((column) =>
    hidden.has(column.id) ? { ...column, hidden: true } : column,
  );
  return { predicates, columns: [...merged, ...rest] };
}

function bindJoin(context: Context, join: JoinExpr, scope: Scope, environment: Environment): From {
  const mark = markOf(join.larg);
  const leftNode =
    mark !== undefined && join.larg !== undefined && 'JoinExpr' in join.larg
      ? join.larg.JoinExpr.larg
      : join.larg;
  if (leftNode === undefined || join.rarg === undefined)
    throw context.bad('A join needs two sides', undefined);
  if (mark === 'positional') throw context.unsupported('POSITIONAL JOIN', undefined);
  const left = bindFromItem(context, leftNode, scope, environment);
  const right = bindFromItem(context, join.rarg, scope, environment);
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
): From {
  if ('RangeVar' in node) return bindTable(context, node.RangeVar, scope);
  if ('RangeSubselect' in node) return bindSubselect(context, node.RangeSubselect, scope);
  if ('JoinExpr' in node) return bindJoin(context, node.JoinExpr, scope, environment);
  if ('RangeFunction' in node) return bindRangeFunction(context, node.RangeFunction, environment);
  throw context.unsupported(Object.keys(node)[0] ?? 'this source', undefined);
}

/** The whole FROM clause; a comma is a cross join whose conditions WHERE gives. */
export function bindFrom(
  context: Context,
  nodes: readonly Node[],
  scope: Scope,
  environment: Environment,
): From {
  const items = nodes.map((node) => bindFromItem(context, node, scope, environment));
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
  return items.reduce((a, b) => ({
    plan: cross(a.plan, b.plan),
    columns: [...a.columns, ...b.columns],
  }));
}
