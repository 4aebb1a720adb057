/** Rough sizes of plans: only to compare orders of joins, never shown as facts. */
import type { Expression, Plan } from '../ir.ts';
import { conjuncts } from '../walk.ts';

/** For a relation that does not know. */
const UNKNOWN_ROWS = 1_000_000;

function selectivity(predicate: Expression): number {
  if (predicate.kind !== 'call') return 0.5;
  const { name, args } = predicate;
  switch (name) {
    case 'and':
      return args.reduce((product, arg) => product * selectivity(arg), 1);
    case 'or':
      return Math.min(
        1,
        args.reduce((sum, arg) => sum + selectivity(arg), 0),
      );
    case 'not':
      return 1 - selectivity(args[0] as Expression);
    case '=':
      return 0.04;
    case 'in':
      return Math.min(0.5, 0.04 * (args.length - 1));
    case 'like':
    case 'ilike':
    case 'is null':
      return 0.1;
    case '<>':
    case 'is not null':
      return 0.9;
    default:
      return 0.35;
  }
}

const filtered = (rows: number, predicate: Expression | undefined): number =>
  conjuncts(predicate).reduce((left, part) => left * selectivity(part), rows);

/** Rows before any filter: about how many different keys there can be. */
export function baseRows(plan: Plan): number {
  switch (plan.kind) {
    case 'scan':
      return plan.relation.rowEstimate ?? UNKNOWN_ROWS;
    case 'values':
      return plan.rows.length;
    case 'series':
    case 'working':
      return 1000;
    case 'shared':
      return baseRows(plan.definition.plan);
    case 'recursive':
      return 10 * baseRows(plan.base);
    case 'aggregate':
      return plan.keys.length === 0 ? 1 : baseRows(plan.input) / 4;
    case 'join':
      return plan.join === 'semi' || plan.join === 'anti'
        ? baseRows(plan.left)
        : Math.max(baseRows(plan.left), baseRows(plan.right));
    case 'asof':
      return baseRows(plan.left);
    case 'set':
      return plan.inputs.reduce((sum, input) => sum + baseRows(input), 0);
    default:
      return baseRows(plan.input);
  }
}

/** Rows that come out. */
export function estimate(plan: Plan): number {
  switch (plan.kind) {
    case 'scan':
      return Math.max(1, filtered(baseRows(plan), plan.predicate));
    case 'filter':
      return Math.max(1, filtered(estimate(plan.input), plan.predicate));
    case 'aggregate':
      return plan.keys.length === 0 ? 1 : Math.max(1, estimate(plan.input) / 4);
    case 'limit':
      return Math.min(plan.count ?? Number.POSITIVE_INFINITY, estimate(plan.input));
    case 'join': {
      const [left, right] = [estimate(plan.left), estimate(plan.right)];
      if (plan.join === 'semi' || plan.join === 'anti') return left / 2;
      if (plan.keys.length === 0) return left * right;
      const keys = Math.max(1, Math.min(baseRows(plan.left), baseRows(plan.right)));
      const pairs = (left * right) / keys;
      return plan.join === 'inner' ? pairs : Math.max(left, pairs);
    }
    case 'shared':
      return estimate(plan.definition.plan);
    case 'set':
      return plan.inputs.reduce((sum, input) => sum + estimate(input), 0);
    case 'values':
    case 'series':
    case 'working':
    case 'recursive':
      return baseRows(plan);
    case 'asof':
      return estimate(plan.left);
    default:
      return estimate(plan.input);
  }
}
