/** A whole query: WITH, set operations, VALUES, ORDER BY and LIMIT around them. */
import type { Node, SelectStmt } from 'libpg-query';
import type { ColumnId, Expression, Named, OutputColumn, Plan } from '../ir.ts';
import { sameName } from '../names.ts';
import type { View } from '../parse.ts';
import { rare } from '../rare.ts';
import { commonType, describeType, INT64, NULL, type SqlType, sameType, TEXT } from '../types.ts';
import { convert } from './coerce.ts';
import { type Bound, type Context, type Cte, Scope } from './context.ts';
import { type Environment, positionOf, stringsOf } from './environment.ts';
import { bindExpression } from './expression.ts';
import { bindSelect } from './select.ts';
import { bindSortItems } from './sort.ts';

type BoundQuery = Bound & { readonly outer: ReadonlySet<ColumnId> };

function environmentOf(context: Context, scope: Scope, clause: string): Environment {
  return {
    context,
    scope,
    clause,
    aggregates: false,
    windows: false,
    alias: undefined,
    windowDefinitions: new Map(),
    bind: bindExpression,
  };
}

function define(
  context: Context,
  name: string,
  query: BoundQuery,
  aliases: readonly string[],
): Cte {
  const columns = query.columns.map((column, index) => ({
    ...column,
    name: aliases[index] ?? column.name,
  }));
  return { name, key: context.newKey(), definition: { plan: query.plan, uses: 0 }, columns };
}

function bindWith(context: Context, select: SelectStmt, parent: Scope | undefined): readonly Cte[] {
  const ctes: Cte[] = [...(parent?.ctes ?? [])];
  for (const node of select.withClause?.ctes ?? []) {
    if (!('CommonTableExpr' in node)) continue;
    const { ctename, ctequery, aliascolnames, location } = node.CommonTableExpr;
    if (ctequery === undefined || !('SelectStmt' in ctequery))
      throw context.unsupported('WITH of anything but a SELECT', location);
    if (
      select.withClause?.recursive === true &&
      JSON.stringify(ctequery).includes(`"relname":${JSON.stringify(ctename)}`)
    ) {
      const aliases = stringsOf(aliascolnames);
      const own = context.name(ctename);
      const bound = rare().bindRecursive(
        context,
        own,
        ctequery.SelectStmt,
        aliases,
        ctes,
        (inner, outside, visible) => bindQueryIn(context, inner, outside, visible),
      );
      ctes.push(define(context, own, { ...bound, outer: new Set() }, aliases));
      continue;
    }
    const query = bindQueryIn(context, ctequery.SelectStmt, parent, ctes);
    if (query.outer.size > 0)
      throw context.unsupported('a WITH query that reads the query around it', location);
    ctes.push(define(context, context.name(ctename), query, stringsOf(aliascolnames)));
  }
  return ctes;
}

/** VALUES lists as a table of column1, column2, ... */
function bindValues(
  context: Context,
  lists: readonly Node[],
  parent: Scope | undefined,
  ctes: readonly Cte[],
): BoundQuery {
  const scope = new Scope(parent, ctes);
  const environment = environmentOf(context, scope, 'VALUES');
  const rows = lists.map((list) =>
    ('List' in list ? (list.List.items ?? []) : []).map((node) =>
      bindExpression(node, environment),
    ),
  );
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width))
    throw context.bad('VALUES lists must all be the same length', positionOf(lists[0]));
  const types = Array.from({ length: width }, (_, index) =>
    unifyColumn(
      context,
      rows.map((row) => row[index] as Expression),
      'VALUES',
    ),
  );
  const columns = types.map((type, index) => ({
    id: context.newId(),
    name: `column${index + 1}`,
    type,
  }));
  const converted = rows.map((row) =>
    row.map((value, index) => convert(context, value, types[index] as SqlType)),
  );
  return { plan: { kind: 'values', columns, rows: converted }, columns, outer: scope.outer };
}

function unifyColumn(context: Context, values: readonly Expression[], what: string): SqlType {
  const typed = values.filter((value) => !(value.kind === 'literal' && value.type.kind === 'text'));
  const common = (typed.length > 0 ? typed : values).reduce<SqlType | undefined>(
    (a, b) => a && commonType(a, b.type),
    NULL,
  );
  if (common === undefined)
    throw context.bad(`${what}: the types of a column do not meet`, values[0]?.position);
  return common.kind === 'null' && values.length > typed.length ? TEXT : common;
}

const OPERATIONS = {
  SETOP_UNION: 'union',
  SETOP_INTERSECT: 'intersect',
  SETOP_EXCEPT: 'except',
} as const;

/** UNION BY NAME left a mark in the select list; see rare/statements.ts. */
const isByName = (select: SelectStmt | undefined): select is SelectStmt =>
  JSON.stringify(select?.targetList?.[0] ?? null).includes('"@by name"');

