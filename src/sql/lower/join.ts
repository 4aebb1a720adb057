/**
 * Joins. Keys that are expressions become columns first. A condition the engine cannot use as a key
 * is tested on the pairs that the keys let through; for outer, semi and anti joins those pairs are
 * then counted by the number of the row, on inputs that are computed once.
 */
import * as d from '../../compute/dsl.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import { outputOf } from '../columns.ts';
import type { AsofJoin, Expression, Join, Plan } from '../ir.ts';
import type { Lowerer } from './plan.ts';

const LEFT_ROW = 'left_row';
const RIGHT_ROW = 'right_row';

/** The frame with a column for each key, and the keys' names. */
function withKeys(
  lowerer: Lowerer,
  frame: LazyFrame,
  keys: readonly Expression[],
  prefix: string,
  copy = false,
): { readonly frame: LazyFrame; readonly names: string[] } {
  const added = keys.flatMap((key, index) =>
    key.kind === 'column' && !copy ? [] : [lowerer.expression(key, `${prefix}${index}`)],
  );
  const names = keys.map((key, index) =>
    key.kind === 'column' && !copy ? key.id : `${prefix}${index}`,
  );
  return { frame: added.length === 0 ? frame : frame.withColumns(...added), names };
}

const columns = (plan: Plan): readonly string[] => outputOf(plan);

function pairs(
  lowerer: Lowerer,
  plan: Join,
  left: LazyFrame,
  right: LazyFrame,
  how: string,
): LazyFrame {
  if (plan.keys.length === 0) return left.join(right, { how: 'cross' } as never);
  const l = withKeys(
    lowerer,
    left,
    plan.keys.map((key) => key.left),
    'left_key',
  );
  const r = withKeys(
    lowerer,
    right,
    plan.keys.map((key) => key.right),
    'right_key',
  );
  return l.frame.join(r.frame, {
    leftOn: l.names,
    rightOn: r.names,
    how,
    coalesce: false,
    nullsEqual: plan.keys.every((key) => key.nullSafe === true),
  } as never);
}

/**
 * The engine makes a range join of a cross join and a comparison, which its streaming half then
 * cannot run (0.55: "entered unreachable code"): it must not see that it is one.
 */
const tested = (plan: Join, condition: d.Dsl): d.Dsl =>
  plan.keys.length === 0 ? d.coalesce(condition, d.bool(false)) : condition;

/** Left rows that meet at least one pair, or pairs with the rows that meet none. */
function byRowNumber(lowerer: Lowerer, plan: Join): LazyFrame {
  const left = lowerer.settle(lowerer.frame(plan.left).withRowIndex(LEFT_ROW));
  const right = lowerer.settle(lowerer.frame(plan.right).withRowIndex(RIGHT_ROW));
  let met = pairs(lowerer, plan, left, right, 'inner');
  if (plan.residual !== undefined)
    met = met.filter(d.expression(tested(plan, lowerer.dsl(plan.residual))));
  if (plan.join === 'semi' || plan.join === 'anti') {
    return left
      .join(met.select(LEFT_ROW).unique(), {
        leftOn: [LEFT_ROW],
        rightOn: [LEFT_ROW],
        how: plan.join,
      } as never)
      .select(...columns(plan.left));
  }
  const links = met.select(
    d.expression(d.column(LEFT_ROW)),
    d.expression(d.column(RIGHT_ROW), 'link'),
  );
  const linked = left.join(links, {
    leftOn: [LEFT_ROW],
    rightOn: [LEFT_ROW],
    how: 'left',
  } as never);
  return linked
    .join(right, {
      leftOn: ['link'],
      rightOn: [RIGHT_ROW],
      how: plan.join,
      coalesce: false,
    } as never)
    .select(...columns(plan.left), ...columns(plan.right));
}

export function lowerJoin(lowerer: Lowerer, plan: Join): LazyFrame {
  const inner = plan.join === 'inner';
  if (!inner && (plan.residual !== undefined || plan.keys.length === 0))
    return byRowNumber(lowerer, plan);
  const joined = pairs(
    lowerer,
    plan,
    lowerer.frame(plan.left),
    lowerer.frame(plan.right),
    plan.join,
  );
  const filtered =
    plan.residual === undefined
      ? joined
      : joined.filter(d.expression(tested(plan, lowerer.dsl(plan.residual))));
  const kept =
    plan.join === 'semi' || plan.join === 'anti'
      ? columns(plan.left)
      : [...columns(plan.left), ...columns(plan.right)];
  return kept.length === 0 ? filtered : filtered.select(...kept);
}

/** The nearest right row at or before (after) each left one, among those with equal keys. */
export function lowerAsof(lowerer: Lowerer, plan: AsofJoin): LazyFrame {
  const by = (side: 'left' | 'right'): Expression[] => plan.by.map((key) => key[side]);
  const l = withKeys(lowerer, lowerer.frame(plan.left), [plan.leftOn, ...by('left')], 'left_key');
  const r = withKeys(
    lowerer,
    lowerer.frame(plan.right),
    [plan.rightOn, ...by('right')],
    'right_key',
    true,
  );
  // The join drops the right side's keys: it gets copies of them.
  const marked = r.frame
    .filter(d.expression(d.and(...r.names.map((name) => d.isNotNull(d.column(name))))))
    .withColumns(d.expression(d.bool(true), 'asof_found'));
  const [leftOn, ...byLeft] = l.names;
  const [rightOn, ...byRight] = r.names;
  const joined = l.frame.sort(leftOn as string).joinAsof(marked.sort(rightOn as string), {
    leftOn: leftOn as string,
    rightOn: rightOn as string,
    ...(byLeft.length === 0 ? {} : { byLeft, byRight }),
    strategy: plan.direction,
    allowExactMatches: !plan.strict,
    coalesce: false,
    checkSortedness: false,
  } as never);
  const found = plan.outer
    ? joined
    : joined.filter(d.expression(d.isNotNull(d.column('asof_found'))));
  return found.select(...columns(plan.left), ...columns(plan.right));
}
