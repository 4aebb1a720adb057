/** The pieces a plan is run over, and results that are nothing but the rows of such pieces. */
import { collect, type LazyFrame } from '../../compute/polars.ts';
import type { OutputColumn, Plan } from '../ir.ts';
import { Lowerer } from '../lower/plan.ts';
import { sharedIn } from '../optimize/inline.ts';
import { prune } from '../optimize/prune.ts';
import { explainFailure, outputFrame } from '../result.ts';
import { type Chain, chainOf } from './chain.ts';

/** A lowerer for each segment of the relation that is read piece by piece. */
export async function* lowerers(
  { scan }: Chain,
  settled: Lowerer,
  segments: AsyncIterable<LazyFrame>,
): AsyncGenerator<Lowerer> {
  for await (const segment of segments) {
    yield settled.forPiece((relation, columns) =>
      relation === scan.relation ? segment : relation.scan(columns),
    );
  }
}

/** Rows that come one piece after the other: filters, expressions, joins with what fits. */
export interface PieceRows {
  /** All rows of these columns, each under the name it has there. */
  scan(columns: readonly OutputColumn[]): LazyFrame;
  /** The same piece by piece, each collected. */
  segments(columns: readonly OutputColumn[]): AsyncGenerator<LazyFrame>;
}

/** Undefined where something in the plan has to see all rows before it can give one. */
export function pieceRows(plan: Plan): PieceRows | undefined {
  const chain = chainOf(plan);
  if (chain === undefined || chain.breaker !== undefined) return undefined;
  return {
    scan: (columns) => outputFrame(new Lowerer().frame(narrowed(plan, columns)), columns),
    async *segments(columns) {
      const narrow = narrowed(plan, columns);
      const itsChain = chainOf(narrow);
      if (itsChain === undefined) throw new RangeError('a narrower plan reads the same relation');
      const { relation, columns: wanted } = itsChain.scan;
      const segments = relation.segments(wanted.map(({ name }) => name));
      for await (const lowerer of lowerers(itsChain, new Lowerer(), segments)) {
        yield collected(() => outputFrame(lowerer.frame(narrow), columns)).lazy();
      }
    },
  };
}

/** Reads only what these columns take. What WITH defines is shared by all who ask: it stays. */
function narrowed(plan: Plan, columns: readonly OutputColumn[]): Plan {
  const shared = sharedIn(plan);
  if (shared.size > 0) return plan;
  return prune(plan, new Set(columns.map(({ id }) => id)), shared);
}

function collected(frame: () => LazyFrame): ReturnType<typeof collect> {
  try {
    return collect(frame());
  } catch (error) {
    throw explainFailure(error);
  }
}
