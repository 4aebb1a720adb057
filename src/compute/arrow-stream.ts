/**
 * Arrow streams of flat columns, which is the quickest way into Polars: a schema, then batches of
 * rows (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format).
 */
import { FlatWriter } from './flat-writer.ts';

/** 8 bytes each, but for 'text': 16-byte views. */
export type ArrowKind = 'int64' | 'float64' | 'text';

export interface ArrowField {
  readonly name: string;
  readonly kind: ArrowKind;
}

/** One column of a batch. */
export interface ArrowValues {
  readonly nulls: number;
  /** One bit a row, 1 where there is a value. */
  readonly validity: Uint8Array;
  readonly values: Uint8Array;
  /** Of texts, what views of more than 12 bytes point into; undefined when there are none. */
  readonly heap: Uint8Array | undefined;
}

/** Message.fbs and Schema.fbs of the format. */
const VERSION_5 = 4;
const HEADER = { schema: 1, batch: 3 } as const;
const TYPE = { int: 2, float: 3, view: 24 } as const;
const DOUBLE = 2;

const CONTINUATION = 0xffffffff;
const aligned = (size: number): number => (size + 7) & ~7;

/** Collects a stream in memory that is used again for the next one. */
export class ArrowStream {
  readonly #fields: readonly ArrowField[];
  readonly #schema: Uint8Array;
  #bytes: Buffer;
  #size: number;

  constructor(fields: readonly ArrowField[]) {
    this.#fields = fields;
    this.#schema = framed(schemaMessage(fields));
    this.#bytes = Buffer.alloc(2 ** 20);
    this.#size = 0;
    this.clear();
  }

  get byteLength(): number {
    return this.#size;
  }

  /** Without a batch. */
  clear(): void {
    this.#bytes.set(this.#schema);
    this.#size = this.#schema.length;
  }

  /** Copies `rows` rows, a column for each field. */
  add(rows: number, columns: readonly ArrowValues[]): void {
    const parts = columns.flatMap((column, index): (Uint8Array | undefined)[] => {
      const { nulls, validity, values, heap } = column;
      const own = [nulls === 0 ? undefined : validity, values];
      return this.#fields[index]?.kind === 'text' && heap !== undefined ? [...own, heap] : own;
    });
    const bodyLength = parts.reduce((sum, part) => sum + aligned(part?.length ?? 0), 0);
    const head = framed(batchMessage(rows, bodyLength, this.#fields, columns, parts));
    this.#reserve(head.length + bodyLength);
    this.#bytes.set(head, this.#size);
    this.#size += head.length;
    for (const part of parts) {
      if (part === undefined) continue;
      this.#bytes.set(part, this.#size);
      this.#size += aligned(part.length);
    }
  }

  /** The stream so far, until the next call. */
  bytes(): Buffer {
    this.#reserve(8);
    this.#bytes.writeUInt32LE(CONTINUATION, this.#size);
    this.#bytes.writeUInt32LE(0, this.#size + 4);
    return this.#bytes.subarray(0, this.#size + 8);
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.ceil((this.#size + more) * 1.25));
    this.#bytes.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }
}

/** A message behind its length. */
function framed(message: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(8 + aligned(message.length));
  bytes.writeUInt32LE(CONTINUATION, 0);
  bytes.writeUInt32LE(aligned(message.length), 4);
  bytes.set(message, 8);
  return bytes;
}

function message(kind: number, bodyLength: number, header: (to: FlatWriter) => number): Uint8Array {
  const to = new FlatWriter();
  to.table([
    { short: VERSION_5 },
    { byte: kind },
    { object: () => header(to) },
    { long: bodyLength },
  ]);
  return to.bytes();
}

function schemaMessage(fields: readonly ArrowField[]): Uint8Array {
  return message(HEADER.schema, 0, (to) => {
    const each = fields.map((field) => () => fieldTable(to, field));
    return to.table([undefined, { object: () => to.vector(each) }]);
  });
}

function fieldTable(to: FlatWriter, { name, kind }: ArrowField): number {
  const code = kind === 'text' ? TYPE.view : kind === 'int64' ? TYPE.int : TYPE.float;
  const type =
    kind === 'text'
      ? []
      : kind === 'int64'
        ? [{ int: 64 } as const, { byte: 1 } as const]
        : [{ short: DOUBLE } as const];
  return to.table([
    { object: () => to.text(name) },
    { byte: 1 },
    { byte: code },
    { object: () => to.table(type) },
    undefined,
    { object: () => to.vector([]) },
  ]);
}

function batchMessage(
  rows: number,
  bodyLength: number,
  fields: readonly ArrowField[],
  columns: readonly ArrowValues[],
  parts: readonly (Uint8Array | undefined)[],
): Uint8Array {
  const nodes = columns.flatMap(({ nulls }) => [rows, nulls]);
  let at = 0;
  const buffers = parts.flatMap((part) => {
    const length = part?.length ?? 0;
    const place = [at, length];
    at += aligned(length);
    return place;
  });
  const heaps = columns
    .filter((_, index) => fields[index]?.kind === 'text')
    .map(({ heap }) => (heap === undefined ? 0 : 1));
  return message(HEADER.batch, bodyLength, (to) => {
    return to.table([
      { long: rows },
      { object: () => to.longs(nodes, 2) },
      { object: () => to.longs(buffers, 2) },
      undefined,
      heaps.length === 0 ? undefined : { object: () => to.longs(heaps, 1) },
    ]);
  });
}
