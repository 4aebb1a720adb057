/**
 * The fast way for plain delimited text: the kernel decodes it itself, on all threads, without
 * Polars. It takes only text that is as it should be; anything else is refused and goes the
 * general way, so both ways give the same figures and the general one words the errors.
 */
import { assert } from '../../errors.ts';
import type { Column, PlainText } from '../relation.ts';
import { fieldPlan, SKIPPED } from '../text/fields.ts';
import { type Accumulator, accumulatorFor, type Depth } from './accumulate.ts';
import { Kernel, StateRoom } from './kernel.ts';
import { kindOf } from './kinds.ts';
import { PieceQueue } from './queue.ts';

/** Below this a thread costs more than it saves. */
const THREADED_BYTES = 4 * 1024 * 1024;

/**
 * The accumulators of `columns`, filled; undefined when the text or its types need the general way,
 * 'full' when their states outgrew depth.stateBytes.
 */
export async function surveyPlain(
  text: PlainText,
  columns: readonly Column[],
  { threads, depth }: { threads: number; depth: Depth },
): Promise<readonly Accumulator[] | 'full' | undefined> {
  const wanted = new Set(columns.map(({ name }) => name));
  const plans = text.columns.map((column) =>
    wanted.has(column.name) ? fieldPlan(column) : SKIPPED,
  );
  const fields = plans.filter((plan) => plan !== undefined);
  if (fields.length < plans.length) return undefined;
  const kernel = new Kernel();
  const made = new Map<string, Accumulator>();
  const states = text.columns.map(({ name, type }) => {
    if (!wanted.has(name)) return 0;
    const accumulator = accumulatorFor(kernel, kindOf(type), depth);
    made.set(name, accumulator);
    return accumulator.state;
  });
  const workers = text.size < THREADED_BYTES ? 0 : threads;
  const queue = new PieceQueue(kernel, { text, fields, states, workers });
  const room = new StateRoom(kernel, columns.length, depth.stateBytes);
  const taken = await takeIn(queue, text.size, room);
  if (taken !== 'all') return taken === 'full' ? 'full' : undefined;
  return columns.map(({ name }) => {
    const accumulator = made.get(name);
    assert(accumulator !== undefined, `column "${name}" was decoded`);
    return accumulator;
  });
}

/** How much of the text was taken in: what is 'full' or 'refused' ends early. */
async function takeIn(
  queue: PieceQueue,
  size: number,
  room: StateRoom,
): Promise<'all' | 'full' | 'refused'> {
  let from = 0;
  let taken = 1;
  try {
    while (taken > 0 && from < size && !room.isFull) {
      taken = await queue.add(from);
      from += taken;
    }
  } finally {
    // Threads that wait for a piece would keep the process.
    await queue.finish();
  }
  if (queue.refused || taken === 0) return 'refused';
  return from >= size ? 'all' : 'full';
}
