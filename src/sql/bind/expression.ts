/** From a node of the parse tree to a typed expression. */
import type { A_Indirection, CaseExpr, ColumnRef, Node, SubLink } from 'libpg-query';
import type { Expression, Plan, SubqueryExpression } from '../ir.ts';
import { sameName } from '../names.ts';
import { rare } from '../rare.ts';
import * as t from '../types.ts';
import { makeCall } from './call.ts';
import { adaptLiterals, convert } from './coerce.ts';
import { bindCast, bindConstant, bindKeywordValue, bindParameter } from './constant.ts';
import { requireColumn, resolveColumn, type Scope } from './context.ts';
import { type Environment, literal, positionOf, stringsOf } from './environment.ts';
import { bindFunction, makeCase } from './function.ts';
import { bindBoolean, bindCondition, bindExpressionOperator } from './operator.ts';

function bindColumn(reference: ColumnRef, environment: Environment): Expression {
  const { context, scope } = environment;
  const position = reference.location ?? 0;
  const fields = reference.fields ?? [];
  if (fields.some((field) => 'A_Star' in field)) throw context.bad('* cannot stand here', position);
  const names = stringsOf(fields).map((name) => context.name(name));
  const [first, second] = names.length > 2 ? names.slice(-2) : names;
  if (second !== undefined)
    return (
      structField(names, environment, position) ??
      requireColumn(context, scope, second, first, position)
    );
  const name = first ?? '';
  // A column of the tables wins over an alias of the select list, as in PostgreSQL and DuckDB.
  return (
    resolveColumn(context, scope, name, undefined, position) ??
    environment.alias?.(name) ??
    keyword(name, environment, position) ??
    requireColumn(context, scope, name, undefined, position)
  );
}

/** s.a or s.a.b of a column that is a struct, and t.s.a; undefined where there is none. */
function structField(
  names: readonly string[],
  environment: Environment,
  position: number,
): Expression | undefined {
  const { context, scope } = environment;
  const [first = ''] = names;
  let isTable = false;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent)
    isTable ||= at.tables.some((each) => sameName(first, each));
  const [name = '', ...fields] = isTable ? names.slice(1) : names;
  if (fields.length === 0) return undefined;
  const column = resolveColumn(context, scope, name, isTable ? first : undefined, position);
  if (column?.type.kind === 'other' && column.type.name === 'Struct')
    throw context.unsupported(
      `fields of "${name}", one of which has a type that is not known here`,
      position,
    );
  if (column?.type.kind !== 'struct') return undefined;
  const steps = fields.map((field) => ({ String: { sval: field } }));
  return rare().indirection(column, steps, environment);
}

/** A whole-row reference is not supported; say so instead of "no such column". */
function keyword(name: string, environment: Environment, position: number): Expression | undefined {
  if (environment.scope.tables.some((table) => sameName(name, table))) {
    throw environment.context.unsupported(`the whole row "${name}" as a value`, position);
  }
  return undefined;
}

function bindCase(expression: CaseExpr, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? 0;
  const subject =
    expression.arg === undefined ? undefined : environment.bind(expression.arg, environment);
  const branches = (expression.args ?? []).flatMap((node) => {
    if (
      !('CaseWhen' in node) ||
      node.CaseWhen.expr === undefined ||
      node.CaseWhen.result === undefined
    )
      return [];
    const { expr, result } = node.CaseWhen;
    const when =
      subject === undefined
        ? bindCondition(expr, { ...environment, clause: 'WHEN' })
        : makeCall(context, '=', [subject, environment.bind(expr, environment)], positionOf(expr));
    return [{ when, result: environment.bind(result, environment) }];
  });
  const otherwise =
    expression.defresult === undefined
      ? literal(null, t.NULL, position)
      : environment.bind(expression.defresult, environment);
  return makeCase(context, branches, otherwise, position);
}

