/** Stretches of a delimited text on their way into the state of a thread. */
import { readSync } from 'node:fs';
import type { GroupKernel, State } from '../groups/kernel.ts';
import { settled } from '../groups/kernel.ts';
import { Unreadable } from '../groups/refusal.ts';
import type { TextCut } from '../relation.ts';
import type { FieldPlan } from './fields.ts';

/** Of a leaf: which field of a record it is, and how that is written. */
export type TextField = FieldPlan & { readonly place: number };

/** Structured clone takes it to threads. */
export interface TextUnits {
  readonly kind: 'text';
  /** Open as long as it is read; where the first record begins, and how far the records go. */
  readonly fd: number;
  readonly at: number;
  readonly size: number;
  readonly cut: TextCut;
  /** Of each leaf. */
  readonly fields: readonly TextField[];
  /** Of a record. */
  readonly columns: number;
  readonly delimiter: number;
  readonly quote: number;
  /** How many stretches there are. */
  readonly count: number;
  /** Shared: of each stretch where it began and where the next one has to, both plus one. */
  readonly seams: Float64Array;
}

/** Where the first record of a stretch is looked for; longer ones are left to Polars. */
const SEEK_BYTES = 64 * 1024;

const LF = 0x0a;

export class TextWork {
  readonly #kernel: GroupKernel;
  readonly #state: State;
  readonly #units: TextUnits;
  readonly #inputAt: number;
  readonly #head = Buffer.allocUnsafe(SEEK_BYTES);

  constructor(kernel: GroupKernel, state: State, units: TextUnits) {
    const { calls } = kernel;
    this.#kernel = kernel;
    this.#state = state;
    this.#units = units;
    calls.setText(state, units.columns, units.delimiter, units.quote);
    for (const [leaf, field] of units.fields.entries()) {
      const { place, kind, separator, seconds, zone, unseen } = field;
      const nullText = Buffer.from(field.nullText);
      const at = calls.packed(state, nullText.length);
      new Uint8Array(kernel.memory, at, nullText.length).set(nullText);
      calls.setField(
        ...([state, leaf, place, kind, separator, seconds, zone] as const),
        unseen === 1,
        nullText.length,
      );
    }
    // A byte more: the last line may lack its end.
    this.#inputAt = calls.inputAt(state, units.cut.block + 1);
  }

  /** Throws Unreadable and TooMany. */
  take(stretch: number): void {
    const { size, seams, cut } = this.#units;
    const end = Math.min((stretch + 1) * cut.stretch, size);
    const start = stretch === 0 ? 0 : this.#firstRecord(stretch * cut.stretch);
    let from = start;
    while (from < end) from += this.#block(from, end);
    this.#kernel.calls.end(this.#state);
    seams[2 * stretch] = start + 1;
    seams[2 * stretch + 1] = from + 1;
    // As soon as can be known: the stretch before, the one behind.
    if (isTorn(this.#units, stretch) || isTorn(this.#units, stretch + 1)) throw torn();
  }

  /** Takes in what a block has of the records that begin before `end`; gives its size. */
  #block(from: number, end: number): number {
    const { size, cut } = this.#units;
    // Behind the end of the stretch only what is left of its last record.
    const wanted = Math.min(cut.block, size - from, end - from + SEEK_BYTES);
    const bytes = new Uint8Array(this.#kernel.memory, this.#inputAt, cut.block + 1);
    const got = this.#read(bytes.subarray(0, wanted), from);
    const isEnd = from + got === size;
    const isCut = isEnd && bytes[got - 1] !== LF;
    if (isCut) bytes[got] = LF;
    const { calls } = this.#kernel;
    const answer = calls.takeText(this.#state, got + (isCut ? 1 : 0), end - from, isEnd);
    if (answer < 0) settled(answer);
    if (answer === 0) throw new Unreadable('a record is longer than a block');
    return isCut ? Math.min(answer, got) : answer;
  }

  /** The first byte behind a line end, from the byte before `at` on; the quotes are seen later. */
  #firstRecord(at: number): number {
    const { size } = this.#units;
    const head = this.#head.subarray(0, Math.min(SEEK_BYTES, size - at + 1));
    this.#read(head, at - 1);
    const found = head.indexOf(LF);
    if (found < 0 && at - 1 + head.length < size) throw new Unreadable('a record is too long');
    return found < 0 ? size : at + found;
  }

  /** Fills `into`; throws Unreadable where the file has become shorter. */
  #read(into: Uint8Array, from: number): number {
    const { fd, at } = this.#units;
    for (let got = 0; got < into.length; ) {
      const more = readSync(fd, into, got, into.length - got, at + from + got);
      if (more === 0) throw new Unreadable('it is cut off');
      got += more;
    }
    return into.length;
  }
}

/**
 * A stretch begins behind a line end. Where that is within quotes the one before goes on beyond it:
 * the first that is right makes the next one right, up to the last.
 */
function isTorn({ seams, count }: TextUnits, stretch: number): boolean {
  if (stretch === 0 || stretch >= count) return false;
  const wanted = seams[2 * stretch - 1] ?? 0;
  const begun = seams[2 * stretch] ?? 0;
  return wanted !== 0 && begun !== 0 && wanted !== begun;
}

const torn = (): Unreadable => new Unreadable('a line end within quotes');

/** Throws Unreadable where some stretch was not read as the one before leaves it. */
export function checkSeams(units: TextUnits): void {
  const { seams, count } = units;
  for (let stretch = 0; stretch < count; stretch += 1) {
    const isDone = seams[2 * stretch] !== 0 && seams[2 * stretch + 1] !== 0;
    if (!isDone || isTorn(units, stretch)) throw torn();
  }
}
