/**
 * One run of the engine: owns every lifetime and closes in reverse in one place. Commands ask it
 * for relations; what was read, how and at what cost goes to the reporter.
 */

import { keepYoungSmall } from '../compute/garbage.ts';
import { assert, NairobiError } from '../errors.ts';
import type { ReadOptions } from '../formats/options.ts';
import {
  EVERY_TABLE,
  readableTypes,
  requireSchema,
  type TableSchema,
} from '../formats/schema-file.ts';
import { shareHeaps } from '../kernel/arenas.ts';
import { Pool } from '../memory/pool.ts';
import { closest } from '../suggest.ts';
import { formatCountOf } from '../units.ts';
import type { BlockReader } from '../uring/block-reader.ts';
import { openReader } from '../uring/read-file.ts';
import { DeferredPiece } from './inputs/deferred-piece.ts';
import { filesOf } from './inputs/file-list.ts';
import type { InputFile } from './inputs/files.ts';
import { type Admitted, gateOfThread } from './inputs/gate.ts';
import { LARGE_BYTES, type OpenContext, openPieces } from './inputs/open.ts';
import { type Shelf, shelfOfThread } from './inputs/shelf.ts';
import { SourceRelation } from './inputs/source-relation.ts';
import { type SourceArgument, tableName } from './inputs/sources.ts';
import { refuseUnfit } from './inputs/unfit.ts';
import type { HostOptions } from './options.ts';
import type { Piece } from './pieces/piece.ts';
import { type HostPlan, planHost } from './plan.ts';
import { AbortNotice } from './run/abort-notice.ts';
import { ownBytes } from './run/overseer.ts';
import { type Reporter, tellStall } from './run/report.ts';
import type { StreamSizes } from './segments/content.ts';
import { sizesOf } from './segments/open-stream.ts';

export interface SessionOptions {
  readonly host: HostOptions;
  readonly read: ReadOptions;
  /** Columns of several files are matched by name, missing ones are null. */
  readonly unionByName?: boolean;
  /**
   * Rows are gone through once, so that a pipe need not be kept; 'early': and may be begun before
   * the input was read; 'early if plain': only where that is a text for kernels.
   */
  readonly once?: boolean | 'early' | 'early if plain';
  /** How streams are cut; by default what the memory limit allows. */
  readonly streamSizes?: StreamSizes;
  /** Adds a column of this name with the path each row came from. */
  readonly filenameColumn?: string;
  /** What the tables of these names have to be like. */
  readonly schemas?: ReadonlyMap<string, TableSchema>;
  /** Instead of that of the thread. */
  readonly shelf?: Shelf;
}

/** A contradiction of an inferred type can hide another; each recovery widens at least one. */
const MAX_RECOVERIES = 64;

export class Session implements Disposable {
  readonly plan: HostPlan;
  /** How streams, and texts whose rows are collected, are cut. */
  readonly sizes: StreamSizes;
  readonly reporter: Reporter;
  readonly options: SessionOptions;
  readonly #opened: SourceRelation[] = [];
  readonly #pool: Pool;
  readonly #aborts: AbortNotice;
  readonly #admitted: Admitted[] = [];
  #reader: BlockReader | undefined;
  readonly #bytesBefore = ownBytes();
  #isWatched = false;

  constructor(options: SessionOptions, reporter: Reporter) {
    this.options = options;
    this.reporter = reporter;
    this.plan = planHost(options.host);
    this.sizes = options.streamSizes ?? sizesOf(this.plan.memoryLimit);
    this.#aborts = new AbortNotice(reporter);
    if (options.host.memoryLimit !== undefined) {
      shareHeaps();
      keepYoungSmall();
    }
    this.#pool = new Pool({ limitBytes: this.plan.memoryLimit });
    reporter.set({ threads: this.plan.threads });
  }

