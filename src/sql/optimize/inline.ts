/** WITH queries read once become part of the plan, so that filters reach into them. */
import type { Expression, Plan } from '../ir.ts';
import { mapChildren, mapExpressions, mapInputs } from '../walk.ts';

/** The plan with `f` applied to every plan inside, those of subqueries in expressions included. */
export function mapPlans(plan: Plan, f: (plan: Plan) => Plan): Plan {
  const inExpression = (expression: Expression): Expression => {
    const mapped = mapChildren(expression, inExpression);
    return mapped.kind === 'subquery' ? { ...mapped, plan: mapPlans(mapped.plan, f) } : mapped;
  };
  return f(
    mapExpressions(
      mapInputs(plan, (input) => mapPlans(input, f)),
      inExpression,
    ),
  );
}

export function inlineShared(plan: Plan): Plan {
  return mapPlans(plan, (each) => {
    if (each.kind !== 'shared' || each.definition.uses > 1) return each;
    const items = each.columns.map((column) => ({
      id: column.id,
      expression: {
        kind: 'column' as const,
        id: column.from,
        name: column.name,
        type: column.type,
        position: -1,
      },
    }));
    return { kind: 'project', input: inlineShared(each.definition.plan), items };
  });
}

/** Every WITH query that is still shared, innermost definitions last. */
export function sharedIn(
  plan: Plan,
  into = new Map<number, { plan: Plan; uses: number }>(),
): typeof into {
  mapPlans(plan, (each) => {
    if (each.kind === 'shared' && !into.has(each.key)) {
      into.set(each.key, each.definition);
      sharedIn(each.definition.plan, into);
    }
    return each;
  });
  return into;
}
