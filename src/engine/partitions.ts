/** Hive partition keys: "year=2026/device=a" in a path is two columns of every row below it. */
import type { Column, TypeName } from '../compute/relation.ts';
import type { InputFile } from './files.ts';

/** What Hive and its followers write for a null key. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/** The keys of all files, with the type every value of a key fits: integers, dates or text. */
export function partitionColumns(files: readonly InputFile[]): Column[] {
  const values = new Map<string, string[]>();
  for (const file of files) {
    for (const [key, value] of file.partitions) {
      const known = values.get(key);
      if (known === undefined) values.set(key, [value]);
      else known.push(value);
    }
  }
  return [...values].map(([name, texts]) => ({ name, type: typeOf(texts) }));
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
