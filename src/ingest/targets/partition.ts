/**
 * `--partition-by day(ts),device`: the keys of a hive-partitioned dataset, and frames split by
 * them.
 */
import { type DataFrame, type Expr, polars } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import { closest } from '../../suggest.ts';
import { partitionPath } from './layout.ts';

/** What a function of a timestamp keeps, as chrono prints it. Sorts as time does; no colons. */
const FORMATS = { year: '%Y', month: '%Y-%m', day: '%Y-%m-%d', hour: '%Y-%m-%dT%H' } as const;
type Unit = keyof typeof FORMATS;

/** What a timestamp is cut to before rows are grouped: much cheaper than printing each. */
const EVERY: Readonly<Record<Unit, string>> = { year: '1y', month: '1mo', day: '1d', hour: '1h' };

export interface PartitionKey {
  /** The directory's key: "day" of day=2026-11-21. */
  readonly name: string;
  readonly column: string;
  readonly unit: Unit | undefined;
}

/** Reads "day(ts),device" against the columns that will be written. */
export function parsePartitionBy(text: string, columns: readonly Column[]): PartitionKey[] {
  const keys = text.split(',').map((part) => parseKey(part.trim(), columns));
  const twice = keys.find((key, index) => keys.findIndex((k) => k.name === key.name) !== index);
  if (twice !== undefined) {
    throw new NairobiError('USAGE', `--partition-by names "${twice.name}" twice`);
  }
  const plain = new Set(keys.filter((key) => key.unit === undefined).map((key) => key.column));
  if (columns.every((column) => plain.has(column.name))) {
    throw new NairobiError('USAGE', '--partition-by names every column: nothing is left to store');
  }
  return keys;
}

function parseKey(text: string, columns: readonly Column[]): PartitionKey {
  const call = /^(\w+)\((.+)\)$/.exec(text);
  const columnName = (call?.[2] ?? text).trim();
  const column = columns.find(({ name }) => name === columnName);
  if (column === undefined) {
    const names = columns.map(({ name }) => name);
    const near = closest(columnName, names);
    throw new NairobiError('UNKNOWN_COLUMN', `--partition-by: there is no column "${columnName}"`, {
      hint: near === undefined ? `the columns are ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  if (call === null) return { name: columnName, column: columnName, unit: undefined };
  const unit = call[1]?.toLowerCase();
  if (unit === undefined || !(unit in FORMATS)) {
    throw new NairobiError('USAGE', `--partition-by: there is no function "${call[1]}"`, {
      hint: `the functions are ${Object.keys(FORMATS).join(', ')}`,
    });
  }
  if (!/^Date/.test(column.type)) {
    throw new NairobiError(
      'USAGE',
      `--partition-by: "${columnName}" is ${column.type}, not a time`,
      {
        hint: `say what it is: --types ${columnName}=timestamp`,
      },
    );
  }
  // A column of that name would be shadowed by the key when the dataset is read.
  const taken = columns.some(({ name }) => name === unit);
  return { name: taken ? `${columnName}_${unit}` : unit, column: columnName, unit: unit as Unit };
}

export interface Piece {
  /** "day=2026-11-21/device=a"; "" when the dataset has no keys. */
  readonly path: string;
  /** Without the columns that the path states. */
  readonly frame: DataFrame;
}

const keyColumn = (index: number): string => `__nairobi_key_${index}`;

/** The frame's rows by partition, in the order the partitions first occur; rows keep theirs. */
export function splitFrame(frame: DataFrame, keys: readonly PartitionKey[]): Piece[] {
  if (keys.length === 0 || frame.height === 0) return [{ path: '', frame }];
  const names = keys.map((_, index) => keyColumn(index));
  const cut = keys.map((key, index) => keyExpression(key).alias(keyColumn(index)));
  const plain = keys.filter((key) => key.unit === undefined).map((key) => key.column);
  const groups = frame.withColumns(...cut).partitionBy(names, true);
  return groups.map((group) => ({
    path: partitionPath(keyValues(group, keys)),
    frame: group.drop([...names, ...plain]),
  }));
}

function keyExpression(key: PartitionKey): Expr {
  const column = polars().col(key.column);
  return key.unit === undefined ? column : column.dt.truncate(EVERY[key.unit]);
}

/** The keys of one group, printed by Polars so that no number passes through a double. */
function keyValues(group: DataFrame, keys: readonly PartitionKey[]): [string, string | null][] {
  const first = group.head(1).select(
    ...keys.map((key, index) => {
      const column = polars().col(keyColumn(index));
      return key.unit === undefined
        ? column.cast(polars().Utf8)
        : column.dt.strftime(FORMATS[key.unit]);
    }),
  );
  const row = first.row(0) as (string | null)[];
  return keys.map((key, index) => [key.name, row[index] ?? null]);
}
