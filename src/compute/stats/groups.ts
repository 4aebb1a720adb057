/**
 * Figures of each group of rows: every group has accumulators of its own, which see its rows in
 * file order. So its figures are, to the last bit, those of a file with its rows alone.
 */
import { NairobiError } from '../../errors.ts';
import { formatBytes, formatCount } from '../../units.ts';
import { polars } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { type Accumulator, accumulatorFor, type Depth } from './accumulate.ts';
import type { ColumnBatch } from './arrow.ts';
import { Kernel } from './kernel.ts';
import { kindOf } from './kinds.ts';
import { type ColumnFacts, requireRoom } from './survey.ts';
import { compareTexts } from './text-order.ts';
import { forEachRows, isValid, textsOf } from './values.ts';

export interface Group {
  /** The value of the key as text; null for rows without one. */
  readonly key: string | null;
  readonly facts: readonly ColumnFacts[];
}

export interface GroupOptions {
  readonly depth: Depth;
  /** What the states of all groups may take. */
  readonly roomBytes: number;
}

/** Facts of `columns` for each value of `key`, in ascending order of the key, null last. */
export async function groupFacts(
  relation: Relation,
  key: Column,
  columns: readonly Column[],
  { depth, roomBytes }: GroupOptions,
): Promise<readonly Group[]> {
  const others = columns.filter(({ name }) => name !== key.name);
  const kernel = new Kernel();
  const grouped = others.map((column) => new GroupedColumn(kernel, column, depth));
  const places = new Map<string | null, number>();
  const place = (name: string | null): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    if (kernel.stateBytes > roomBytes) throw tooMany(key, places.size, roomBytes);
    places.set(name, places.size);
    for (const one of grouped) one.grow();
    return places.size - 1;
  };
  const keyed: Relation = {
    name: relation.name,
    columns: relation.columns,
    fits: relation.fits,
    scan: (names) => relation.scan(names),
    segments: keyAsText(relation, key),
  };
  await forEachRows(
    keyed,
    [{ name: key.name, type: 'String' }, ...others],
    ([keys = [], ...values]) => {
      const groups = Uint32Array.from(textsOf(keys), place);
      for (const [i, batches] of values.entries()) {
        let from = 0;
        for (const batch of batches) {
          grouped[i]?.add(batch, groups.subarray(from, from + batch.rows));
          from += batch.rows;
        }
      }
    },
  );
  return [...places].sort(ascending(key)).map(([name, at]) => {
    const facts = grouped.map((one) => one.finish(at));
    requireRoom(facts, depth);
    return { key: name, facts };
  });
}

type Entry = readonly [key: string | null, place: number];

/** Numbers by their value, everything else by its text. */
function ascending({ type }: Column): (a: Entry, b: Entry) => number {
  const isNumber = /^U?Int|^Float|^Decimal/.test(type);
  return ([a], [b]) => {
    if (a === null || b === null) return a === null ? 1 : -1;
    const difference = isNumber ? Number(a) - Number(b) : 0;
    return difference < 0 || difference > 0 ? difference : compareTexts(a, b);
  };
}

/** One column: an accumulator for each group. */
class GroupedColumn {
  readonly #kernel: Kernel;
  readonly #column: Column;
  readonly #depth: Depth;
  readonly #accumulators: Accumulator[] = [];

  constructor(kernel: Kernel, column: Column, depth: Depth) {
    this.#kernel = kernel;
    this.#column = column;
    this.#depth = depth;
  }

  grow(): void {
    const kind = kindOf(this.#column.type);
    this.#accumulators.push(accumulatorFor(this.#kernel, kind, this.#depth));
  }

  /** Row i belongs to group `groups[i]`. */
  add(batch: ColumnBatch, groups: Uint32Array): void {
    const kind = kindOf(this.#column.type);
    if (kind.is === 'decimal' || kind.is === 'opaque') {
      for (const [group, rows] of rowsOf(groups)) {
        this.#accumulators[group]?.add(gathered(batch, rows, kind.is === 'decimal'));
      }
      return;
    }
    const states = groups.map((group) => this.#accumulators[group]?.state ?? 0);
    if (kind.is === 'text') this.#kernel.addTexts(states, batch);
    else this.#kernel.addNumbers(states, kind.code, batch);
  }

  finish(group: number): ColumnFacts {
    const facts = this.#accumulators[group]?.finish() ?? { is: 'opaque', rows: 0, nulls: 0 };
    return { column: this.#column, facts };
  }
}

/** The rows of each group, in order. */
function rowsOf(groups: Uint32Array): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  for (const [row, group] of groups.entries()) {
    const list = rows.get(group);
    if (list === undefined) rows.set(group, [row]);
    else list.push(row);
  }
  return rows;
}

/** Some rows of a batch as a batch. `wide`: of 16 bytes a value, else of bits. */
function gathered(batch: ColumnBatch, rows: readonly number[], wide: boolean): ColumnBatch {
  const bitmap = (bits: Uint8Array): Uint8Array => {
    const out = new Uint8Array(Math.ceil(rows.length / 8));
    for (const [to, row] of rows.entries()) {
      if (isValid(bits, row)) out[to >> 3] = (out[to >> 3] ?? 0) | (1 << (to & 7));
    }
    return out;
  };
  const { validity } = batch;
  let values: Uint8Array;
  if (wide) {
    values = new Uint8Array(rows.length * 16);
    for (const [to, row] of rows.entries()) {
      values.set(batch.values.subarray(row * 16, row * 16 + 16), to * 16);
    }
  } else {
    values = bitmap(batch.values);
  }
  const present = validity === undefined ? undefined : bitmap(validity);
  return { rows: rows.length, validity: present, values, buffers: [] };
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

function tooMany(key: Column, groups: number, roomBytes: number): NairobiError {
  return new NairobiError(
    'MEMORY_LIMIT',
    `The figures of more than ${formatCount(groups)} groups of column "${key.name}" do not fit ${formatBytes(roomBytes)}`,
    {
      hint: 'name the columns you want, group by a column with fewer different values, raise --memory-limit, or GROUP BY it in nairobi query',
    },
  );
}
