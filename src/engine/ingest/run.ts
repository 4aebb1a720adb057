/** One run of ingest: reads sources, transforms and writes their rows, commits them. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DataFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { assert, NairobiError } from '../../errors.ts';
import { requireSchema } from '../../formats/schema-file.ts';
import { type Clearing, clearingOf } from '../../ingest/commit/after.ts';
import { NO_ROWS, type SourceState, type Totals } from '../../ingest/commit/record.ts';
import { type PlannedFile, planResume } from '../../ingest/commit/resume.ts';
import type { Decoded, Reject } from '../../ingest/decode/decoder.ts';
import { Rejects } from '../../ingest/decode/rejects.ts';
import type { Widened } from '../../ingest/decode/widen.ts';
import type { Encoding } from '../../ingest/parquet/encode.ts';
import type { TextPlan } from '../../ingest/sources/text-plan.ts';
import type { TextSource } from '../../ingest/sources/text-source.ts';
import { requireAlike } from '../../ingest/targets/columns.ts';
import { addTotals } from '../../ingest/targets/dataset.ts';
import { newRunId } from '../../ingest/targets/layout.ts';
import type { CommitSummary, Target } from '../../ingest/targets/target.ts';
import { Pool } from '../../memory/pool.ts';
import { openAsyncReader } from '../../uring/event-reader.ts';
import type { InputFile } from '../inputs/files.ts';
import { type HostPlan, planHost } from '../plan.ts';
import { type Reporter, tellStall } from '../run/report.ts';
import { byAge, expandSources } from './files.ts';
import { PARALLEL_BYTES, segmentFor, workersFor } from './memory.ts';
import { type IngestedSource, type IngestOptions, type IngestResult, readOf } from './options.ts';
import { openSource } from './source.ts';
import { Transform } from './transform.ts';

/** Files and sources that a result names, the latest. */
const MOST_REMEMBERED = 10_000;

type Counted = Pick<Decoded, 'records' | 'rejects' | 'nulled'>;

/** The rows and the account of one run, from the sources to the commit. */
export class IngestRun implements Disposable {
  readonly #options: IngestOptions;
  readonly #target: Target;
  readonly #reporter: Reporter;
  readonly #widened: Widened;
  readonly host: HostPlan;
  readonly #rejects: Rejects;
  readonly #sources: IngestedSource[] = [];
  readonly #notes: string[] = [];
  readonly #files: string[] = [];
  /** Files that were read to their end, for --after. */
  readonly #clear: Clearing[] = [];
  #states: readonly SourceState[];
  #total: Totals = NO_ROWS;
  #bytes = 0;
  #columns: readonly Column[] | undefined;
  #transform: Transform | undefined;
  #pending = { rowsRead: 0, rowsWritten: 0 };
  #nulled = 0;
  #plan: TextPlan | undefined;
  #tookStream = false;

  constructor(options: IngestOptions, target: Target, reporter: Reporter, widened: Widened) {
    this.#options = options;
    this.#target = target;
    this.#reporter = reporter;
    this.#widened = widened;
    this.#notes.push(...[...widened.values()].flatMap(({ note }) => note ?? []));
    this.host = planHost(options.host);
    this.#rejects = new Rejects(options.rejects, options.maxErrors, newRunId());
    reporter.set({ threads: this.host.threads });
    this.#states = target.previous?.sources ?? [];
    const plan = this.#states.find((state) => state.plan !== undefined)?.plan;
    this.#plan = plan as TextPlan | undefined;
  }

  /** Reads everything once and commits it. */
  async run(): Promise<IngestResult> {
    const files = this.#options.sources.flatMap(expandSources);
    this.#reporter.progress.expect(files);
    await this.readFiles(files);
    await this.commit();
    return this.result();
  }

  /** How the texts so far were read. */
  get plan(): TextPlan | undefined {
    return this.#plan;
  }

  /** True while nothing was read that cannot be read again. */
  get isRepeatable(): boolean {
    return !this.#tookStream;
  }

