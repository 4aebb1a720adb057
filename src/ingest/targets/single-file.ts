/**
 * One file as a target. It is written under a hidden name beside its own and renamed. With a state
 * file, and from the second commit of a run on, the old content is copied in front, so that a
 * growing log becomes a growing file.
 */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { collect, type DataFrame, polars } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { assert, NairobiError } from '../../errors.ts';
import { unfinished } from '../../unfinished.ts';
import type { Clearing } from '../commit/after.ts';
import {
  attempt,
  makeDirectory,
  replaceUnsynced,
  syncDirectory,
  syncFile,
  syncRenamed,
  withHint,
} from '../commit/durable.ts';
import { claim, removeAbandoned } from '../commit/lock.ts';
import { type CommitRecord, encodeRecord, NO_ROWS, readRecord } from '../commit/record.ts';
import { apply, COMMITTED } from '../commit/transaction.ts';
import type { EncodedPiece, Encoding } from '../parquet/encode.ts';
import { type Codec, ParquetWriter } from '../parquet/writer.ts';
import { requireColumns } from './columns.ts';
import { publishRejects } from './database.ts';
import { addTotals, appendRejects } from './dataset.ts';
import { newRunId, removeTemporaries, temporaryBeside } from './layout.ts';
import type { CommitSummary, Progress, Target } from './target.ts';
import { TextWriter } from './text-writer.ts';

export type FileFormat = 'parquet' | 'arrow' | 'csv' | 'ndjson';

export interface FileOptions {
  readonly path: string;
  readonly format: FileFormat;
  readonly statePath: string | undefined;
  readonly codec: Codec;
}

export class FileTarget implements Target {
  readonly path: string;
  readonly previous: CommitRecord | undefined;
  readonly #options: FileOptions;
  readonly #folder: string;
  #run = newRunId();
  #writer: ParquetWriter | TextWriter | undefined;
  #columns: readonly Column[] = [];
  #last: CommitRecord | undefined;
  #written = 0;
  /** This run has published the file: what it publishes later comes behind. */
  #isBegun = false;
  #hasRejects = false;
  #clear: readonly Clearing[] = [];
  /** The temporary file belongs to a commit that may have happened. */
  #handedOver = false;
  /** What --timeout has to remove. With a state it must not: the next run finishes what it says. */
  #unfinished: DisposableStack | undefined;

  /** Finishes what a killed run had committed. The caller holds the lock when there is a state. */
  constructor(options: FileOptions) {
    this.path = resolve(options.path);
    this.#options = options;
    this.#folder = dirname(this.path);
    if (statSync(this.#folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new NairobiError('NOT_FOUND', `Cannot write ${options.path}: no such directory`, {
        where: { file: this.path },
      });
    }
    if (options.statePath === undefined) {
      removeAbandoned(this.path);
      return;
    }
    const record = readRecord(options.statePath);
    if (record !== undefined && record.target !== this.path) {
      throw new NairobiError('USAGE', `The state belongs to another target: ${record.target}`, {
        hint: 'give every target a state file of its own',
      });
    }
    if (record !== undefined) apply(record, this.#folder);
    removeTemporaries(this.path);
    removeTemporaries(options.statePath);
    if (record !== undefined && record.totals.rowsWritten > 0 && !existsSync(this.path)) {
      throw new NairobiError(
        'CHECK_FAILED',
        `${this.path} is gone, but the state says it has rows`,
        {
          hint: 'put the file back, or remove the state file to read everything again',
        },
      );
    }
    this.previous = record;
    this.#last = record;
    this.#clear = record?.clear ?? [];
  }

  setColumns(columns: readonly Column[]): void {
    const known = this.#last?.columns ?? [];
    this.#columns = columns;
    requireColumns(known, columns, this.path);
  }

  get uncleared(): readonly Clearing[] {
    return this.#clear;
  }

  get empty(): boolean {
    return this.#written === 0;
  }

