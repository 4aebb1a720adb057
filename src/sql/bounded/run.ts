/** Running a plan piece by piece: each piece's contribution is kept, never the piece. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as d from '../../compute/dsl.ts';
import { collect, type LazyFrame } from '../../compute/polars.ts';
import type { AggregateExpression, Named, Plan } from '../ir.ts';
import { Lowerer } from '../lower/plan.ts';
import { columnsOf } from '../walk.ts';
import { type Chain, chainOf, scanCount } from './chain.ts';
import { type Decomposed, decompose } from './partial.ts';
import { lowerers } from './pieces.ts';
import { State } from './state.ts';

/** A first window that contributes more groups than this has too many to merge them cheaply. */
const FIRST_ROWS_MAX = 5000;

/**
 * Columns that are more of the text than this are parsed where they lie. At 0.46 windows take 0.9 of
 * the processor time of that and a third of the memory.
 */
const WINDOWS_SHARE = 0.5;

/** How contributions of pieces come together. */
interface Collector {
  /** What one piece contributes; undefined ends the reading. */
  readonly piece: (lowerer: Lowerer) => LazyFrame;
  readonly merge: (all: LazyFrame) => LazyFrame;
  readonly enough: (rows: number) => boolean;
  /** The breaker's own result, from the merged contributions. */
  readonly finish: (merged: LazyFrame) => LazyFrame;
}

const never = (): boolean => false;
const same = (frame: LazyFrame): LazyFrame => frame;

type Parts = Named<AggregateExpression> & { readonly decomposed: Decomposed };

function partsOf(plan: Plan & { kind: 'aggregate' }, lowerer: Lowerer): Parts[] | undefined {
  const parts = plan.aggregates.map(({ id, expression }) => {
    // A constant argument or FILTER is left to the whole run: rare, and its shape differs.
    const isQuantile = expression.name === 'approx_quantile';
    const values = isQuantile ? expression.args.slice(0, 1) : expression.args;
    if (values.some((arg) => columnsOf(arg).size === 0) && values.length > 0) return undefined;
    const filtered = expression.filter !== undefined;
    const blanked = expression.args.map((arg) => {
      if (expression.filter === undefined) return lowerer.dsl(arg);
      return d.ternary(
        d.coalesce(lowerer.dsl(expression.filter), d.bool(false)),
        lowerer.dsl(arg),
        d.nullOf('Null'),
      );
    });
    if (filtered && (expression.name === 'first' || expression.name === 'last')) return undefined;
    const decomposed = decompose(expression, lowerer.aggregate(expression), blanked);
    return decomposed === undefined ? undefined : { id, expression, decomposed };
  });
  return parts.some((part) => part === undefined) ? undefined : (parts as Parts[]);
}

const partName = (id: string, index: number): string => `${id}_part${index}`;

function aggregated(plan: Plan & { kind: 'aggregate' }): Collector | undefined {
  if (plan.keys.some((key) => columnsOf(key.expression).size === 0)) return undefined;
  const parts = partsOf(plan, new Lowerer());
  if (parts === undefined) return undefined;
  const column =
    (id: string) =>
    (index: number): d.Dsl =>
      d.column(partName(id, index));
  const keys = plan.keys.map((key) => key.id);
  const grouped = (
    frame: LazyFrame,
    by: ReturnType<Lowerer['expression']>[],
    of: ReturnType<Lowerer['expression']>[],
  ): LazyFrame => {
    if (by.length === 0) return frame.select(...of);
    return of.length === 0
      ? frame.select(...by).unique()
      : frame.groupBy(by as never, false).agg(...of);
  };
  const merge = (all: LazyFrame): LazyFrame =>
    grouped(
      all,
      keys.map((id) => d.expression(d.column(id))),
      parts.flatMap(({ id, decomposed }) =>
        decomposed.parts.map((part, index) =>
          d.expression(part.merge(column(id)), partName(id, index)),
        ),
      ),
    );
  return {
    piece: (lowerer) =>
      grouped(
        lowerer.frame(plan.input),
        plan.keys.map((key) => lowerer.expression(key.expression, key.id)),
        parts.flatMap(({ id, decomposed }) =>
          decomposed.parts.map((part, index) => d.expression(part.partial, partName(id, index))),
        ),
      ),
    merge,
    enough: never,
    finish: (merged) =>
      merged.select(
        ...keys,
        ...parts.map(({ id, decomposed }) => d.expression(decomposed.finish(column(id)), id)),
      ),
  };
}

