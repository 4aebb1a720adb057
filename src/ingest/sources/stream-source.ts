/** A stream of bytes as rows: standard input, a FIFO, a socket, a decompressor. */
import type { Column } from '../../compute/relation.ts';
import { assert, NairobiError } from '../../errors.ts';
import { Transcoder } from '../../formats/transcoder.ts';
import type { Bytes } from '../../units.ts';
import { bytes, KiB } from '../../units.ts';
import type { SourceState } from '../commit/record.ts';
import type { BadRows, Decoded, Decoder, Reject } from '../decode/decoder.ts';
import { MAX_RECORD_BYTES } from './feed.ts';
import { inFile } from './parallel.ts';
import {
  cutterFor,
  dataStart,
  decoderOf,
  type Looking,
  planText,
  resumedPlan,
  type TextPlan,
} from './text-plan.ts';

export interface StreamOptions extends Omit<Looking, 'isWhole'> {
  readonly name: string;
  readonly badRows: BadRows;
  readonly segmentBytes: Bytes;
  /** The stream begins here in its content, and was understood before. */
  readonly continues?: SourceState | undefined;
}

/** Looked at before the first row is given; less when the stream pauses or ends. */
const SNIFF_BYTES = bytes(256 * KiB);

/** Of a line that was given up, what is kept. */
const RAW_BYTES = 16 * KiB;

/** Rows are handed on when nothing has come for so long, or at once by `flush`. */
export class StreamSource {
  readonly #options: StreamOptions;
  readonly #transcoder: Transcoder | undefined;
  #plan: TextPlan | undefined;
  #decoder: Decoder | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #offset = 0;
  #lines = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { continues, encoding } = options;
    this.#transcoder =
      encoding === 'utf8' ? undefined : new Transcoder(encoding, continues === undefined);
    if (continues?.plan === undefined) return;
    this.#plan = resumedPlan(continues.plan as TextPlan, options.widened);
    this.#decoder = decoderOf(this.#plan, options.badRows, options.read.nulls);
    this.#offset = continues.offset;
    this.#lines = continues.lines;
  }

  get plan(): TextPlan | undefined {
    return this.#plan;
  }

  /** Known from the first row on. */
  get columns(): readonly Column[] {
    assert(this.#decoder !== undefined, 'columns are known once rows came');
    return this.#decoder.columns;
  }

  /** Bytes that wait to become rows. */
  get pending(): number {
    return this.#pendingBytes;
  }

  /** Bytes of the content that became rows. */
  get offset(): number {
    return this.#offset;
  }

  /** Takes bytes; gives rows when a segment is full. */
  push(data: Buffer): Decoded | undefined {
    this.take(data, false);
    return this.#pendingBytes >= this.#options.segmentBytes ? this.flush(false) : undefined;
  }

  private take(data: Buffer, isEnd: boolean): void {
    // What a transcoder gives holds until its next call.
    const text = this.#transcoder ? Buffer.from(this.#transcoder.push(data, isEnd)) : data;
    if (text.length === 0) return;
    this.#pending.push(text);
    this.#pendingBytes += text.length;
  }

  /** The whole records that are there as rows; at the end also a last one without a line end. */
  flush(isEnd: boolean): Decoded | undefined {
    if (isEnd && this.#transcoder) this.take(Buffer.alloc(0), true);
    if (this.#pendingBytes === 0) return undefined;
    const block = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    assert(block !== undefined, 'pending bytes are in pending buffers');
    this.#plan ??= this.understand(block, isEnd);
    if (this.#plan === undefined) return undefined;
    this.#decoder ??= this.begin(this.#plan, block);
    const start = this.#offset === 0 ? Math.min(dataStart(this.#plan).byte, block.length) : 0;
    const data = block.subarray(start);
    const end = isEnd ? data.length : cutterFor(this.#plan)(data);
    if (end === 0 && data.length > MAX_RECORD_BYTES) throw this.located(tooLong());
    const decoded = this.decode(this.#decoder, data.subarray(0, end), this.#offset + start);
    const rest = data.subarray(end);
    // Copied: a small rest must not keep the segment it came from alive.
    this.#pending = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.#pendingBytes = rest.length;
    this.#offset += start + end;
    return decoded;
  }

  /** Gives up what could not be understood: the whole lines, or all where there is none. */
  refuse(reason: string): readonly Reject[] {
    const block = Buffer.concat(this.#pending);
    const end = block.lastIndexOf(0x0a) + 1 || block.length;
    const rest = block.subarray(end);
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
    const rejects: Reject[] = [];
    for (let at = 0; at < end; ) {
      const next = block.indexOf(0x0a, at);
      const stop = next === -1 || next >= end ? end : next + 1;
      const raw = block.toString('utf8', at, Math.min(stop, at + RAW_BYTES)).trimEnd();
      const line = this.#lines + rejects.length + 1;
      rejects.push({ line, byte: this.#offset + at, column: undefined, reason, raw });
      at = stop;
    }
    this.#lines += rejects.length;
    this.#offset += end;
    return rejects;
  }

  private understand(block: Buffer, isEnd: boolean): TextPlan | undefined {
    if (!isEnd && !block.includes(0x0a)) {
      if (block.length > MAX_RECORD_BYTES) throw this.located(tooLong());
      return undefined;
    }
    const head = isEnd ? block : block.subarray(0, block.lastIndexOf(0x0a) + 1);
    try {
      const isWhole = isEnd || head.length < SNIFF_BYTES;
      return planText(head, { ...this.#options, isWhole });
    } catch (error) {
      throw error instanceof NairobiError ? this.located(error) : error;
    }
  }

  private begin(plan: TextPlan, block: Buffer): Decoder {
    this.#lines = dataStart(plan).lines;
    assert(dataStart(plan).byte <= block.length, 'the header lies in the first block');
    return decoderOf(plan, this.#options.badRows, this.#options.read.nulls);
  }

  private decode(decoder: Decoder, data: Buffer, offset: number): Decoded {
    try {
      const decoded = decoder.decode({ data, offset }, this.#lines + 1);
      this.#lines += decoded.lines;
      return decoded;
    } catch (error) {
      throw error instanceof NairobiError ? this.located(error) : error;
    }
  }

  private located(error: NairobiError): NairobiError {
    return inFile(error, this.#options.name);
  }

  /** Everything a stream has, as rows. */
  async *rows(
    stream: AsyncIterable<Buffer>,
    onRead: (count: number) => void,
  ): AsyncGenerator<Decoded> {
    for await (const data of stream) {
      onRead(data.length);
      const decoded = this.push(data);
      if (decoded !== undefined) yield decoded;
    }
    const last = this.flush(true);
    if (last !== undefined) yield last;
  }
}

const tooLong = (): NairobiError =>
  new NairobiError('BAD_DATA', 'A record is longer than 16 MiB', {
    hint: 'an opening quote without a closing one looks like this',
  });
