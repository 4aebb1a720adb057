/** WITH RECURSIVE: bound as a base and a step, run round by round. */
import type { SelectStmt } from 'libpg-query';
import * as d from '../../compute/dsl.ts';
import { collect, type DataFrame, type LazyFrame } from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import { convert } from '../bind/coerce.ts';
import type { Bound, Context, Cte, Scope } from '../bind/context.ts';
import type { ColumnId, Named, OutputColumn, Plan, Recursive, Working } from '../ir.ts';
import { concat } from '../lower/concat.ts';
import type { Lowerer } from '../lower/plan.ts';
import { inputsOf } from '../walk.ts';

/** A recursion that does not end is told from a long one by these. */
const MAX_ROUNDS = 100_000;
const MAX_ROWS = 50_000_000;

type BindQuery = (
  select: SelectStmt,
  parent: Scope | undefined,
  ctes: readonly Cte[],
) => Bound & { readonly outer: ReadonlySet<ColumnId> };

/** Renames and converts a query's columns to those of the recursion. */
function fitted(
  context: Context,
  query: Bound,
  columns: readonly OutputColumn[],
): { readonly plan: Plan; readonly ids: readonly ColumnId[] } {
  const items: Named[] = query.columns.map((column, index) => ({
    id: context.newId(),
    expression: convert(
      context,
      { kind: 'column', ...column, position: -1 },
      (columns[index] as OutputColumn).type,
    ),
  }));
  return { plan: { kind: 'project', input: query.plan, items }, ids: items.map((item) => item.id) };
}

/** The recursive WITH query `name` as a definition that others may use. */
export function bindRecursive(
  context: Context,
  name: string,
  select: SelectStmt,
  aliases: readonly string[],
  ctes: readonly Cte[],
  bindQuery: BindQuery,
): Bound {
  if (select.op !== 'SETOP_UNION' || select.larg === undefined || select.rarg === undefined)
    throw context.bad(
      `The recursive query "${name}" must be a UNION of a start and a step`,
      undefined,
      'for example SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10',
    );
  const base = bindQuery(select.larg, undefined, ctes);
  const key = context.newKey();
  const columns: OutputColumn[] = base.columns.map((column, index) => ({
    id: context.newId(),
    name: aliases[index] ?? column.name,
    type: column.type,
  }));
  const working: Working = {
    kind: 'working',
    key,
    name,
    columns: columns.map((column, index) => ({ ...column, id: `${key}r${index}` })),
  };
  const step = bindQuery(select.rarg, undefined, [...ctes, workingCte(context, name, working)]);
  if (step.columns.length !== columns.length)
    throw context.bad(
      `"${name}": the start has ${columns.length} columns, the step ${step.columns.length}`,
      undefined,
    );
  const [first, next] = [base, step].map((query) => fitted(context, query, columns));
  if (first === undefined || next === undefined) throw new RangeError('recursive');
  const plan: Recursive = {
    kind: 'recursive',
    key,
    name,
    all: select.all === true,
    base: first.plan,
    step: next.plan,
    baseColumns: first.ids,
    stepColumns: next.ids,
    columns: columns.map((column) => ({ ...column })),
  };
  return { plan, columns };
}

/** Each use of the name inside the step reads the rows of the round before. */
function workingCte(context: Context, name: string, working: Working): Cte {
  return {
    name,
    key: context.newKey(),
    // Never run as such: uses of one are put in place (optimize/inline.ts).
    definition: { plan: working, uses: 0 },
    columns: working.columns,
  };
}

/** The largest parts of a step that are the same in every round. */
function constantParts(plan: Plan, into: Plan[]): boolean {
  if (plan.kind === 'working') return false;
  if (plan.kind === 'shared') return constantParts(plan.definition.plan, []);
  const inputs = inputsOf(plan);
  const constant = inputs.map((input) => constantParts(input, into));
  if (constant.every(Boolean)) return true;
  inputs.forEach((input, index) => {
    if (constant[index] === true && input.kind !== 'shared') into.push(input);
  });
  return false;
}

const inOrder = (frame: LazyFrame, from: readonly ColumnId[], to: readonly ColumnId[]): LazyFrame =>
  frame.select(...to.map((id, index) => d.expression(d.column(from[index] ?? id), id)));

export function lowerRecursive(lowerer: Lowerer, plan: Recursive): LazyFrame {
  const ids = plan.columns.map((column) => column.id);
  const constant: Plan[] = [];
  constantParts(plan.step, constant);
  const computed = new Map(constant.map((part) => [part, lowerer.settle(lowerer.frame(part))]));
  const distinct = (frame: LazyFrame): LazyFrame => (plan.all ? frame : frame.unique());
  let round = collect(distinct(inOrder(lowerer.frame(plan.base), plan.baseColumns, ids)));
  const found: DataFrame[] = [round];
  let rows = round.height;
  for (let count = 0; round.height > 0; count += 1) {
    if (count >= MAX_ROUNDS || rows > MAX_ROWS) throw endless(plan, count, rows);
    const inside = lowerer.withShared(plan.key, round.lazy(), computed);
    let next = distinct(inOrder(inside.frame(plan.step), plan.stepColumns, ids));
    if (!plan.all) {
      const all = concat(found.map((frame) => frame.lazy()));
      next = next.join(all, {
        leftOn: ids,
        rightOn: ids,
        how: 'anti',
        nullsEqual: true,
      } as never);
    }
    const before = round;
    round = collect(next);
    // The same rows again can only lead to the same rows.
    if (plan.all && isSame(before, round)) throw endless(plan, count + 1, rows);
    rows += round.height;
    if (round.height > 0) found.push(round);
    if (found.length > MERGED)
      found.splice(0, found.length, collect(concat(found.map((each) => each.lazy()))));
  }
  return concat(found.map((frame) => frame.lazy()));
}

const isSame = (a: DataFrame, b: DataFrame): boolean =>
  a.height > 0 && a.height === b.height && a.height <= 1000 && a.frameEqual(b);

/** Rounds kept apart before they are laid together. */
const MERGED = 64;

const endless = (plan: Recursive, rounds: number, rows: number): NairobiError =>
  rows > MAX_ROWS
    ? new NairobiError(
        'MEMORY_LIMIT',
        `WITH RECURSIVE "${plan.name}" has more than ${MAX_ROWS} rows`,
        {
          hint: 'a step that always finds rows does not end: give it a WHERE',
        },
      )
    : new NairobiError('BAD_SQL', `WITH RECURSIVE "${plan.name}" did not end in ${rounds} rounds`, {
        hint: 'a step that always finds rows does not end: give it a WHERE, or use UNION',
      });

export function lowerWorking(lowerer: Lowerer, plan: Working): LazyFrame {
  const frame = lowerer.shared(plan.key);
  if (frame === undefined) throw new RangeError(`no rows for ${plan.name}`);
  const names = frame.columns;
  return frame.select(
    ...plan.columns.map((column, index) =>
      d.expression(d.column(names[index] ?? column.id), column.id),
    ),
  );
}
