/** Filters moved as near to the scans as they can go. */
import { flattened, pairwise } from '../balance.ts';
import { callOf } from '../build.ts';
import { outputOf } from '../columns.ts';
import type { ColumnId, Expression, Plan } from '../ir.ts';
import { joinOn } from '../join.ts';
import { BOOLEAN } from '../types.ts';
import { columnsOf, conjunction, conjuncts, fingerprint, mapInputs, substitute } from '../walk.ts';

const within = (predicate: Expression, ids: ReadonlySet<ColumnId>): boolean =>
  [...columnsOf(predicate)].every((id) => ids.has(id));

const disjuncts = (expression: Expression): Expression[] => flattened(expression, 'or');

const either = (parts: readonly Expression[]): Expression =>
  pairwise(parts, (a, b) => callOf('or', [a, b]));

/** (a AND b) OR (a AND c) is a AND (b OR c). */
export function factor(predicate: Expression): Expression[] {
  const branches = disjuncts(predicate);
  if (branches.length < 2) return conjuncts(predicate);
  const lists = branches.map((branch) => conjuncts(branch));
  const prints = lists.map((list) => new Set(list.map(fingerprint)));
  const common = (lists[0] ?? []).filter((part) =>
    prints.every((set) => set.has(fingerprint(part))),
  );
  if (common.length === 0) return [predicate];
  const shared = new Set(common.map(fingerprint));
  const rests = lists.map((list) =>
    conjunction(list.filter((part) => !shared.has(fingerprint(part)))),
  );
  // A branch that is only the common part makes the rest true.
  return rests.some((rest) => rest === undefined)
    ? common
    : [...common, either(rests as Expression[])];
}

/** What an OR over both sides says about one of them: each branch's part there, ORed. */
function implied(predicate: Expression, side: ReadonlySet<ColumnId>): Expression | undefined {
  const branches = disjuncts(predicate);
  if (branches.length < 2) return undefined;
  const parts = branches.map((branch) =>
    conjunction(conjuncts(branch).filter((part) => columnsOf(part).size > 0 && within(part, side))),
  );
  return parts.some((part) => part === undefined) ? undefined : either(parts as Expression[]);
}

function filtered(input: Plan, predicates: readonly Expression[]): Plan {
  const predicate = conjunction(predicates);
  return predicate === undefined ? input : { kind: 'filter', input, predicate };
}

function pushJoin(plan: Plan & { kind: 'join' }, predicates: readonly Expression[]): Plan {
  const [ofLeft, ofRight] = [new Set(outputOf(plan.left)), new Set(outputOf(plan.right))];
  const toLeft: Expression[] = [];
  const toRight: Expression[] = [];
  const on: Expression[] = [];
  const above: Expression[] = [];
  const inner = plan.join === 'inner';
  for (const predicate of predicates) {
    if (plan.join !== 'full' && within(predicate, ofLeft)) toLeft.push(predicate);
    else if (inner && within(predicate, ofRight)) toRight.push(predicate);
    else if (inner) on.push(predicate);
    else above.push(predicate);
  }
  for (const part of conjuncts(plan.residual).flatMap(factor)) {
    if (plan.join !== 'full' && within(part, ofRight)) toRight.push(part);
    else if ((inner || plan.join === 'semi') && within(part, ofLeft)) toLeft.push(part);
    else on.push(part);
  }
  if (inner) {
    for (const predicate of on) {
      const [left, right] = [implied(predicate, ofLeft), implied(predicate, ofRight)];
      if (left !== undefined) toLeft.push(left);
      if (right !== undefined) toRight.push(right);
    }
  }
  const keys = plan.keys.map(
    (key): Expression => ({
      kind: 'call',
      name: key.nullSafe === true ? 'is not distinct from' : '=',
      args: [key.left, key.right],
      type: BOOLEAN,
      position: -1,
    }),
  );
  const joined = joinOn(plan.join, push(plan.left, toLeft), push(plan.right, toRight), [
    ...keys,
    ...on,
  ]);
  return filtered(joined, above);
}

function pushAggregate(
  plan: Plan & { kind: 'aggregate' },
  predicates: readonly Expression[],
): Plan {
  const keys = new Map(plan.keys.map((key) => [key.id, key.expression]));
  const ids = new Set(keys.keys());
  const below = predicates.filter(
    (each) => plan.keys.length > 0 && columnsOf(each).size > 0 && within(each, ids),
  );
  const above = predicates.filter((each) => !below.includes(each));
  const input = push(
    plan.input,
    below.map((each) => substitute(each, keys)),
  );
  return filtered({ ...plan, input }, above);
}

function pushWindow(plan: Plan & { kind: 'window' }, predicates: readonly Expression[]): Plan {
  const partitions = plan.windows.map(
    ({ expression }) =>
      new Set(expression.partition.flatMap((each) => (each.kind === 'column' ? [each.id] : []))),
  );
  const below = predicates.filter(
    (each) => columnsOf(each).size > 0 && partitions.every((ids) => within(each, ids)),
  );
  const above = predicates.filter((each) => !below.includes(each));
  return filtered({ ...plan, input: push(plan.input, below) }, above);
}

function pushSet(plan: Plan & { kind: 'set' }, predicates: readonly Expression[]): Plan {
  if (plan.operation !== 'union')
    return filtered(
      mapInputs(plan, (input) => push(input, [])),
      predicates,
    );
  const inputs = plan.inputs.map((input, side) => {
    const ids = plan.inputColumns[side] ?? [];
    const by = new Map(
      plan.columns.map((column, index): [ColumnId, Expression] => [
        column.id,
        {
          kind: 'column',
          id: ids[index] ?? '',
          name: column.name,
          type: column.type,
          position: -1,
        },
      ]),
    );
    return push(
      input,
      predicates.map((each) => substitute(each, by)),
    );
  });
  return { ...plan, inputs };
}

/** `plan` with `predicates` applied to its rows, as deep inside as possible. */
export function push(plan: Plan, predicates: readonly Expression[]): Plan {
  switch (plan.kind) {
    case 'filter':
      return push(plan.input, [...predicates, ...conjuncts(plan.predicate).flatMap(factor)]);
    case 'project': {
      const items = new Map(plan.items.map((item) => [item.id, item.expression]));
      return {
        ...plan,
        input: push(
          plan.input,
          predicates.map((each) => substitute(each, items)),
        ),
      };
    }
    case 'join':
      return pushJoin(plan, predicates);
    case 'aggregate':
      return pushAggregate(plan, predicates);
    case 'window':
      return pushWindow(plan, predicates);
    case 'set':
      return pushSet(plan, predicates);
    case 'sort':
      return { ...plan, input: push(plan.input, predicates) };
    case 'unnest': {
      const ids = new Set(outputOf(plan.input));
      const below = plan.outer
        ? predicates.filter((each) => within(each, ids))
        : predicates.filter((each) => columnsOf(each).size > 0 && within(each, ids));
      const above = predicates.filter((each) => !below.includes(each));
      return filtered({ ...plan, input: push(plan.input, below) }, above);
    }
    case 'distinct':
      if (plan.on === undefined) return { ...plan, input: push(plan.input, predicates) };
      return filtered({ ...plan, input: push(plan.input, []) }, predicates);
    case 'scan':
      return { ...plan, predicate: conjunction([...conjuncts(plan.predicate), ...predicates]) };
    default:
      return filtered(
        mapInputs(plan, (input) => push(input, [])),
        predicates,
      );
  }
}
