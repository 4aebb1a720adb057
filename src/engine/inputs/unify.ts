/** One set of columns for the files of a source: what differs is widened or refused. */
import type { Column, TypeName } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import { closest } from '../../suggest.ts';
import type { Piece } from '../pieces/piece.ts';
import { partitionColumns } from './partitions.ts';

/** Narrower first: a later type holds every value of the ones before it. */
const SIGNED = ['Int8', 'Int16', 'Int32', 'Int64', 'Int128'];
const UNSIGNED = ['UInt8', 'UInt16', 'UInt32', 'UInt64'];
const FLOATS = ['Float32', 'Float64'];

/** The type that holds the values of both without loss, or text when there is none. */
export function widen(a: TypeName, b: TypeName): TypeName {
  if (a === b || b === 'Null') return a;
  if (a === 'Null') return b;
  for (const ladder of [SIGNED, UNSIGNED, FLOATS]) {
    if (ladder.includes(a) && ladder.includes(b)) {
      return ladder.indexOf(a) > ladder.indexOf(b) ? a : b;
    }
  }
  const pair = [a, b].sort();
  if (pair.some((type) => FLOATS.includes(type)) && pair.some(isInteger)) return 'Float64';
  if (pair.every(isInteger)) return 'Decimal(38, 0)';
  if (pair[0] === 'Date' && pair[1]?.startsWith('Datetime(')) return pair[1];
  return 'String';
}

const isInteger = (type: TypeName): boolean => SIGNED.includes(type) || UNSIGNED.includes(type);

export interface FileColumns {
  readonly path: string;
  readonly columns: readonly Column[];
}

/**
 * The columns of all files, in the order they are first met. Files must have the same names
 * unless `byName`, where a column that a file lacks is null in its rows.
 */
export function unify(files: readonly FileColumns[], byName: boolean): Column[] {
  const types = new Map<string, TypeName>();
  for (const column of files[0]?.columns ?? []) types.set(column.name, column.type);
  for (const file of files.slice(1)) {
    if (!byName) requireSameNames(files[0], file);
    for (const { name, type } of file.columns) {
      const known = types.get(name);
      types.set(name, known === undefined ? type : widen(known, type));
    }
  }
  return [...types].map(([name, type]) => {
    const fields = type === 'Struct' ? commonFields(files, name) : undefined;
    return fields === undefined ? { name, type } : { name, type, fields };
  });
}

/** The fields of a struct where all files that have it have the same ones. */
function commonFields(files: readonly FileColumns[], name: string): Column['fields'] {
  const [first, ...others] = files.flatMap(({ columns }) =>
    columns.filter((column) => column.name === name),
  );
  const text = JSON.stringify(first?.fields);
  return others.every(({ fields }) => JSON.stringify(fields) === text) ? first?.fields : undefined;
}

function requireSameNames(first: FileColumns | undefined, file: FileColumns): void {
  const expected = new Set(first?.columns.map(({ name }) => name));
  const found = new Set(file.columns.map(({ name }) => name));
  const extra = [...found].find((name) => !expected.has(name));
  const missing = [...expected].find((name) => !found.has(name));
  if (extra === undefined && missing === undefined) return;
  const what =
    extra === undefined ? `has no column "${missing}"` : `has a column "${extra}" of its own`;
  const near = extra === undefined ? undefined : closest(extra, expected);
  throw new NairobiError('BAD_DATA', `Cannot read the files as one table: "${file.path}" ${what}`, {
    where: { file: file.path },
    hint: `${near === undefined ? '' : `the others have "${near}"; `}pass --union-by-name to match columns by name and fill with nulls`,
  });
}

export interface TableOptions {
  readonly unionByName?: boolean;
  readonly filenameColumn?: string;
  /** Of partition keys as well, where they are given. */
  readonly types?: Readonly<Record<string, TypeName>>;
}

/** What the files hold, then the partition keys they do not hold, then the file name. */
export function tableColumns(pieces: readonly Piece[], options: TableOptions): Column[] {
  const files = pieces.map((piece) => ({ path: piece.file.path, columns: piece.columns }));
  const columns = unify(files, options.unionByName === true);
  const names = new Set(columns.map((column) => column.name));
  const keys = partitionColumns(
    pieces.map((piece) => piece.file),
    options.types,
  );
  columns.push(...keys.filter((key) => !names.has(key.name)));
  if (options.filenameColumn !== undefined) {
    columns.push({ name: options.filenameColumn, type: 'String' });
  }
  return columns;
}
