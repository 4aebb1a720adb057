/** ingest: from sources into a target, with an account of every row. */
import { resolve } from 'node:path';
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
import { TextSource } from '../ingest/text-source.ts';
import { Pool } from '../memory/pool.ts';
import { type Bytes, bytes, MiB } from '../units.ts';
import { openReader } from '../uring/read-file.ts';
import { undoOnInterrupt } from './cleanup.ts';
import { expand } from './files.ts';
import type { HostOptions } from './options.ts';
import { type HostPlan, planHost } from './plan.ts';
import type { Reporter } from './report.ts';

export interface IngestOptions {
  readonly sources: readonly string[];
  readonly target: TargetOptions;
  /** Read a last record that has no line end, although there is a state. */
  readonly final: boolean;
  readonly onError: BadRows;
  readonly rejects: string | undefined;
  readonly maxErrors: ErrorBudget | undefined;
  /** A lock file beside those that the target needs. */
  readonly lock: string | undefined;
  readonly lockWaitMs: number;
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

/** With this much in flight Polars is at its speed; more only costs memory (bench/ingest). */
const SEGMENT_BYTES = bytes(16 * MiB);
const LEAST_SEGMENT_BYTES = bytes(4 * MiB);

/** From here on starting threads and a ring pays: 60 ms. */
const PARALLEL_BYTES = bytes(48 * MiB);

/** What Node, Polars and their code take before the first row. */
const BASE_BYTES = bytes(120 * MiB);

/** A segment in the works: its bytes, its frame twice, what it becomes, and malloc's slack (measured). */
const SEGMENT_COST = 8;

/** Below this a second thread's share of memory is worth more than its help. */
const ONE_WORKER_BYTES = bytes(384 * MiB);

const workersFor = ({ memoryLimit, threads }: HostPlan): number =>
  memoryLimit < ONE_WORKER_BYTES ? 1 : threads;

/** As large as the memory limit lets it be: one for each worker in the works, two being read. */
function segmentFor(host: HostPlan): Bytes {
  const each = (host.memoryLimit - BASE_BYTES) / (workersFor(host) * SEGMENT_COST + 2);
  const whole = Math.floor(each / MiB) * MiB;
  return bytes(Math.min(SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, whole)));
}

type Counted = Pick<Decoded, 'records' | 'rejects' | 'nulled'>;

export async function ingest(options: IngestOptions, reporter: Reporter): Promise<IngestResult> {
  using locks = new DisposableStack();
  for (const path of lockPaths(options)) locks.use(lockOf(path, options));
  using target = openTarget(options.target);
  // After the target has finished what was committed: these belong to nobody.
  if (options.target.lockPath !== undefined && options.rejects) {
    removeTemporaries(options.rejects);
  }
  using _undo = undoOnInterrupt(() => target[Symbol.dispose]());
  const run = new IngestRun(options, target, reporter);
  return await run.run();
}

function lockPaths(options: IngestOptions): string[] {
  return [options.lock, options.target.lockPath].filter((path) => path !== undefined);
}

const lockOf = (path: string, options: IngestOptions): Lock => takeLock(path, options.lockWaitMs);

class IngestRun {
  readonly #options: IngestOptions;
  readonly #target: Target;
  readonly #reporter: Reporter;
  readonly #rejects: Rejects;
  readonly #states: SourceState[] = [];
  readonly #sources: IngestedSource[] = [];
  #columns: readonly Column[] | undefined;
  #rowsRead = 0;
  #rowsWritten = 0;
  #nulled = 0;
  #plan: unknown;
  readonly #host: HostPlan;

  constructor(options: IngestOptions, target: Target, reporter: Reporter) {
    this.#options = options;
    this.#target = target;
    this.#reporter = reporter;
    this.#host = planHost(options.host);
    reporter.set({ threads: this.#host.threads });
    this.#rejects = new Rejects(options.rejects, options.maxErrors, newRunId());
  }

  async run(): Promise<IngestResult> {
    const paths = this.#options.sources.flatMap((source) => expand(source).map((f) => f.path));
    const output = resolve(this.#options.target.output);
    if (paths.some((path) => resolve(path) === output)) {
      throw new NairobiError('USAGE', `${output} is a source and the target`);
    }
    const known = this.#target.previous?.sources ?? [];
    this.#plan = known.find((state) => state.plan !== undefined)?.plan;
    const plan = planResume(paths, known);
    try {
      for (const file of plan.files) await this.read(file);
      this.#rejects.check(this.#rowsRead);
      return await this.commit([...plan.others, ...this.#states], plan.notes);
    } catch (error) {
      this.#rejects.discard();
      throw error;
    }
  }

  private async read(file: PlannedFile): Promise<void> {
    const from = file.state?.offset ?? 0;
    const before = this.#rowsRead;
    if (file.change === 'same' && file.state !== undefined) {
      this.#states.push({ ...file.state, path: file.path });
      this.#sources.push({ path: file.path, change: 'same', from, to: from, rows: 0 });
      return;
    }
    const source = new TextSource(file, {
      badRows: this.#options.onError,
      read: this.#options.read,
      final: this.isFinal,
      segmentBytes: segmentFor(this.#host),
      onRead: (count) => this.#reporter.addBytesRead(count),
      known: this.#plan,
    });
    if (!source.open()) return;
    this.#plan ??= source.plan;
    this.announce(source.columns);
    const { encoding } = this.#target;
    if (encoding !== undefined && source.left >= PARALLEL_BYTES) {
      await this.readInParallel(source, file.path, encoding);
    } else await this.readHere(source, file.path);
    if (this.#options.target.statePath !== undefined) this.#states.push(source.state());
    const rows = this.#rowsRead - before;
    this.#sources.push({ path: file.path, change: file.change, from, to: source.offset, rows });
  }

  private async readHere(source: TextSource, path: string): Promise<void> {
    for await (const decoded of source.rows()) {
      this.count(path, decoded, decoded.frame.height);
      this.#reporter.time('write', () => this.#target.write(decoded.frame));
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
      this.count(
        path,
        batch,
        batch.pieces.reduce((sum, piece) => sum + piece.rows, 0),
      );
      this.#reporter.time('write', () => this.#target.take(batch.pieces));
    }
  }

  private count(path: string, batch: Counted, rows: number): void {
    this.#rowsRead += batch.records;
    this.#rowsWritten += rows;
    this.#nulled += batch.nulled;
    this.#rejects.add(path, batch.rejects);
  }

  private get isFinal(): boolean {
    return this.#options.final || this.#options.target.statePath === undefined;
  }

  /** The columns of the first rows are those of the run. */
  private announce(columns: readonly Column[]): void {
    if (this.#columns === undefined) {
      this.#columns = columns;
      this.#target.setColumns(columns);
    }
    assert(
      columns.every((column, index) => column.name === this.#columns?.[index]?.name),
      'every file of a run gives the same columns in the same order',
    );
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
      columns: this.#columns ?? [],
      sources: this.#sources,
      notes,
    };
  }
}
