/** Running a plan piece by piece: each piece's contribution is kept, never the piece. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { collect, type LazyFrame } from '../../compute/polars.ts';
import type { Plan } from '../ir.ts';
import { Lowerer } from '../lower/plan.ts';
import { aggregated, type Collector, never, partsOf } from './aggregated.ts';
import { type Chain, chainOf, scanCount } from './chain.ts';
import { lowerers } from './pieces.ts';
import { State } from './state.ts';
import { runStreamed, streamedOf } from './streamed.ts';

/** A first window that contributes more groups than this has too many to merge them cheaply. */
const FIRST_ROWS_MAX = 5000;

/**
 * Columns that are more of the text than this are parsed where they lie. At 0.46 windows take 0.9 of
 * the processor time of that and a third of the memory.
 */
const WINDOWS_SHARE = 0.5;

const same = (frame: LazyFrame): LazyFrame => frame;

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
  const streamed = streamedOf(chain);
  if (streamed !== undefined) {
    const state = new State(collector.merge, chain.breaker, roomBytes ?? Number.POSITIVE_INFINITY);
    return above(plan, chain, await runStreamed(streamed, collector, state));
  }
  const columns = chain.scan.columns.map((column) => column.name);
  const segments = chain.scan.relation.segments(columns, 'reduction');
  return (await runOver(plan, chain, collector, segments, { roomBytes })) as LazyFrame;
}

/** The aggregate that a kernel computes as its text passes; see EXPLAIN. */
export function streamedIn(plan: Plan): Plan | undefined {
  const chain = chainOf(plan);
  return chain && streamedOf(chain)?.aggregate;
}

/** What stands above the breaker, which is done. */
function above(plan: Plan, chain: Chain, done: LazyFrame): LazyFrame {
  const top = chain.breaker ?? chain.streaming;
  return new Lowerer(undefined, new Map([[top, done]])).frame(plan);
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
  return above(plan, chain, collector.finish(state.merged().lazy()));
}
