/**
 * Figures of each group of rows. One pass in file order, one accumulator a group and column: so the
 * figures do not depend on pieces or threads.
 */
import { NairobiError } from '../../errors.ts';
import { polars } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { doublesOf, forEachRows, numberCodeOf, textsOf } from './values.ts';

export interface GroupFigures {
  /** The key as text; null for rows without one. */
  readonly key: string | null;
  readonly column: string;
  readonly count: number;
  readonly nulls: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly sum: number;
  readonly mean: number | null;
  readonly sd: number | null;
}

/** More groups than anyone reads, and the memory they take is still bounded. */
const MOST_GROUPS = 1_000_000;

/** The accumulators of one column: one entry a group. */
class Groups {
  count: number[] = [];
  nulls: number[] = [];
  min: number[] = [];
  max: number[] = [];
  /** The sum in two doubles: 106 bits. */
  sum: number[] = [];
  rest: number[] = [];
  mean: number[] = [];
  m2: number[] = [];

  grow(): void {
    for (const list of [this.count, this.nulls, this.sum, this.rest, this.mean, this.m2])
      list.push(0);
    this.min.push(Infinity);
    this.max.push(-Infinity);
  }

  add(group: number, x: number): void {
    if (Number.isNaN(x)) {
      this.nulls[group] = (this.nulls[group] ?? 0) + 1;
      return;
    }
    const n = (this.count[group] ?? 0) + 1;
    this.count[group] = n;
    if (x < (this.min[group] ?? 0)) this.min[group] = x;
    if (x > (this.max[group] ?? 0)) this.max[group] = x;
    // Welford's update.
    const before = this.mean[group] ?? 0;
    const mean = before + (x - before) / n;
    this.mean[group] = mean;
    this.m2[group] = (this.m2[group] ?? 0) + (x - before) * (x - mean);
    // TwoSum.
    const old = this.sum[group] ?? 0;
    const sum = old + x;
    const back = sum - old;
    this.sum[group] = sum;
    this.rest[group] = (this.rest[group] ?? 0) + (old - (sum - back) + (x - back));
  }

  figures(group: number): Omit<GroupFigures, 'key' | 'column'> {
    const count = this.count[group] ?? 0;
    const sum = (this.sum[group] ?? 0) + (this.rest[group] ?? 0);
    return {
      count,
      nulls: this.nulls[group] ?? 0,
      min: count === 0 ? null : (this.min[group] ?? null),
      max: count === 0 ? null : (this.max[group] ?? null),
      sum,
      mean: count === 0 ? null : sum / count,
      sd: count < 2 ? null : Math.sqrt((this.m2[group] ?? 0) / (count - 1)),
    };
  }
}

/** Of every number column in `columns`, by the values of `key`, in ascending order of the key. */
export async function groupFigures(
  relation: Relation,
  key: Column,
  columns: readonly Column[],
): Promise<readonly GroupFigures[]> {
  const numbers = columns.filter(
    (column) => numberCodeOf(column) !== undefined && column.name !== key.name,
  );
  const places = new Map<string | null, number>();
  const groups = numbers.map(() => new Groups());
  const place = (name: string | null): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    if (places.size === MOST_GROUPS) throw tooMany(key);
    places.set(name, places.size);
    for (const one of groups) one.grow();
    return places.size - 1;
  };
  const textKey = {
    ...relation,
    columns: relation.columns,
    scan: relation.scan.bind(relation),
    segments: keyAsText(relation, key),
  };
  await forEachRows(
    textKey,
    [{ name: key.name, type: 'String' }, ...numbers],
    ([keys = [], ...values]) => {
      const rows = textsOf(keys).map(place);
      for (const [i, column] of numbers.entries()) {
        const code = numberCodeOf(column);
        const group = groups[i];
        if (code === undefined || group === undefined) continue;
        const doubles = doublesOf(values[i] ?? [], code);
        for (let row = 0; row < doubles.length; row += 1)
          group.add(rows[row] ?? 0, doubles[row] ?? 0);
      }
    },
  );
  const order = [...places].sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1));
  return order.flatMap(([name, at]) =>
    numbers.map((column, i) => ({
      key: name,
      column: column.name,
      ...(groups[i] ?? new Groups()).figures(at),
    })),
  );
}

/** The relation's pieces with the key as Polars writes it. */
function keyAsText(relation: Relation, key: Column): Relation['segments'] {
  return async function* segments(names) {
    const { col, Utf8 } = polars();
    for await (const piece of relation.segments(names)) {
      yield piece.withColumns(col(key.name).cast(Utf8));
    }
  };
}

function tooMany(key: Column): NairobiError {
  return new NairobiError('MEMORY_LIMIT', `Column "${key.name}" makes more than 1,000,000 groups`, {
    hint: 'group by a column with fewer different values',
  });
}
