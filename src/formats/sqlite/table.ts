/**
 * A table of a database that is read where it lies, some rows at a time. Its types are those of all
 * of its values: SQLite itself looks at their kinds, and texts are looked at until they are text.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type DataFrame, toFrame } from '../../compute/polars.ts';
import type { Column, TypeName } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import { Evidence, observeValues } from '../csv/evidence.ts';
import { nothingRejected } from '../decoded.ts';
import { givenType, type ReadOptions, type Rejected, type Understood } from '../options.ts';
import { type Plan, planOf, TypedFrame, unknownColumn } from '../typed-frame.ts';
import { damaged, openInPlace, quoted, rowsOf, tableOf } from './database.ts';
import { isGiven, type Kinds, noKinds, noteOf, textChunks, typed, typeOf } from './values.ts';

/** SQLite's limit of columns of a result is 2000. */
const COLUMNS_ASKED = 500;

/** The largest double below 2^63: beyond it a cast to real and back says nothing. */
const DOUBLE_BELOW_2_63 = '9223372036854774784';

interface Described {
  readonly name: string;
  readonly declared: string;
  readonly kinds: Kinds;
}

export class SqliteTable implements Disposable {
  readonly path: string;
  #rejected = nothingRejected();
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #described: readonly Described[];
  #options: ReadOptions;
  #types: readonly TypeName[] = [];
  #plans: readonly Plan[] = [];

