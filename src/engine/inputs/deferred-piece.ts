/**
 * A file that is not opened until somebody wants its rows: until then it is taken to be like the
 * first of its table. Of a partitioned directory most files are never wanted.
 */
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column, PieceUse, PlainText } from '../../compute/relation.ts';
import { nothingRejected } from '../../formats/decoded.ts';
import type { Rejected, Understood } from '../../formats/options.ts';
import type { Piece } from '../pieces/piece.ts';
import type { InputFile } from './files.ts';

export class DeferredPiece implements Piece {
  readonly file: InputFile;
  readonly #first: Piece;
  readonly #opener: () => Piece;
  #types: Readonly<Record<string, string>> = {};
  #opened: Piece | undefined;

  constructor(file: InputFile, first: Piece, opener: () => Piece) {
    this.file = file;
    this.#first = first;
    this.#opener = opener;
  }

  get isDeferred(): boolean {
    return this.#opened === undefined;
  }

  open(): Piece {
    if (this.#opened === undefined) {
      this.#opened = this.#opener();
      if (Object.keys(this.#types).length > 0) this.#opened.retype(this.#types);
    }
    return this.#opened;
  }

  get columns(): readonly Column[] {
    return (this.#opened ?? this.#first).columns;
  }

  get understood(): Understood {
    return (this.#opened ?? this.#first).understood;
  }

  get rejected(): Rejected {
    return this.#opened?.rejected ?? nothingRejected();
  }

  get isInPlace(): boolean {
    return this.#opened?.isInPlace === true;
  }

  get isRead(): boolean {
    return this.#opened?.isRead === true;
  }

  get fits(): boolean {
    return this.#opened?.fits ?? true;
  }

  rowCount(): number | undefined {
    return this.#opened?.rowCount?.();
  }

  scan(columns?: readonly string[]): LazyFrame {
    return this.open().scan(columns);
  }

  async prepare(columns: readonly string[], byteLength: number): Promise<void> {
    await this.open().prepare?.(columns, byteLength);
  }

  segments(columns?: readonly string[], use?: PieceUse): AsyncIterable<LazyFrame> {
    return this.open().segments(columns, use);
  }

  load(): boolean {
    return this.#opened?.load?.() === true;
  }

  findColumns(): Promise<boolean> {
    return this.#opened?.findColumns?.() ?? Promise.resolve(false);
  }

  plainText(): PlainText | undefined {
    return this.open().plainText?.();
  }

  parquet(): { readonly fd: number; readonly size: number } | undefined {
    return this.open().parquet?.();
  }

  recover(cause: unknown): void {
    if (this.#opened === undefined) throw cause;
    this.#opened.recover(cause);
  }

  verify(): Promise<boolean> {
    return this.#opened?.verify() ?? Promise.resolve(true);
  }

  retype(types: Readonly<Record<string, string>>): void {
    if (this.#opened === undefined) this.#types = { ...this.#types, ...types };
    else this.#opened.retype(types);
  }

  close(): void {
    this.#opened?.close();
  }
}
