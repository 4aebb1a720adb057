/**
 * A large regular file: Polars scans it where it lies in the page cache, guarded against missing
 * pages, while its records are checked to be plain and its values not to be odd. When records are
 * not plain, the file is read into memory and cleaned like a small one.
 */
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column, PieceUse, PlainText } from '../../compute/relation.ts';
import { assert, NairobiError } from '../../errors.ts';
import type { Watch } from '../../formats/csv/odd-values.ts';
import { decode } from '../../formats/decode.ts';
import type { Decoded, Picking } from '../../formats/decoded.ts';
import { isText } from '../../formats/detect.ts';
import type { ReadOptions, Rejected, Understood } from '../../formats/options.ts';
import type { RecordCheck } from '../../kernel/records.ts';
import { mapFile } from '../../memory/file-map.ts';
import type { InPlace } from '../../uring/in-place.ts';
import { readAt } from '../../uring/read-at.ts';
import type { InputFile } from '../inputs/files.ts';
import { checkFile } from './count.ts';
import type { InPlaceContext } from './in-place-context.ts';
import { type PickedText, pickText } from './picked-text.ts';
import { otherTypes, type Piece, sameColumns } from './piece.ts';
import { rowCountOf } from './row-count.ts';
import { Windows } from './windows.ts';

/** Of a segment: a few columns of them are some megabytes. */
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
  /** Whether its records were checked; once is enough. */
  #checked = false;
  #checks: RecordCheck[] = [];
  /** The bits of ODD that were looked for in each column so far. */
  #looked = new Uint8Array();
  /** The columns that were copied out of it, and whether that was tried. */
  #picked: PickedText | undefined;
  #isTried = false;
  /** Stands in once the records turned out not to be plain, or are wanted in segments. */
  #whole: Piece | undefined;
  /** What stands in has other columns, and a plan was made for the former ones. */
  #isOther = false;

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
    if (this.#whole !== undefined) return this.#whole.scan(columns);
    this.#context.watchMemory();
    this.#check(columns);
    const { path, picking } = this.#picked ?? {};
    const picked =
      path === undefined || picking === undefined
        ? undefined
        : this.#decoded.scanPicked?.(path, picking, columns);
    return picked ?? this.#decoded.scan(columns);
  }

  /** Copies few columns out of many; throws when that shows records that are not plain. */
  async prepare(columns: readonly string[], byteLength: number): Promise<void> {
    const { assumed } = this.#decoded;
    if (assumed === undefined || this.#whole !== undefined || this.#isTried || !this.fits) return;
    const picking = this.#decoded.picking?.(columns);
    if (picking === undefined) return;
    this.#isTried = true;
    const watch = this.#news(columns);
    const [fd, size] = [this.#opened.fd, this.#bytes.length];
    const task = { fd, size, records: assumed, watch, picking, byteLength };
    const result = await pickText(task);
    if (result === undefined || result.answer === 'full') return;
    this.#picked = result.text;
    this.#note(watch);
    this.#know(result.answer === 'plain', result.found);
  }

  /** Only of few enough columns of text that fits; throws as prepare does. */
  windows(columns: readonly string[], most: number): AsyncIterable<LazyFrame> | undefined {
    const { assumed } = this.#decoded;
    if (assumed === undefined || this.#whole !== undefined || !this.fits) return undefined;
    const picking = this.#decoded.picking?.(columns);
    if (picking === undefined || picking.share > most) return undefined;
    const watch = this.#news(columns);
    const [fd, size] = [this.#opened.fd, this.#bytes.length];
    const opened = Windows.open({ fd, size, records: assumed, watch, picking });
    // Where all columns will do, few rows are wanted: the first part may be enough.
    return opened && this.#read(opened, picking, columns, watch, most < 1);
  }

  async *#read(
    windows: Windows,
    picking: Picking,
    columns: readonly string[],
    watch: Watch | undefined,
    ahead: boolean,
  ): AsyncIterable<LazyFrame> {
    try {
      let next = windows.next();
      for (let part = 0; ; part += 1) {
        const { path, answer, isLast } = await next;
        if (answer !== 'plain') this.#know(false, windows.found);
        const isAhead = ahead || part > 0;
        if (!isLast && isAhead) next = windows.next();
        // Nobody asks for it when the reading ends here.
        next.catch(() => undefined);
        this.#context.glanceAtMemory();
        const frame = this.#decoded.scanPicked?.(path, picking, columns);
        assert(frame !== undefined, 'columns that were picked');
        yield frame;
        if (isLast) break;
        if (!isAhead) next = windows.next();
      }
      this.#note(watch);
    } finally {
      this.#know(true, windows.found.slice());
      await windows.close();
    }
  }

  /** For verify(), which answers for all that was read; throws when its answer will be false. */
  #know(plain: boolean, found: Uint8Array): void {
    const answers = { plain: Promise.resolve(plain), found: Promise.resolve(found) };
    this.#checks.push({ ...answers, stop: () => undefined });
    if (plain) return;
    throw new NairobiError('BAD_DATA', 'Records are not plain', {
      where: { file: this.file.path },
    });
  }

  /** Whoever decodes it checks it: no thread needs to. */
  plainText(): PlainText | undefined {
    const text = this.#current.plainText?.();
    // What had to be made UTF-8 first lies in memory, not in the file.
    if (text === undefined || this.#whole || !this.#decoded.assumed) return text;
    const start = this.#bytes.length - text.size;
    // By reading, not from the mapping: mapped pages would count as this process's memory.
    const read = (into: Uint8Array, from: number): number =>
      readAt(this.#opened.fd, into, start + from, this.file.path);
    return { ...text, read, file: { fd: this.#opened.fd, at: start } };
  }

  parquet(): { readonly fd: number; readonly size: number } | undefined {
    if (this.#whole !== undefined || this.#decoded.format !== 'parquet') return undefined;
    return { fd: this.#opened.fd, size: this.#bytes.length };
  }

  rowCount(): number | undefined {
    return rowCountOf(this.#decoded);
  }

  /** Files by columns in rows; text in one go when little is made of it, else cut by a thread. */
  async *segments(columns?: readonly string[], use: PieceUse = 'rows'): AsyncIterable<LazyFrame> {
    if (this.#whole === undefined && use === 'rows') this.#cutText();
    if (this.#whole !== undefined) {
      yield* this.#whole.segments(columns, use);
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
    const checks = this.#checks.splice(0);
    const plain = (await Promise.all(checks.map((check) => check.plain))).every(Boolean);
    if (this.#whole === undefined || checks.length > 0) this.#opened.verify();
    if (this.#whole !== undefined) {
      // Rows that came in segments, and what was made of the file in place before them.
      const isOther = this.#isOther;
      this.#isOther = false;
      const found = await Promise.all(checks.map((check) => check.found));
      const asChecked = plain && !this.#opened.changed && this.#settle(found);
      return (await this.#whole.verify()) && (checks.length === 0 || asChecked) && !isOther;
    }
    // Written to meanwhile: a record may have been half there. Read what is there now, at once.
    if (plain && !this.#opened.changed)
      return this.#settle(await Promise.all(checks.map(({ found }) => found)));
    for (const check of checks) check.stop();
    this.#context.discount();
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
    for (const check of this.#checks) check.stop();
    // The checks use the descriptor until they have answered.
    const answers = this.#checks.flatMap(({ plain, found }) => [plain, found]);
    void Promise.allSettled(answers).finally(() => {
      this.#opened.close();
      this.#context.held?.[Symbol.dispose]();
    });
    this.#picked?.close();
  }

  #cutText(): void {
    if (!isText(this.#decoded.format) || this.#bytes.length <= this.#context.rowsBytes) return;
    const long = this.#context.openLong(this.#types);
    if (long === undefined && this.fits) return;
    const before = this.columns;
    this.#context.discount();
    this.#whole = long ?? this.#context.openWhole(this.#types);
    this.#isOther = !sameColumns(before, this.columns);
    if (this.#isOther) throw otherTypes(this.file);
  }

  /** Begins to check the records, and what was not looked for in these columns yet. */
  #check(columns: readonly string[] | undefined): void {
    const { assumed } = this.#decoded;
    const watch = assumed === undefined ? undefined : this.#news(columns);
    if (assumed === undefined || (this.#checked && watch === undefined)) return;
    this.#note(watch);
    this.#checks.push(checkFile(this.#opened.fd, this.#bytes.length, assumed, watch));
  }

  /** What was not looked for in these columns yet. */
  #news(columns: readonly string[] | undefined): Watch | undefined {
    const watch = this.#decoded.watch?.(columns);
    if (watch === undefined) return undefined;
    const news = watch.columns.map((bits, index) => bits & ~(this.#looked[index] ?? 0));
    return news.some((bits) => bits !== 0) ? { ...watch, columns: news } : undefined;
  }

  /** The records are checked, and this is looked for. */
  #note(watch: Watch | undefined): void {
    this.#checked = true;
    const before = this.#looked;
    if (watch !== undefined)
      this.#looked = watch.columns.map((bits, index) => bits | (before[index] ?? 0));
  }

  /** False when what was found changed a type. */
  #settle(answers: readonly Uint8Array[]): boolean {
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
      read: (into: Uint8Array, at: number) => readAt(this.#opened.fd, into, at, this.file.path),
      assumePlain: true,
    };
    return decode(source, this.#types === undefined ? read : { ...read, types: this.#types });
  }

  get #current(): Decoded | Piece {
    return this.#whole ?? this.#decoded;
  }
}
