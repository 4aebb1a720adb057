/** A table of an SQLite database, through Node's own SQLite: integers exact, types from values. */
import type { DatabaseSync } from 'node:sqlite';
import { polars } from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import { type Decoded, nothingRejected, type Source } from '../decoded.ts';
import type { ReadOptions } from '../options.ts';
import { evidenceOf, planOf, TypedFrame } from '../typed-frame.ts';
import { damaged, open, quoted, rowsOf, tableOf } from './database.ts';
import { isGiven, noKinds, noteOf, textChunks, typed, typeOf } from './values.ts';

/** Reads the table `options.table`, or the only one there is. */
export function decodeSqlite(source: Source, options: ReadOptions): Decoded {
  const database = open(source);
  try {
    return readTable(database, source, options);
  } catch (error) {
    if (error instanceof NairobiError) throw error;
    throw damaged(source, error);
  } finally {
    database.close();
  }
}

function readTable(database: DatabaseSync, source: Source, options: ReadOptions): Decoded {
  const table = tableOf(database, options.table, source.path);
  const statement = rowsOf(database, `select * from ${quoted(table)}`);
  const described = statement.columns();
  const names = described.map(({ name }) => name);
  const kinds = names.map(noKinds);
  const rows = statement.iterate() as Iterable<unknown>;
  const texts = polars().concat([...textChunks(rows, names.length, kinds)]);
  // A type that was given is parsed from the text.
  const types = kinds.map((kind, index) =>
    isGiven(names[index] ?? '', options) ? 'String' : typeOf(kind, described[index]?.type ?? ''),
  );
  const frame = typed(texts, names, types);
  const plans = names.map((name, index) => {
    const type = types[index] ?? 'String';
    const note = noteOf(name, type, kinds[index] ?? noKinds());
    return planOf({ name, note }, type, () => evidenceOf(name, frame), options);
  });
  const content = {
    source,
    format: 'sqlite',
    options,
    rejected: nothingRejected(),
    frame,
  } as const;
  return new TypedFrame({ ...content, placeOfRow: () => undefined }, plans);
}
