/** Some of the files of a source, with the columns of all: those whose partitions a query wants. */
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column, ParquetSource, PieceUse, Relation } from '../../compute/relation.ts';
import type { Piece } from '../pieces/piece.ts';
import type { SourceRelation } from './source-relation.ts';

export class SourcePart implements Relation {
  readonly name: string;
  readonly share: string;
  readonly #source: SourceRelation;
  readonly #pieces: readonly Piece[];

  /** `pieces` are of `source`, in its order; at least one. */
  constructor(source: SourceRelation, pieces: readonly Piece[], wanted: number) {
    this.name = source.name;
    this.#source = source;
    this.#pieces = pieces;
    this.share = `${wanted} of ${source.pieces.length} files`;
  }

  get columns(): readonly Column[] {
    return this.#source.columns;
  }

  get fits(): boolean {
    return this.#pieces.every((piece) => piece.fits);
  }

  get rowEstimate(): number {
    const bytes = this.#pieces.reduce((sum, { file }) => sum + file.size, 0);
    const { rowEstimate, byteLength } = this.#source;
    return byteLength === 0 ? rowEstimate : Math.ceil((rowEstimate * bytes) / byteLength);
  }

  get columnar(): boolean {
    return this.#source.columnar;
  }

  scan(columns?: readonly string[]): LazyFrame {
    return this.#source.scan(columns, this.#pieces);
  }

  prepare(columns: readonly string[]): Promise<void> {
    return this.#source.prepare(columns, this.#pieces);
  }

  parquet(columns: readonly string[]): ParquetSource | undefined {
    return this.#source.parquet(columns, this.#pieces);
  }

  segments(columns?: readonly string[], use?: PieceUse): AsyncIterable<LazyFrame> {
    return this.#source.segments(columns, use, this.#pieces);
  }
}
