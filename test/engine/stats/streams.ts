/** `stats` of the same bytes as a file, through a pipe and compressed, in segments of any size. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Reporter } from '../../../src/engine/run/report.ts';
import type { StreamSizes } from '../../../src/engine/segments/content.ts';
import { Session } from '../../../src/engine/session.ts';
import { stats } from '../../../src/engine/stats/stats.ts';
import { NairobiError } from '../../../src/errors.ts';
import { exactJson } from '../../../src/exact-json.ts';
import { oddText } from '../odd-text.ts';
import { general } from '../plain-ways.ts';
import { gzipped, HOST, KEPT, pipeOf, plain, REUSED, WHOLE } from '../segments-model.ts';

export interface Told {
  /** The figures, or what went wrong. */
  readonly figures: string | undefined;
  readonly error: NairobiError | undefined;
  readonly notes: readonly string[];
  /** Whether kernels could begin with it. */
  readonly streamed: boolean;
}

/** `general`: with nothing but the general way to the rows. */
export async function statsOf(
  path: string,
  streamSizes: StreamSizes,
  { threads = 1, isGeneral = false } = {},
): Promise<Told> {
  const reporter = new Reporter();
  using session = new Session({ host: HOST, read: {}, once: 'early', streamSizes }, reporter);
  let streamed = false;
  try {
    const opened = session.open({ path });
    const names = opened.columns.map(({ name }) => name);
    streamed = opened.textStream(names) !== undefined;
    const { columns } = await session.attempt(() => {
      const relation = isGeneral ? general(opened) : opened;
      return stats(relation, { columns: undefined, threads, quantiles: [0.5] }, reporter);
    });
    const { notes } = reporter.finish();
    return { figures: exactJson(columns), error: undefined, notes, streamed };
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    return { figures: undefined, error, notes: reporter.finish().notes, streamed };
  }
}

export async function statsOfPipe(text: string, sizes: StreamSizes, options = {}): Promise<Told> {
  const { fifo, written } = pipeOf(text);
  const told = await statsOf(fifo, sizes, options);
  await written;
  return told;
}

type Way = (text: string, options?: { threads?: number; isGeneral?: boolean }) => Promise<Told>;

const WAYS: readonly Way[] = [
  (text, options) => statsOf(gzipped(text), KEPT, options),
  (text, options) => statsOf(gzipped(text), REUSED, options),
  (text, options) => statsOfPipe(text, KEPT, options),
  (text, options) => statsOfPipe(text, REUSED, options),
];

/** On a loaded machine fewer runs will do. */
const MOST_MS = 400_000;

/** Kernels give what Polars gives of the same stream; of what is plain, what the file gives. */
export async function checkWays(runs: number): Promise<void> {
  let streamed = 0;
  const ways = fc.constantFrom(...WAYS);
  const property = fc.asyncProperty(
    oddText,
    ways,
    fc.constantFrom(1, 2),
    async (made, way, threads) => {
      const { text, odd } = made;
      const quick = await way(text, { threads });
      const slow = await way(text, { isGeneral: true });
      expect(quick.error?.message).toBe(slow.error?.message);
      expect(quick.error?.where?.line).toBe(slow.error?.where?.line);
      expect(quick.figures).toBe(slow.figures);
      if (odd === 0) expect(quick.figures).toBe((await statsOf(plain(text), WHOLE)).figures);
      streamed += quick.streamed ? 1 : 0;
    },
  );
  const limits = { interruptAfterTimeLimit: MOST_MS, markInterruptAsFailure: false };
  await fc.assert(property, { numRuns: runs, ...limits });
  expect(streamed).toBeGreaterThan(0);
}
