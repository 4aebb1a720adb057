/** Hive partition keys: "year=2026/device=a" in a path is two columns of every row below it. */
import { FrameRelation } from '../../compute/frame-relation.ts';
import { col, collect, polars } from '../../compute/polars.ts';
import { type Column, FILE_NUMBER, type Relation, type TypeName } from '../../compute/relation.ts';
import { parseDate } from '../../compute/temporal.ts';
import { dataTypeOf } from '../../compute/types.ts';
import { NairobiError } from '../../errors.ts';
import { givenType } from '../../formats/options.ts';
import type { InputFile } from './files.ts';

/** What Hive and its followers write for a null key. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/** What the text of a key can be made into. */
const KEY_TYPE = /^(String|Date|U?Int(8|16|32|64)|Float(32|64)|Decimal\(.*\))$/;

/**
 * The keys of all files, with the type that was given, else the one every value of a key fits:
 * integers, dates or text.
 */
export function partitionColumns(
  files: readonly InputFile[],
  types: Readonly<Record<string, TypeName>> = {},
): Column[] {
  const values = new Map<string, string[]>();
  for (const file of files) {
    for (const [key, value] of file.partitions) {
      const known = values.get(key);
      if (known === undefined) values.set(key, [value]);
      else known.push(value);
    }
  }
  return [...values].map(([name, texts]) => {
    const given = givenType({ types }, name);
    if (given === undefined || KEY_TYPE.test(given)) return { name, type: given ?? typeOf(texts) };
    throw new NairobiError('NOT_SUPPORTED', `The partition key "${name}" cannot be ${given}`, {
      hint: 'partition keys are text, integers, decimals, doubles or dates',
    });
  });
}

function typeOf(texts: readonly string[]): TypeName {
  const present = texts.filter((text) => text !== NULL_PARTITION);
  const all = (pattern: RegExp): boolean =>
    present.length > 0 && present.every((text) => pattern.test(text));
  if (all(/^-?(0|[1-9]\d{0,17})$/)) return 'Int64';
  if (all(/^\d{4}-\d{2}-\d{2}$/)) return 'Date';
  return 'String';
}

/** What a file's keys say, null for the null key: constants of its rows. */
export function partitionValues(file: InputFile): Map<string, string | null> {
  return new Map(
    file.partitions.map(([key, value]) => [key, value === NULL_PARTITION ? null : value]),
  );
}

/** A row a file: the keys that only its path has, as the table's `columns` have them. */
export function keysAsRows(
  files: readonly { readonly file: InputFile; readonly columns: readonly Column[] }[],
  columns: readonly Column[],
): Relation | undefined {
  const held = new Set(files.flatMap((piece) => piece.columns.map(({ name }) => name)));
  const named = new Set(files[0]?.file.partitions.map(([key]) => key));
  const keys = columns.filter(({ name }) => named.has(name) && !held.has(name));
  if (keys.length === 0) return undefined;
  const pl = polars();
  const values = files.map(({ file }) => partitionValues(file));
  const texts = keys.map(({ name }) =>
    pl.Series(
      name,
      values.map((one) => one.get(name) ?? null),
      pl.Utf8,
    ),
  );
  const numbers = pl.Series(FILE_NUMBER, [...files.keys()], pl.Float64).cast(pl.Int64);
  const typed = keys.map(({ name, type }) => {
    if (type === 'Date') return parseDate(col(name), '%Y-%m-%d').alias(name);
    return type === 'String' ? col(name) : col(name).cast(dataTypeOf(type), true);
  });
  const all = collect(
    pl
      .DataFrame([...texts, numbers])
      .lazy()
      .select(...typed, col(FILE_NUMBER)),
  );
  return new FrameRelation('files', all, [...keys, { name: FILE_NUMBER, type: 'Int64' }]);
}
