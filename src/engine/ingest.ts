/** ingest: from sources through transforms into a target, with an account of every row. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DataFrame } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { assert, NairobiError } from '../errors.ts';
import type { ReadOptions } from '../formats/options.ts';
import type { BadRows, Decoded } from '../ingest/decoder.ts';
import type { Encoding } from '../ingest/encode.ts';
import { newRunId, removeTemporaries } from '../ingest/layout.ts';
import { type Lock, takeLock } from '../ingest/lock.ts';
import { openTarget, type TargetOptions } from '../ingest/open-target.ts';
import type { SourceState, Totals } from '../ingest/record.ts';
import { type ErrorBudget, Rejects } from '../ingest/rejects.ts';
import { type Change, type PlannedFile, planResume } from '../ingest/resume.ts';
import type { Target } from '../ingest/target.ts';
import type { TextFormat, TextPlan } from '../ingest/text-plan.ts';
import type { TextSource } from '../ingest/text-source.ts';
import { Pool } from '../memory/pool.ts';
import { openReader } from '../uring/read-file.ts';
import { undoOnInterrupt } from './cleanup.ts';
import { expand } from './files.ts';
import { PARALLEL_BYTES, segmentFor, workersFor } from './ingest-memory.ts';
import { openSource } from './ingest-source.ts';
import type { HostOptions } from './options.ts';
import { type HostPlan, planHost } from './plan.ts';
import type { Reporter } from './report.ts';
import { Transform, type TransformWishes } from './transform.ts';

export interface IngestOptions {
  readonly sources: readonly string[];
  readonly target: TargetOptions;
  readonly format: TextFormat | undefined;
  /** Read a last record that has no line end, although there is a state. */
  readonly final: boolean;
  readonly onError: BadRows;
  readonly rejects: string | undefined;
  readonly maxErrors: ErrorBudget | undefined;
  /** A lock file beside those that the target needs. */
  readonly lock: string | undefined;
  readonly lockWaitMs: number;
  /** Files changed more recently are left for the next run: they may be half written. */
  readonly minAgeMs: number;
  readonly transform: TransformWishes;
  readonly read: ReadOptions;
  readonly host: HostOptions;
}

export interface IngestedSource {
  readonly path: string;
  readonly change: Change;
  /** Bytes of its content consumed before this run and after it. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

export interface IngestResult {
  readonly target: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly rows: Totals;
  /** Values made null by --on-error null. */
  readonly nulledValues: number;
  readonly columns: readonly Column[];
  readonly sources: readonly IngestedSource[];
  readonly notes: readonly string[];
}

export async function ingest(options: IngestOptions, reporter: Reporter): Promise<IngestResult> {
  using locks = new DisposableStack();
  for (const path of lockPaths(options)) locks.use(lockOf(path, options));
  using target = openTarget(options.target);
  // After the target has finished what was committed: these belong to nobody.
  if (options.target.lockPath !== undefined && options.rejects !== undefined) {
    removeTemporaries(options.rejects);
  }
  using run = new IngestRun(options, target, reporter);
  using _undo = undoOnInterrupt(() => {
    run[Symbol.dispose]();
    target[Symbol.dispose]();
  });
  return await run.run();
}

function lockPaths(options: IngestOptions): string[] {
  return [options.lock, options.target.lockPath].filter((path) => path !== undefined);
}

const lockOf = (path: string, options: IngestOptions): Lock => takeLock(path, options.lockWaitMs);

type Counted = Pick<Decoded, 'records' | 'rejects' | 'nulled'>;

class IngestRun implements Disposable {
  readonly #options: IngestOptions;
  readonly #target: Target;
  readonly #reporter: Reporter;
  readonly #host: HostPlan;
  readonly #rejects: Rejects;
  readonly #states: SourceState[] = [];
  readonly #sources: IngestedSource[] = [];
  #columns: readonly Column[] | undefined;
  #transform: Transform | undefined;
  #rowsRead = 0;
  #rowsWritten = 0;
  #nulled = 0;
  #plan: TextPlan | undefined;

