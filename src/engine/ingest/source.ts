/** The rows of one source of ingest, whatever it is. */
import { statSync } from 'node:fs';
import { toFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import type { Compression } from '../../formats/detect.ts';
import type { ReadOptions } from '../../formats/options.ts';
import { detectEncoding, ENCODING_BYTES } from '../../formats/transcoder.ts';
import type { SourceState } from '../../ingest/commit/record.ts';
import type { PlannedFile } from '../../ingest/commit/resume.ts';
import type { BadRows, Decoded } from '../../ingest/decode/decoder.ts';
import type { Widened } from '../../ingest/decode/widen.ts';
import { restOf } from '../../ingest/sources/compressed.ts';
import { openStream } from '../../ingest/sources/open-stream.ts';
import { begun, openPiped } from '../../ingest/sources/piped.ts';
import { kindOf, stateOf } from '../../ingest/sources/source.ts';
import { type StreamOptions, StreamSource } from '../../ingest/sources/stream-source.ts';
import {
  encodingOf,
  isTextFormat,
  type TextFormat,
  type TextPlan,
} from '../../ingest/sources/text-plan.ts';
import { TextSource } from '../../ingest/sources/text-source.ts';
import type { Bytes } from '../../units.ts';
import { hasCodec } from '../../uring/decompress.ts';
import type { HostOptions } from '../options.ts';
import type { Reporter } from '../run/report.ts';
import { Session } from '../session.ts';

export interface SourceOptions {
  readonly badRows: BadRows;
  readonly read: ReadOptions;
  /** Instead of what the bytes say; also for what has no name, such as standard input. */
  readonly format: TextFormat | undefined;
  readonly final: boolean;
  readonly segmentBytes: Bytes;
  readonly known: TextPlan | undefined;
  readonly widened: Widened;
  readonly host: HostOptions;
  readonly reporter: Reporter;
}

/** What all of them have in common. */
export interface OpenSource {
  readonly columns: readonly Column[];
  readonly plan: TextPlan | undefined;
  /** Bytes consumed so far. */
  readonly offset: number;
  rows(): AsyncIterable<Decoded>;
  /** What is remembered; undefined for a stream, which cannot be read twice. */
  state(): SourceState | undefined;
  /** A text that threads can read; undefined for the others. */
  readonly text: TextSource | undefined;
}

/** Opens a source; undefined while a file has not even its header. */
export async function openSource(
  file: PlannedFile,
  options: SourceOptions,
): Promise<OpenSource | undefined> {
  if (!statSync(file.content).isFile()) {
    const chunks = openStream(file, undefined);
    const { format, bytes } = await openPiped(file.path, chunks, options.format);
    return openStreaming(file, format, bytes, options);
  }
  const { format, compression } = kindOf(file, options.format);
  const wanted = options.format ?? format;
  if (compression !== undefined && isTextFormat(wanted) && hasCodec(compression)) {
    return openCompressed(file, wanted, compression, options);
  }
  if (compression !== undefined || !isTextFormat(wanted)) return openWhole(file, options);
  const text = new TextSource(file, {
    ...options,
    format: wanted,
    onRead: (count) => options.reporter.ingested(count),
  });
  if (!text.open()) return undefined;
  return {
    columns: text.columns,
    plan: text.plan,
    get offset() {
      return text.offset;
    },
    rows: () => text.rows(),
    state: () => text.state(),
    text,
  };
}

/** Read once to its end; one that we know as a log from before gives its rest only. */
async function openCompressed(
  file: PlannedFile,
  format: TextFormat,
  compression: Compression,
  options: SourceOptions,
): Promise<OpenSource | undefined> {
  const { state } = file;
  const rest = state === undefined ? undefined : await restOf(file, compression, state);
  if (rest !== undefined && file.isTwin === true) return undefined;
  const bytes = rest ?? openStream(file, compression);
  const continues = rest === undefined ? undefined : state;
  const stream = await openStreaming(file, format, bytes, { ...options, continues });
  return stream === undefined ? undefined : { ...stream, state: () => doneState(file) };
}

/** The columns of a stream are known with its first rows: those are fetched here. */
async function openStreaming(
  file: PlannedFile,
  format: TextFormat,
  bytes: AsyncIterable<Buffer>,
  options: SourceOptions & Pick<StreamOptions, 'continues'>,
): Promise<OpenSource | undefined> {
  const begin = await begun(bytes, ({ length }) => length < ENCODING_BYTES);
  const before = options.continues?.plan as TextPlan | undefined;
  const found = options.read.encoding ?? detectEncoding(begin.head);
  const encoding = before === undefined ? found : encodingOf(before);
  const source = new StreamSource({ ...options, name: file.path, format, encoding });
  const onRead = (count: number): void => options.reporter.ingested(count);
  const rows = source.rows(begin.bytes, onRead);
  const first = await rows.next();
  if (first.done === true && options.continues === undefined) return undefined;
  return {
    columns: source.columns,
    plan: source.plan,
    get offset() {
      return source.offset;
    },
    async *rows() {
      if (first.done !== true) yield first.value;
      yield* rows;
    },
    state: () => undefined,
    text: undefined,
  };
}

/** A format that is read as a whole: Parquet, Arrow, Avro, JSON, SQLite, other compressions. */
function openWhole(file: PlannedFile, options: SourceOptions): OpenSource {
  const { path } = file;
  const { badRows, read } = options;
  const onError = badRows === 'quarantine' ? 'skip' : badRows;
  const session = new Session({ host: options.host, read: { ...read, onError } }, options.reporter);
  const relation = session.open({ path });
  let rejected = 0;
  return {
    columns: relation.columns,
    plan: undefined,
    offset: statSync(file.content).size,
    async *rows() {
      using _session = session;
      for await (const segment of relation.segments()) {
        const frame = toFrame(segment);
        const now = relation.pieces.reduce((sum, piece) => sum + piece.rejected.rows, 0);
        const records = frame.height + now - rejected;
        rejected = now;
        const rejects = Array.from({ length: records - frame.height }, () => UNKNOWN_PLACE);
        yield { frame, records, rejects, nulled: 0, lines: 0 };
      }
    },
    state: () => doneState(file),
    text: undefined,
  };
}

const UNKNOWN_PLACE = {
  line: 0,
  byte: 0,
  column: undefined,
  reason: 'left out while the file was read as a whole',
  raw: '',
};

/** Read to its end once; it is known by its size and content. */
function doneState(file: PlannedFile): SourceState {
  const { size } = statSync(file.content);
  return stateOf(file, { offset: size, lines: 0, plan: undefined, done: true });
}