  /** From now on the process ends when it takes more than the limit, if somebody oversees it. */
  watchMemory(): void {
    if (this.#isWatched) return;
    const { memoryLimit, growth } = this.plan;
    this.options.host.overseer?.endBeyond(memoryLimit, this.#bytesBefore + growth);
    this.#isWatched = true;
  }

  /** For what comes in small parts: watches once half of the limit is taken. */
  glanceAtMemory(): void {
    const taken = ownBytes() - this.#bytesBefore;
    if (!this.#isWatched && taken > this.plan.memoryLimit / 2) this.watchMemory();
  }

  /** Opened so far, in order. */
  get relations(): readonly SourceRelation[] {
    return this.#opened;
  }

  /**
   * The rows of a path, glob, directory or "-". Reads what it must to know the columns; with
   * `isPlanned` only the first of partitioned files, since a plan says which others are wanted.
   */
  open(argument: SourceArgument, isPlanned = false): SourceRelation {
    const kept = (this.options.shelf ?? shelfOfThread())?.(argument, this.options);
    if (kept !== undefined) {
      const relation = new SourceRelation(argument, [kept], {});
      this.#opened.push(relation);
      return relation;
    }
    const found = filesOf(argument);
    const files = argument.fd === undefined ? this.#admit(found) : found;
    refuseUnfit(files);
    const isLimited = this.options.host.memoryLimit !== undefined;
    if (isLimited && files.some(({ size }) => size >= LARGE_BYTES)) this.watchMemory();
    this.#aborts.reading(argument.path);
    this.#reader ??= openReader(this.plan.io, {
      onStall: (stall) => tellStall(stall, this.reporter),
    });
    const { schemas, filenameColumn } = this.options;
    const schema = schemas?.get(tableName(argument)) ?? schemas?.get(EVERY_TABLE);
    const types = { ...(schema && readableTypes(schema)), ...this.options.read.types };
    const context: OpenContext = {
      plan: this.plan,
      read: { ...this.options.read, types, typesMayLack: true },
      pool: this.#pool,
      reader: this.#reader,
      reporter: this.reporter,
      early: this.options.once === 'early if plain' ? 'if plain' : this.options.once === 'early',
      once: this.options.once !== undefined && this.options.once !== false,
      sizes: this.sizes,
      watchMemory: () => this.watchMemory(),
      glanceAtMemory: () => this.glanceAtMemory(),
    };
    const isDeferred = isPlanned && schema === undefined && this.#mayDefer(files);
    const pieces = isDeferred ? this.#openFirst(files, context) : this.#openAll(files, context);
    try {
      const relation = new SourceRelation(argument, pieces, {
        ...this.options,
        types,
        memoryBytes: this.plan.memoryLimit / 4,
        threads: this.plan.threads,
      });
      if (schema !== undefined) {
        const own = relation.columns.filter(({ name }) => name !== filenameColumn);
        requireSchema(schema, own, argument.path);
      }
      this.#opened.push(relation);
      return relation;
    } catch (error) {
      for (const piece of pieces.reverse()) piece.close();
      throw error;
    }
  }

  #openAll(files: readonly InputFile[], context: OpenContext): Piece[] {
    this.reporter.progress.expect(files);
    const pieces = openPieces(files, context);
    this.reporter.progress.opened(pieces);
    return pieces;
  }

