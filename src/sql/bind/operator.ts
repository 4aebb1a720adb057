/** Operators, comparisons and the predicates that have a grammar of their own. */
import type { A_Expr, BoolExpr, Node } from 'libpg-query';
import { pairwise } from '../balance.ts';
import type { Expression } from '../ir.ts';
import * as t from '../types.ts';
import { makeCall } from './call.ts';
import { type Environment, literal, positionOf, stringsOf } from './environment.ts';

const OPERATORS: Readonly<Record<string, string>> = {
  '!=': '<>',
  '==': '=',
  '~~': 'like',
  '~~*': 'ilike',
  '!~~': 'not like',
  '!~~*': 'not ilike',
  '^@': 'starts_with',
};

const negated = (environment: Environment, inner: Expression): Expression =>
  makeCall(environment.context, 'not', [inner], inner.position);

function operands(expression: A_Expr, environment: Environment): Expression[] {
  return [expression.lexpr, expression.rexpr].flatMap((node) =>
    node === undefined ? [] : [environment.bind(node, environment)],
  );
}

function listOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  return 'List' in node ? (node.List.items ?? []) : [node];
}

const isRow = (node: Node | undefined): boolean => node !== undefined && 'RowExpr' in node;

/** The operator on the left of another: a chain of them leans to the left. */
function operatorIn(node: Node | undefined): A_Expr | undefined {
  if (node === undefined || !('A_Expr' in node)) return undefined;
  return node.A_Expr.kind === 'AEXPR_OP' ? node.A_Expr : undefined;
}

/** From the innermost out, in a loop: calls inside calls would fill the stack. */
function bindOperator(expression: A_Expr, environment: Environment): Expression {
  const chain: A_Expr[] = [];
  let left: Expression | undefined;
  for (let at: A_Expr | undefined = expression; at !== undefined; ) {
    chain.push(at);
    const inner = operatorIn(at.lexpr);
    if (inner === undefined && at.lexpr !== undefined && !isRow(at.lexpr))
      left = environment.bind(at.lexpr, environment);
    at = inner;
  }
  for (const each of chain.toReversed()) left = bindOne(each, left, environment);
  return left as Expression;
}

function bindOne(
  expression: A_Expr,
  left: Expression | undefined,
  environment: Environment,
): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const symbol = stringsOf(expression.name).at(-1) ?? '';
  if (isRow(expression.lexpr)) return bindRows(expression, symbol, environment);
  const args = left === undefined ? [] : [left];
  if (expression.rexpr !== undefined) args.push(environment.bind(expression.rexpr, environment));
  if (left === undefined) {
    if (symbol === '-') return makeCall(context, 'negate', args, position);
    if (symbol === '+') return args[0] as Expression;
    if (symbol === '~') return makeCall(context, '~not', args, position);
  }
  const name = OPERATORS[symbol] ?? symbol;
  if (name === '!~') return negated(environment, makeCall(context, '~', args, position));
  if (name === '!~*') return negated(environment, makeCall(context, '~*', args, position));
  if (name.startsWith('not '))
    return negated(environment, makeCall(context, name.slice(4), args, position));
  return makeCall(context, name, args, position);
}

/** (a, b) < (c, d) is a < c OR (a = c AND b < d). */
function inOrder(
  left: readonly Node[],
  right: readonly Node[],
  symbol: string,
  environment: Environment,
  position: number,
): Expression {
  const { context } = environment;
  const compare = (index: number, name: string): Expression =>
    makeCall(
      context,
      name,
      [left[index], right[index]].map((node) => environment.bind(node as Node, environment)),
      position,
    );
  const last = left.length - 1;
  let result = compare(last, symbol);
  for (let index = last - 1; index >= 0; index -= 1) {
    const both = makeCall(context, 'and', [compare(index, '='), result], position);
    result = makeCall(context, 'or', [compare(index, symbol.charAt(0)), both], position);
  }
  return result;
}

/** (a, b) = (c, d) is a = c AND b = d. */
function bindRows(expression: A_Expr, symbol: string, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const row = (node: Node | undefined): readonly Node[] =>
    node !== undefined && 'RowExpr' in node ? (node.RowExpr.args ?? []) : [];
  const [left, right] = [row(expression.lexpr), row(expression.rexpr)];
  if (left.length !== right.length)
    throw context.bad('The rows compared have different lengths', position);
  if (/^[<>]=?$/.test(symbol)) return inOrder(left, right, symbol, environment, position);
  if (symbol !== '=' && symbol !== '<>')
    throw context.unsupported(`comparing rows with ${symbol}`, position);
  const same = left
    .map((node, index) =>
      makeCall(
        context,
        '=',
        [environment.bind(node, environment), environment.bind(right[index] as Node, environment)],
        position,
      ),
    )
    .reduce((a, b) => makeCall(context, 'and', [a, b], position));
  return symbol === '=' ? same : negated(environment, same);
}

/** (a, b) IN ((1, 2), (3, 4)). */
function bindRowsIn(expression: A_Expr, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const name = [{ String: { sval: '=' } }];
  const tests = listOf(expression.rexpr).map((row) =>
    bindRows({ ...expression, name, rexpr: row } as A_Expr, '=', environment),
  );
  const any = pairwise(tests, (a, b) => makeCall(context, 'or', [a, b], position));
  return stringsOf(expression.name).at(-1) === '<>' ? negated(environment, any) : any;
}

