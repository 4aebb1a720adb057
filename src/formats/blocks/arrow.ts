/**
 * Arrow streams by their messages: a schema, then dictionaries and batches of rows, each behind its
 * length (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format).
 */
import { Table } from '../../compute/flatbuffers.ts';
import { NairobiError } from '../../errors.ts';
import type { WholeBlocks } from './blocks.ts';

/** Since 0.15 a message begins with these; before, with its length. */
const CONTINUATION = 0xffffffff;

/** Message.header_type: https://github.com/apache/arrow/blob/main/format/Message.fbs */
const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const;

/** Ends a stream. */
export const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

export interface ArrowMessage {
  readonly kind: number;
  readonly at: number;
  readonly end: number;
  /** Of a batch. */
  readonly rows: number;
  /** Of a dictionary, which replaces one of the same number unless it adds to it. */
  readonly dictionary: { readonly id: number; readonly adds: boolean } | undefined;
}

/**
 * The message at `at`: 'end' for the mark that ends the stream, undefined when it is not all there.
 * BAD_DATA for what is none.
 */
export function arrowMessage(bytes: Uint8Array, at: number): ArrowMessage | 'end' | undefined {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOldEnd = at + 4 <= bytes.length && data.getUint32(at, true) === 0;
  if (isOldEnd) return 'end';
  if (at + 8 > bytes.length) return undefined;
  const isNew = data.getUint32(at, true) === CONTINUATION;
  const from = at + (isNew ? 8 : 4);
  const length = data.getInt32(from - 4, true);
  if (length === 0) return 'end';
  if (length < 0) throw damaged(at);
  if (from + length > bytes.length) return undefined;
  try {
    const message = Table.root(data, from);
    const kind = message.byte(1);
    const bodyLength = message.long(3);
    if (kind < HEADER.schema || kind > HEADER.batch || bodyLength < 0) throw damaged(at);
    const header = message.table(2);
    const end = from + length + bodyLength;
    return {
      kind,
      at,
      end,
      rows: kind === HEADER.batch ? header.long(0) : 0,
      dictionary:
        kind === HEADER.dictionary ? { id: header.long(0), adds: header.byte(2) !== 0 } : undefined,
    };
  } catch {
    throw damaged(at); // an offset that points outside
  }
}

/** Bytes of the schema at the start; undefined when it is not all there. */
export function arrowSchemaBytes(bytes: Uint8Array): number | undefined {
  const message = arrowMessage(bytes, 0);
  if (message === undefined || message === 'end' || message.kind !== HEADER.schema)
    return undefined;
  return message.end <= bytes.length ? message.end : undefined;
}

/** Whole messages at the start of `bytes`, of about `mostRows` rows; nothing behind the end. */
export function arrowBatches(bytes: Uint8Array, mostRows: number): WholeBlocks {
  let [at, rows] = [0, 0];
  while (rows < mostRows) {
    const message = arrowMessage(bytes, at);
    if (message === 'end') return { byteLength: bytes.length, rows };
    if (message === undefined || message.end > bytes.length) break;
    if (message.kind === HEADER.schema) throw damaged(at);
    rows += message.rows;
    at = message.end;
  }
  return { byteLength: at, rows };
}

/** What later batches may refer to, from all that came before them. */
export class Dictionaries {
  #messages: { readonly id: number; readonly bytes: Uint8Array }[] = [];

  get bytes(): readonly Uint8Array[] {
    return this.#messages.map(({ bytes }) => bytes);
  }

  clear(): void {
    this.#messages = [];
  }

  /** Keeps copies of the dictionaries among whole messages. */
  learn(bytes: Uint8Array): void {
    for (let at = 0; ; ) {
      const message = arrowMessage(bytes, at);
      if (message === undefined || message === 'end') return;
      const { dictionary, end } = message;
      if (dictionary !== undefined) {
        const { id, adds } = dictionary;
        if (!adds) this.#messages = this.#messages.filter((one) => one.id !== id);
        this.#messages.push({ id, bytes: Uint8Array.from(bytes.subarray(at, end)) });
      }
      at = end;
    }
  }
}

function damaged(byte: number): NairobiError {
  return new NairobiError('BAD_DATA', 'Cannot read this as arrow-stream: a message is damaged', {
    where: { byte },
    hint: 'check that the file is complete',
  });
}
