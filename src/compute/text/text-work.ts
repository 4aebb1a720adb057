/** Stretches of a delimited text in a file on their way into the state of a thread. */
import { readSync } from 'node:fs';
import type { GroupKernel, State } from '../groups/kernel.ts';
import { Unreadable } from '../groups/refusal.ts';
import { readAll, SEEK_BYTES } from '../reading.ts';
import type { PlainText } from '../relation.ts';
import { type TextLayout, TextRecords } from './records.ts';

/** Structured clone takes it to threads. */
export interface TextUnits extends TextLayout {
  readonly kind: 'text';
  /** Open as long as it is read; where the first record begins, and how far the records go. */
  readonly fd: number;
  readonly at: number;
  readonly size: number;
  /** Instead of the file, where one thread does all: nothing takes a function to another one. */
  readonly read: PlainText['read'] | undefined;
  /** How many stretches there are. */
  readonly count: number;
  /** Shared: of each stretch where it began and where the next one has to, both plus one. */
  readonly seams: Float64Array;
}

const LF = 0x0a;

export class TextWork {
  readonly #records: TextRecords;
  readonly #units: TextUnits;
  readonly #text: Pick<PlainText, 'size' | 'read'>;
  readonly #head = Buffer.allocUnsafe(SEEK_BYTES);

  constructor(kernel: GroupKernel, state: State, units: TextUnits) {
    const { fd, at, size } = units;
    this.#units = units;
    const fromFile: PlainText['read'] = (into, from) =>
      readSync(fd, into, 0, into.length, at + from);
    this.#text = { size, read: units.read ?? fromFile };
    this.#records = new TextRecords(kernel, state, units);
  }

  /** Throws Unreadable and TooMany. */
  take(stretch: number): void {
    const { size, seams, cut } = this.#units;
    const end = Math.min((stretch + 1) * cut.stretch, size);
    const start = stretch === 0 ? 0 : this.#firstRecord(stretch * cut.stretch);
    let from = start;
    while (from < end) from += this.#records.take(this.#text, from, end);
    this.#records.end();
    seams[2 * stretch] = start + 1;
    seams[2 * stretch + 1] = from + 1;
    // As soon as can be known: the stretch before, the one behind.
    if (isTorn(this.#units, stretch) || isTorn(this.#units, stretch + 1)) throw torn();
  }

  /** The first byte behind a line end, from the byte before `at` on; the quotes are seen later. */
  #firstRecord(at: number): number {
    const { size } = this.#units;
    const head = this.#head.subarray(0, Math.min(SEEK_BYTES, size - at + 1));
    readAll(this.#text.read, head, at - 1);
    const found = head.indexOf(LF);
    if (found < 0 && at - 1 + head.length < size) throw new Unreadable('a record is too long');
    return found < 0 ? size : at + found;
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