/** LIKE's pattern may come wrapped: pattern ESCAPE character, or SIMILAR's similar_to_escape. */
function patternArgs(node: Node | undefined, environment: Environment): Expression[] {
  if (node !== undefined && 'FuncCall' in node) {
    const name = stringsOf(node.FuncCall.funcname).at(-1);
    if (name === 'like_escape' || name === 'similar_to_escape') {
      return (node.FuncCall.args ?? []).map((each) => environment.bind(each, environment));
    }
  }
  return node === undefined ? [] : [environment.bind(node, environment)];
}

function bindLike(expression: A_Expr, name: string, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const value = environment.bind(expression.lexpr as Node, environment);
  const pattern = patternArgs(expression.rexpr, environment);
  const call = makeCall(
    context,
    name,
    name === 'similar' ? [value, ...pattern.slice(0, 1)] : [value, ...pattern],
    position,
  );
  return (stringsOf(expression.name).at(-1) ?? '').startsWith('!')
    ? negated(environment, call)
    : call;
}

function bindBetween(expression: A_Expr, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const kind = expression.kind ?? '';
  const value = environment.bind(expression.lexpr as Node, environment);
  const [low, high] = listOf(expression.rexpr).map((node) =>
    environment.bind(node, environment),
  ) as [Expression, Expression];
  const inside = (from: Expression, to: Expression): Expression =>
    makeCall(
      context,
      'and',
      [
        makeCall(context, '>=', [value, from], position),
        makeCall(context, '<=', [value, to], position),
      ],
      position,
    );
  const plain = inside(low, high);
  const both = kind.includes('SYM')
    ? makeCall(context, 'or', [plain, inside(high, low)], position)
    : plain;
  return kind.includes('NOT') ? negated(environment, both) : both;
}

/** x = ANY(ARRAY[...]) is x IN (...); x <> ALL(...) is NOT IN. */
function bindArrayComparison(expression: A_Expr, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const symbol = stringsOf(expression.name).at(-1) ?? '=';
  const [value, list] = operands(expression, environment) as [Expression, Expression];
  const name = OPERATORS[symbol] ?? symbol;
  const any = expression.kind === 'AEXPR_OP_ANY';
  if (list.kind === 'call' && list.name === 'array' && list.args.length > 0) {
    const tests = list.args.map((each) => makeCall(context, name, [value, each], position));
    return tests.reduce((a, b) => makeCall(context, any ? 'or' : 'and', [a, b], position));
  }
  if (any && name === '=' && list.type.kind === 'list')
    return makeCall(context, 'list_contains', [list, value], position);
  throw context.unsupported(`${symbol} ${any ? 'ANY' : 'ALL'} of a computed list`, position);
}

export function bindExpressionOperator(expression: A_Expr, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  switch (expression.kind) {
    case 'AEXPR_LIKE':
      return bindLike(expression, 'like', environment);
    case 'AEXPR_ILIKE':
      return bindLike(expression, 'ilike', environment);
    case 'AEXPR_SIMILAR':
      return bindLike(expression, 'similar', environment);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return bindBetween(expression, environment);
    case 'AEXPR_DISTINCT':
      return makeCall(context, 'is distinct from', operands(expression, environment), position);
    case 'AEXPR_NOT_DISTINCT':
      return makeCall(context, 'is not distinct from', operands(expression, environment), position);
    case 'AEXPR_NULLIF':
      return makeCall(context, 'nullif', operands(expression, environment), position);
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return bindArrayComparison(expression, environment);
    case 'AEXPR_IN': {
      if (expression.lexpr !== undefined && 'RowExpr' in expression.lexpr)
        return bindRowsIn(expression, environment);
      const value = environment.bind(expression.lexpr as Node, environment);
      const list = listOf(expression.rexpr).map((node) => environment.bind(node, environment));
      const call = makeCall(context, 'in', [value, ...list], position);
      return stringsOf(expression.name).at(-1) === '<>' ? negated(environment, call) : call;
    }
    default:
      return bindOperator(expression, environment);
  }
}

/** A condition: anything else than a boolean is refused, as PostgreSQL does. */
export function bindCondition(node: Node, environment: Environment): Expression {
  const bound = environment.bind(node, environment);
  if (bound.type.kind === 'boolean') return bound;
  if (bound.type.kind === 'null') return literal(null, t.BOOLEAN, bound.position);
  throw environment.context.bad(
    `${environment.clause} wants a condition, this is ${t.describeType(bound.type)}`,
    positionOf(node),
  );
}

export function bindBoolean(expression: BoolExpr, environment: Environment): Expression {
  const { context } = environment;
  const position = expression.location ?? -1;
  const args = (expression.args ?? []).map((node) => bindCondition(node, environment));
  if (expression.boolop === 'NOT_EXPR') return makeCall(context, 'not', args, position);
  return pairwise(args, (a, b) =>
    makeCall(context, expression.boolop === 'OR_EXPR' ? 'or' : 'and', [a, b], position),
  );
}
