/**
 * The fast way for plain delimited text: the kernel decodes it itself, on all threads, without
 * Polars. It takes only text that is as it should be; anything else is refused and goes the
 * general way, so both ways give the same figures and the general one words the errors.
 */
import { assert } from '../../errors.ts';
import type { Column, PlainShape, PlainText } from '../relation.ts';
import { fieldPlan, SKIPPED } from '../text/fields.ts';
import { type Accumulator, accumulatorFor, type Depth } from './accumulate.ts';
import { Kernel, StateRoom } from './kernel.ts';
import { kindOf } from './kinds.ts';
import { PieceQueue } from './queue.ts';

/** Below this a thread costs more than it saves. */
const THREADED_BYTES = 4 * 1024 * 1024;

/** Threads that take text in, into what they fill. */
export interface Intake {
  readonly queue: PieceQueue;
  readonly room: StateRoom;
  /** Of each column. */
  readonly accumulators: readonly Accumulator[];
}

/** Undefined when the text or its types need the general way. */
export function openIntake(
  text: PlainShape,
  columns: readonly Column[],
  { workers, depth }: { workers: number; depth: Depth },
): Intake | undefined {
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
  const queue = new PieceQueue(kernel, { text, fields, states, workers });
  const room = new StateRoom(kernel, columns.length, depth.stateBytes);
  const accumulators = columns.map(({ name }) => {
    const accumulator = made.get(name);
    assert(accumulator !== undefined, `column "${name}" is decoded`);
    return accumulator;
  });
  return { queue, room, accumulators };
}

/**
 * The accumulators of `columns`, filled; undefined when the text or its types need the general way,
 * 'full' when their states outgrew depth.stateBytes.
 */
export async function surveyPlain(
  text: PlainText,
  columns: readonly Column[],
  { threads, depth }: { threads: number; depth: Depth },
): Promise<readonly Accumulator[] | 'full' | undefined> {
  const workers = text.size < THREADED_BYTES ? 0 : threads;
  const intake = openIntake(text, columns, { workers, depth });
  if (intake === undefined) return undefined;
  const taken = await takeIn(intake.queue, text, intake.room);
  if (taken === 'all') return intake.accumulators;
  return taken === 'full' ? 'full' : undefined;
}

/** How much of the text was taken in: what is 'full' or 'refused' ends early. */
async function takeIn(
  queue: PieceQueue,
  text: PlainText,
  room: StateRoom,
): Promise<'all' | 'full' | 'refused'> {
  let from = 0;
  let taken = 1;
  try {
    while (taken > 0 && from < text.size && !room.isFull) {
      taken = await queue.add(text, from);
      from += taken;
    }
  } finally {
    // Threads that wait for a piece would keep the process.
    await queue.finish();
  }
  if (queue.refused || taken === 0) return 'refused';
  return from >= text.size ? 'all' : 'full';
}
