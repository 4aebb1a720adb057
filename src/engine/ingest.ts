/** ingest: from sources into a target, with an account of every row. */
import { resolve } from 'node:path';
import type { Column } from '../compute/relation.ts';
import { assert, NairobiError } from '../errors.ts';
import type { ReadOptions } from '../formats/options.ts';
import type { BadRows } from '../ingest/decoder.ts';
import { newRunId, removeTemporaries } from '../ingest/layout.ts';
import { type Lock, takeLock } from '../ingest/lock.ts';
import { openTarget, type TargetOptions } from '../ingest/open-target.ts';
import type { SourceState, Totals } from '../ingest/record.ts';
import { type ErrorBudget, Rejects } from '../ingest/rejects.ts';
import { type Change, type PlannedFile, planResume } from '../ingest/resume.ts';
import type { Target } from '../ingest/target.ts';
import { TextSource } from '../ingest/text-source.ts';
import { bytes, MiB } from '../units.ts';
import { undoOnInterrupt } from './cleanup.ts';
import { expand } from './files.ts';
import type { HostOptions } from './options.ts';
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
const SEGMENT_BYTES = bytes(32 * MiB);

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

  constructor(options: IngestOptions, target: Target, reporter: Reporter) {
    this.#options = options;
    this.#target = target;
    this.#reporter = reporter;
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
      final: this.#options.final || this.#options.target.statePath === undefined,
      segmentBytes: SEGMENT_BYTES,
      onRead: (count) => this.#reporter.addBytesRead(count),
      known: this.#plan,
    });
    for await (const decoded of source.rows()) {
      this.#plan ??= source.plan;
      this.announce(decoded.frame.columns.length > 0 ? source.columns : []);
      this.#rowsRead += decoded.records;
      this.#rowsWritten += decoded.frame.height;
      this.#nulled += decoded.nulled;
      this.#rejects.add(file.path, decoded.rejects);
      this.#reporter.time('write', () => this.#target.write(decoded.frame));
      // Frames are freed on a turn of the event loop only.
      await new Promise((turned) => setImmediate(turned));
    }
    if (this.#options.target.statePath !== undefined) this.#states.push(source.state());
    const rows = this.#rowsRead - before;
    this.#sources.push({ path: file.path, change: file.change, from, to: source.offset, rows });
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
