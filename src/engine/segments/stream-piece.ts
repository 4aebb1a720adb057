/**
 * A file that may be longer than memory: a pipe, a compressed file, a text that cannot be scanned
 * in place. Its rows pass through segments; plans that need all rows at once have it read whole.
 *
 * Its columns are those of its beginning. What comes later and contradicts them is answered as for
 * a file that was read whole: from all of it, when it is still in memory; after another look at all
 * of it, when it can be read again; else by an error that says which type to give.
 */

import { freeFrames } from '../../compute/garbage.ts';
import type { DataFrame, LazyFrame } from '../../compute/polars.ts';
import type { Column, PlainText, TextSegment, TextStream } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import { planFailed } from '../../formats/decoded.ts';
import type { ReadOptions, Rejected, Understood } from '../../formats/options.ts';
import { Contradiction, type Segment, type SegmentedText, tailOf } from '../../formats/segment.ts';
import type { Lease } from '../../memory/lease.ts';
import type { InputFile } from '../inputs/files.ts';
import { MemoryPiece } from '../pieces/memory-piece.ts';
import { otherTypes, type Piece, sameColumns } from '../pieces/piece.ts';
import type { Reporter } from '../run/report.ts';
import { asError } from './cannot-go-on.ts';
import type { StreamedContent } from './content.ts';
import type { Feed, LentSegment } from './feed.ts';

export interface StreamContext {
  readonly content: StreamedContent;
  /** Understands the beginning, under these types. */
  readonly understand: (types: ReadOptions['types']) => SegmentedText;
  readonly read: ReadOptions;
  readonly reporter: Reporter;
}

export class StreamPiece implements Piece {
  readonly file: InputFile;
  readonly #context: StreamContext;
  readonly #content: StreamedContent;
  #text: SegmentedText;
  #types: ReadOptions['types'];
  #whole: MemoryPiece | undefined;
  /** Understood anew since the last verify. */
  #changed = false;
  /** All rows were given, and these bytes of them lie in memory still. */
  #keptBytes: number | undefined;
  #isOddNoted = false;

  constructor(file: InputFile, context: StreamContext) {
    this.file = file;
    this.#context = context;
    this.#content = context.content;
    this.#types = context.read.types;
    this.#text = context.understand(this.#types);
  }

  get columns(): readonly Column[] {
    return this.#current.columns;
  }

  get understood(): Understood {
    const { understood } = this.#current;
    const { encoding } = this.#content.origin;
    // What it was before it was made UTF-8.
    return encoding && understood.encoding ? { ...understood, encoding } : understood;
  }

  get rejected(): Rejected {
    return this.#current.rejected;
  }

  /** True once it was read whole. */
  get fits(): boolean {
    return this.#whole !== undefined;
  }

