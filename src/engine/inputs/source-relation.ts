/** The files of one source as one relation: columns unified, partition keys and names added. */
import { align, stack } from '../../compute/align.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import type {
  Column,
  FilesOfRelation,
  ParquetSource,
  PieceUse,
  PlainText,
  Relation,
  TextSource,
  TextStream,
} from '../../compute/relation.ts';
import { assert } from '../../errors.ts';
import type { Piece } from '../pieces/piece.ts';
import { Blocks } from './blocks.ts';
import { DeferredPiece } from './deferred-piece.ts';
import { keysAsRows, partitionValues } from './partitions.ts';
import { SourcePart } from './source-part.ts';
import { type SourceArgument, tableName } from './sources.ts';
import { type TableOptions, tableColumns } from './unify.ts';

export interface SourceRelationOptions extends TableOptions {
  /** What may be taken to make reading quicker. */
  readonly memoryBytes?: number;
  /** How many threads may read files by themselves; nothing does when left out. */
  readonly threads?: number;
}

/** A footer is read in a millisecond; of a thousand files a few tell enough. */
const FILES_ASKED = 8;

export class SourceRelation implements Relation {
  readonly name: string;
  /** In the order of their rows; never empty. */
  readonly pieces: readonly Piece[];
  readonly #options: SourceRelationOptions;
  #columns: readonly Column[];
  #rows: number | undefined;
  #changed = false;
  readonly #blocks = new Blocks();

  constructor(argument: SourceArgument, pieces: readonly Piece[], options: SourceRelationOptions) {
    this.name = tableName(argument);
    this.pieces = pieces;
    this.#options = options;
    this.#columns = this.#unify();
  }

  get fits(): boolean {
    return this.pieces.every((piece) => piece.fits);
  }

  /** Reads whole what is read in segments else: true when something was. Its columns may change. */
  load(): boolean {
    const loaded = this.pieces.filter((piece) => piece.load?.() === true);
    if (loaded.length > 0) this.#columns = this.#unify();
    return loaded.length > 0;
  }

  /** Looks for columns that the beginnings of streams did not show: true when there are some. */
  async findColumns(): Promise<boolean> {
    let found = false;
    for (const piece of this.pieces) found = (await piece.findColumns?.()) === true || found;
    if (found) this.#columns = this.#unify();
    return found;
  }

