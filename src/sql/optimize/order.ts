/**
 * The order of inner joins: written as commas or as JOIN, they are taken apart and put together
 * again from the smallest, each time with the table that keeps the result smallest. How many
 * different values a key has is taken from the smallest table that has it, over all the columns
 * that the equations make equal.
 */
import { callOf } from '../build.ts';
import { outputOf } from '../columns.ts';
import type { ColumnId, Expression, Join, Plan } from '../ir.ts';
import { joinOn, keyOf } from '../join.ts';
import { columnsOf, conjunction, conjuncts, mapInputs } from '../walk.ts';
import { baseRows, estimate } from './estimate.ts';

interface Leaf {
  readonly plan: Plan;
  readonly ids: ReadonlySet<ColumnId>;
  readonly rows: number;
  readonly base: number;
}

/** The tables of a tree of inner joins, and all its conditions. */
function flatten(plan: Plan, leaves: Plan[], predicates: Expression[]): void {
  if (plan.kind === 'filter' && plan.input.kind === 'join' && plan.input.join === 'inner') {
    predicates.push(...conjuncts(plan.predicate));
    flatten(plan.input, leaves, predicates);
  } else if (plan.kind === 'join' && plan.join === 'inner') {
    for (const key of plan.keys) {
      predicates.push(
        callOf(key.nullSafe === true ? 'is not distinct from' : '=', [key.left, key.right]),
      );
    }
    predicates.push(...conjuncts(plan.residual));
    flatten(plan.left, leaves, predicates);
    flatten(plan.right, leaves, predicates);
  } else leaves.push(orderJoins(plan));
}

/** Different values of each column: those of the smallest table in its class of equal columns. */
function keyCounts(
  leaves: readonly Leaf[],
  predicates: readonly Expression[],
): (id: ColumnId) => number {
  const parent = new Map<ColumnId, ColumnId>();
  const root = (id: ColumnId): ColumnId => {
    const up = parent.get(id);
    return up === undefined || up === id ? id : root(up);
  };
  for (const predicate of predicates) {
    if (predicate.kind !== 'call' || predicate.name !== '=') continue;
    const [a, b] = predicate.args;
    if (a?.kind === 'column' && b?.kind === 'column') parent.set(root(a.id), root(b.id));
  }
  const counts = new Map<ColumnId, number>();
  for (const leaf of leaves) {
    for (const id of leaf.ids) {
      const of = root(id);
      counts.set(of, Math.min(counts.get(of) ?? Number.POSITIVE_INFINITY, leaf.base));
    }
  }
  return (id) => counts.get(root(id)) ?? 1;
}

type Counts = (id: ColumnId) => number;

/** Rows of joining what there is with one more table. */
function joinedRows(
  joined: Joined,
  leaf: Leaf,
  predicates: readonly Expression[],
  counts: Counts,
): { rows: number; connected: boolean } {
  let distinct = 1;
  const sides = new Set([leaf]);
  for (const predicate of predicates) {
    const key = keyOf(predicate, joined.ids, leaf.ids);
    if (key === undefined) continue;
    const [id] = columnsOf(key.right);
    distinct *= id === undefined ? 1 : counts(id);
    const [other] = columnsOf(key.left);
    const from = joined.leaves.find(({ ids }) => other !== undefined && ids.has(other));
    if (from !== undefined) sides.add(from);
  }
  // Keys of one table together have no more values than it has rows, and as with a single key the
  // smaller table has them all: partsupp's pairs are those of lineitem.
  const [, ...others] = sides;
  const bases = others.length === 1 ? [...sides] : [leaf];
  const values = Math.max(1, Math.min(distinct, ...bases.map(({ base }) => Math.max(base, 1))));
  return { rows: Math.max(1, (joined.rows * leaf.rows) / values), connected: others.length > 0 };
}

/** The tables joined so far. */
interface Joined {
  readonly rows: number;
  readonly ids: ReadonlySet<ColumnId>;
  readonly leaves: readonly Leaf[];
}

