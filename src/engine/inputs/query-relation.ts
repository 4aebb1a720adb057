/** The rows of a query as a relation, which are never there all at once. */
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column, Relation } from '../../compute/relation.ts';
import { assert } from '../../errors.ts';
import type { CompiledQuery, NamedPlace, ResultRows } from '../../sql/plan.ts';

export class QueryRelation implements Relation {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly fits: boolean;
  readonly columnar: boolean;
  readonly #rows: ResultRows;

  /** `columns` name those of the query, in its order; each name once. */
  constructor(
    name: string,
    { reads }: CompiledQuery,
    rows: ResultRows,
    columns: readonly Column[],
  ) {
    this.name = name;
    this.columns = columns;
    this.fits = reads.every(({ relation }) => relation.fits);
    this.columnar = reads.every(({ relation }) => relation.columnar === true);
    this.#rows = rows;
  }

  scan(columns?: readonly string[]): LazyFrame {
    return this.#rows.scan(this.#places(columns));
  }

  segments(columns?: readonly string[]): AsyncIterable<LazyFrame> {
    return this.#rows.segments(this.#places(columns));
  }

  /** Of no columns at all one is given, so that the rows can be counted. */
  #places(columns: readonly string[] | undefined): NamedPlace[] {
    const all = this.columns.map(({ name }, at) => ({ at, name }));
    if (columns === undefined) return all;
    if (columns.length === 0) return all.slice(0, 1);
    return [...new Set(columns)].map((name) => {
      const found = all.find((one) => one.name === name);
      assert(found !== undefined, `column "${name}" was asked of a query that lacks it`);
      return found;
    });
  }
}
