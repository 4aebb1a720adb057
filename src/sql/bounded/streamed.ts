/**
 * Aggregates over a delimited text that passes once: the kernel takes its segments in, Polars what
 * is not plain in one of them, and in the end the kernel's groups are one more contribution. Where
 * Polars had nothing to do, they are the result, to the bit that of the file.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as d from '../../compute/dsl.ts';
import type { Figure, Measure } from '../../compute/groups/plan.ts';
import { isSpread } from '../../compute/groups/spread.ts';
import { collect, type DataFrame, type LazyFrame } from '../../compute/polars.ts';
import type { TextStream } from '../../compute/relation.ts';
import { planStream, type StreamPlan, StreamWork } from '../../compute/text/stream-work.ts';
import { groupRequestOf, rowsOf } from '../from-bytes.ts';
import { SCALES } from '../functions/scales.ts';
import type { Aggregate, Scan } from '../ir.ts';
import { Lowerer } from '../lower/plan.ts';
import { type Collector, partName } from './aggregated.ts';
import type { Chain } from './chain.ts';
import type { State } from './state.ts';

export interface StreamedAggregate {
  readonly aggregate: Aggregate;
  readonly scan: Scan;
  readonly stream: TextStream;
  readonly plan: StreamPlan;
}

/** Undefined where Polars is to do it; nothing was read then. */
export function streamedOf({ breaker, scan }: Chain): StreamedAggregate | undefined {
  if (breaker?.kind !== 'aggregate') return undefined;
  const request = groupRequestOf(breaker);
  if (request === undefined) return undefined;
  const stream = scan.relation.textStream?.(scan.columns.map(({ name }) => name));
  const plan = stream && planStream(stream.text, request);
  return stream && plan && { aggregate: breaker, scan, stream, plan };
}

/** The aggregate's rows. */
export async function runStreamed(
  { aggregate, scan, stream, plan }: StreamedAggregate,
  collector: Collector,
  state: State,
): Promise<LazyFrame> {
  const work = new StreamWork(plan);
  const settled = new Lowerer();
  for await (const segment of stream.segments(async () => undefined)) {
    const taken = work.take(segment);
    if (taken < segment.bytes.length) {
      const rows = await segment.rows(taken);
      const lowerer = settled.forPiece((relation, columns) =>
        relation === scan.relation ? rows : relation.scan(columns),
      );
      state.add(collect(collector.piece(lowerer)));
    }
    segment.release();
    // Signals, and frames that are to be freed, get their turn.
    await nextTurn();
  }
  if (state.isEmpty) return rowsOf(aggregate, work.groups());
  state.add(contribution(work, plan, aggregate));
  return collector.finish(state.merged().lazy());
}

/** What bounded/partial.ts makes of each aggregate that kernels know. */
function figuresOf({ what, column }: Measure): readonly Figure[] {
  if (column === undefined) return [{ what: 'count', column }];
  if (!isSpread(what)) {
    const parts: readonly Measure['what'][] = what === 'avg' ? ['sum', 'count'] : [what];
    return parts.map((part) => ({ what: part, column }));
  }
  const moments = SCALES.flatMap((power) => [
    { what: { what: 'mean', power }, column } as const,
    { what: { what: 'squares', power }, column } as const,
  ]);
  return [{ what: 'count', column }, ...moments];
}

/** The kernel's groups with the columns, and their types, of a contribution by Polars. */
function contribution(
  work: StreamWork,
  { request, places }: StreamPlan,
  { keys, aggregates }: Aggregate,
): DataFrame {
  const parts = request.measures.flatMap((measure, index) =>
    figuresOf(measure).map((figure, nth) => ({
      figure,
      place: places[index] ?? -1,
      name: partName(aggregates[index]?.id ?? '', nth),
      isWide: measure.what === 'avg' && figure.what === 'sum' && measure.column?.type !== 'Float64',
    })),
  );
  const groups = work.groups({
    request: { ...request, measures: parts.map(({ figure }) => figure) },
    places: parts.map(({ place }) => place),
  });
  return groups.select(
    ...keys.map(({ id }, index) => d.expression(d.column(`k${index}`), id)),
    ...parts.map(({ name, isWide }, index) => {
      const value = d.column(`m${index}`);
      return d.expression(isWide ? d.cast(value, 'Int128') : value, name);
    }),
  );
}