/** The breaker with its input replaced by the rows collected so far. */
const over =
  (plan: Plan, input: Plan) =>
  (frame: LazyFrame): LazyFrame =>
    new Lowerer(undefined, new Map([[input, frame]])).frame(plan);

/** LIMIT over a sort (with projections between) keeps the best rows at each step. */
function topRows(
  plan: Plan,
  chain: Chain,
): { readonly top: Plan; readonly sort: Plan & { kind: 'sort' } } | undefined {
  if (plan.kind !== 'limit' || plan.count === undefined) return undefined;
  let at: Plan = plan.input;
  while (at.kind === 'project') at = at.input;
  return at.kind === 'sort' && at.input === chain.streaming ? { top: plan, sort: at } : undefined;
}

/** The limit above the breaker, when only projections lie between. */
function limitAbove(plan: Plan, breaker: Plan): (Plan & { kind: 'limit' }) | undefined {
  let found: (Plan & { kind: 'limit' }) | undefined;
  for (let at: Plan = plan; at !== breaker; at = (at as { input: Plan }).input) {
    if (at.kind === 'limit') found = at;
    else if (at.kind !== 'project') found = undefined;
    if (!('input' in at)) return undefined;
  }
  return found;
}

function collectorOf(plan: Plan, chain: Chain): Collector | undefined {
  const { breaker, streaming } = chain;
  const piece = (lowerer: Lowerer): LazyFrame => lowerer.frame(streaming);
  if (breaker === undefined) return { piece, merge: same, enough: never, finish: same };
  if (breaker.kind === 'aggregate') return aggregated(breaker);
  if (breaker.kind === 'limit' && breaker.count !== undefined) {
    const wanted = breaker.offset + breaker.count;
    return {
      piece: (lowerer) => piece(lowerer).limit(wanted),
      merge: (all) => all.limit(wanted),
      enough: (rows) => rows >= wanted,
      finish: over(breaker, streaming),
    };
  }
  if (breaker.kind === 'distinct') {
    const reduce = over(breaker, streaming);
    return {
      piece: (lowerer) => reduce(piece(lowerer)),
      merge: reduce,
      enough: never,
      finish: same,
    };
  }
  const limit = breaker.kind === 'sort' ? limitAbove(plan, breaker) : undefined;
  if (breaker.kind === 'sort' && limit !== undefined && topRows(limit, chain) !== undefined) {
    const best = (frame: LazyFrame): LazyFrame =>
      over(breaker, streaming)(frame).limit(limit.offset + (limit.count ?? 0));
    return {
      piece: (lowerer) => best(piece(lowerer)),
      merge: best,
      enough: never,
      finish: over(breaker, streaming),
    };
  }
  return undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  sort: 'ORDER BY without LIMIT',
  window: 'a window function',
  join: 'this join',
  set: 'a set operation',
  asof: 'ASOF JOIN',
  recursive: 'WITH RECURSIVE',
  sample: 'a sample',
};

