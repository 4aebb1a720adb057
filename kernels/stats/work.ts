// Pieces of text through as many threads as there are, each column's values in file order: a
// thread takes the next piece, decodes it by itself, and then for each column waits until the piece
// before has been taken in. So the figures are those of one thread.

import { decode, Field, Plan } from './csv';
import { addFloats, addIntegers, Numbers } from './numeric';
import { addTexts, Texts } from './text';

/** Shared by all threads. Counters are used through atomics on their low 32 bits. */
@unmanaged
export class Queue {
  // Pieces handed out to threads, pieces there are.
  claimed: u64;
  posted: u64;
  // The number of pieces in all, once that is known; before, the largest number there is. Set
  // before `posted` is raised beyond it to wake who waits.
  last: u64;
  // One more than the number of the first piece that was refused; 0: none was. Those before it are
  // taken in all the same, it and those behind it in no column.
  refused: u64;
  // How many pieces may be waiting or worked on, and for each its place, its size, and (32 bits)
  // one more than the number of the piece that was last finished there.
  room: u64;
  places: u64;
  sizes: u64;
  finished: u64;
  // For each column (32 bits): the number of the piece whose turn it is, in its low bits; the others
  // change when a piece is refused, so that nobody sleeps through it.
  turns: u64;
}

const TURN: u32 = 0xffffff;
const CALL: u32 = 0x1000000;

@inline
function at32(struct: usize, field: usize): usize {
  return struct + field;
}

/** Works until the queue is closed and empty. `plan` is this thread's own. */
export function work(queue: Queue, plan: Plan): void {
  while (workOnce(queue, plan)) {}
}

/** Takes one piece, waiting for it if need be; false when no more will come. */
export function workOnce(queue: Queue, plan: Plan): bool {
  const base = changetype<usize>(queue);
  const posted = at32(base, offsetof<Queue>('posted'));
  const piece = atomic.add<u32>(at32(base, offsetof<Queue>('claimed')), 1);
  for (;;) {
    const there = atomic.load<u32>(posted);
    if (there > piece) break;
    atomic.wait<i32>(posted, <i32>there, -1);
  }
  if (piece >= atomic.load<u32>(at32(base, offsetof<Queue>('last')))) return false;
  const slot = <usize>(piece % <u32>queue.room);
  const done = <usize>queue.finished + (slot << 2);
  if (!isBehindRefused(queue, piece)) takePiece(queue, plan, piece, slot);
  atomic.store<u32>(done, piece + 1);
  atomic.notify(done, -1);
  return true;
}

function takePiece(queue: Queue, plan: Plan, piece: u32, slot: usize): void {
  const at = <usize>load<u32>(<usize>queue.places + (slot << 2));
  const size = load<u32>(<usize>queue.sizes + (slot << 2));
  const rows = decode(plan, at, size);
  if (rows < 0) {
    refuse(queue, plan, piece);
    return;
  }
  const fields = <u32>plan.count;
  for (let j: u32 = 0; j < fields; j++) {
    const field = changetype<Field>(<usize>plan.fields + <usize>j * offsetof<Field>());
    if (field.kind == 0) continue;
    const turn = <usize>queue.turns + (<usize>j << 2);
    if (!awaitTurn(queue, turn, piece)) return;
    addField(field, at, <u32>rows);
    atomic.add<u32>(turn, 1);
    atomic.notify(turn, -1);
  }
}

function isBehindRefused(queue: Queue, piece: u32): bool {
  const first = atomic.load<u32>(at32(changetype<usize>(queue), offsetof<Queue>('refused')));
  return first != 0 && first <= piece + 1;
}

function awaitTurn(queue: Queue, turn: usize, piece: u32): bool {
  for (;;) {
    if (isBehindRefused(queue, piece)) return false;
    const now = atomic.load<u32>(turn);
    if ((now & TURN) == (piece & TURN)) return true;
    atomic.wait<i32>(turn, <i32>now, -1);
  }
  return false;
}

/** Wakes everyone: who waits behind this piece sees that the turn will not come. */
function refuse(queue: Queue, plan: Plan, piece: u32): void {
  const refused = at32(changetype<usize>(queue), offsetof<Queue>('refused'));
  for (let now = atomic.load<u32>(refused); now == 0 || now > piece + 1; ) {
    const found = atomic.cmpxchg<u32>(refused, now, piece + 1);
    if (found == now) break;
    now = found;
  }
  for (let j: usize = 0; j < <usize>plan.count; j++) {
    const turn = <usize>queue.turns + (j << 2);
    atomic.add<u32>(turn, CALL);
    atomic.notify(turn, -1);
  }
}

function addField(field: Field, at: usize, rows: u32): void {
  const values = <usize>field.values;
  const validity = field.nulls == 0 ? <usize>0 : <usize>field.validity;
  const state = <usize>field.state;
  if (field.kind == 1) {
    // One buffer: the text itself.
    store<u32>(<usize>field.buffer, <u32>at);
    addTexts(changetype<Texts>(state), values, <usize>field.buffer, validity, 0, rows);
  } else if (field.kind == 3) {
    addFloats<f64>(changetype<Numbers>(state), values, validity, 0, rows);
  } else {
    addIntegers<i64>(changetype<Numbers>(state), values, validity, 0, rows);
  }
}
