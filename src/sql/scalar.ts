/** Correlated scalar subqueries: a left join with at most one row for each set of outer values. */
import { NairobiError } from '../errors.ts';
import type { Applying } from './apply.ts';
import { aggregateOf, callOf, columnOf, truth } from './build.ts';
import { type Decorrelated, decorrelate } from './decorrelate.ts';
import type { Expression, Join, Named, OutputColumn, Plan, SubqueryExpression } from './ir.ts';
import { joinOn } from './join.ts';
import { rare } from './rare.ts';
import { visit } from './walk.ts';

interface Attached {
  readonly plan: Plan;
  readonly expression: Expression;
}

/** The columns that the keys read on the right side. */
function keyColumns(keys: Join['keys']): Map<string, Expression> {
  const found = new Map<string, Expression>();
  for (const { right } of keys) {
    visit(right, (inner) => {
      if (inner.kind === 'column') found.set(inner.id, inner);
      return true;
    });
  }
  return found;
}

/** count() of no rows is 0, not NULL: a mark on each row tells "none" from "NULL". */
function withFallback(
  applying: Applying,
  probe: Join,
  value: Expression,
  fallback: Expression,
): Attached {
  const id = applying.newId();
  const kept = keyColumns(probe.keys);
  if (value.kind === 'column') kept.set(value.id, value);
  const items: Named[] = [...kept].map(([each, expression]) => ({ id: each, expression }));
  const right: Plan = {
    kind: 'project',
    input: probe.right,
    items: [...items, { id, expression: truth(true) }],
  };
  const missing = callOf('is null', [columnOf(id, truth(true).type, 'found')]);
  return {
    plan: { ...probe, right },
    expression: {
      kind: 'case',
      branches: [{ when: missing, result: fallback }],
      otherwise: value,
      type: value.type,
      position: value.position,
    },
  };
}

/** Grouped by its keys; a second row for the same ones is an error, which the engine raises. */
function single(applying: Applying, probe: Join, value: Expression): Attached {
  const keys: Named[] = probe.keys.map((key) => ({ id: applying.newId(), expression: key.right }));
  const id = applying.newId();
  const aggregates = [{ id, expression: aggregateOf('single_value', [value], value.type) }];
  const right: Plan = { kind: 'aggregate', input: probe.right, keys, aggregates };
  const joined = probe.keys.map((key, index) => ({
    left: key.left,
    right: columnOf(keys[index]?.id ?? '', key.right.type, 'key'),
  }));
  return { plan: { ...probe, right, keys: joined }, expression: columnOf(id, value.type, 'value') };
}

function joinedTo(
  applying: Applying,
  plan: Plan,
  inner: Decorrelated,
  column: OutputColumn,
  position: number,
): Attached {
  const probe = joinOn('left', plan, inner.plan, inner.predicates);
  if (probe.residual !== undefined) {
    throw applying.unsupported('a scalar subquery correlated by anything but equality', position);
  }
  const value = { ...columnOf(column.id, column.type, column.name), position };
  if (!inner.single) return single(applying, probe, value);
  const fallback = inner.empty.get(column.id);
  const isNull = fallback === undefined || (fallback.kind === 'literal' && fallback.value === null);
  return isNull
    ? { plan: probe, expression: value }
    : withFallback(applying, probe, value, fallback);
}

/** Undefined where taking the subquery apart is refused: there is a general way. */
export function trySimple<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof NairobiError && error.code === 'NOT_SUPPORTED') return undefined;
    throw error;
  }
}

export function attachScalar(
  applying: Applying,
  plan: Plan,
  subquery: SubqueryExpression,
): Attached {
  const column = subquery.columns[0];
  if (column === undefined) throw new RangeError('scalar subquery without a column');
  const easy = trySimple(() => {
    const inner = decorrelate(applying, subquery.plan, subquery.outer, subquery.columns);
    return joinedTo(applying, plan, inner, column, subquery.position);
  });
  return easy ?? rare().scalarByDomain(applying, plan, subquery);
}