  /** The first tells the columns; the others are opened when they are wanted. */
  #openFirst([file, ...rest]: readonly InputFile[], context: OpenContext): Piece[] {
    const [first] = file === undefined ? [] : this.#openAll([file], context);
    assert(first !== undefined, 'a source has at least one file');
    const later = (one: InputFile) => (): Piece => this.#openAll([one], context)[0] ?? first;
    return [first, ...rest.map((one) => new DeferredPiece(one, first, later(one)))];
  }

  /** Partitioned files of one schema, which nobody has opened yet. */
  #mayDefer(files: readonly InputFile[]): boolean {
    const isPartitioned = files.every(
      ({ kind, partitions }) => kind === 'regular' && partitions.length > 0,
    );
    const { unionByName } = this.options;
    return files.length > 1 && isPartitioned && unionByName !== true && !gateOfThread();
  }

  /** Past the gate of the thread, where there is one: each file is what it was when it passed. */
  #admit(files: readonly InputFile[]): readonly InputFile[] {
    const admitted = gateOfThread()?.admit(files);
    if (admitted !== undefined) this.#admitted.push(admitted);
    return admitted?.files ?? files;
  }

  /** Throws when a type was given for a column that none of the tables opened so far has. */
  requireNamedTypes(): void {
    const names = this.#opened.flatMap(({ columns }) => columns.map(({ name }) => name));
    const unknown = Object.keys(this.options.read.types ?? {}).find((one) => !names.includes(one));
    if (unknown === undefined || this.#opened.length === 0) return;
    const file = this.#opened[0]?.pieces[0]?.file.path;
    const near = closest(unknown, names);
    throw new NairobiError(
      'UNKNOWN_COLUMN',
      `A type is given for "${unknown}", which is no column`,
      {
        ...(file === undefined ? {} : { where: { file } }),
        hint:
          near === undefined
            ? `the columns are ${names.slice(0, 20).join(', ')}`
            : `did you mean "${near}"?`,
      },
    );
  }

  /**
   * Runs `work`, which plans over this session's relations and collects. When a value contradicts
   * what was understood of a file, the relation changes (see Piece.recover) and `work` runs again
   * from its start; what cannot be mended is thrown with its place.
   */
  async attempt<T>(work: () => T | Promise<T>): Promise<T> {
    for (let round = 0; ; round += 1) {
      try {
        const result = await work();
        if (await this.#verify()) {
          this.#tellLate();
          this.#tellRejected();
          return result;
        }
      } catch (error) {
        if (round === MAX_RECOVERIES) throw error;
        if (!(await this.#verify())) continue;
        if (error instanceof NairobiError) throw error;
        this.#recover(error);
      }
    }
  }

  /** A type that is not what the sample had it to be changes what a query means. */
  #tellLate(): void {
    for (const { pieces } of this.#opened) {
      for (const { file, understood } of pieces) {
        for (const text of understood.late ?? []) this.reporter.remark(`${file.path}: ${text}`);
      }
    }
  }

  /** Rows and values that --on-error let go are never let go in silence. */
  #tellRejected(): void {
    const all = this.#opened.flatMap(({ pieces }) => pieces.map((piece) => ({ piece })));
    const sum = (what: 'rows' | 'values'): number =>
      all.reduce((count, { piece }) => count + piece.rejected[what], 0);
    const [rows, values] = [sum('rows'), sum('values')];
    if (rows + values === 0) return;
    const [first] = all.flatMap(({ piece }) =>
      piece.rejected.examples.map(({ line, reason }) => `${piece.file.path}:${line}: ${reason}`),
    );
    this.reporter.set({ rowsRejected: rows });
    this.reporter.rejection =
      `${formatCountOf(rows, 'row')} rejected, ${formatCountOf(values, 'value')} made null` +
      (first === undefined ? '' : `; the first is ${first}`);
    this.reporter.note(this.reporter.rejection);
  }

  /** False when some file was not what it was taken for: see Piece.verify. */
  async #verify(): Promise<boolean> {
    let asTaken = true;
    for (const relation of this.#opened) asTaken = (await relation.verify()) && asTaken;
    return asTaken;
  }

  [Symbol.dispose](): void {
    for (const relation of this.#opened.splice(0).reverse()) relation.close();
    for (const admitted of this.#admitted.splice(0)) admitted[Symbol.dispose]();
    this.#reader?.[Symbol.dispose]();
    this.#aborts[Symbol.dispose]();
    this.reporter.addHugePages(this.#pool.hugetlbBytes);
    this.#pool[Symbol.dispose]();
  }

  /** Every relation may have caused it; one that mends something is enough to try again. */
  #recover(cause: unknown): void {
    assert(this.#opened.length > 0, `a plan over no relation failed: ${String(cause)}`);
    let refusal: unknown;
    let mended = false;
    for (const relation of this.#opened) {
      try {
        relation.recover(cause);
        mended = true;
      } catch (error) {
        if (refusal === undefined || isLocated(error)) refusal = error;
      }
    }
    if (!mended) throw refusal;
  }
}

const isLocated = (error: unknown): boolean =>
  error instanceof NairobiError && error.where?.line !== undefined;
