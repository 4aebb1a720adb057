/**
 * A large regular file: Polars scans it where it lies in the page cache, guarded against missing
 * pages, while a thread checks that its records are plain. When they are not, the file is read
 * into memory and cleaned like a small one.
 */
import { readSync } from 'node:fs';
import { collect, type LazyFrame, polars } from '../../compute/polars.ts';
import type { Column, PlainText } from '../../compute/relation.ts';
import { decode } from '../../formats/decode.ts';
import type { Decoded } from '../../formats/decoded.ts';
import { isText } from '../../formats/detect.ts';
import type { ReadOptions, Rejected, Understood } from '../../formats/options.ts';
import type { RecordCheck } from '../../kernel/records.ts';
import { mapFile } from '../../memory/file-map.ts';
import type { InPlace } from '../../uring/in-place.ts';
import type { InputFile } from '../inputs/files.ts';
import { countRecords } from './count.ts';
import { lookForOdd, type OddLook } from './odd.ts';
import type { Piece } from './piece.ts';

export interface InPlaceContext {
  readonly read: ReadOptions;
  /** True when all of the file would fit the memory limit. */
  readonly fits: boolean;
  /** Opens the same file in memory, with these types. */
  readonly openWhole: (types: ReadOptions['types']) => Piece;
}

/** Rows of a segment: a few columns of them are some megabytes. */
const SEGMENT_ROWS = 2 ** 20;

export class InPlacePiece implements Piece {
  readonly file: InputFile;
  readonly fits: boolean;
  readonly isInPlace = true;
  readonly #opened: InPlace;
  readonly #context: InPlaceContext;
  readonly #bytes: Buffer;
  #types: ReadOptions['types'];
  #decoded: Decoded;
  /** Whether a thread was sent to count; once is enough. */
  #checked = false;
  #counted: RecordCheck | undefined;
  /** Threads that look for odd values, and what was looked for in each column so far. */
  #looks: OddLook[] = [];
  #looked = new Uint8Array();
  /** Stands in once the records turned out not to be plain. */
  #whole: Piece | undefined;

  /** Takes over `opened`. */
  constructor(file: InputFile, opened: InPlace, context: InPlaceContext) {
    this.file = file;
    this.fits = context.fits;
    this.#opened = opened;
    this.#context = context;
    this.#types = context.read.types;
    this.#bytes = mapFile(opened.fd);
    this.#decoded = this.#decode();
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
    const { assumed } = this.#decoded;
    if (assumed !== undefined && !this.#checked) {
      this.#checked = true;
      this.#counted = countRecords(this.#opened.fd, this.#bytes.length, assumed);
    }
    if (assumed !== undefined && this.#whole === undefined) this.#look(assumed.byte, columns);
    return this.#current.scan(columns);
  }

  /** Whoever decodes it checks it: no thread needs to. */
  plainText(): PlainText | undefined {
    const text = this.#current.plainText?.();
    if (text === undefined || this.#whole !== undefined) return text;
    const start = this.#bytes.length - text.size;
    // By reading, not from the mapping: mapped pages would count as this process's memory.
    const read = (into: Uint8Array, from: number): number =>
      readSync(this.#opened.fd, into, 0, into.length, start + from);
    return { ...text, read };
  }

  /** Of Parquet, whose footer says it. */
  rowCount(): number | undefined {
    if (this.#decoded.format !== 'parquet') return undefined;
    const pl = polars();
    try {
      const counted = collect(this.#decoded.scan().select(pl.len().cast(pl.Float64)));
      return Number(counted.getColumn('len').get(0));
    } catch {
      return undefined; // damaged: reading its rows says so with its place
    }
  }

  /** Parquet is cut by rows, which skips whole row groups; text has to be read from its start. */
  async *segments(columns?: readonly string[]): AsyncIterable<LazyFrame> {
    if (this.#whole !== undefined) {
      yield* this.#whole.segments(columns);
      return;
    }
    const rows = this.fits ? undefined : this.rowCount();
    if (rows === undefined) {
      yield this.scan(columns);
      return;
    }
    for (let at = 0; at < rows; at += SEGMENT_ROWS)
      yield this.scan(columns).slice(at, SEGMENT_ROWS);
  }

  async verify(): Promise<boolean> {
    const plain = await this.#counted?.plain;
    this.#counted = undefined;
    if (this.#whole !== undefined) return this.#whole.verify();
    this.#opened.verify();
    // Written to meanwhile: a record may have been half there. Read what is there now, at once.
    if (plain !== false && !this.#opened.changed) return this.#settle();
    for (const look of this.#looks.splice(0)) look.stop();
    this.#whole = this.#context.openWhole(this.#types);
    return false;
  }

  recover(cause: unknown): void {
    if (this.#whole === undefined) this.#decoded = this.#decoded.recover(cause);
    else this.#whole.recover(cause);
  }

  retype(types: Readonly<Record<string, string>>): void {
    this.#types = { ...types, ...this.#types };
    if (this.#whole !== undefined) this.#whole.retype(types);
    else if (isText(this.#decoded.format)) this.#decoded = this.#decode();
  }

  close(): void {
    this.#whole?.close();
    this.#counted?.stop();
    for (const look of this.#looks) look.stop();
    // The checks use the descriptor until they have answered.
    const users = [this.#counted?.plain, ...this.#looks.map(({ found }) => found)];
    void Promise.allSettled(users).finally(() => this.#opened.close());
  }

  /** Sends a thread to look for what was not looked for in these columns yet. */
  #look(from: number, columns: readonly string[] | undefined): void {
    const watch = this.#decoded.watch?.(columns);
    if (watch === undefined) return;
    const news = watch.columns.map((bits, index) => bits & ~(this.#looked[index] ?? 0));
    if (!news.some((bits) => bits !== 0)) return;
    this.#looked = news.map((bits, index) => bits | (this.#looked[index] ?? 0));
    const task = { fd: this.#opened.fd, from, watch: { ...watch, columns: news } };
    this.#looks.push(lookForOdd(task));
  }

  /** Waits for what was looked for; false when it changed a type. */
  async #settle(): Promise<boolean> {
    const answers = await Promise.all(this.#looks.splice(0).map(({ found }) => found));
    let isSettled = true;
    for (const found of answers) {
      const next = this.#decoded.reconsider?.(found);
      if (next === undefined) continue;
      this.#decoded = next;
      isSettled = false;
    }
    return isSettled;
  }

  #decode(): Decoded {
    const { read } = this.#context;
    const source = {
      path: this.file.path,
      bytes: this.#bytes,
      scanPath: this.#opened.scanPath,
      assumePlain: true,
    };
    return decode(source, this.#types === undefined ? read : { ...read, types: this.#types });
  }

  get #current(): Decoded | Piece {
    return this.#whole ?? this.#decoded;
  }
}