function bindSet(
  context: Context,
  select: SelectStmt,
  parent: Scope | undefined,
  ctes: readonly Cte[],
): BoundQuery {
  const byName = isByName(select.rarg) ? rare().unmarked(select.rarg) : undefined;
  const sides = [select.larg, byName ?? select.rarg].map((side) => {
    if (side === undefined) throw context.bad('A set operation needs two queries', undefined);
    return bindQueryIn(context, side, parent, ctes);
  }) as [BoundQuery, BoundQuery];
  const [left, right] = byName === undefined ? sides : rare().aligned(context, sides);
  const operation = OPERATIONS[select.op as keyof typeof OPERATIONS];
  const word = operation.toUpperCase();
  if (left.columns.length !== right.columns.length) {
    throw context.bad(
      `${word}: ${left.columns.length} columns on one side, ${right.columns.length} on the other`,
      undefined,
    );
  }
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index] as OutputColumn;
    const type = commonType(column.type, other.type);
    if (type === undefined)
      throw context.bad(
        `${word}: column "${column.name}" is ${describeType(column.type)} on one side, ${describeType(other.type)} on the other`,
        undefined,
      );
    return { id: context.newId(), name: column.name, type };
  });
  const converted = [left, right].map((side) => {
    const items: Named[] = side.columns.map((column, index) => ({
      id: context.newId(),
      expression: convert(
        context,
        { kind: 'column', ...column, position: -1 },
        (columns[index] as OutputColumn).type,
      ),
    }));
    const same = side.columns.every((column, index) =>
      sameType(column.type, (columns[index] as OutputColumn).type),
    );
    return same
      ? { plan: side.plan, ids: side.columns.map((column) => column.id) }
      : {
          plan: { kind: 'project', input: side.plan, items } as Plan,
          ids: items.map((item) => item.id),
        };
  });
  return {
    plan: {
      kind: 'set',
      operation,
      all: select.all === true,
      inputs: converted.map((side) => side.plan),
      inputColumns: converted.map((side) => side.ids),
      columns,
    },
    columns,
    outer: new Set([...left.outer, ...right.outer]),
  };
}

/** ORDER BY over a set operation or VALUES sees only the result's columns. */
function sortOutput(context: Context, select: SelectStmt, query: BoundQuery): BoundQuery {
  const nodes = select.sortClause ?? [];
  if (nodes.length === 0) return query;
  const scope = new Scope(undefined);
  scope.columns = query.columns.map((column) => ({ ...column, table: undefined }));
  const items = bindSortItems(nodes, (node) => {
    const index = 'A_Const' in node ? node.A_Const.ival?.ival : undefined;
    if (index === undefined) return bindExpression(node, environmentOf(context, scope, 'ORDER BY'));
    const column = query.columns[index - 1];
    if (column === undefined)
      throw context.bad(`ORDER BY position ${index} is not in the result`, positionOf(node));
    return { kind: 'column', ...column, position: -1 };
  });
  return { ...query, plan: { kind: 'sort', input: query.plan, items } };
}

function constantCount(context: Context, node: Node | undefined, what: string): number | undefined {
  if (node === undefined) return undefined;
  const bound = convert(
    context,
    bindExpression(node, environmentOf(context, new Scope(undefined), what)),
    INT64,
  );
  if (bound.kind !== 'literal')
    throw context.unsupported(`${what} by anything but a constant`, positionOf(node));
  if (bound.value === null) return undefined;
  if ((bound.value as bigint) < 0n)
    throw context.bad(`${what} cannot be negative`, positionOf(node));
  return Number(bound.value);
}

function bindQueryIn(
  context: Context,
  select: SelectStmt,
  parent: Scope | undefined,
  outerCtes: readonly Cte[],
): BoundQuery {
  const ctes =
    select.withClause === undefined
      ? outerCtes
      : bindWith(context, select, new Scope(parent, outerCtes));
  let query: BoundQuery;
  if (select.op !== undefined && select.op !== 'SETOP_NONE')
    query = sortOutput(context, select, bindSet(context, select, parent, ctes));
  else if (select.valuesLists !== undefined)
    query = sortOutput(context, select, bindValues(context, select.valuesLists, parent, ctes));
  else query = bindSelect(context, select, parent, ctes);
  const count = constantCount(context, select.limitCount, 'LIMIT');
  const offset = constantCount(context, select.limitOffset, 'OFFSET') ?? 0;
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES' && count !== undefined)
    return { ...query, plan: rare().withTies(context, query, count, offset) };
  if (count === undefined && offset === 0) return query;
  return { ...query, plan: { kind: 'limit', input: query.plan, count, offset } };
}

export const bindQuery = (
  context: Context,
  select: SelectStmt,
  parent: Scope | undefined,
): BoundQuery => bindQueryIn(context, select, parent, parent?.ctes ?? []);

/** The query with CREATE VIEW statements before it as if they were WITH queries. */
export function bindStatement(
  context: Context,
  select: SelectStmt,
  views: readonly View[],
): BoundQuery {
  const ctes: Cte[] = [];
  for (const view of views) {
    const query = bindQueryIn(context, view.query, new Scope(undefined, ctes), ctes);
    const before = ctes.findIndex((cte) => sameName(cte.name, view.name));
    if (before >= 0) throw context.bad(`View "${view.name}" is created twice`, undefined);
    ctes.push(define(context, view.name, query, view.columns));
  }
  return bindQueryIn(context, select, undefined, ctes);
}
