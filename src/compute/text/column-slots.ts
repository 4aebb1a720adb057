/**
 * Stretches of a delimited text on their way into columns: whichever thread takes one reads it into
 * a slot of the shared memory and decodes it there. Slots go round; a stretch waits for its slot.
 *
 * A stretch ends behind the first line end that lies at or behind a multiple of its size. Where that
 * is within quotes it ends with an open quote, which is refused; elsewhere the next one begins with
 * a record. So no stretch needs to know another, and none is read wrongly.
 */
import { readSync } from 'node:fs';
import type { WasmMemory } from '../../wasm.ts';
import { readAll, SEEK_BYTES } from '../reading.ts';

/** 20,000 rows or so, which decoded still fit a second-level cache. */
export const STRETCH_BYTES = 2 ** 20;

/** The decoder reads and overwrites a little beyond the end. */
const SLACK_BYTES = 256;

const LF = 0x0a;

/** Shared: what the threads tell each other, then for each slot what it holds. */
export const CELL = { next: 0, released: 1, isOver: 2, slots: 3 } as const;

/**
 * Of a slot: one more than the stretch it holds, how many rows that has (-1 where it was refused),
 * the address and the size of its records.
 */
export const SLOT = { done: 0, rows: 1, at: 2, size: 3 } as const;
const SLOT_CELLS = 4;

export interface Slot {
  /** Addresses: the bytes of a stretch, and a Plan of kernels/stats/csv.ts. */
  readonly textAt: number;
  readonly plan: number;
}

/** Structured clone takes it to threads. */
export interface ColumnTask {
  readonly fd: number;
  /** Where the first record begins, and how far the records go. */
  readonly at: number;
  readonly size: number;
  readonly stretch: number;
  readonly slots: readonly Slot[];
  readonly cells: Int32Array;
}

export interface Decoder {
  readonly memory: WasmMemory;
  decodeRows(plan: number, at: number, size: number): number;
}

export const newCells = (slots: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer((CELL.slots + slots * SLOT_CELLS) * 4));

export const countOf = ({ size, stretch }: Pick<ColumnTask, 'size' | 'stretch'>): number =>
  Math.ceil(size / stretch);

export const cellOf = (task: ColumnTask, stretch: number, cell: number): number =>
  CELL.slots + (stretch % task.slots.length) * SLOT_CELLS + cell;

export const textRoom = (stretch: number): number => stretch + SEEK_BYTES + SLACK_BYTES;

/** Works until no stretch is left, or all is over. */
export function workThrough(decoder: Decoder, task: ColumnTask): void {
  const { cells } = task;
  const count = countOf(task);
  for (;;) {
    const stretch = Atomics.add(cells, CELL.next, 1);
    if (stretch >= count || !awaitSlot(task, stretch)) return;
    decodeStretch(decoder, task, stretch);
  }
}

/** False when all is over. */
function awaitSlot({ cells, slots }: ColumnTask, stretch: number): boolean {
  for (;;) {
    const released = Atomics.load(cells, CELL.released);
    if (Atomics.load(cells, CELL.isOver) !== 0) return false;
    if (stretch < released + slots.length) return true;
    Atomics.wait(cells, CELL.released, released);
  }
}

/** Decodes a stretch into its slot, and says so there. */
export function decodeStretch(decoder: Decoder, task: ColumnTask, stretch: number): void {
  const { cells, slots } = task;
  const slot = slots[stretch % slots.length] as Slot;
  const { at, size } = readStretch(decoder.memory.buffer, task, slot, stretch);
  const rows = size > 0 ? decoder.decodeRows(slot.plan, at, size) : size;
  cells[cellOf(task, stretch, SLOT.rows)] = rows;
  cells[cellOf(task, stretch, SLOT.at)] = at;
  cells[cellOf(task, stretch, SLOT.size)] = size;
  const done = cellOf(task, stretch, SLOT.done);
  Atomics.store(cells, done, stretch + 1);
  Atomics.notify(cells, done);
}

/** Where its records lie in memory; a negative size where a record is too long. */
function readStretch(
  memory: SharedArrayBuffer,
  task: ColumnTask,
  { textAt }: Slot,
  stretch: number,
): { readonly at: number; readonly size: number } {
  const until = (stretch + 1) * task.stretch;
  const from = stretch === 0 ? 0 : stretch * task.stretch - 1;
  const room = Buffer.from(memory, textAt, textRoom(task.stretch));
  const bytes = room.subarray(0, Math.min(until + SEEK_BYTES, task.size) - from);
  const { fd, at } = task;
  readAll((into, place) => readSync(fd, into, 0, into.length, at + place), bytes, from);
  const isEnd = from + bytes.length === task.size;
  const behindLine = (place: number): number => {
    const found = bytes.indexOf(LF, place);
    return found >= 0 ? found + 1 : isEnd ? bytes.length : Number.NaN;
  };
  const start = stretch === 0 ? 0 : behindLine(0);
  let end = until >= task.size ? bytes.length : behindLine(until - 1 - from);
  if (Number.isNaN(start + end)) return { at: textAt, size: -1 };
  // The last record may lack its line end.
  if (end > start && room[end - 1] !== LF) {
    room[end] = LF;
    end += 1;
  }
  return { at: textAt + start, size: end - start };
}
