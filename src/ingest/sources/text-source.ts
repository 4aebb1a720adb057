/** One text file as rows: from where the last run stopped to the last whole record. */
import { statSync } from 'node:fs';
import type { Column } from '../../compute/relation.ts';
import { assert, NairobiError } from '../../errors.ts';
import type { ReadOptions } from '../../formats/options.ts';
import {
  bytesIn,
  detectEncoding,
  markBytes,
  type OtherEncoding,
  utf8Head,
} from '../../formats/transcoder.ts';
import { type Bytes, bytes, MiB } from '../../units.ts';
import type { SourceState } from '../commit/record.ts';
import type { PlannedFile } from '../commit/resume.ts';
import type { BadRows, Decoded, Decoder } from '../decode/decoder.ts';
import type { Widened } from '../decode/widen.ts';
import type { Encoding } from '../parquet/encode.ts';
import { type Batch, feedFile } from './feed.ts';
import { encodeFile, inFile, type OrderedBatch, type ParallelOptions } from './parallel.ts';
import { headOf, stateOf } from './source.ts';
import {
  cutterFor,
  dataStart,
  decoderOf,
  encodingOf,
  planText,
  resumedPlan,
  type TextFormat,
  type TextPlan,
} from './text-plan.ts';
import { feedTranscoded, placedError, placedRejects } from './transcoded-feed.ts';

export interface TextSourceOptions {
  readonly format: TextFormat;
  readonly badRows: BadRows;
  readonly read: ReadOptions;
  readonly final: boolean;
  readonly segmentBytes: Bytes;
  readonly onRead: (count: number) => void;
  /** How the files before were read: this one must have the same columns. */
  readonly known: TextPlan | undefined;
  readonly widened: Widened;
}

/** What is looked at to know the columns. */
const SNIFF_BYTES = bytes(4 * MiB);

export class TextSource {
  readonly #file: PlannedFile;
  readonly #options: TextSourceOptions;
  #plan: TextPlan | undefined;
  #decoder: Decoder | undefined;
  #offset: number;
  #lines: number;

  constructor(file: PlannedFile, options: TextSourceOptions) {
    this.#file = file;
    this.#options = options;
    this.#offset = file.state?.offset ?? 0;
    this.#lines = file.state?.lines ?? 0;
  }

  get plan(): TextPlan | undefined {
    return this.#plan;
  }

  get offset(): number {
    return this.#offset;
  }

  get columns(): readonly Column[] {
    assert(this.#decoder !== undefined, 'columns are known once rows were asked for');
    return this.#decoder.columns;
  }

  /** Where reading ended, for the next run. */
  state(): SourceState {
    return stateOf(this.#file, {
      offset: this.#offset,
      lines: this.#lines,
      plan: this.#plan,
      done: false,
    });
  }

  /** Finds out how the file is to be read; false while not even its header is complete. */
  open(): boolean {
    const plan = this.understand();
    if (plan === undefined) return false;
    this.#plan = plan;
    this.#decoder = decoderOf(plan, this.#options.badRows, this.#options.read.nulls);
    if (this.#file.state === undefined) {
      this.#offset = this.startOf(plan);
      this.#lines = dataStart(plan).lines;
    }
    return true;
  }

  /** Where the rows begin in the file. */
  private startOf(plan: TextPlan): number {
    const { byte } = dataStart(plan);
    const { other } = this;
    if (other === undefined) return byte;
    const head = headOf(this.#file, SNIFF_BYTES);
    return markBytes(head, other) + bytesIn(other, utf8Head(head, other).subarray(0, byte));
  }

  /** What the text is in where it is not UTF-8. */
  private get other(): OtherEncoding | undefined {
    const encoding = this.#plan === undefined ? 'utf8' : encodingOf(this.#plan);
    return encoding === 'utf8' ? undefined : encoding;
  }

  /** Whether `encoded` serves: threads take the bytes as they lie in the file. */
  get isForThreads(): boolean {
    return this.other === undefined;
  }

  /** Bytes that are left to read. */
  get left(): number {
    return statSync(this.#file.content).size - this.#offset;
  }

  /** The same rows encoded by threads, for targets that take them so. */
  async *encoded(encoding: Encoding, parallel: ParallelOptions): AsyncGenerator<OrderedBatch> {
    const { read, badRows } = this.#options;
    assert(this.#plan !== undefined, 'a source is opened before it is read');
    const task = { plan: this.#plan, badRows, nulls: read.nulls, encoding };
    const batches = encodeFile(this.#file, this.#offset, task, parallel, () => this.#lines + 1);
    for await (const done of batches) {
      const before = this.#lines + 1;
      this.#offset = done.end;
      this.#lines += done.lines;
      const rejects = done.rejects.map((reject) => ({ ...reject, line: reject.line + before }));
      yield { ...done, rejects };
    }
  }

  /** Batches in file order; a file that has a header and no rows gives one batch without rows. */
  async *rows(): AsyncGenerator<Decoded> {
    const plan = this.#plan;
    const decoder = this.#decoder;
    assert(plan !== undefined && decoder !== undefined, 'a source is opened before it is read');
    let any = false;
    const wishes = {
      from: this.#offset,
      segmentBytes: this.#options.segmentBytes,
      cut: cutterFor(plan),
      final: this.#options.final,
      onRead: this.#options.onRead,
    };
    const { other } = this;
    const feed =
      other === undefined
        ? feedFile(this.#file, wishes)
        : feedTranscoded(this.#file, other, wishes);
    for await (const batch of feed) {
      const decoded = this.decode(decoder, batch);
      this.#offset = batch.end ?? batch.offset + batch.data.length;
      this.#lines += decoded.lines;
      any = true;
      yield decoded;
    }
    if (!any)
      yield decoder.decode({ data: Buffer.alloc(0), offset: this.#offset }, this.#lines + 1);
  }

  private decode(decoder: Decoder, batch: Batch): Decoded {
    const { other } = this;
    try {
      const decoded = decoder.decode(batch, this.#lines + 1);
      if (other === undefined || decoded.rejects.length === 0) return decoded;
      return { ...decoded, rejects: placedRejects(other, batch, decoded.rejects) };
    } catch (error) {
      if (!(error instanceof NairobiError)) throw error;
      throw inFile(other === undefined ? error : placedError(other, batch, error), this.#file.path);
    }
  }

  /** The plan of this file; undefined while not even its header is complete. */
  private understand(): TextPlan | undefined {
    const { path, state } = this.#file;
    const { widened } = this.#options;
    if (state?.plan !== undefined) return resumedPlan(state.plan as TextPlan, widened);
    const { final, format, read, known } = this.#options;
    const bytes = headOf(this.#file, SNIFF_BYTES);
    const isWhole = bytes.length < SNIFF_BYTES;
    const encoding = read.encoding ?? detectEncoding(bytes);
    let head = utf8Head(bytes, encoding);
    if (!final) head = head.subarray(0, head.lastIndexOf(0x0a) + 1);
    if (head.length === 0 && !final) return undefined;
    try {
      return planText(head, { format, read, encoding, isWhole, known, widened });
    } catch (error) {
      throw error instanceof NairobiError ? inFile(error, path) : error;
    }
  }
}
