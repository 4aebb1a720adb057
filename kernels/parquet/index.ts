// Delimited text to the pages of a Parquet row group, for text that is as it should be: what is not
// is refused as a whole, and the host takes its general way. The text is taken apart by the same
// code as in kernels/stats.

import { decodeField, Field, findEnds, isUtf8, Plan } from '../stats/csv';
import { openBits } from './bits';
import { Chunk } from './chunk';
import { mark, release, take } from './memory';
import { encodeTexts } from './texts';
import { encodeBooleans, encodeFloats, encodeIntegers } from './words';

const REFUSED: i32 = -1;

let plan: usize = 0;
let chunk: usize = 0;
let base: usize = 0;
let inputAt: usize = 0;
let inputSize: u32 = 0;
let rows: u32 = 0;
let values: usize = 0;
let validity: usize = 0;
let column: usize = 0;

@inline
function zeroed(size: usize): usize {
  const at = take(size);
  memory.fill(at, 0, size);
  return at;
}

/** Once, before everything else. A quote of 0: quotes mean nothing. */
export function open(fields: u32, delimiter: u32, quote: u32): void {
  openBits();
  chunk = zeroed(offsetof<Chunk>());
  plan = zeroed(offsetof<Plan>());
  const p = changetype<Plan>(plan);
  p.fields = zeroed(<usize>fields * offsetof<Field>());
  p.count = fields;
  p.delimiter = delimiter;
  p.quote = quote;
}

@inline
function fieldAt(j: u32): Field {
  const at = <usize>changetype<Plan>(plan).fields + <usize>j * offsetof<Field>();
  return changetype<Field>(at);
}

/** What column j is (kernels/stats/csv.ts); answers where its null text is to be written. */
export function setField(
  j: u32, kind: u32, separator: u32, seconds: u32, zone: u32, nullSize: u32,
): usize {
  const field = fieldAt(j);
  field.kind = kind;
  field.separator = separator;
  field.seconds = seconds;
  field.zone = zone;
  field.nullSize = nullSize;
  field.nullAt = zeroed(<usize>nullSize + 16);
  base = mark();
  return <usize>field.nullAt;
}

/** Where a batch of `size` bytes, whole records, is to be written. */
export function input(size: u32): usize {
  release(base);
  inputAt = take(<usize>size + 128);
  inputSize = size;
  return inputAt;
}

/** Takes the batch apart; its rows, or -1 when it is refused. */
export function split(): i32 {
  const p = changetype<Plan>(plan);
  const fields = <u32>p.count;
  p.endsRoom = <u64>inputSize / 2 + 64;
  p.ends = take(<usize>p.endsRoom * 4);
  const found = findEnds(p, inputAt, inputSize);
  if (found <= 0 || <u32>found % fields != 0) return REFUSED;
  if (p.wide != 0 && !isUtf8(inputAt, inputSize)) return REFUSED;
  release(<usize>p.ends + (<usize>found << 2));
  // Behind what was released: the allocator rounds up.
  take(0);
  rows = <u32>found / fields;
  validity = take((<usize>rows >>> 3) + 64);
  values = take((<usize>rows << 4) + 64);
  column = mark();
  return <i32>rows;
}

/** True when the batch has quotes, so that its records may have line ends inside. */
export function isQuoted(): bool {
  return changetype<Plan>(plan).quoted != 0;
}

/**
 * Makes the pages of column j; false when it is refused. `splitFloats`: floats go by byte place
 * where they make no dictionary.
 */
export function encode(j: u32, splitFloats: bool): bool {
  release(column);
  const field = fieldAt(j);
  field.values = values;
  field.validity = validity;
  if (!decodeField(changetype<Plan>(plan), field, inputAt, j, rows)) return false;
  memory.fill(chunk, 0, offsetof<Chunk>());
  const c = changetype<Chunk>(chunk);
  c.nulls = field.nulls;
  const kind = <u32>field.kind;
  if (kind == 1) encodeTexts(c, values, validity, rows, inputAt);
  else if (kind == 3) encodeFloats(c, values, validity, rows, splitFloats);
  else if (kind == 4) encodeBooleans(c, values, validity, rows);
  else encodeIntegers(c, values, validity, rows, kind == 6 ? 4 : 8);
  return true;
}

/** The pages of the column that was encoded last. */
export function pages(): usize {
  return chunk;
}
