/** Blocks of a delimited text on their way into a state of the kernel. */
import type { GroupKernel, State } from '../groups/kernel.ts';
import { settled } from '../groups/kernel.ts';
import { Unreadable } from '../groups/refusal.ts';
import { readAll, SEEK_BYTES } from '../reading.ts';
import type { PlainText, TextCut } from '../relation.ts';
import type { FieldPlan } from './fields.ts';

/** Of a leaf: which field of a record it is, and how that is written. */
export type TextField = FieldPlan & { readonly place: number };

/** How records are read: structured clone takes it to threads. */
export interface TextLayout {
  readonly cut: TextCut;
  /** Of each leaf. */
  readonly fields: readonly TextField[];
  /** Of a record. */
  readonly columns: number;
  readonly delimiter: number;
  readonly quote: number;
}

const LF = 0x0a;

export class TextRecords {
  readonly #kernel: GroupKernel;
  readonly #state: State;
  readonly #block: number;
  readonly #inputAt: number;

  constructor(kernel: GroupKernel, state: State, layout: TextLayout) {
    const { calls } = kernel;
    this.#kernel = kernel;
    this.#state = state;
    this.#block = layout.cut.block;
    calls.setText(state, layout.columns, layout.delimiter, layout.quote);
    for (const [leaf, field] of layout.fields.entries()) {
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
    this.#inputAt = calls.inputAt(state, this.#block + 1);
  }

  /**
   * Takes in what a block has of the records that begin at `from` and before `end`; gives its size.
   * Throws Unreadable and TooMany, and has taken in nothing then.
   */
  take({ size, read }: Pick<PlainText, 'size' | 'read'>, from: number, end: number): number {
    // Behind the end only what is left of the last record.
    const wanted = Math.min(this.#block, size - from, end - from + SEEK_BYTES);
    const bytes = new Uint8Array(this.#kernel.memory, this.#inputAt, this.#block + 1);
    readAll(read, bytes.subarray(0, wanted), from);
    const isEnd = from + wanted === size;
    const isCut = isEnd && bytes[wanted - 1] !== LF;
    if (isCut) bytes[wanted] = LF;
    const { calls } = this.#kernel;
    const answer = calls.takeText(this.#state, wanted + (isCut ? 1 : 0), end - from, isEnd);
    if (answer < 0) settled(answer);
    if (answer === 0) throw new Unreadable('a record is longer than a block');
    return isCut ? Math.min(answer, wanted) : answer;
  }

  /** Behind the last record of a stretch. */
  end(): void {
    this.#kernel.calls.end(this.#state);
  }
}
