/**
 * Calls that JavaScript computes become nodes of the plan: what used them reads a column that a
 * `compute` node below adds to its rows. Done last, when filters and columns are where they stay.
 */
import { NairobiError } from '../../errors.ts';
import { callOf, columnOf, constant, truth } from '../build.ts';
import { outputOf } from '../columns.ts';
import { scalarFunction } from '../functions/scalar.ts';
import type { CallExpression, CaseExpression, Expression, Named, Plan } from '../ir.ts';
import { mapPlans, sharedIn } from '../optimize/inline.ts';
import { BOOLEAN, NULL } from '../types.ts';
import { columnsOf, filterAbove, fingerprint, mapChildren, mapExpressions, some } from '../walk.ts';

export const isByRow = (expression: Expression): expression is CallExpression =>
  expression.kind === 'call' && scalarFunction(expression.name)?.byRow?.(expression) !== undefined;

const hasRows = (expression: Expression): boolean => some(expression, isByRow);

/** The plan without such calls outside of compute nodes. */
export function extractRows(plan: Plan): Plan {
  const extractor = new Extractor();
  const each = (node: Plan): Plan => extractor.node(node);
  for (const definition of sharedIn(plan).values()) {
    definition.plan = mapPlans(definition.plan, each);
  }
  return mapPlans(plan, each);
}

function expressionsOf(plan: Plan): Expression[] {
  const found: Expression[] = [];
  mapExpressions(plan, (expression) => {
    found.push(expression);
    return expression;
  });
  return found;
}

/** The same rows without what was added to them. */
function only(ids: readonly string[], input: Plan): Plan {
  if (ids.length === 0) return input;
  const items = ids.map((id) => ({ id, expression: columnOf(id, NULL) }));
  return { kind: 'project', input, items };
}

class Extractor {
  #count = 0;

  node(plan: Plan): Plan {
    if (plan.kind === 'compute' || !expressionsOf(plan).some(hasRows)) return plan;
    switch (plan.kind) {
      case 'scan': {
        const filter = filterAbove(plan, hasRows);
        return filter === undefined ? plan : this.node(filter);
      }
      case 'join':
        return this.#join(plan);
      case 'values':
        return this.#values(plan);
      case 'filter':
      case 'project':
      case 'aggregate':
      case 'window':
      case 'unnest':
      case 'sort':
        return this.#over(plan);
      default:
        throw unsupported(plan.kind === 'asof' ? 'ASOF JOIN' : plan.kind.toUpperCase());
    }
  }

  #over(plan: Plan & { readonly input: Plan }): Plan {
    const items: Named<CallExpression>[] = [];
    const rewritten = mapExpressions(plan, (each) => this.#take(each, items, undefined));
    const over = { ...rewritten, input: { kind: 'compute', input: plan.input, items } } as Plan;
    const adds = plan.kind !== 'project' && plan.kind !== 'aggregate';
    return adds ? only(outputOf(plan), over) : over;
  }

  /** Each row of VALUES as a query of its own. */
  #values(plan: Plan & { kind: 'values' }): Plan {
    const one: Plan = { kind: 'values', columns: [], rows: [[]] };
    const inputs = plan.rows.map((row, number) =>
      this.#over({
        kind: 'project',
        input: one,
        items: row.map((expression, index) => ({ id: `value${number}_${index}`, expression })),
      }),
    );
    const inputColumns = inputs.map(outputOf);
    const { columns } = plan;
    return { kind: 'set', operation: 'union', all: true, inputs, inputColumns, columns };
  }

  /** A call belongs to the side whose columns it reads. */
  #join(plan: Plan & { kind: 'join' }): Plan {
    const left: Named<CallExpression>[] = [];
    const right: Named<CallExpression>[] = [];
    const ofLeft = new Set(outputOf(plan.left));
    const take = (expression: Expression): Expression => {
      if (!isByRow(expression)) return mapChildren(expression, take);
      const ids = [...columnsOf(expression)];
      const isLeft = ids.every((id) => ofLeft.has(id));
      if (!isLeft && ids.some((id) => ofLeft.has(id)))
        throw unsupported(`${expression.name}() of columns of both sides of this join`);
      return this.#take(expression, isLeft ? left : right, undefined);
    };
    const rewritten = mapExpressions(plan, take);
    const side = (input: Plan, items: readonly Named<CallExpression>[]): Plan =>
      items.length === 0 ? input : { kind: 'compute', input, items };
    const joined = { ...rewritten, left: side(plan.left, left), right: side(plan.right, right) };
    return only(outputOf(plan), joined as Plan);
  }

  /** `guard`: when its value is wanted; else the arguments are NULL and nothing can go wrong. */
  #take(
    expression: Expression,
    items: Named<CallExpression>[],
    guard: Expression | undefined,
  ): Expression {
    if (!hasRows(expression)) return expression;
    if (expression.kind === 'case') return this.#case(expression, items, guard);
    const inner = mapChildren(expression, (child) => this.#take(child, items, guard));
    if (!isByRow(inner)) return inner;
    if (some(inner, (each) => each.kind === 'call' && each.name === '@element'))
      throw unsupported(`${inner.name}() inside a lambda`);
    const fn = scalarFunction(inner.name)?.byRow?.(inner);
    const call =
      guard === undefined
        ? inner
        : { ...inner, args: inner.args.map((arg) => onlyWhen(guard, arg)) };
    const print = fingerprint(call);
    const known = items.find((item) => fingerprint(item.expression) === print);
    if (known !== undefined && fn?.volatile !== true) return columnOf(known.id, call.type);
    const id = `row${this.#count}`;
    this.#count += 1;
    items.push({ id, expression: call });
    return columnOf(id, call.type);
  }

  #case(
    expression: CaseExpression,
    items: Named<CallExpression>[],
    guard: Expression | undefined,
  ): Expression {
    const before: Expression[] = [];
    const reached = (last: Expression | undefined): Expression => {
      const branches = before.map((when) => ({ when, result: truth(false) }));
      const here = last === undefined ? truth(true) : callOf('coalesce', [last, truth(false)]);
      const own: Expression =
        branches.length === 0
          ? here
          : { kind: 'case', branches, otherwise: here, type: BOOLEAN, position: -1 };
      return guard === undefined ? own : callOf('and', [guard, own]);
    };
    const branches = expression.branches.map(({ when, result }) => {
      const test = this.#take(when, items, before.length === 0 ? guard : reached(undefined));
      const value = this.#take(result, items, reached(test));
      before.push(test);
      return { when: test, result: value };
    });
    return {
      ...expression,
      branches,
      otherwise: this.#take(expression.otherwise, items, reached(undefined)),
    };
  }
}

function onlyWhen(guard: Expression, value: Expression): Expression {
  // Constants decide what the function is; another argument keeps it from being reached.
  if (value.kind === 'literal') return value;
  const branches = [{ when: guard, result: value }];
  const otherwise = constant(null, value.type);
  return { kind: 'case', branches, otherwise, type: value.type, position: -1 };
}

const unsupported = (what: string): NairobiError =>
  new NairobiError('NOT_SUPPORTED', `Not supported: ${what}`, {
    hint: 'compute it in a subquery first',
  });