  /** Of all files, as they lie there. */
  get byteLength(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.file.size, 0);
  }

  /**
   * What a few files say for certain, and for the rest by the bytes: as many rows in each as in
   * those, else one for 24 bytes. Enough to tell a large table from a small one.
   */
  get rowEstimate(): number {
    this.#rows ??= this.#estimate();
    return this.#rows;
  }

  get rowsHeld(): number | undefined {
    const held = this.pieces.map((piece) => piece.rowsHeld ?? Number.NaN);
    const sum = held.reduce((all, rows) => all + rows, 0);
    return Number.isNaN(sum) ? undefined : sum;
  }

  /** They may change when `recover` widened a type. */
  get columns(): readonly Column[] {
    return this.#columns;
  }

  get columnar(): boolean {
    return this.pieces.every(({ understood }) => /^(parquet|arrow)/.test(understood.format));
  }

  scan(columns?: readonly string[], pieces: readonly Piece[] = this.pieces): LazyFrame {
    const wanted = this.#wanted(columns);
    const frames = pieces.map((piece) =>
      this.#align(piece, piece.scan(own(piece, wanted)), wanted),
    );
    const all = stack(frames);
    assert(all !== undefined, 'a source has at least one file');
    return all;
  }

  async prepare(columns: readonly string[], pieces: readonly Piece[] = this.pieces): Promise<void> {
    const wanted = this.#wanted(columns);
    const { memoryBytes = 0 } = this.#options;
    const budget = memoryBytes / pieces.length;
    for (const piece of pieces) await piece.prepare?.(own(piece, wanted), budget);
  }

  /** Of a single file. */
  windows(columns: readonly string[], most: number): AsyncIterable<LazyFrame> | undefined {
    const [piece, second] = this.pieces;
    if (piece === undefined || second !== undefined) return undefined;
    const wanted = this.#wanted(columns);
    const parts = piece.windows?.(own(piece, wanted), most);
    return parts && this.#alignAll(piece, parts, wanted);
  }

  async *segments(
    columns?: readonly string[],
    use?: PieceUse,
    pieces: readonly Piece[] = this.pieces,
  ): AsyncIterable<LazyFrame> {
    const wanted = this.#wanted(columns);
    for (const piece of pieces) {
      for await (const frame of piece.segments(own(piece, wanted), use)) {
        yield this.#align(piece, frame, wanted);
      }
    }
  }

  /** Of files told apart by the keys in their paths. */
  files(): FilesOfRelation | undefined {
    if (this.pieces.length < 2) return undefined;
    const keys = keysAsRows(this.pieces, this.#columns);
    return keys && { keys, only: (numbers) => this.#only(numbers) };
  }

  /** True once after files that were opened late have changed the columns. */
  hasOtherColumns(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** See Piece.verify: false when any file was not what it was taken for. */
  async verify(): Promise<boolean> {
    let asTaken = this.#blocks.verify();
    for (const piece of this.pieces) asTaken = (await piece.verify()) && asTaken;
    if (!asTaken) this.#columns = this.#unify();
    return asTaken;
  }

  /** Only of a single file without columns of the engine's own: those are in no text. */
  plainText(): PlainText | undefined {
    const [piece, second] = this.pieces;
    const text = second === undefined ? piece?.plainText?.() : undefined;
    return text?.columns.length === this.#columns.length ? text : undefined;
  }

  textSource(): TextSource | undefined {
    const text = this.plainText();
    const { threads = 1 } = this.#options;
    return text?.file && { text, ...text.file, threads };
  }

  textStream(columns: readonly string[]): TextStream | undefined {
    const [piece, second] = this.pieces;
    const stream = second === undefined ? piece?.textStream?.(columns) : undefined;
    return stream?.text.columns.length === this.#columns.length ? stream : undefined;
  }

  /** Of plain text in a file; what is not plain is for `segments` and `scan`. */
  blocks(columns: readonly string[]): AsyncIterable<LazyFrame> | undefined {
    return this.#blocks.of(columns, () => this.textSource());
  }

  /** Only where every file has the columns as they are. */
  parquet(columns: readonly string[], pieces = this.pieces): ParquetSource | undefined {
    const { threads, memoryBytes = 0 } = this.#options;
    if (threads === undefined) return undefined;
    const wanted = this.#wanted(columns);
    const files: ParquetSource['files'][number][] = [];
    for (const piece of pieces) {
      const file = piece.parquet?.();
      const types = new Map(piece.columns.map(({ name, type }) => [name, type]));
      if (file === undefined || wanted.some(({ name, type }) => types.get(name) !== type)) {
        return undefined;
      }
      files.push(file);
    }
    return { files, threads, memoryBytes };
  }

  /** See Piece.recover: one file that mends something is enough. */
  recover(cause: unknown): void {
    let refusal: unknown;
    let mended = false;
    for (const piece of this.pieces) {
      try {
        piece.recover(cause);
        mended = true;
      } catch (error) {
        refusal ??= error;
      }
    }
    if (!mended) throw refusal;
    this.#columns = this.#unify();
  }

  #only(numbers: readonly number[]): Relation {
    // Of none the first, which is open already: it has the types.
    const kept = numbers.length === 0 ? [0] : numbers;
    const pieces = kept.flatMap((number) => this.pieces[number] ?? []);
    const before = this.#columns;
    if (pieces.filter(openNow).length > 0) this.#columns = this.#unify();
    this.#changed ||= JSON.stringify(before) !== JSON.stringify(this.#columns);
    return new SourcePart(this, pieces, numbers.length);
  }

  close(): void {
    for (const piece of this.pieces) piece.close();
  }

  async *#alignAll(
    piece: Piece,
    parts: AsyncIterable<LazyFrame>,
    wanted: readonly Column[],
  ): AsyncIterable<LazyFrame> {
    for await (const frame of parts) yield this.#align(piece, frame, wanted);
  }

  #estimate(): number {
    let [rows, bytes] = [0, 0];
    for (const piece of this.pieces.slice(0, FILES_ASKED)) {
      const counted = piece.rowCount?.();
      if (counted === undefined) continue;
      rows += counted;
      bytes += piece.file.size;
    }
    return Math.ceil(this.byteLength * (bytes === 0 ? 1 / 24 : rows / bytes));
  }

  #align(piece: Piece, frame: LazyFrame, wanted: readonly Column[]): LazyFrame {
    const constants = partitionValues(piece.file);
    const { filenameColumn } = this.#options;
    if (filenameColumn !== undefined) constants.set(filenameColumn, piece.file.path);
    const names = own(piece, wanted);
    const held = names.flatMap((name) => piece.columns.filter((column) => column.name === name));
    return align(frame, held, wanted, constants);
  }

  /** The columns of all files; text files are read again as what their columns were widened to. */
  #unify(): readonly Column[] {
    const columns = tableColumns(this.pieces, this.#options);
    const types = new Map(columns.map(({ name, type }) => [name, type]));
    for (const piece of this.pieces) {
      const widened = piece.columns.filter(({ name, type }) => types.get(name) !== type);
      if (widened.length === 0) continue;
      piece.retype(
        Object.fromEntries(widened.map(({ name, type }) => [name, types.get(name) ?? type])),
      );
    }
    return columns;
  }

  #wanted(columns: readonly string[] | undefined): readonly Column[] {
    if (columns === undefined) return this.columns;
    return columns.map((name) => {
      const column = this.columns.find((one) => one.name === name);
      assert(column !== undefined, `column "${name}" was asked of "${this.name}", which lacks it`);
      return column;
    });
  }
}

/** True when the file was not open before. */
function openNow(piece: Piece): boolean {
  if (!(piece instanceof DeferredPiece) || !piece.isDeferred) return false;
  piece.open();
  return true;
}

/** Of the wanted columns, those the file itself holds, in that order. */
function own(piece: Piece, wanted: readonly Column[]): string[] {
  const held = new Set(piece.columns.map((column) => column.name));
  return wanted.filter(({ name }) => held.has(name)).map(({ name }) => name);
}