  constructor(options: IngestOptions, target: Target, reporter: Reporter) {
    this.#options = options;
    this.#target = target;
    this.#reporter = reporter;
    this.#host = planHost(options.host);
    this.#rejects = new Rejects(options.rejects, options.maxErrors, newRunId());
    reporter.set({ threads: this.#host.threads });
  }

  async run(): Promise<IngestResult> {
    const files = this.#options.sources.flatMap((source) => expand(source));
    const { files: ready, young } = byAge(files, this.#options.minAgeMs);
    const output = resolve(this.#options.target.output);
    if (ready.some((path) => resolve(path) === output)) {
      throw new NairobiError('USAGE', `${output} is a source and the target`);
    }
    const known = this.#target.previous?.sources ?? [];
    this.#plan = known.find((state) => state.plan !== undefined)?.plan as TextPlan | undefined;
    const isFile = (path: string): boolean => statSync(path).isFile();
    const plan = planResume(ready.filter(isFile), known);
    const streams = ready.filter((path) => !isFile(path));
    for (const file of plan.files) await this.read(file);
    for (const path of streams) await this.read({ path, change: 'new', state: undefined });
    const rest = await this.#transform?.finish();
    if (rest !== undefined) this.write(rest);
    this.#rejects.check(this.#rowsRead);
    const notes = [...plan.notes, ...young.map((path) => `${path} is too young: left for later`)];
    return await this.commit([...plan.others, ...this.#states], notes);
  }

  private async read(file: PlannedFile): Promise<void> {
    const from = file.state?.offset ?? 0;
    const before = this.#rowsRead;
    if (file.change === 'same' && file.state !== undefined) {
      this.#states.push({ ...file.state, path: file.path });
      this.#sources.push({ path: file.path, change: 'same', from, to: from, rows: 0 });
      return;
    }
    const source = await openSource(file, {
      badRows: this.#options.onError,
      read: this.#options.read,
      format: this.#options.format,
      final: this.isFinal,
      segmentBytes: segmentFor(this.#host),
      known: this.#plan,
      host: this.#options.host,
      reporter: this.#reporter,
    });
    if (source === undefined) return;
    this.#plan ??= source.plan;
    await this.announce(source.columns, file.path);
    const { encoding } = this.#target;
    const { text } = source;
    const isLarge = text?.canEncode === true && text.left >= PARALLEL_BYTES;
    if (text !== undefined && isLarge && encoding !== undefined && this.#transform === undefined) {
      await this.readInParallel(text, file.path, encoding);
    } else await this.readHere(source.rows(), file.path);
    const state = source.state();
    if (state !== undefined && this.hasState) this.#states.push(state);
    const rows = this.#rowsRead - before;
    this.#sources.push({ path: file.path, change: file.change, from, to: source.offset, rows });
  }

  private async readHere(rows: AsyncIterable<Decoded>, path: string): Promise<void> {
    for await (const decoded of rows) {
      this.count(path, decoded);
      const frame =
        this.#transform === undefined ? decoded.frame : await this.#transform.apply(decoded.frame);
      if (frame !== undefined) this.write(frame);
      // Frames are freed on a turn of the event loop only.
      await new Promise((turned) => setImmediate(turned));
    }
  }

  private async readInParallel(
    source: TextSource,
    path: string,
    encoding: Encoding,
  ): Promise<void> {
    const { io, direct, memoryLimit } = this.#host;
    using memory = new Pool({ limitBytes: memoryLimit });
    using reader = openReader(io);
    this.#reporter.set(reader.facts);
    const batches = source.encoded(encoding, {
      reader,
      memory,
      threads: workersFor(this.#host),
      segmentBytes: segmentFor(this.#host),
      direct,
      final: this.isFinal,
      onRead: (count) => this.#reporter.addBytesRead(count),
      onOpen: (facts) => this.#reporter.set(facts),
    });
    for await (const batch of batches) {
      this.count(path, batch);
      this.#rowsWritten += batch.pieces.reduce((sum, piece) => sum + piece.rows, 0);
      this.#reporter.time('write', () => this.#target.take(batch.pieces));
    }
  }

  private write(frame: DataFrame): void {
    this.#rowsWritten += frame.height;
    this.#reporter.time('write', () => this.#target.write(frame));
  }

  private count(path: string, batch: Counted): void {
    this.#rowsRead += batch.records;
    this.#nulled += batch.nulled;
    this.#rejects.add(path, batch.rejects);
  }

  private get hasState(): boolean {
    return this.#options.target.statePath !== undefined;
  }

  private get isFinal(): boolean {
    return this.#options.final || !this.hasState;
  }

  /** The columns of the first rows are those of the run. */
  private async announce(columns: readonly Column[], path: string): Promise<void> {
    if (this.#columns === undefined) {
      this.#columns = columns;
      this.#transform = await Transform.open(this.#options.transform, columns);
      this.#target.setColumns(this.#transform?.columns ?? columns);
      return;
    }
    const isSame =
      columns.length === this.#columns.length &&
      columns.every(({ name, type }, index) => {
        const one = this.#columns?.[index];
        return one?.name === name && one.type === type;
      });
    if (isSame) return;
    throw new NairobiError('BAD_DATA', 'The files have different columns', {
      where: { file: path },
      hint: 'ingest them into targets of their own, or say their types with --types',
    });
  }

  private async commit(
    sources: readonly SourceState[],
    notes: readonly string[],
  ): Promise<IngestResult> {
    const rows: Totals = {
      rowsRead: this.#rowsRead,
      rowsWritten: this.#rowsWritten,
      rowsRejected: this.#rejects.count,
      rowsFiltered: this.#rowsRead - this.#rejects.count - this.#rowsWritten,
    };
    assert(
      rows.rowsFiltered === 0 || this.#transform !== undefined,
      'without a transform every row read is written or rejected',
    );
    this.#reporter.set({ rowsRead: rows.rowsRead, rowsRejected: rows.rowsRejected });
    const progress = { sources, totals: rows, rejects: this.#rejects.seal() };
    const summary = await this.#reporter.time('write', () => this.#target.commit(progress));
    if (summary.rows !== rows.rowsWritten) {
      throw new NairobiError(
        'CHECK_FAILED',
        `${rows.rowsWritten} rows were to be written, and ${summary.rows} are in the output`,
      );
    }
    return {
      target: this.#options.target.output,
      files: summary.files,
      bytes: summary.bytes,
      rows,
      nulledValues: this.#nulled,
      columns: this.#transform?.columns ?? this.#columns ?? [],
      sources: this.#sources,
      notes,
    };
  }

  [Symbol.dispose](): void {
    this.#rejects.discard();
    this.#transform?.[Symbol.dispose]();
  }
}

/** Files that have rested for `minAgeMs`, and the others. */
function byAge(
  files: readonly { readonly path: string; readonly kind: string }[],
  minAgeMs: number,
): { files: string[]; young: string[] } {
  const now = Date.now();
  const isYoung = ({ path, kind }: { path: string; kind: string }): boolean =>
    kind === 'regular' && minAgeMs > 0 && now - statSync(path).mtimeMs < minAgeMs;
  return {
    files: files.filter((file) => !isYoung(file)).map(({ path }) => path),
    young: files.filter(isYoung).map(({ path }) => path),
  };
}
