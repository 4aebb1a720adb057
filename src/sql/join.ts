/** Joins from predicates: which are keys, which filter one side, which must be tested on pairs. */
import { outputOf } from './columns.ts';
import type { ColumnId, Expression, Join, JoinKind, Plan } from './ir.ts';
import { columnsOf, conjunction, conjuncts } from './walk.ts';

const within = (used: ReadonlySet<ColumnId>, ids: ReadonlySet<ColumnId>): boolean =>
  [...used].every((id) => ids.has(id));

/** `left = right` with each side of the equation on its own side of the join. */
export function keyOf(
  predicate: Expression,
  left: ReadonlySet<ColumnId>,
  right: ReadonlySet<ColumnId>,
): Join['keys'][number] | undefined {
  if (predicate.kind !== 'call') return undefined;
  if (predicate.name !== '=' && predicate.name !== 'is not distinct from') return undefined;
  const [a, b] = predicate.args as [Expression, Expression];
  const [ofA, ofB] = [columnsOf(a), columnsOf(b)];
  if (ofA.size === 0 || ofB.size === 0) return undefined;
  const nullSafe = predicate.name !== '=' ? { nullSafe: true } : {};
  if (within(ofA, left) && within(ofB, right)) return { left: a, right: b, ...nullSafe };
  if (within(ofA, right) && within(ofB, left)) return { left: b, right: a, ...nullSafe };
  return undefined;
}

export function joinOn(
  join: JoinKind,
  left: Plan,
  right: Plan,
  predicates: readonly Expression[],
): Join {
  const [ofLeft, ofRight] = [new Set(outputOf(left)), new Set(outputOf(right))];
  const keys: Join['keys'][number][] = [];
  const rest: Expression[] = [];
  for (const predicate of predicates.flatMap((each) => conjuncts(each))) {
    const key = keyOf(predicate, ofLeft, ofRight);
    if (key === undefined) rest.push(predicate);
    else keys.push(key);
  }
  // The engine joins null-safely on all keys or on none: the odd ones are tested on pairs.
  const safe = keys.filter((key) => key.nullSafe === true);
  if (safe.length > 0 && safe.length < keys.length) {
    for (const { left: a, right: b } of safe) {
      rest.push({
        kind: 'call',
        name: 'is not distinct from',
        args: [a, b],
        type: { kind: 'boolean' },
        position: -1,
      });
    }
    return {
      kind: 'join',
      join,
      left,
      right,
      keys: keys.filter((key) => key.nullSafe !== true),
      residual: conjunction(rest),
    };
  }
  return { kind: 'join', join, left, right, keys, residual: conjunction(rest) };
}

export const cross = (left: Plan, right: Plan): Join => joinOn('inner', left, right, []);

/** What a query without FROM reads: one row of nothing. */
export const ONE_ROW: Plan = { kind: 'values', columns: [], rows: [[]] };
