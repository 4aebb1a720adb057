/** Which plans go through few rows: they are computed at once. */
import { hasFewRows } from '../compute/relation.ts';
import type { Expression, Plan } from './ir.ts';
import { inputsOf, some } from './walk.ts';

/** Each gives as many rows as it takes, or fewer. */
const NEVER_MORE: ReadonlySet<Plan['kind']> = new Set([
  'scan',
  'filter',
  'project',
  'aggregate',
  'window',
  'sort',
  'limit',
  'distinct',
  'sample',
]);

/** True when all it reads is in memory, is little, and nothing in the plan can make much of it. */
export function goesThroughFewRows(plan: Plan): boolean {
  if (!NEVER_MORE.has(plan.kind) || expressionsOf(plan).some(hasPlan)) return false;
  if (plan.kind === 'scan') return hasFewRows(plan.relation);
  return inputsOf(plan).every(goesThroughFewRows);
}

const hasPlan = (expression: Expression): boolean =>
  some(expression, ({ kind }) => kind === 'subquery');

function expressionsOf(plan: Plan): readonly Expression[] {
  switch (plan.kind) {
    case 'filter':
      return [plan.predicate];
    case 'project':
      return plan.items.map(({ expression }) => expression);
    case 'aggregate':
      return [...plan.keys, ...plan.aggregates].map(({ expression }) => expression);
    case 'window':
      return plan.windows.map(({ expression }) => expression);
    case 'scan':
      return plan.predicate === undefined ? [] : [plan.predicate];
    case 'sort':
      return plan.items.map(({ expression }) => expression);
    default:
      return [];
  }
}
