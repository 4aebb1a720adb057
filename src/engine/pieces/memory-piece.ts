/** A file that was read whole into leased memory, where Polars reads it in place. */
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column, PlainText } from '../../compute/relation.ts';
import { decode } from '../../formats/decode.ts';
import type { Decoded } from '../../formats/decoded.ts';
import { isText } from '../../formats/detect.ts';
import type { ReadOptions, Rejected, Understood } from '../../formats/options.ts';
import type { Lease } from '../../memory/lease.ts';
import type { InputFile } from '../inputs/files.ts';
import type { Reporter } from '../run/report.ts';
import type { Piece } from './piece.ts';

export class MemoryPiece implements Piece {
  readonly file: InputFile;
  readonly fits = true;
  readonly isRead = true;
  readonly #lease: Lease;
  readonly #bytes: Buffer;
  readonly #reporter: Reporter;
  readonly #options: ReadOptions;
  #decoded: Decoded;

  /** Takes over `lease`, whose first `byteLength` bytes are the file. */
  constructor(
    file: InputFile,
    content: { lease: Lease; byteLength: number },
    options: ReadOptions,
    reporter: Reporter,
  ) {
    this.file = file;
    this.#lease = content.lease;
    this.#bytes = content.lease.bytes(0, content.byteLength);
    this.#options = options;
    this.#reporter = reporter;
    this.#decoded = this.#decode(options);
  }

  get columns(): readonly Column[] {
    return this.#decoded.columns;
  }

  get understood(): Understood {
    return this.#decoded.understood;
  }

  get rejected(): Rejected {
    return this.#decoded.rejected;
  }

  rowCount(): number | undefined {
    return this.#decoded.rows;
  }

  scan(columns?: readonly string[]): LazyFrame {
    return this.#reporter.time('parse', () => this.#decoded.scan(columns));
  }

  async *segments(columns?: readonly string[]): AsyncIterable<LazyFrame> {
    yield this.scan(columns);
  }

  verify(): Promise<boolean> {
    return Promise.resolve(true);
  }

  plainText(): PlainText | undefined {
    return this.#decoded.plainText?.();
  }

  recover(cause: unknown): void {
    this.#decoded = this.#decoded.recover(cause);
  }

  retype(types: Readonly<Record<string, string>>): void {
    if (!isText(this.#decoded.format)) return;
    this.#decoded = this.#decode({
      ...this.#options,
      types: { ...types, ...this.#options.types },
    });
  }

  close(): void {
    this.#lease.release();
  }

  #decode(options: ReadOptions): Decoded {
    const source = { path: this.file.path, bytes: this.#bytes };
    return this.#reporter.time('parse', () => decode(source, options));
  }
}
