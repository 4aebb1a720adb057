/** A text in a file by small frames, as long as it turns out to be plain. */
import { isForPolars } from '../../compute/groups/refusal.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import type { TextSource } from '../../compute/relation.ts';
import { TextColumns } from '../../compute/text/columns.ts';
import { NairobiError } from '../../errors.ts';

export class Blocks {
  #text: TextColumns | undefined;
  /** The columns it was made for: types may change between attempts. */
  #columns = '';
  /** Once it was not plain this is not tried again. */
  #isOdd = false;
  #isNews = false;

  /** See Relation.blocks. */
  of(
    columns: readonly string[],
    sourceOf: () => TextSource | undefined,
  ): AsyncIterable<LazyFrame> | undefined {
    const source = this.#isOdd ? undefined : sourceOf();
    if (source === undefined) return undefined;
    const asRead = JSON.stringify(source.text.columns);
    if (this.#text === undefined || this.#columns !== asRead) {
      this.#text = new TextColumns(source);
      this.#columns = asRead;
    }
    const frames = this.#text.frames(columns);
    return frames && this.#watched(frames);
  }

  /** See Piece.verify: false once after the text was not plain. */
  verify(): boolean {
    const isNews = this.#isNews;
    this.#isNews = false;
    return !isNews;
  }

  async *#watched(frames: AsyncIterable<LazyFrame>): AsyncIterable<LazyFrame> {
    try {
      yield* frames;
    } catch (error) {
      if (!isForPolars(error)) throw error;
      this.#isOdd = true;
      this.#isNews = true;
      this.#text = undefined;
      throw new NairobiError('BAD_DATA', 'The text is not plain', { cause: error });
    }
  }
}
