/** A thread that turns batches into pieces of Parquet while others do the same. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMarkedAsUntransferable, parentPort, workerData } from 'node:worker_threads';
import type { DataFrame } from '../../compute/polars.ts';
import { assert, type ErrorJson, NairobiError } from '../../errors.ts';
import type { CsvColumn } from '../../formats/csv/sniff.ts';
import { viewOf } from '../../kernel/syscall.ts';
import { countByte } from '../decode/boundary.ts';
import type { BadRows, Decoder, Reject } from '../decode/decoder.ts';
import type { LinesKernel } from '../decode/lines-kernel.ts';
import { linesKernel } from '../decode/transcode.ts';
import { wideningOf } from '../decode/widen.ts';
import { type EncodedPiece, type Encoding, encodePieces } from '../parquet/encode.ts';
import { type PlainBatch, PlainEncoder } from '../parquet/pages.ts';
import { decoderOf, type TextPlan } from './text-plan.ts';

const NEWLINE = 0x0a;

export interface BatchTask {
  readonly plan: TextPlan;
  readonly badRows: BadRows;
  readonly nulls: readonly string[] | undefined;
  readonly encoding: Encoding;
}

/** Bytes that stay where they are until the answer. */
export interface BatchJob {
  readonly id: number;
  readonly address: bigint;
  readonly byteLength: number;
  readonly offset: number;
}

/** Lines are counted from the batch's first, which is 0. */
export interface BatchDone {
  readonly id: number;
  readonly pieces: readonly EncodedPiece[];
  readonly records: number;
  readonly rejects: readonly Reject[];
  readonly nulled: number;
  readonly lines: number;
}

export interface BatchFailed {
  readonly id: number;
  /** Undefined for what is no NairobiError: a bug. */
  readonly error: ErrorJson | undefined;
  readonly thrown: unknown;
  /** What would mend the error. */
  readonly wider: CsvColumn | undefined;
}

export type BatchAnswer = BatchDone | BatchFailed;

function work(task: BatchTask): void {
  const port = parentPort;
  if (port === null) return;
  const decoder = decoderOf(task.plan, task.badRows, task.nulls);
  const empty = (): DataFrame => decoder.decode({ data: Buffer.alloc(0), offset: 0 }, 0).frame;
  const plain = PlainText.open(task, empty);
  // Frames die when V8 collects their wrappers, which it does not know to be large (measured:
  // 300 MB grow to 1.5 GB in a tight loop).
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  port.on('message', (job: BatchJob) => {
    const fast = answerTo(job, () => plainly(plain, job));
    const answer = fast ?? answerTo(job, () => done(decoder, task.encoding, job));
    assert(answer !== undefined, 'the general way answers every batch');
    const post = (): void => port.postMessage(answer, buffersOf(answer));
    if (fast !== undefined) return post();
    collectGarbage();
    // Polars frees a frame on the turn of the loop after its wrapper was collected.
    setImmediate(post);
  });
}

function answerTo(job: BatchJob, work: () => BatchDone | undefined): BatchAnswer | undefined {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof NairobiError)) {
      return { id: job.id, error: undefined, thrown, wider: undefined };
    }
    const wider = wideningOf(thrown);
    return { id: job.id, error: thrown.toJSON(), thrown: undefined, wider };
  }
}

/** What is handed over instead of copied: not the pool where Node keeps buffers of few bytes. */
function buffersOf(answer: BatchAnswer): ArrayBuffer[] {
  if (!('pieces' in answer)) return [];
  const buffers = new Set(answer.pieces.map((piece) => piece.parquet.buffer as ArrayBuffer));
  return [...buffers].filter((buffer) => !isMarkedAsUntransferable(buffer));
}

function done(decoder: Decoder, encoding: Encoding, job: BatchJob): BatchDone {
  const data = dataOf(job);
  const { frame, records, rejects, nulled, lines } = decoder.decode(
    { data, offset: job.offset },
    0,
  );
  const pieces = frame.height === 0 ? [] : encodePieces(frame, encoding);
  return { id: job.id, pieces, records, rejects, nulled, lines };
}

const dataOf = (job: BatchJob): Buffer => Buffer.from(viewOf(job.address, job.byteLength));

/** Text that becomes Parquet without Polars. */
class PlainText {
  readonly #encoder: PlainEncoder;
  /** Of lines, which become delimited text first. */
  readonly #lines: LinesKernel | undefined;

  /** Undefined where the text, its types or the target need the general way. */
  static open({ plan, nulls, encoding }: BatchTask, empty: () => DataFrame): PlainText | undefined {
    if (plan.kind === 'csv') {
      const encoder = PlainEncoder.open(plan.csv, nulls, encoding, empty);
      return encoder === undefined ? undefined : new PlainText(encoder, undefined);
    }
    const lines = linesKernel(plan.lines);
    const encoder =
      lines === undefined
        ? undefined
        : PlainEncoder.open(plan.lines.csv, undefined, encoding, empty);
    return encoder === undefined ? undefined : new PlainText(encoder, lines);
  }

  private constructor(encoder: PlainEncoder, lines: LinesKernel | undefined) {
    this.#encoder = encoder;
    this.#lines = lines;
  }

  /** Undefined where the batch is not as it should be. */
  encode(data: Buffer): (PlainBatch & { readonly lines: number }) | undefined {
    const converted = this.#lines?.convert(data);
    if (this.#lines !== undefined && converted === undefined) return undefined;
    const batch = this.#encoder.encode(converted?.text ?? data);
    if (batch === undefined) return undefined;
    const lines = converted?.lines ?? batch.lines ?? countByte(data, NEWLINE, 0, data.length);
    return { ...batch, lines };
  }
}

function plainly(plain: PlainText | undefined, job: BatchJob): BatchDone | undefined {
  const batch = plain?.encode(dataOf(job));
  if (batch === undefined) return undefined;
  const { piece, rows, lines } = batch;
  return { id: job.id, pieces: [piece], records: rows, rejects: [], nulled: 0, lines };
}

work(workerData as BatchTask);
