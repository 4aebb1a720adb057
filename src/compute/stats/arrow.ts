/**
 * The record batches of an Arrow IPC file that holds one column: where its buffers lie. Polars
 * writes such a file with one copy (4 ms for 1 M doubles), nulls and text included, which no other
 * way out of it offers. Format: https://arrow.apache.org/docs/format/Columnar.html
 */
import { assert } from '../../errors.ts';
import { Table } from '../flatbuffers.ts';

export interface ColumnBatch {
  readonly rows: number;
  /** One bit a row, 1 where there is a value; undefined when no row is null. */
  readonly validity: Uint8Array | undefined;
  /** Values, or the 16-byte views of text. */
  readonly values: Uint8Array;
  /** What the views of text longer than 12 bytes point into. */
  readonly buffers: readonly Uint8Array[];
}

const FOOTER_TAIL = 10; // int32 length of the footer, then "ARROW1"

/** The batches of `file` (one column, not compressed, no dictionary); views of it, no copies. */
export function* columnBatches(file: Uint8Array): Generator<ColumnBatch> {
  const data = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const footerLength = data.getInt32(file.byteLength - FOOTER_TAIL, true);
  const footer = Table.root(data, file.byteLength - FOOTER_TAIL - footerLength);
  const blocks = footer.vector(3);
  for (let i = 0; i < blocks.length; i += 1) {
    // Block: offset (8), metadata length (4), padding (4), body length (8).
    const block = blocks.at + 24 * i;
    const offset = Number(data.getBigInt64(block, true));
    const body = offset + data.getInt32(block + 8, true);
    yield batchAt(file, data, offset, body);
  }
}

function batchAt(file: Uint8Array, data: DataView, offset: number, body: number): ColumnBatch {
  // 0xffffffff, int32 length, then the message.
  const batch = Table.root(data, offset + 8).table(2);
  const nodes = batch.vector(1);
  const buffers = batch.vector(2);
  assert(batch.field(3) === undefined, 'the Arrow batch is not compressed');
  assert(nodes.length === 1 && buffers.length >= 1, 'the Arrow batch holds one flat column');
  const nulls = Number(data.getBigInt64(nodes.at + 8, true));
  const bytes: Uint8Array[] = [];
  for (let i = 0; i < buffers.length; i += 1) {
    const at = Number(data.getBigInt64(buffers.at + 16 * i, true));
    const length = Number(data.getBigInt64(buffers.at + 16 * i + 8, true));
    bytes.push(file.subarray(body + at, body + at + length));
  }
  const [validity, values, ...rest] = bytes;
  return {
    rows: batch.long(0),
    validity: nulls === 0 ? undefined : validity,
    values: values ?? new Uint8Array(0),
    buffers: rest,
  };
}
