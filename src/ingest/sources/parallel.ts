/** A large text file: read through the ring, decoded and encoded by threads, answered in order. */
import { NairobiError } from '../../errors.ts';
import type { PageKind } from '../../memory/lease.ts';
import type { Pool } from '../../memory/pool.ts';
import type { Bytes } from '../../units.ts';
import type { AsyncReader, ReaderFacts } from '../../uring/block-reader.ts';
import { type DirectWish, openInput } from '../../uring/input-file.ts';
import { BatchPool } from './batch-pool.ts';
import type { BatchDone, BatchTask } from './batch-worker.ts';
import { feedThroughRing, type LeasedBatch } from './ring-feed.ts';
import type { Content } from './source.ts';
import { cutterFor } from './text-plan.ts';

export interface ParallelOptions {
  readonly reader: AsyncReader;
  readonly memory: Pool;
  readonly threads: number;
  readonly segmentBytes: Bytes;
  readonly direct: DirectWish;
  readonly final: boolean;
  readonly onRead: (count: number) => void;
  /** Told once what the file was read through. */
  readonly onOpen: (facts: ReaderFacts & { direct: boolean; pageKind: PageKind }) => void;
}

/** The rows of a batch, and where in the content it ended. */
export interface OrderedBatch extends BatchDone {
  readonly end: number;
}

export async function* encodeFile(
  { path, content }: Content,
  from: number,
  task: BatchTask,
  options: ParallelOptions,
  lineNow: () => number,
): AsyncGenerator<OrderedBatch> {
  using file = openInput(content, options.direct);
  const reader = options.reader.readerOf(file);
  await using pool = new BatchPool(task, options.threads);
  const feed = feedThroughRing(file, {
    ...options,
    reader,
    pool: options.memory,
    from,
    ahead: 1,
    cut: cutterFor(task.plan),
  });
  const running: { batch: LeasedBatch; answer: Promise<BatchDone> }[] = [];
  const finish = async (): Promise<OrderedBatch | undefined> => {
    const first = running.shift();
    if (first === undefined) return undefined;
    const done = await first.answer.catch((error: unknown) => {
      throw error instanceof NairobiError ? inFile(error, path, lineNow()) : error;
    });
    first.batch.release();
    return { ...done, end: first.batch.offset + first.batch.data.length };
  };
  try {
    for await (const batch of named(feed, path, content)) {
      const { address, data, offset, pageKind } = batch;
      options.onOpen({ ...reader.facts, direct: file.directFd !== undefined, pageKind });
      running.push({ batch, answer: pool.run({ address, byteLength: data.length, offset }) });
      if (running.length < options.threads) continue;
      const done = await finish();
      if (done !== undefined) yield done;
    }
    for (let done = await finish(); done !== undefined; done = await finish()) yield done;
  } finally {
    // A thread may still look at its batch: the memory is unmapped after all have answered.
    await Promise.allSettled(running.map(({ answer }) => answer));
    for (const { batch } of running) batch.release();
  }
}

/** What the reading of `content` throws names the file as people know it. */
async function* named<T>(feed: AsyncIterable<T>, path: string, content: string): AsyncGenerator<T> {
  try {
    yield* feed;
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    const { code, message, hint, where, cause } = error;
    throw new NairobiError(code, message.replaceAll(content, path), {
      where: { ...where, file: path },
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** The error with its file; `linesBefore` were read before the batch it counts from. */
export function inFile(error: NairobiError, file: string, linesBefore = 0): NairobiError {
  const { hint } = error;
  const line = error.where?.line;
  return new NairobiError(error.code, error.message, {
    where: { ...error.where, file, ...(line === undefined ? {} : { line: line + linesBefore }) },
    cause: error.cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