/** The needles of IN: one expression, or as many as the row has. */
function needlesOf(link: SubLink, environment: Environment): readonly Expression[] {
  const test = link.testexpr;
  if (test === undefined) return [];
  if ('RowExpr' in test)
    return (test.RowExpr.args ?? []).map((node) => environment.bind(node, environment));
  return [environment.bind(test, environment)];
}

function bindSubquery(link: SubLink, environment: Environment): Expression {
  const { context, scope } = environment;
  const position = link.location ?? 0;
  const select = link.subselect;
  if (select === undefined || !('SelectStmt' in select))
    throw context.bad('A subquery must be a SELECT', position);
  const { plan, columns, outer } = context.bindQuery(context, select.SelectStmt, scope);
  const base = { kind: 'subquery' as const, plan, columns, outer, position };
  const [only, more] = columns;
  switch (link.subLinkType) {
    case 'EXISTS_SUBLINK':
      return { ...base, mode: 'exists', needles: [], type: t.BOOLEAN };
    case 'EXPR_SUBLINK':
      if (only === undefined || more !== undefined)
        throw context.bad('A subquery used as a value must have one column', position);
      return { ...base, mode: 'scalar', needles: [], type: only.type };
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
      return quantified(link, base, environment);
    case 'ARRAY_SUBLINK':
      return rare().arraySubquery(context, base);
    default:
      throw context.unsupported('this kind of subquery', position);
  }
}

/** x IN (SELECT ..), x = ANY (SELECT ..), x <> ALL (SELECT ..). */
function quantified(
  link: SubLink,
  base: Pick<SubqueryExpression, 'kind' | 'plan' | 'columns' | 'outer' | 'position'>,
  environment: Environment,
): Expression {
  const { context } = environment;
  const operator = stringsOf(link.operName).at(-1) ?? '=';
  const all = link.subLinkType === 'ALL_SUBLINK';
  const needles = needlesOf(link, environment);
  if (needles.length !== base.columns.length) {
    throw context.bad(
      `The subquery has ${base.columns.length} columns, ${needles.length} are compared`,
      base.position,
    );
  }
  const converted = needles.map((needle, index) => {
    const type = base.columns[index]?.type ?? t.NULL;
    const [adapted] = adaptLiterals(context, [needle, literal(null, type), literal(0n, type)]);
    if (t.commonType((adapted ?? needle).type, type) === undefined) {
      throw context.bad(
        `Cannot compare ${t.describeType(needle.type)} with ${t.describeType(type)}`,
        needle.position,
      );
    }
    return adapted ?? needle;
  });
  if (operator !== (all ? '<>' : '='))
    return rare().compareAll(base, operator, converted, all, environment);
  const found = memberOf(base, converted, environment);
  return all ? makeCall(context, 'not', [found], base.position) : found;
}

/** Both sides of IN in one type: the engine joins only equal ones. */
function memberOf(
  base: Pick<SubqueryExpression, 'kind' | 'plan' | 'columns' | 'outer' | 'position'>,
  needles: readonly Expression[],
  environment: Environment,
): Expression {
  const { context } = environment;
  const common = needles.map(
    (needle, index) =>
      t.commonType(needle.type, base.columns[index]?.type ?? t.NULL) ?? needle.type,
  );
  const fits = base.columns.every((column, index) =>
    t.sameType(column.type, common[index] ?? column.type),
  );
  const columns = base.columns.map((column, index) =>
    fits ? column : { ...column, id: context.newId(), type: common[index] ?? column.type },
  );
  const items = base.columns.map((column, index) => ({
    id: columns[index]?.id ?? column.id,
    expression: convert(
      context,
      { kind: 'column', ...column, position: -1 },
      common[index] ?? column.type,
    ),
  }));
  const plan: Plan = fits ? base.plan : { kind: 'project', input: base.plan, items };
  const converted = needles.map((needle, index) =>
    convert(context, needle, common[index] ?? needle.type),
  );
  return { ...base, plan, columns, mode: 'in', needles: converted, type: t.BOOLEAN };
}

