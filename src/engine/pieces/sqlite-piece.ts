/**
 * A database longer than memory, read where it lies, some rows at a time. Plans that need all rows
 * at once have it read whole.
 */
import { freeFrames } from '../../compute/garbage.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import type { ReadOptions, Rejected, Understood } from '../../formats/options.ts';
import { SqliteTable } from '../../formats/sqlite/table.ts';
import type { InputFile } from '../inputs/files.ts';
import type { Piece } from './piece.ts';

export class SqlitePiece implements Piece {
  readonly file: InputFile;
  readonly #openWhole: (types: ReadOptions['types']) => Piece;
  readonly #table: SqliteTable;
  #types: ReadOptions['types'];
  #whole: Piece | undefined;

  constructor(
    file: InputFile,
    read: ReadOptions,
    openWhole: (types: ReadOptions['types']) => Piece,
  ) {
    this.file = file;
    this.#types = read.types;
    this.#openWhole = openWhole;
    this.#table = new SqliteTable(file.path, read);
  }

  get columns(): readonly Column[] {
    return (this.#whole ?? this.#table).columns;
  }

  get understood(): Understood {
    return (this.#whole ?? this.#table).understood;
  }

  get rejected(): Rejected {
    return (this.#whole ?? this.#table).rejected;
  }

  /** True once it was read whole. */
  get fits(): boolean {
    return this.#whole !== undefined;
  }

  scan(columns?: readonly string[]): LazyFrame {
    this.load();
    return (this.#whole as Piece).scan(columns);
  }

  load(): boolean {
    if (this.#whole !== undefined) return false;
    this.#whole = this.#openWhole(this.#types);
    return true;
  }

  async *segments(columns?: readonly string[]): AsyncGenerator<LazyFrame> {
    if (this.#whole !== undefined) {
      yield* this.#whole.segments(columns);
      return;
    }
    this.#table.restart();
    for (const frame of this.#table.read(columns)) {
      yield frame.lazy();
      await freeFrames();
    }
  }

  recover(cause: unknown): void {
    if (this.#whole === undefined) throw cause;
    this.#whole.recover(cause);
  }

  verify(): Promise<boolean> {
    return this.#whole?.verify() ?? Promise.resolve(true);
  }

  retype(types: Readonly<Record<string, string>>): void {
    this.#types = { ...types, ...this.#types };
    if (this.#whole === undefined) this.#table.retype(types);
    else this.#whole.retype(types);
  }

  close(): void {
    this.#whole?.close();
    this.#table[Symbol.dispose]();
  }
}
