/** Rows that are in memory already, as a relation. */
import { assert } from '../errors.ts';
import type { DataFrame, LazyFrame } from './polars.ts';
import type { Column, Relation } from './relation.ts';

export class FrameRelation implements Relation {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly fits = true;
  readonly #frame: DataFrame;

  /** `columns` name those of `frame`, in its order; each name once. */
  constructor(name: string, frame: DataFrame, columns: readonly Column[]) {
    const names = columns.map((column) => column.name);
    assert(names.length === frame.width, `${names.length} names for ${frame.width} columns`);
    assert(new Set(names).size === names.length, 'a relation has each name once');
    this.name = name;
    this.columns = columns;
    this.#frame = frame.clone();
    this.#frame.columns = names;
  }

  scan(columns?: readonly string[]): LazyFrame {
    const all = this.#frame.lazy();
    return columns === undefined ? all : all.select(...columns);
  }

  async *segments(columns?: readonly string[]): AsyncIterable<LazyFrame> {
    yield this.scan(columns);
  }
}
