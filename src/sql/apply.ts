/**
 * Subqueries inside expressions become joins. One that takes nothing from outside and stands for a
 * value stays as it is: it is run first and put in as a constant. A correlated one is decorrelated
 * (decorrelate.ts) and joined on the columns it was correlated by.
 */
import { callOf, integer, truth } from './build.ts';
import { decorrelate } from './decorrelate.ts';
import type { Expression, Plan, SubqueryExpression } from './ir.ts';
import { joinOn } from './join.ts';
import { marked } from './mark.ts';
import { counted, membership } from './membership.ts';
import { rare } from './rare.ts';
import { attachScalar, trySimple } from './scalar.ts';
import { BOOLEAN } from './types.ts';
import { columnsOf, conjunction, conjuncts, mapChildren, some } from './walk.ts';

/** What applying needs of the binder: new ids, and how to refuse. */
export interface Applying {
  newId(): string;
  newKey(): number;
  unsupported(what: string, position: number): Error;
}

interface Attached {
  readonly plan: Plan;
  readonly expression: Expression;
}

const isSubquery = (expression: Expression): boolean => expression.kind === 'subquery';

/** Known before the query runs: needs no join. */
const isConstant = (subquery: SubqueryExpression): boolean =>
  subquery.outer.size === 0 &&
  subquery.mode !== 'in' &&
  !['list', 'struct', 'map', 'calendar'].includes(subquery.type.kind);

const wantedOf = (subquery: SubqueryExpression): SubqueryExpression['columns'] =>
  subquery.mode === 'in' ? subquery.columns : [];

/** x NOT IN: true of an empty list; else neither x nor anything in the list may be NULL. */
function notIn(applying: Applying, plan: Plan, right: Plan, subquery: SubqueryExpression): Plan {
  const { rows, known, plan: values } = counted(applying, right, subquery);
  const needle = subquery.needles[0] as Expression;
  const allKnown = callOf('and', [callOf('=', [rows, known]), callOf('is not null', [needle])]);
  const predicate = callOf('or', [callOf('=', [rows, integer(0n)]), allKnown]);
  const possible: Plan = { kind: 'filter', input: plan, predicate };
  return joinOn('anti', possible, values, membership(subquery));
}

/** A conjunct that is EXISTS, IN or their negation joins without a column for its truth. */
function asJoin(applying: Applying, plan: Plan, conjunct: Expression): Plan | undefined {
  const negated = conjunct.kind === 'call' && conjunct.name === 'not';
  const inner = negated ? conjunct.args[0] : conjunct;
  if (inner?.kind !== 'subquery' || inner.mode === 'scalar') return undefined;
  if (isConstant(inner) || inner.needles.some((needle) => some(needle, isSubquery))) {
    return undefined;
  }
  const simple = trySimple(() => decorrelate(applying, inner.plan, inner.outer, wantedOf(inner)));
  if (simple === undefined) return undefined;
  const { plan: right, predicates } = simple;
  if (inner.mode === 'exists') return joinOn(negated ? 'anti' : 'semi', plan, right, predicates);
  const equal = membership(inner);
  if (!negated) return joinOn('semi', plan, right, [...predicates, ...equal]);
  if (inner.outer.size === 0 && inner.needles.length === 1)
    return notIn(applying, plan, right, inner);
  // It holds when no row is equal or unknown.
  const either = equal.map((test) => callOf('or', [test, callOf('is null', [test])]));
  return joinOn('anti', plan, right, [...predicates, ...either]);
}

/** The three-valued truth of x IN (SELECT ..), anywhere in an expression. */
function attachIn(
  applying: Applying,
  plan: Plan,
  right: Plan,
  subquery: SubqueryExpression,
): Attached {
  const { position } = subquery;
  const needle = subquery.needles[0] as Expression;
  const { rows, known, plan: values } = counted(applying, right, subquery);
  const found = marked(applying, plan, values, membership(subquery));
  const unknown = callOf('or', [callOf('is null', [needle]), callOf('<>', [rows, known])]);
  const expression: Expression = {
    kind: 'case',
    branches: [
      { when: callOf('=', [rows, integer(0n)]), result: truth(false) },
      { when: found.expression, result: truth(true) },
      { when: unknown, result: truth(null) },
    ],
    otherwise: truth(false),
    type: BOOLEAN,
    position,
  };
  return { plan: found.plan, expression };
}

/** IN as the value of an aggregate over its subquery, which then reads the needles too. */
function anyEqual(applying: Applying, subquery: SubqueryExpression): SubqueryExpression {
  const test = conjunction(membership(subquery)) as Expression;
  const outer = new Set(subquery.outer);
  for (const needle of subquery.needles) columnsOf(needle, outer);
  return rare().quantified(applying, subquery, test, false, outer);
}

function attachOne(applying: Applying, plan: Plan, subquery: SubqueryExpression): Attached {
  if (subquery.mode === 'scalar') return attachScalar(applying, plan, subquery);
  if (subquery.mode === 'in' && (subquery.outer.size > 0 || subquery.needles.length > 1))
    return attachScalar(applying, plan, anyEqual(applying, subquery));
  const inner = trySimple(() =>
    decorrelate(applying, subquery.plan, subquery.outer, wantedOf(subquery)),
  );
  if (inner === undefined)
    return attachScalar(
      applying,
      plan,
      rare().quantified(applying, subquery, truth(true), false, subquery.outer),
    );
  if (subquery.mode === 'in') return attachIn(applying, plan, inner.plan, subquery);
  return marked(applying, plan, inner.plan, inner.predicates);
}

/** `expressions` with their subqueries replaced by columns that the returned plan has. */
export function attach(
  applying: Applying,
  plan: Plan,
  expressions: readonly Expression[],
): { readonly plan: Plan; readonly expressions: Expression[] } {
  let current = plan;
  const replace = (expression: Expression): Expression => {
    const inner = mapChildren(expression, replace);
    if (inner.kind !== 'subquery' || isConstant(inner)) return inner;
    const attached = attachOne(applying, current, inner);
    current = attached.plan;
    return attached.expression;
  };
  const replaced = expressions.map((each) => (some(each, isSubquery) ? replace(each) : each));
  return { plan: current, expressions: replaced };
}

/** WHERE, HAVING, QUALIFY: subqueries become semi and anti joins where they can. */
export function filterBy(applying: Applying, plan: Plan, predicate: Expression): Plan {
  let current = plan;
  const plain: Expression[] = [];
  const joining: Expression[] = [];
  for (const part of conjuncts(predicate)) (some(part, isSubquery) ? joining : plain).push(part);
  const first = conjunction(plain);
  if (first !== undefined) current = { kind: 'filter', input: current, predicate: first };
  for (const part of joining) {
    const joined = asJoin(applying, current, part);
    if (joined !== undefined) {
      current = joined;
      continue;
    }
    const attached = attach(applying, current, [part]);
    const condition = attached.expressions[0] as Expression;
    current = { kind: 'filter', input: attached.plan, predicate: condition };
  }
  return current;
}
