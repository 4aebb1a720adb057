/**
 * The same for delimited text that passes once. What the kernel refuses cannot be read again from
 * the start, and need not be: pieces before are taken in, the segment from there on goes through
 * Polars into the same accumulators, and the kernel goes on behind it. The figures do not depend on
 * who took a row in.
 */
import { collect } from '../polars.ts';
import { readerOf } from '../reading.ts';
import type { Column, TextSegment, TextStream } from '../relation.ts';
import type { Accumulator, Depth } from './accumulate.ts';
import { feed } from './feed.ts';
import { type Intake, openIntake } from './plain.ts';
import type { PieceText } from './queue.ts';

/** A segment of which not every piece is known to be taken in. */
interface Held {
  readonly segment: TextSegment;
  /** Of its pieces, the number of the first; where each begins. */
  readonly first: number;
  readonly starts: number[];
}

/** Segments that may be held: the thread that reads needs room, too. */
const HELD_MOST = 2;

/**
 * The accumulators of `columns`, filled; undefined, and nothing was read then, when the types need
 * the general way, 'full' when their states outgrew depth.stateBytes.
 */
export async function surveyStream(
  stream: TextStream,
  columns: readonly Column[],
  { threads, depth }: { threads: number; depth: Depth },
): Promise<readonly Accumulator[] | 'full' | undefined> {
  const intake = openIntake(stream.text, columns, { workers: threads, depth });
  if (intake === undefined) return undefined;
  const { queue, room, accumulators } = intake;
  const passing = new Passing(intake, columns);
  try {
    for await (const segment of stream.segments(() => passing.settle(0))) {
      await passing.add(segment);
      if (room.isFull) return 'full';
    }
  } finally {
    // Threads that wait for a piece would keep the process.
    await queue.finish();
  }
  return room.isFull ? 'full' : accumulators;
}

class Passing {
  readonly #intake: Intake;
  readonly #columns: readonly Column[];
  #held: Held[] = [];

  constructor(intake: Intake, columns: readonly Column[]) {
    this.#intake = intake;
    this.#columns = columns;
  }

  async add(segment: TextSegment): Promise<void> {
    await this.#post(segment);
    await this.settle(HELD_MOST);
  }

  /** Waits until at most `most` segments are held. */
  async settle(most: number): Promise<void> {
    const { queue } = this.#intake;
    for (let [held] = this.#held; this.#held.length > most; [held] = this.#held) {
      if (held === undefined) return;
      const behind = held.first + held.starts.length;
      const refused = await queue.settle(behind);
      if (refused !== undefined && refused < behind) await this.#mend(0);
      else this.#release();
    }
  }

  async #post(segment: TextSegment): Promise<void> {
    const { queue } = this.#intake;
    const starts: number[] = [];
    this.#held.push({ segment, first: queue.pieces, starts });
    const text = textOf(segment.bytes);
    for (let from = 0; from < text.size; ) {
      const taken = await queue.add(text, from);
      if (taken === 0) return this.#mend(from);
      starts.push(from);
      from += taken;
    }
  }

  /**
   * Has Polars take in the segment with the first piece that was refused, from there on, and queues
   * those behind it anew. Where none was, a row of the last one is longer than a piece: at `reached`.
   */
  async #mend(reached: number): Promise<void> {
    const { queue, accumulators } = this.#intake;
    const refused = (await queue.settle()) ?? Number.POSITIVE_INFINITY;
    const isBefore = ({ first, starts }: Held): boolean => first + starts.length <= refused;
    while (this.#held.length > 1 && this.#held[0] !== undefined && isBefore(this.#held[0])) {
      this.#release();
    }
    const [held, ...later] = this.#held.splice(0);
    if (held === undefined) return;
    const { segment, first, starts } = held;
    const frame = collect(await segment.rows(starts[refused - first] ?? reached));
    feed(frame, this.#columns, accumulators);
    segment.release();
    queue.resume();
    for (const one of later) await this.#post(one.segment);
  }

  #release(): void {
    this.#held.shift()?.segment.release();
  }
}

const textOf = (bytes: Uint8Array): PieceText => ({ size: bytes.length, read: readerOf(bytes) });
