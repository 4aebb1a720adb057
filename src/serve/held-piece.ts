/** Rows held in memory, as the engine opens files: nothing is read, decoded or inferred again. */
import { col, type DataFrame, type LazyFrame, polars } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import type { InputFile } from '../engine/inputs/files.ts';
import type { Piece } from '../engine/pieces/piece.ts';
import { messageOf, NairobiError } from '../errors.ts';
import type { Rejected, Understood } from '../formats/options.ts';
import type { Held } from './tasks.ts';

export class HeldPiece implements Piece {
  readonly file: InputFile;
  readonly columns: readonly Column[];
  readonly understood: Understood;
  readonly rejected: Rejected = { rows: 0, values: 0, examples: [] };
  readonly fits = true;
  readonly rowsHeld?: number;
  readonly #path: string;
  readonly #frame: DataFrame | undefined;

  /**
   * `frame`: the same rows where Polars needs not copy them; else they are scanned. `asCommand`:
   * exactly as the program alone would compute on the file.
   */
  constructor(held: Held, frame: DataFrame | undefined, { asCommand }: { asCommand: boolean }) {
    if (!asCommand) this.rowsHeld = held.rows;
    const size = held.files.reduce((sum, file) => sum + file.size, 0);
    this.file = { path: held.wish.path, size, kind: 'regular', partitions: [] };
    this.columns = held.columns;
    this.understood = {
      format: 'arrow',
      columns: held.columns.map(({ name, type }) => ({ name, type, from: 'file' })),
      notes: [],
    };
    this.#path = `/proc/self/fd/${held.fd}`;
    this.#frame = frame;
  }

  scan(columns?: readonly string[]): LazyFrame {
    const all = this.#frame?.lazy() ?? polars().scanIPC(this.#path, { cache: false } as never);
    // No column at all would be no row either.
    return columns === undefined || columns.length === 0
      ? all
      : all.select(...new Set(columns).values().map(col));
  }

  async *segments(columns?: readonly string[]): AsyncIterable<LazyFrame> {
    yield this.scan(columns);
  }

  verify(): Promise<boolean> {
    return Promise.resolve(true);
  }

  recover(cause: unknown): never {
    if (cause instanceof NairobiError) throw cause;
    throw new NairobiError('BAD_DATA', `The plan failed: ${messageOf(cause)}`, { cause });
  }

  retype(): void {
    // The types are settled: all rows were read as them.
  }

  close(): void {
    // The daemon owns the descriptor.
  }
}