  scan(columns?: readonly string[]): LazyFrame {
    const before = this.columns;
    if (this.load() && !sameColumns(before, this.columns)) throw this.#otherTypes();
    return (this.#whole as MemoryPiece).scan(columns);
  }

  plainText(): PlainText | undefined {
    return this.#whole?.plainText();
  }

  load(): boolean {
    if (this.#whole !== undefined) return false;
    if (!this.#content.canBegin) throw this.#readOnce();
    const { reporter } = this.#context;
    const content = reporter.time('io', () => this.#content.load());
    reporter.addBytesRead(content.byteLength);
    this.#whole = this.#inMemory(content);
    return true;
  }

  /**
   * Looks at all of it for what its beginning did not show, if there can be such columns: true when
   * its columns are others now.
   */
  async findColumns(): Promise<boolean> {
    if (this.#whole !== undefined || !this.#text.mayTellMore) return false;
    const before = this.columns;
    if (this.#content.isRepeatable) await this.#survey();
    else if (this.#content.canBegin) this.load();
    return !sameColumns(before, this.columns);
  }

  /** What is not whole in memory; who takes the kernel's way has to ask before anything is read. */
  textStream(columns: readonly string[]): TextStream | undefined {
    const isBegun = this.#whole !== undefined || this.#keptBytes !== undefined;
    const text = isBegun ? undefined : this.#text.plain?.(columns);
    return text && { text, segments: (atEnd) => this.#textSegments(columns, atEnd) };
  }

  async *segments(columns?: readonly string[]): AsyncGenerator<LazyFrame> {
    this.#takeKept();
    if (this.#whole !== undefined) {
      yield* this.#whole.segments(columns);
      return;
    }
    for await (const { segment, feed } of this.#lent()) {
      const frame = await this.#rowsOf(segment, feed, columns);
      segment.release();
      yield frame.lazy();
    }
  }

  async *#textSegments(
    columns: readonly string[],
    atEnd: () => Promise<void>,
  ): AsyncGenerator<TextSegment> {
    const { rules, start } = this.#text;
    for await (const { segment, feed } of this.#lent(atEnd)) {
      const { bytes, place } = segment;
      yield {
        bytes,
        at: place.byte - start.byte,
        rows: async (from) => {
          const tail = tailOf(segment, from, rules);
          this.#noteOdd(tail);
          return (await this.#rowsOf(tail, feed, columns)).lazy();
        },
        release: () => segment.release(),
      };
    }
  }

  /** Each segment of the content, to be released; see TextStream for `atEnd`. */
  async *#lent(atEnd?: () => Promise<void>): AsyncGenerator<{ segment: LentSegment; feed: Feed }> {
    if (!this.#content.canBegin) throw this.#readOnce();
    const before = this.columns;
    this.#text.restart();
    if (!sameColumns(before, this.columns)) throw this.#otherTypes();
    const feed = this.#content.begin(this.#text.rules, this.#text.start);
    try {
      for await (const segment of feed.segments()) {
        yield { segment, feed };
        this.#context.reporter.addBytesRead(segment.cut.byteLength);
      }
      await atEnd?.();
      this.#keptBytes = feed.keptBytes;
    } finally {
      await this.#content.end();
      if (this.#keptBytes === undefined && this.#whole === undefined) this.#content.forget();
    }
  }

  verify(): Promise<boolean> {
    if (this.#keptBytes !== undefined && !this.#text.agrees(this.#content.kept(this.#keptBytes))) {
      this.#takeKept();
      this.#changed = true;
    }
    const asTaken = !this.#changed;
    this.#changed = false;
    return Promise.resolve(asTaken);
  }

  recover(cause: unknown): void {
    if (this.#whole !== undefined) this.#whole.recover(cause);
    else throw cause instanceof NairobiError ? cause : planFailed(cause);
  }

  retype(types: Readonly<Record<string, string>>): void {
    this.#types = { ...types, ...this.#types };
    if (this.#whole !== undefined) this.#whole.retype(types);
    else this.#text = this.#context.understand(this.#types);
  }

  close(): void {
    this.#whole?.close();
    this.#content.close();
  }

  get #current(): SegmentedText | MemoryPiece {
    return this.#whole ?? this.#text;
  }

  async #rowsOf(
    segment: Segment,
    feed: Feed,
    columns: readonly string[] | undefined,
  ): Promise<DataFrame> {
    await freeFrames();
    try {
      return this.#context.reporter.time('parse', () => this.#text.read(segment, columns));
    } catch (error) {
      throw await this.#reconsidered(error, feed);
    }
  }

  /** What to throw; when the work may be done again, `verify` says so afterwards. */
  async #reconsidered(error: unknown, feed: Feed): Promise<unknown> {
    const isAboutData = error instanceof NairobiError && error.code === 'BAD_DATA';
    if (!isAboutData && !(error instanceof Contradiction)) return error;
    this.#keptBytes = await feed.rest();
    await this.#content.end();
    if (this.#keptBytes !== undefined) {
      this.#takeKept();
      this.#changed = true;
      return asError(error);
    }
    if (!(error instanceof Contradiction)) return error;
    if (!this.#content.isRepeatable) return asError(error);
    await this.#survey(error);
    this.#changed = true;
    return asError(error);
  }

  /** Looks at all of the content before the type of a column is settled. */
  async #survey(contradiction?: Contradiction): Promise<void> {
    const survey = this.#text.survey(contradiction);
    const feed = this.#content.begin(this.#text.rules, this.#text.start);
    try {
      for await (const segment of feed.segments()) {
        survey.observe(segment);
        segment.release();
        await freeFrames();
      }
    } finally {
      await this.#content.end();
    }
    survey.decide();
  }

  /** What was kept becomes the file, as if it had been read whole. */
  #takeKept(): void {
    const byteLength = this.#keptBytes;
    if (byteLength === undefined) return;
    this.#keptBytes = undefined;
    this.#whole = this.#inMemory({ lease: this.#content.takeKept(), byteLength });
  }

  #inMemory(content: { lease: Lease; byteLength: number }): MemoryPiece {
    const { read, reporter } = this.#context;
    const options = this.#types === undefined ? read : { ...read, types: this.#types };
    try {
      return new MemoryPiece(this.file, content, options, reporter);
    } catch (error) {
      content.lease.release();
      throw error;
    }
  }

  /** Once: a file of nothing but odd values would fill the report. */
  #noteOdd({ place: { line } }: Segment): void {
    if (this.#isOddNoted) return;
    this.#isOddNoted = true;
    const { path } = this.file;
    this.#context.reporter.note(`Polars read what is not plain in ${path}, from line ${line} on`);
  }

  #otherTypes(): NairobiError {
    this.#changed = true;
    return otherTypes(this.file);
  }

  #readOnce(): NairobiError {
    return new NairobiError('NOT_SUPPORTED', `${this.file.path} can be read only once`, {
      where: { file: this.file.path },
      hint: 'save it to a file first, or raise --memory-limit so that it fits',
    });
  }
}