  private get temporary(): string {
    return temporaryBeside(this.path, this.#run);
  }

  private get spool(): string {
    return `${this.temporary}.spool`;
  }

  private writer(): ParquetWriter | TextWriter {
    if (this.#writer !== undefined) return this.#writer;
    const { format, codec, statePath } = this.#options;
    if (statePath === undefined) {
      this.#unfinished = new DisposableStack();
      this.#unfinished.use(unfinished(this.temporary));
      this.#unfinished.use(unfinished(this.spool));
    }
    this.#writer =
      format === 'csv' || format === 'ndjson'
        ? new TextWriter(this.temporary, format)
        : // Arrow's file format cannot be continued: it is made from this at the commit.
          new ParquetWriter(this.temporary, format === 'arrow' ? 'lz4' : codec);
    this.#unfinished?.use(claim(this.temporary));
    if (this.grows && existsSync(this.path) && format !== 'arrow') {
      this.#writer.appendFile(this.path);
    }
    return this.#writer;
  }

  /** What the file holds is kept. */
  private get grows(): boolean {
    return this.#last !== undefined || this.#isBegun;
  }

  write(frame: DataFrame): void {
    // An empty frame still brings the columns to a file that would otherwise not exist.
    this.writer().append(frame);
    this.#written += frame.height;
  }

  get encoding(): Encoding | undefined {
    const { format, codec } = this.#options;
    return format === 'parquet' ? { codec, keys: [] } : undefined;
  }

  take(pieces: readonly EncodedPiece[]): void {
    const writer = this.writer();
    assert(writer instanceof ParquetWriter, 'only a Parquet target takes encoded rows');
    for (const piece of pieces) {
      writer.appendEncoded(piece.parquet, piece.rows);
      this.#written += piece.rows;
    }
  }

  commit(progress: Progress): CommitSummary {
    const writer = this.#writer;
    const rows = this.#written;
    const isNew = writer !== undefined && (rows > 0 || !existsSync(this.path) || !this.grows);
    if (isNew) {
      writer.close();
      if (this.#options.format === 'arrow') this.makeArrow();
    }
    if (this.#options.statePath === undefined) this.publishAlone(progress, isNew);
    else this.publishWithState(this.#options.statePath, progress, isNew);
    this.#clear = progress.clear;
    if (!isNew) this.discard();
    this.#writer = undefined;
    this.#unfinished?.dispose();
    this.#written = 0;
    this.#run = newRunId();
    const bytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    return { files: isNew ? [this.path] : [], bytes, rows };
  }

  private publishAlone(progress: Progress, isNew: boolean): void {
    if (this.#hasRejects) publishRejects(progress.rejects);
    else if (progress.rejects !== undefined) {
      const { path, staged } = progress.rejects;
      attempt('rename', path, () => renameSync(staged, path));
      syncDirectory(dirname(path));
      this.#hasRejects = true;
    }
    if (!isNew) return;
    attempt('rename', this.path, () => renameSync(this.temporary, this.path));
    syncRenamed(this.path);
    this.#isBegun = true;
  }

  private publishWithState(statePath: string, progress: Progress, isNew: boolean): void {
    const name = basename(this.path);
    const from = basename(this.temporary);
    const record: CommitRecord = {
      format: 'nairobi-commit',
      version: 1,
      sequence: (this.#last?.sequence ?? 0) + 1,
      run: this.#run,
      committedAt: new Date().toISOString(),
      target: this.path,
      columns: this.#columns.length > 0 ? this.#columns : (this.#last?.columns ?? []),
      partitionBy: [],
      publish: isNew ? [{ from, to: name, rows: this.#written, bytes: 0 }] : [],
      append: appendRejects(progress.rejects, this.#folder),
      remove: [],
      sources: progress.sources,
      clear: progress.clear,
      totals: addTotals(this.#last?.totals ?? NO_ROWS, progress.totals),
    };
    syncDirectory(this.#folder);
    makeDirectory(dirname(resolve(statePath)));
    replaceUnsynced(statePath, encodeRecord(record), this.#run, () => {
      this.#handedOver = true;
    });
    withHint(COMMITTED, () => {
      syncDirectory(dirname(resolve(statePath)));
      apply(record, this.#folder);
    });
    this.#handedOver = false;
    this.#last = record;
  }

  /** Turns the spooled rows (and what the file held before) into an Arrow file, on the disk. */
  private makeArrow(): void {
    const pl = polars();
    const { spool } = this;
    attempt('rename', spool, () => renameSync(this.temporary, spool));
    try {
      const rows = pl.scanParquet(spool, { glob: false } as never);
      const before = this.grows && existsSync(this.path);
      const all = before ? pl.concat([pl.scanIPC(this.path), rows]) : rows;
      attempt('write', this.path, () =>
        collect(all.sinkIpc(this.temporary, { syncOnClose: 'none' } as never)),
      );
      syncFile(this.temporary);
    } finally {
      attempt('remove', spool, () => rmSync(spool, { force: true }));
    }
    assert(existsSync(this.temporary), 'Polars wrote the Arrow file it was asked for');
  }

  private discard(): void {
    this.#writer?.abandon();
    this.#writer = undefined;
    if (!this.#handedOver) rmSync(this.temporary, { force: true });
    this.#unfinished?.dispose();
  }

  [Symbol.dispose](): void {
    this.discard();
  }
}