/** Why a plan needs all rows at once, in words; undefined when it does not. */
export function wholeBecause(plan: Plan): string | undefined {
  const chain = chainOf(plan);
  if (chain === undefined) return 'it reads more than one source that does not fit';
  if (collectorOf(plan, chain) !== undefined) return undefined;
  const { breaker } = chain;
  if (breaker?.kind === 'aggregate') {
    const parts = breaker.aggregates.filter(
      (each) => partsOf({ ...breaker, aggregates: [each] }, new Lowerer()) === undefined,
    );
    return `${[...new Set(parts.map((each) => `${each.expression.name}()`))].join(', ') || 'GROUP BY a constant'} needs all rows`;
  }
  return `${NAMES[breaker?.kind ?? ''] ?? breaker?.kind} needs all rows`;
}

/**
 * The windows of a relation that fits, when a plan gains from them: a LIMIT that reads no more than
 * it needs, an aggregate or the best rows of few of the columns. See Relation.windows.
 */
function windowsOf(plan: Plan, chain: Chain): AsyncIterable<LazyFrame> | undefined {
  const { scan, streaming, breaker } = chain;
  if (breaker === undefined || scanCount(plan) !== 1) return undefined;
  if (breaker.kind === 'aggregate' && breaker.aggregates.some((one) => one.expression.distinct))
    return undefined;
  const columns = scan.columns.map((column) => column.name);
  const isPrefix = breaker.kind === 'limit' && readsOnly(streaming);
  return scan.relation.windows?.(columns, isPrefix ? 1 : WINDOWS_SHARE);
}

/** Nothing but columns: as many rows come out as go in. */
function readsOnly(plan: Plan): boolean {
  if (plan.kind === 'scan') return plan.predicate === undefined;
  return plan.kind === 'project' && readsOnly(plan.input);
}

/** As runPieces; undefined when the plan is better run whole, or that showed on the way. */
export async function runWindows(plan: Plan): Promise<LazyFrame | undefined> {
  const chain = chainOf(plan);
  const collector = chain === undefined ? undefined : collectorOf(plan, chain);
  if (chain === undefined || collector === undefined) return undefined;
  const windows = windowsOf(plan, chain);
  const most = chain.breaker?.kind === 'limit' ? Number.POSITIVE_INFINITY : FIRST_ROWS_MAX;
  return windows && runOver(plan, chain, collector, windows, { most });
}

/** Runs a plan whose wholeBecause() is undefined. MEMORY_LIMIT when its state outgrows the room. */
export async function runPieces(plan: Plan, roomBytes: number | undefined): Promise<LazyFrame> {
  const chain = chainOf(plan);
  const collector = chain === undefined ? undefined : collectorOf(plan, chain);
  if (chain === undefined || collector === undefined)
    throw new RangeError('the plan needs all rows');
  const columns = chain.scan.columns.map((column) => column.name);
  const segments = chain.scan.relation.segments(columns, 'reduction');
  return (await runOver(plan, chain, collector, segments, { roomBytes })) as LazyFrame;
}

/** undefined when the first piece contributes more rows than `most`. */
async function runOver(
  plan: Plan,
  chain: Chain,
  collector: Collector,
  segments: AsyncIterable<LazyFrame>,
  { most = Number.POSITIVE_INFINITY, roomBytes = Number.POSITIVE_INFINITY } = {},
): Promise<LazyFrame | undefined> {
  const state = new State(collector.merge, chain.breaker, roomBytes);
  const settled = new Lowerer();
  let isFirst = true;
  for await (const lowerer of lowerers(chain, settled, segments)) {
    state.add(collect(collector.piece(lowerer)));
    if (collector.enough(state.rows)) break;
    if (isFirst && state.rows > most) return undefined;
    isFirst = false;
    // Frames are freed only when the loop turns: their finalizers run there.
    await nextTurn();
  }
  if (state.isEmpty) {
    const none = settled.forPiece((relation, columns) => relation.scan(columns).limit(0));
    state.add(collect(collector.piece(none)));
  }
  const done = collector.finish(state.merged().lazy());
  const top = chain.breaker ?? chain.streaming;
  return new Lowerer(undefined, new Map([[top, done]])).frame(plan);
}