/** Left-deep, cheapest next; unconnected tables come last. */
function greedy(
  leaves: readonly Leaf[],
  predicates: readonly Expression[],
  first: Leaf,
  counts: Counts,
): { order: Leaf[]; cost: number } {
  const order = [first];
  const rest = new Set(leaves.filter((leaf) => leaf !== first));
  const ids = new Set(first.ids);
  let rows = first.rows;
  let cost = 0;
  while (rest.size > 0) {
    let best: { leaf: Leaf; rows: number; connected: boolean } | undefined;
    for (const leaf of rest) {
      const next = { leaf, ...joinedRows({ rows, ids, leaves: order }, leaf, predicates, counts) };
      const better =
        best === undefined ||
        (next.connected && !best.connected) ||
        (next.connected === best.connected && next.rows < best.rows);
      if (better) best = next;
    }
    if (best === undefined) break;
    order.push(best.leaf);
    rest.delete(best.leaf);
    for (const id of best.leaf.ids) ids.add(id);
    rows = best.rows;
    cost += rows + (best.connected ? 0 : 1e12);
  }
  return { order, cost };
}

/** The tables joined in order, each condition where its columns first meet. */
function build(order: readonly Leaf[], predicates: readonly Expression[]): Plan {
  const pending = new Set(predicates);
  const [first, ...rest] = order as [Leaf, ...Leaf[]];
  let plan = first.plan;
  const ids = new Set(first.ids);
  for (const leaf of rest) {
    for (const id of leaf.ids) ids.add(id);
    const ready = [...pending].filter((predicate) =>
      [...columnsOf(predicate)].every((id) => ids.has(id)),
    );
    for (const predicate of ready) pending.delete(predicate);
    plan = joinOn('inner', plan, leaf.plan, ready);
  }
  const left = conjunction([...pending]);
  return left === undefined ? plan : { kind: 'filter', input: plan, predicate: left };
}

function reorder(plan: Plan): Plan {
  const plans: Plan[] = [];
  const predicates: Expression[] = [];
  flatten(plan, plans, predicates);
  const leaves = plans.map(
    (each): Leaf => ({
      plan: each,
      ids: new Set(outputOf(each)),
      rows: estimate(each),
      base: baseRows(each),
    }),
  );
  if (leaves.length < 3) return build(leaves, predicates);
  const counts = keyCounts(leaves, predicates);
  const candidates = leaves.map((first) => greedy(leaves, predicates, first, counts));
  const best = candidates.reduce((a, b) => (b.cost < a.cost ? b : a));
  return build(best.order, predicates);
}

/** A semi or anti join by few keys cuts a table down before it is joined with others. */
function sinkSemi(plan: Join): Plan {
  const { left } = plan;
  if (
    left.kind !== 'join' ||
    left.join !== 'inner' ||
    plan.residual !== undefined ||
    plan.keys.length === 0
  )
    return plan;
  const used = new Set(plan.keys.flatMap((key) => [...columnsOf(key.left)]));
  const side = (['left', 'right'] as const).find((each) =>
    [...used].every((id) => outputOf(left[each]).includes(id)),
  );
  if (side === undefined || estimate(plan.right) > baseRows(left[side])) return plan;
  return { ...left, [side]: sinkSemi({ ...plan, left: left[side] }) };
}

export function orderJoins(plan: Plan): Plan {
  if (plan.kind === 'join' && (plan.join === 'semi' || plan.join === 'anti')) {
    const sunk = sinkSemi(plan);
    return sunk.kind === 'join' && sunk.join === plan.join && sunk.right === plan.right
      ? mapInputs(sunk, orderJoins)
      : orderJoins(sunk);
  }
  const isInner = (each: Plan): boolean => each.kind === 'join' && each.join === 'inner';
  if (isInner(plan) || (plan.kind === 'filter' && isInner(plan.input))) return reorder(plan);
  return mapInputs(plan, orderJoins);
}