  /** Throws BAD_DATA, NOT_FOUND and USAGE as reading all of it would. */
  constructor(path: string, options: ReadOptions) {
    this.path = path;
    this.#options = options;
    this.#database = this.#asked(() => openInPlace(path));
    try {
      this.#table = this.#asked(() => tableOf(this.#database, options.table, path));
      this.#described = this.#asked(() => this.#describe());
      this.#asked(() => this.#plan());
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get columns(): readonly Column[] {
    return this.#plans.map(({ name, type }) => ({ name, type }));
  }

  get understood(): Understood {
    const { value } = this.#frames([], 'where 0').next() as { value: TypedFrame };
    return value.understood;
  }

  get rejected(): Rejected {
    return this.#rejected;
  }

  /** Forgets what was rejected, to begin again. */
  restart(): void {
    this.#rejected = nothingRejected();
  }

  /** The rows with these columns, in the table's order; each frame is some megabytes. */
  *read(columns?: readonly string[]): Generator<DataFrame> {
    const names = columns ?? this.#described.map(({ name }) => name);
    // Of no columns at all some column is given all the same, so that the rows can be counted.
    const wanted = names.length > 0 ? names : this.#described.slice(0, 1).map(({ name }) => name);
    for (const frame of this.#frames([...new Set(wanted)], '')) yield this.#rows(frame, wanted);
  }

  /** Reads these columns as these types from now on. */
  retype(types: Readonly<Record<string, string>>): void {
    this.#options = { ...this.#options, types: { ...types, ...this.#options.types } };
    this.#asked(() => this.#plan());
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #rows(first: TypedFrame, columns: readonly string[]): DataFrame {
    for (let frame: ReturnType<TypedFrame['recover']> = first; ; ) {
      try {
        return toFrame(frame.read(columns));
      } catch (cause) {
        frame = frame.recover(cause);
      }
    }
  }

  /** The table in pieces; of all columns where none is named. */
  *#frames(names: readonly string[], where: string): Generator<TypedFrame> {
    const wanted = names.length === 0 ? this.#described.map(({ name }) => name) : names;
    const places = wanted.map((name) => this.#placeOf(name));
    const types = places.map((place) => this.#types[place] ?? 'String');
    const content = {
      source: { path: this.path, bytes: Buffer.alloc(0) },
      format: 'sqlite',
      options: this.#options,
      rejected: this.#rejected,
      placeOfRow: () => undefined,
    } as const;
    const plans = places.flatMap((place) => this.#plans[place] ?? []);
    for (const texts of this.#texts(wanted, where)) {
      yield new TypedFrame({ ...content, frame: typed(texts, wanted, types) }, plans);
    }
  }

  *#texts(names: readonly string[], where: string): Generator<DataFrame> {
    const list = names.map(quoted).join(', ');
    const sql = `select ${list} from ${quoted(this.#table)} ${where}`;
    try {
      const rows = rowsOf(this.#database, sql).iterate() as Iterable<unknown>;
      yield* textChunks(rows, names.length, names.map(noKinds));
    } catch (error) {
      throw damaged({ path: this.path }, error);
    }
  }

  #placeOf(name: string): number {
    const place = this.#described.findIndex((one) => one.name === name);
    if (place < 0) throw unknownColumn(name, this.#described, this.path);
    return place;
  }

  #describe(): Described[] {
    const columns = rowsOf(this.#database, `select * from ${quoted(this.#table)}`).columns();
    const described = columns.map(({ name, type }) => {
      return { name, declared: type ?? '', kinds: noKinds() };
    });
    for (let at = 0; at < described.length; at += COLUMNS_ASKED) {
      const some = described.slice(at, at + COLUMNS_ASKED);
      const words = this.#ask(some, (one) => `group_concat(distinct typeof(${one}))`);
      for (const [index, { kinds }] of some.entries()) setKinds(kinds, String(words[index]));
    }
    const mixed = described.filter(({ kinds: { integers, reals } }) => integers && reals);
    const lost = (one: string): string =>
      `max(typeof(${one}) = 'integer' and ` +
      `(${one} > ${DOUBLE_BELOW_2_63} or cast(cast(${one} as real) as integer) <> ${one}))`;
    for (let at = 0; at < mixed.length; at += COLUMNS_ASKED) {
      const some = mixed.slice(at, at + COLUMNS_ASKED);
      const found = this.#ask(some, lost);
      for (const [index, { kinds }] of some.entries()) kinds.inexact = found[index] === 1n;
    }
    return described;
  }

  /** One figure of each column, from all rows. */
  #ask(columns: readonly Described[], of: (column: string) => string): readonly unknown[] {
    const figures = columns.map(({ name }) => of(quoted(name))).join(', ');
    const sql = `select ${figures} from ${quoted(this.#table)}`;
    return rowsOf(this.#database, sql).get() as unknown as readonly unknown[];
  }

  #plan(): void {
    const given = (name: string): boolean => isGiven(name, this.#options);
    this.#types = this.#described.map(({ name, declared, kinds }) =>
      given(name) ? 'String' : typeOf(kinds, declared),
    );
    const open = this.#described.filter(({ name, kinds }, index) => {
      const type = this.#types[index] ?? 'String';
      const mayBeMoment = type === 'String' && noteOf(name, type, kinds) === undefined;
      return mayBeMoment || /^(Date|Time)/.test(givenType(this.#options, name) ?? '');
    });
    const evidence = this.#observe(open.map(({ name }) => name));
    this.#plans = this.#described.map(({ name, kinds }, index) => {
      const type = this.#types[index] ?? 'String';
      const note = noteOf(name, type, kinds);
      const seen = (): Evidence => evidence.get(name) ?? new Evidence();
      return planOf({ name, note }, type, seen, this.#options);
    });
  }

  /** Looks at texts until each column is plain text, or at all of them. */
  #observe(names: readonly string[]): Map<string, Evidence> {
    const evidence = new Map(names.map((name) => [name, new Evidence()]));
    if (names.length === 0) return evidence;
    for (const frame of this.#texts(names, '')) {
      frame.columns = [...names];
      for (const [name, one] of evidence) observeValues(frame, name, one);
      if ([...evidence.values()].every(({ isText }) => isText)) break;
    }
    return evidence;
  }

  #asked<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof NairobiError ? error : damaged({ path: this.path }, error);
    }
  }
}

function setKinds(kinds: Kinds, words: string): void {
  kinds.integers = words.includes('integer');
  kinds.reals = words.includes('real');
  kinds.texts = words.includes('text');
  kinds.blobs = words.includes('blob');
}
