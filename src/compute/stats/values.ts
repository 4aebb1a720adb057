/** Values of a relation's columns as JavaScript sees them, batch by batch, in file order. */
import { assert } from '../../errors.ts';
import { collect } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { type ColumnBatch, columnBatches } from './arrow.ts';
import { MOST_ROWS, plainColumn } from './feed.ts';
import { kindOf, type NumberCode } from './kinds.ts';

/** The same rows of every column asked for: at most MOST_ROWS of them. */
export type Rows = readonly (readonly ColumnBatch[])[];

/** Visits the rows of `columns` in order; `visit` gets the batches of each column. */
export async function forEachRows(
  relation: Relation,
  columns: readonly Column[],
  visit: (rows: Rows) => void,
): Promise<void> {
  for await (const piece of relation.segments(columns.map(({ name }) => name))) {
    const frame = collect(piece);
    for (let from = 0; from < frame.height; from += MOST_ROWS) {
      const part = frame.slice(from, MOST_ROWS);
      visit(columns.map((column) => [...columnBatches(plainColumn(part, column).writeIPC())]));
    }
    // Polars' frames are freed by finalisers, and those run only when the loop turns.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function isValid(validity: Uint8Array | undefined, row: number): boolean {
  return validity === undefined || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** The code of a column of numbers; undefined for other columns. */
export function numberCodeOf(column: Column): NumberCode | undefined {
  const kind = kindOf(column.type);
  return kind.is === 'float' || kind.is === 'integer' || kind.is === 'boolean'
    ? kind.code
    : undefined;
}

/** All batches as one array, NaN where there is no value; 64-bit integers rounded to doubles. */
export function doublesOf(batches: readonly ColumnBatch[], code: NumberCode): Float64Array {
  const out = new Float64Array(batches.reduce((sum, { rows }) => sum + rows, 0));
  let at = 0;
  for (const batch of batches) {
    fill(out.subarray(at, at + batch.rows), batch, code);
    if (batch.validity !== undefined) {
      for (let row = 0; row < batch.rows; row += 1) {
        if (!isValid(batch.validity, row)) out[at + row] = Number.NaN;
      }
    }
    at += batch.rows;
  }
  return out;
}

function fill(out: Float64Array, { values, rows }: ColumnBatch, code: NumberCode): void {
  if (code === 'bit') {
    for (let row = 0; row < rows; row += 1) out[row] = isValid(values, row) ? 1 : 0;
    return;
  }
  if (code === 'i64' || code === 'u64') {
    fillWide(out, aligned(values), code === 'i64');
    return;
  }
  const ARRAYS = {
    f64: Float64Array,
    f32: Float32Array,
    i32: Int32Array,
    i16: Int16Array,
    i8: Int8Array,
    u32: Uint32Array,
    u16: Uint16Array,
    u8: Uint8Array,
  } as const;
  const bytes = aligned(values);
  out.set(new ARRAYS[code](bytes.buffer as ArrayBuffer, bytes.byteOffset, rows));
}

/** By halves: reading a BigInt64Array allocates for every value. */
function fillWide(out: Float64Array, bytes: Uint8Array, signed: boolean): void {
  const low = new Uint32Array(bytes.buffer, bytes.byteOffset, out.length * 2);
  const high = signed ? new Int32Array(bytes.buffer, bytes.byteOffset, out.length * 2) : low;
  for (let row = 0; row < out.length; row += 1) {
    out[row] = (high[2 * row + 1] ?? 0) * 4294967296 + (low[2 * row] ?? 0);
  }
}

function aligned(bytes: Uint8Array): Uint8Array {
  if (bytes.byteOffset % 8 === 0) return bytes;
  const copy = new Uint8Array(bytes);
  assert(copy.byteOffset === 0, 'a copy begins at its buffer');
  return copy;
}

/** All batches of text, null where there is none. */
export function textsOf(batches: readonly ColumnBatch[]): (string | null)[] {
  const out: (string | null)[] = [];
  for (const { rows, validity, values, buffers } of batches) {
    const views = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const heaps = buffers.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength));
    for (let row = 0; row < rows; row += 1) {
      out.push(isValid(validity, row) ? textAt(views, row * 16, heaps) : null);
    }
  }
  return out;
}

function textAt(views: Buffer, at: number, heaps: readonly Buffer[]): string {
  const size = views.readUInt32LE(at);
  if (size <= 12) return views.toString('utf8', at + 4, at + 4 + size);
  const from = views.readUInt32LE(at + 12);
  return heaps[views.readUInt32LE(at + 8)]?.toString('utf8', from, from + size) ?? '';
}
