/**
 * The dataset directory as a target: Parquet parts under hive partitions, added and never
 * rewritten.
 */
import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { DataFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { assert, NairobiError } from '../../errors.ts';
import { type Bytes, bytes, MiB } from '../../units.ts';
import type { Clearing } from '../commit/after.ts';
import { makeDirectory } from '../commit/durable.ts';
import {
  type Appendix,
  type CommitRecord,
  NO_ROWS,
  type Publication,
  readRecord,
  type Totals,
} from '../commit/record.ts';
import { commit, recover, Staging } from '../commit/transaction.ts';
import { type EncodedPiece, type Encoding, encodePieces } from '../parquet/encode.ts';
import { type Codec, ParquetWriter } from '../parquet/writer.ts';
import { requireColumns, requireSame } from './columns.ts';
import { newRunId, partName, recordPath, removeTemporaries } from './layout.ts';
import { type PartitionKey, parsePartitionBy } from './partition.ts';
import type { CommitSummary, Progress, Target } from './target.ts';

export interface DatasetOptions {
  readonly root: string;
  /** The commit record; undefined: the dataset's own, which remembers no sources. */
  readonly statePath: string | undefined;
  readonly partitionBy: string | undefined;
  readonly codec: Codec;
  /** A part is closed when it has grown beyond this. */
  readonly partBytes: Bytes;
}

/** DuckDB and Spark both advise 100 MB to 1 GB; smaller is kinder to small hosts. */
export const PART_BYTES = bytes(256 * MiB);

/** Parts kept open at the same time; the one that waited longest is closed for another. */
const OPEN_PARTS = 256;

interface OpenPart {
  readonly partition: string;
  readonly staged: string;
  readonly writer: ParquetWriter;
}

export class DatasetTarget implements Target {
  readonly root: string;
  readonly previous: CommitRecord | undefined;
  readonly #options: DatasetOptions;
  readonly #statePath: string;
  readonly #open = new Map<string, OpenPart>();
  #staging: Staging;
  #publish: Publication[] = [];
  #columns: readonly Column[] = [];
  #keys: readonly PartitionKey[] = [];
  #last: CommitRecord | undefined;

  /** Finishes or discards what a killed run left. The caller holds the lock. */
  constructor(options: DatasetOptions) {
    this.root = resolve(options.root);
    this.#options = options;
    this.#statePath = resolve(options.statePath ?? recordPath(this.root));
    const isNew = !existsSync(this.root);
    makeDirectory(this.root);
    recover(this.root);
    removeTemporaries(this.#statePath);
    const record = readRecord(this.#statePath);
    if (options.statePath !== undefined) this.previous = checkState(record, this.root, isNew);
    this.#last = record;
    this.#staging = new Staging(this.root, newRunId(), this.#statePath);
  }

  setColumns(columns: readonly Column[]): void {
    this.#keys =
      this.#options.partitionBy === undefined
        ? []
        : parsePartitionBy(this.#options.partitionBy, columns);
    this.#columns = columns;
    const known = this.#last;
    if (known === undefined || known.columns.length === 0) return;
    requireColumns(known.columns, columns, this.root);
    requireSame('partition keys', known.partitionBy, this.partitionBy, this.root);
  }

  private get partitionBy(): string[] {
    return this.#keys.map((key) => `${key.name}:${key.unit ?? ''}(${key.column})`);
  }

  get uncleared(): readonly Clearing[] {
    return this.#last?.clear ?? [];
  }

  get empty(): boolean {
    return this.#open.size === 0 && this.#publish.length === 0;
  }

  write(frame: DataFrame): void {
    if (frame.height === 0) return;
    this.take(encodePieces(frame, this.encoding));
  }

  get encoding(): Encoding {
    return { codec: this.#options.codec, keys: this.#keys };
  }

  take(pieces: readonly EncodedPiece[]): void {
    for (const piece of pieces) {
      const part = this.partOf(piece.path);
      part.writer.appendEncoded(piece.parquet, piece.rows);
      if (part.writer.bytes >= this.#options.partBytes) this.closePart(part);
    }
  }

  private partOf(partition: string): OpenPart {
    const known = this.#open.get(partition);
    if (known !== undefined) {
      // Re-inserted: the map's order is the order of last use.
      this.#open.delete(partition);
      this.#open.set(partition, known);
      return known;
    }
    const [oldest] = this.#open.values();
    if (this.#open.size >= OPEN_PARTS && oldest !== undefined) this.closePart(oldest);
    const staged = this.#staging.next();
    const writer = new ParquetWriter(join(this.root, staged), this.#options.codec);
    const part = { partition, staged, writer };
    this.#open.set(partition, part);
    return part;
  }

  private closePart(part: OpenPart): void {
    part.writer.close();
    this.#open.delete(part.partition);
    this.#publish.push({
      from: part.staged,
      to: join(part.partition, partName(this.#staging.run, this.#publish.length + 1)),
      rows: part.writer.rows,
      bytes: part.writer.bytes,
    });
  }

  commit(progress: Progress): CommitSummary {
    for (const part of [...this.#open.values()]) this.closePart(part);
    const publish = this.#publish;
    const record: CommitRecord = {
      format: 'nairobi-commit',
      version: 1,
      sequence: (this.#last?.sequence ?? 0) + 1,
      run: this.#staging.run,
      committedAt: new Date().toISOString(),
      target: this.root,
      columns: this.#columns.length > 0 ? this.#columns : (this.#last?.columns ?? []),
      partitionBy: this.#columns.length > 0 ? this.partitionBy : (this.#last?.partitionBy ?? []),
      publish,
      append: appendRejects(progress.rejects, this.root),
      remove: [],
      sources: progress.sources,
      clear: progress.clear,
      totals: addTotals(this.#last?.totals ?? NO_ROWS, progress.totals),
    };
    commit(this.#statePath, record, this.#staging);
    this.#last = record;
    this.#publish = [];
    this.#staging = new Staging(this.root, newRunId(), this.#statePath);
    return {
      files: publish.map((part) => join(this.root, part.to)),
      bytes: publish.reduce((sum, part) => sum + part.bytes, 0),
      rows: publish.reduce((sum, part) => sum + part.rows, 0),
    };
  }

  [Symbol.dispose](): void {
    for (const part of this.#open.values()) part.writer.abandon();
    this.#open.clear();
    this.#publish = [];
    this.#staging.discard();
  }
}

/** What a commit does with rejects: they go behind what the file holds now. */
export function appendRejects(rejects: Progress['rejects'], root: string): Appendix[] {
  if (rejects === undefined) return [];
  const offset = statSync(rejects.path, { throwIfNoEntry: false })?.size ?? 0;
  const from = relative(root, rejects.staged);
  return [{ from, to: rejects.path, offset, bytes: rejects.bytes }];
}

function checkState(
  record: CommitRecord | undefined,
  root: string,
  isNew: boolean,
): CommitRecord | undefined {
  if (record === undefined) return undefined;
  if (record.target !== root) {
    throw new NairobiError('USAGE', `The state belongs to another target: ${record.target}`, {
      hint: 'give every target a state file of its own',
    });
  }
  if (isNew && record.totals.rowsWritten > 0) {
    throw new NairobiError('CHECK_FAILED', `${root} is gone, but the state says it holds rows`, {
      hint: 'put the directory back, or remove the state file to read everything again',
    });
  }
  return record;
}

export function addTotals(a: Totals, b: Totals): Totals {
  const sum: Totals = {
    rowsRead: a.rowsRead + b.rowsRead,
    rowsWritten: a.rowsWritten + b.rowsWritten,
    rowsRejected: a.rowsRejected + b.rowsRejected,
    rowsFiltered: a.rowsFiltered + b.rowsFiltered,
  };
  assert(
    sum.rowsRead === sum.rowsWritten + sum.rowsRejected + sum.rowsFiltered,
    'every row read is written, rejected or filtered',
  );
  return sum;
}
