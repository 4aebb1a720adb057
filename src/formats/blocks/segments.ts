/** Avro and Arrow streams, some blocks at a time: with the header before them, a small file. */
import { type DataFrame, toFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { decodeColumnar } from '../columnar.ts';
import type { RecordStart } from '../csv/records.ts';
import type { CutRules } from '../cut.ts';
import { nothingRejected } from '../decoded.ts';
import type { FormatName } from '../detect.ts';
import type { Understood } from '../options.ts';
import { located, type Segment, type SegmentedText, type Survey } from '../segment.ts';
import { arrowSchemaBytes, Dictionaries, END_OF_STREAM } from './arrow.ts';
import { avroBlocks, avroHeaderBytes, avroSync } from './avro.ts';
import type { BlockFormat } from './blocks.ts';

export const consistsOfBlocks = (format: FormatName): format is BlockFormat =>
  format === 'avro' || format === 'arrow-stream';

/** Undefined when the header and a block are longer than `head`. BAD_DATA for damaged ones. */
export function blockSegments(
  head: Buffer,
  format: BlockFormat,
  path: string,
): BlockSegments | undefined {
  const length = format === 'avro' ? avroHeaderBytes(head) : arrowSchemaBytes(head);
  if (length === undefined) return undefined;
  const header = Buffer.from(head.subarray(0, length));
  if (format === 'arrow-stream') return new BlockSegments(header, format, path, END_OF_STREAM);
  // Polars says nothing of an Avro file without a block.
  const rest = head.subarray(length);
  const { byteLength } = avroBlocks(rest, avroSync(header), 1);
  if (byteLength === 0) return undefined;
  return new BlockSegments(header, format, path, rest.subarray(0, byteLength));
}

export class BlockSegments implements SegmentedText {
  readonly columns: readonly Column[];
  readonly understood: Understood;
  readonly rejected = nothingRejected();
  readonly rules: CutRules;
  readonly start: RecordStart;
  /** The format says it all in its header. */
  readonly mayTellMore = false;
  readonly #header: Buffer;
  readonly #format: BlockFormat;
  readonly #path: string;
  /** Of an Arrow stream: those of earlier segments. */
  readonly #dictionaries = new Dictionaries();

  /** `first` is what makes the header a file that can be understood. */
  constructor(header: Buffer, format: BlockFormat, path: string, first: Uint8Array) {
    this.#header = header;
    this.#format = format;
    this.#path = path;
    const isAvro = format === 'avro';
    this.rules = isAvro ? { kind: 'avro', sync: avroSync(header) } : { kind: 'arrow-stream' };
    this.start = { byte: header.length, line: 1 };
    const { columns, understood } = decodeColumnar(
      { path, bytes: Buffer.concat([header, first]) },
      format,
    );
    this.columns = columns;
    this.understood = understood;
  }

  read(segment: Segment, columns?: readonly string[]): DataFrame {
    return located(segment, () => {
      const frame = toFrame(
        decodeColumnar(this.#file([segment.bytes]), this.#format).read(columns),
      );
      if (this.#format === 'arrow-stream') this.#dictionaries.learn(segment.bytes);
      return frame;
    });
  }

  survey(): Survey {
    return { observe: () => undefined, decide: () => undefined };
  }

  agrees(): boolean {
    return true;
  }

  restart(): void {
    this.#dictionaries.clear();
  }

  /** A file of its own. */
  #file(blocks: readonly Uint8Array[]): { path: string; bytes: Buffer } {
    const parts = [this.#header, ...this.#dictionaries.bytes, ...blocks];
    if (this.#format === 'arrow-stream') parts.push(END_OF_STREAM);
    return { path: this.#path, bytes: Buffer.concat(parts) };
  }
}