function bindIndirection(expression: A_Indirection, environment: Environment): Expression {
  const { context } = environment;
  if (expression.arg === undefined) throw context.bad('Nothing to take an element of', -1);
  const value = environment.bind(expression.arg, environment);
  return rare().indirection(value, expression.indirection ?? [], environment);
}

function bindTest(
  name: string,
  arg: Node | undefined,
  environment: Environment,
  position: number,
): Expression {
  if (arg === undefined) throw environment.context.bad(`${name} of nothing`, position);
  return makeCall(environment.context, name, [environment.bind(arg, environment)], position);
}

const BOOLEAN_TESTS: Readonly<Record<string, string>> = {
  IS_TRUE: 'is true',
  IS_NOT_TRUE: 'is not true',
  IS_FALSE: 'is false',
  IS_NOT_FALSE: 'is not false',
  IS_UNKNOWN: 'is null',
  IS_NOT_UNKNOWN: 'is not null',
};

export function bindExpression(node: Node, environment: Environment): Expression {
  const { context } = environment;
  const all = (nodes: readonly Node[] | undefined): Expression[] =>
    (nodes ?? []).map((each) => environment.bind(each, environment));
  if ('ColumnRef' in node) return bindColumn(node.ColumnRef, environment);
  if ('A_Const' in node) return bindConstant(node.A_Const, context);
  if ('ParamRef' in node) return bindParameter(context, node.ParamRef);
  if ('TypeCast' in node) return bindCast(node.TypeCast, environment);
  if ('A_Expr' in node) return bindExpressionOperator(node.A_Expr, environment);
  if ('BoolExpr' in node) return bindBoolean(node.BoolExpr, environment);
  if ('FuncCall' in node) return bindFunction(node.FuncCall, environment);
  if ('CaseExpr' in node) return bindCase(node.CaseExpr, environment);
  if ('SubLink' in node) return bindSubquery(node.SubLink, environment);
  if ('SQLValueFunction' in node) return bindKeywordValue(context, node.SQLValueFunction);
  if ('A_Indirection' in node) return bindIndirection(node.A_Indirection, environment);
  if ('CollateClause' in node) throw context.unsupported('COLLATE', node.CollateClause.location);
  if ('GroupingFunc' in node) {
    const position = node.GroupingFunc.location ?? -1;
    if (!environment.aggregates)
      throw context.bad(`GROUPING cannot stand in ${environment.clause}`, position);
    return {
      kind: 'call',
      name: 'grouping',
      args: all(node.GroupingFunc.args),
      type: t.INT64,
      position,
    };
  }
  if ('NullTest' in node) {
    const test = node.NullTest.nulltesttype === 'IS_NULL' ? 'is null' : 'is not null';
    return bindTest(test, node.NullTest.arg, environment, node.NullTest.location ?? -1);
  }
  if ('BooleanTest' in node) {
    const { arg, booltesttype, location } = node.BooleanTest;
    return bindTest(
      BOOLEAN_TESTS[booltesttype ?? ''] ?? 'is true',
      arg,
      environment,
      location ?? -1,
    );
  }
  if ('CoalesceExpr' in node) {
    return makeCall(
      context,
      'coalesce',
      all(node.CoalesceExpr.args),
      node.CoalesceExpr.location ?? -1,
    );
  }
  if ('MinMaxExpr' in node) {
    const name = node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest';
    return makeCall(context, name, all(node.MinMaxExpr.args), node.MinMaxExpr.location ?? -1);
  }
  if ('A_ArrayExpr' in node) {
    return makeCall(
      context,
      'array',
      all(node.A_ArrayExpr.elements),
      node.A_ArrayExpr.location ?? -1,
    );
  }
  if ('RowExpr' in node) {
    const values = all(node.RowExpr.args);
    const fields = values.map((value, index) => ({ name: `f${index + 1}`, value }));
    return rare().structOf(fields, node.RowExpr.location ?? -1);
  }
  const json = Object.keys(node)[0]?.startsWith('Json') && rare().jsonNode(node, environment);
  if (json) return json;
  throw context.unsupported(Object.keys(node)[0] ?? 'this expression', positionOf(node));
}
