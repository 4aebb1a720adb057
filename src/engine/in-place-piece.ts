/**
 * A large regular file that is in the page cache: Polars scans it where it lies, held still by a
 * lease, while a thread checks that its records are plain. When they are not, or when a value
 * contradicts its type, the file is read into memory and cleaned like any other.
 */
import type { LazyFrame } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { decode } from '../formats/decode.ts';
import type { Decoded } from '../formats/decoded.ts';
import type { ReadOptions, Rejected, Understood } from '../formats/options.ts';
import type { SteadyFile } from '../memory/steady-file.ts';
import { countRecords } from './count.ts';
import type { CountAnswer } from './count-worker.ts';
import type { InputFile } from './files.ts';
import type { Piece } from './piece.ts';

export class InPlacePiece implements Piece {
  readonly file: InputFile;
  readonly fits = true;
  readonly #steady: SteadyFile;
  readonly #readWhole: (types: ReadOptions['types']) => Piece;
  readonly #decoded: Decoded;
  #counted: Promise<CountAnswer> | undefined;
  #types: ReadOptions['types'];
  /** Stands in once the file could not be taken as it is. */
  #whole: Piece | undefined;

  /** Takes over `steady`. `readWhole` opens the same file in memory, with these types. */
  constructor(
    file: InputFile,
    steady: SteadyFile,
    read: ReadOptions,
    readWhole: (types: ReadOptions['types']) => Piece,
  ) {
    this.file = file;
    this.#steady = steady;
    this.#readWhole = readWhole;
    this.#types = read.types;
    this.#decoded = decode(
      { path: file.path, bytes: steady.bytes, scanPath: steady.path, assumePlain: true },
      read,
    );
    const { assumed } = this.#decoded;
    if (assumed !== undefined) this.#counted = countRecords(steady.fd, assumed);
  }

  get columns(): readonly Column[] {
    return this.#current.columns;
  }

  get understood(): Understood {
    return this.#current.understood;
  }

  get rejected(): Rejected {
    return this.#current.rejected;
  }

  scan(columns?: readonly string[]): LazyFrame {
    return this.#current.scan(columns);
  }

  async *segments(columns?: readonly string[]): AsyncIterable<LazyFrame> {
    yield this.scan(columns);
  }

  async verify(): Promise<boolean> {
    const counted = await this.#counted;
    this.#counted = undefined;
    if (counted === undefined || counted.plain) return true;
    this.#whole = this.#readWhole(this.#types);
    return false;
  }

  recover(cause: unknown): void {
    this.#whole ??= this.#readWhole(this.#types);
    this.#whole.recover(cause);
  }

  retype(types: Readonly<Record<string, string>>): void {
    this.#types = { ...types, ...this.#types };
    this.#whole ??= this.#readWhole(this.#types);
    this.#whole.retype(types);
  }

  close(): void {
    this.#whole?.close();
    this.#steady[Symbol.dispose]();
  }

  get #current(): Decoded | Piece {
    return this.#whole ?? this.#decoded;
  }
}