  /** Rows that are not committed yet, rejects among them. */
  get pendingRows(): number {
    return this.#pending.rowsRead;
  }

  /** Reads what is new in these files; they are remembered from the last time. */
  async readFiles(found: readonly Pick<InputFile, 'path' | 'kind'>[]): Promise<void> {
    const { files: ready, young } = byAge(found, this.#options.minAgeMs);
    const output = resolve(this.#options.target.output);
    if (ready.some((path) => resolve(path) === output)) {
      throw new NairobiError('USAGE', `${output} is a source and the target`);
    }
    // One between two names while its log is rotated is there again at the next look.
    const isFile = (path: string): boolean =>
      statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
    using plan = planResume(ready.filter(isFile), this.#states);
    const streams = ready.filter((path) => !isFile(path));
    this.#states = [...plan.others];
    for (const file of plan.files) await this.read(file);
    for (const path of streams) {
      this.#tookStream = true;
      await this.read({ path, change: 'new', state: undefined, content: path });
    }
    this.note([...plan.notes, ...young.map((path) => `${path} is too young: left for later`)]);
  }

  /** Once each: a run that follows files looks at them every second. */
  private note(notes: readonly string[]): void {
    this.#notes.push(...notes.filter((note) => !this.#notes.includes(note)));
  }

  private async read(file: PlannedFile): Promise<void> {
    const from = file.state?.offset ?? 0;
    const before = this.#pending.rowsRead;
    if (file.change === 'same' && file.state !== undefined) {
      this.remember({ ...file.state, path: file.path });
      this.#clear.push(...clearingOf(this.#options.after, file, from));
      this.#sources.push({ path: file.path, change: 'same', from, to: from, rows: 0 });
      return;
    }
    // Of a compressed file, `to` counts its content.
    const { size } = statSync(file.content);
    const source = await openSource(file, {
      badRows: this.#options.onError,
      read: readOf(this.#options),
      format: this.#options.format,
      final: this.#options.final,
      segmentBytes: segmentFor(this.host),
      known: this.#plan,
      widened: this.#widened,
      host: this.#options.host,
      reporter: this.#reporter,
    });
    if (source === undefined) return;
    const { schema } = this.#options;
    if (schema !== undefined) requireSchema(schema, source.columns, file.path);
    await this.announce(source.columns, file.path, source.plan);
    const { encoding } = this.#target;
    const { text } = source;
    const isLarge = text?.isForThreads === true && text.left >= PARALLEL_BYTES;
    if (isLarge && encoding !== undefined && this.#transform === undefined) {
      await this.readInParallel(text, file.path, encoding);
    } else await this.readHere(source.rows(), file.path);
    const state = source.state();
    if (state !== undefined) this.remember(state);
    this.#clear.push(...clearingOf(this.#options.after, file, source.text?.offset ?? size));
    const rows = this.#pending.rowsRead - before;
    this.#sources.push({ path: file.path, change: file.change, from, to: source.offset, rows });
  }

  private async readHere(rows: AsyncIterable<Decoded>, path: string): Promise<void> {
    for await (const decoded of rows) {
      await this.take(path, decoded);
      // Frames are freed on a turn of the event loop only.
      await new Promise((turned) => setImmediate(turned));
    }
  }

  /** Takes rows whose columns were announced. */
  async take(path: string, decoded: Decoded): Promise<void> {
    this.count(path, decoded);
    const transform = this.#transform;
    const frame = transform === undefined ? decoded.frame : await transform.apply(decoded.frame);
    if (frame !== undefined) await this.write(frame);
  }

  /** Records that never were rows. */
  reject(path: string, rejects: readonly Reject[]): void {
    this.count(path, { records: rejects.length, rejects, nulled: 0 });
  }

  private remember(state: SourceState): void {
    this.#states = [...this.#states, state];
  }

  private async readInParallel(
    source: TextSource,
    path: string,
    encoding: Encoding,
  ): Promise<void> {
    const { io, direct, memoryLimit } = this.host;
    using memory = new Pool({ limitBytes: memoryLimit });
    using reader = openAsyncReader(io, { onStall: (stall) => tellStall(stall, this.#reporter) });
    this.#reporter.set(reader.facts);
    const batches = source.encoded(encoding, {
      reader,
      memory,
      threads: workersFor(this.host),
      segmentBytes: segmentFor(this.host),
      direct,
      final: this.#options.final,
      onRead: (count) => this.#reporter.ingested(count),
      onOpen: (facts) => this.#reporter.set(facts),
    });
    for await (const batch of batches) {
      this.count(path, batch);
      this.#pending.rowsWritten += batch.pieces.reduce((sum, piece) => sum + piece.rows, 0);
      this.#reporter.time('write', () => this.#target.take(batch.pieces));
    }
  }

  private async write(frame: DataFrame): Promise<void> {
    this.#pending.rowsWritten += frame.height;
    await this.#reporter.time('write', () => this.#target.write(frame));
  }

  private count(path: string, batch: Counted): void {
    this.#pending.rowsRead += batch.records;
    this.#nulled += batch.nulled;
    this.#rejects.add(path, batch.rejects);
  }

  private get hasState(): boolean {
    return this.#options.target.statePath !== undefined;
  }

  /** The columns of the first rows are those of the run. */
  async announce(
    columns: readonly Column[],
    path: string,
    plan: TextPlan | undefined,
  ): Promise<void> {
    this.#plan ??= plan;
    if (this.#columns === undefined) {
      this.#columns = columns;
      this.#transform = await Transform.open(this.#options.transform, columns);
      this.#target.setColumns(this.#transform?.columns ?? columns);
      return;
    }
    requireAlike(this.#columns, columns, path);
  }

  /** Makes everything read so far true. */
  async commit(): Promise<CommitSummary> {
    const rest = await this.#transform?.finish();
    if (rest !== undefined) await this.write(rest);
    const { rowsRead, rowsWritten } = this.#pending;
    const rowsRejected = this.#rejects.count - this.#total.rowsRejected;
    this.#rejects.check(this.#total.rowsRead + rowsRead);
    const rowsFiltered = rowsRead - rowsRejected - rowsWritten;
    const totals: Totals = { rowsRead, rowsWritten, rowsRejected, rowsFiltered };
    assert(
      rowsFiltered === 0 || this.#transform !== undefined,
      'without a transform every row read is written or rejected',
    );
    const sources = this.hasState ? this.#states : [];
    const progress = { sources, clear: this.#clear, totals, rejects: this.#rejects.seal() };
    const summary = await this.#reporter.time('write', () => this.#target.commit(progress));
    if (summary.rows !== rowsWritten) {
      throw new NairobiError(
        'CHECK_FAILED',
        `${rowsWritten} rows were to be written, and ${summary.rows} are in the output`,
      );
    }
    this.#pending = { rowsRead: 0, rowsWritten: 0 };
    this.#total = addTotals(this.#total, totals);
    this.#files.push(...summary.files);
    // A run that never ends must not remember everything.
    this.#files.splice(0, this.#files.length - MOST_REMEMBERED);
    this.#sources.splice(0, this.#sources.length - MOST_REMEMBERED);
    this.#bytes += summary.bytes;
    return summary;
  }

  /** The account of everything committed. */
  result(): IngestResult {
    const rows = this.#total;
    this.#reporter.set({ rowsRead: rows.rowsRead, rowsRejected: rows.rowsRejected });
    return {
      target: this.#options.target.output,
      files: [...new Set(this.#files)],
      bytes: this.#bytes,
      rows,
      nulledValues: this.#nulled,
      columns: this.#transform?.columns ?? this.#columns ?? [],
      sources: this.#sources,
      notes: [...this.#notes, ...this.#rejects.told(this.#nulled)],
    };
  }

  [Symbol.dispose](): void {
    this.#rejects.discard();
    this.#transform?.[Symbol.dispose]();
  }
}
