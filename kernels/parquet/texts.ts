// Columns of text, as Arrow views: 16 bytes each, the length, then the text itself if it has at most
// 12 bytes, else its first 4, a zero and where it is in the input.

import { hashLong, hashShort } from '../stats/hash';
import { deltaRoom, levelRoom, packDeltas, packIndices, packLevels } from './bits';
import { Chunk, DELTA_LENGTH_BYTE_ARRAY, RLE_DICTIONARY, widthOf } from './chunk';
import { take } from './memory';

const MOST_DISTINCT: u32 = 40000;
const TRIAL: u32 = 16384;
/** Longer texts have no range: it would only make the footer long. */
const MOST_RANGE: u32 = 64;

let indices: usize = 0;
/** Of each distinct text, the address of its first view. */
let entries: usize = 0;

@inline
function sizeOf(view: usize): u32 {
  return load<u32>(view);
}

@inline
function textAt(view: usize, input: usize): usize {
  return load<u32>(view) > 12 ? input + <usize>load<u32>(view, 12) : view + 4;
}

function compact(views: usize, validity: usize, rows: u32): u32 {
  let count: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    v128.store(views + (<usize>count << 4), v128.load(views + (<usize>row << 4)));
    count += (<u32>load<u8>(validity + (row >>> 3)) >>> (row & 7)) & 1;
  }
  return count;
}

@inline
function isSame(a: usize, b: usize, input: usize): bool {
  if (load<u64>(a) != load<u64>(b)) return false;
  if (load<u32>(a) <= 12) return load<u64>(a, 8) == load<u64>(b, 8);
  return memory.compare(textAt(a, input), textAt(b, input), load<u32>(a)) == 0;
}

function findDistinct(views: usize, count: u32, input: usize): i32 {
  const limit = min<u32>(count >>> 1, MOST_DISTINCT);
  if (limit == 0) return -1;
  const mask = (<u32>1 << (34 - clz<u32>(limit))) - 1;
  indices = take(<usize>count * 2);
  entries = take(<usize>limit * 4);
  const table = take((<usize>mask + 1) * 4);
  memory.fill(table, 0, (<usize>mask + 1) * 4);
  let distinct: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const view = views + (<usize>i << 4);
    const size = sizeOf(view);
    const hash =
      size > 12 ? hashLong(textAt(view, input), size) : hashShort(load<u64>(view), load<u64>(view, 8));
    let slot = <u32>hash & mask;
    let index: u32;
    for (;;) {
      index = load<u32>(table + (<usize>slot << 2));
      if (index == 0) {
        if (distinct == limit) return -1;
        store<u32>(entries + (<usize>distinct << 2), <u32>view);
        distinct++;
        index = distinct;
        store<u32>(table + (<usize>slot << 2), index);
        break;
      }
      if (isSame(<usize>load<u32>(entries + (<usize>(index - 1) << 2)), view, input)) break;
      slot = (slot + 1) & mask;
    }
    store<u16>(indices + (<usize>i << 1), <u16>(index - 1));
    if (i == TRIAL && distinct > TRIAL / 4 * 3) return -1;
  }
  return <i32>distinct;
}

/** As bytes, which for UTF-8 is the order of the code points. */
function isLess(a: usize, b: usize, input: usize): bool {
  const aHead = bswap<u32>(load<u32>(a, 4));
  const bHead = bswap<u32>(load<u32>(b, 4));
  if (aHead != bHead) return aHead < bHead;
  const size = min<u32>(sizeOf(a), sizeOf(b));
  const order = memory.compare(textAt(a, input), textAt(b, input), size);
  return order == 0 ? sizeOf(a) < sizeOf(b) : order < 0;
}

function setRange(chunk: Chunk, least: usize, most: usize, input: usize): void {
  if (sizeOf(least) > MOST_RANGE || sizeOf(most) > MOST_RANGE) return;
  chunk.ranged = 1;
  chunk.minAt = textAt(least, input);
  chunk.minSize = sizeOf(least);
  chunk.maxAt = textAt(most, input);
  chunk.maxSize = sizeOf(most);
}

/** Copies a text; up to 16 bytes behind it may be written. */
@inline
function put(view: usize, input: usize, to: usize): usize {
  const size = <usize>sizeOf(view);
  if (size <= 12) {
    store<u64>(to, load<u64>(view, 4));
    store<u32>(to, load<u32>(view, 12), 8);
  } else {
    memory.copy(to, input + <usize>load<u32>(view, 12), size);
  }
  return to + size;
}

export function encodeTexts(
  chunk: Chunk, views: usize, validity: usize, rows: u32, input: usize,
): void {
  const count = chunk.nulls == 0 ? rows : compact(views, validity, rows);
  let total: usize = 0;
  for (let i: u32 = 0; i < count; i++) total += sizeOf(views + (<usize>i << 4));
  const distinct = findDistinct(views, count, input);
  if (distinct > 0 && encodeDictionary(chunk, <u32>distinct, total, validity, rows, count, input)) return;
  const at = take(levelRoom(rows) + deltaRoom(count) + total + 64);
  const lengths = take(<usize>count * 8 + 8);
  let least = views;
  let most = views;
  for (let i: u32 = 0; i < count; i++) {
    const view = views + (<usize>i << 4);
    store<u64>(lengths + (<usize>i << 3), <u64>sizeOf(view));
    if (isLess(view, least, input)) least = view;
    if (isLess(most, view, input)) most = view;
  }
  if (count > 0) setRange(chunk, least, most, input);
  let to = packDeltas(lengths, count, packLevels(validity, rows, chunk.nulls, at));
  for (let i: u32 = 0; i < count; i++) to = put(views + (<usize>i << 4), input, to);
  chunk.encoding = DELTA_LENGTH_BYTE_ARRAY;
  chunk.dataAt = at;
  chunk.dataSize = to - at;
}

/** False when it would not be smaller than the texts themselves. */
function encodeDictionary(
  chunk: Chunk, distinct: u32, total: usize, validity: usize, rows: u32, count: u32, input: usize,
): bool {
  let bytes: usize = 0;
  let least: usize = 0;
  let most: usize = 0;
  for (let i: u32 = 0; i < distinct; i++) {
    const view = <usize>load<u32>(entries + (<usize>i << 2));
    bytes += sizeOf(view) + 4;
    if (least == 0 || isLess(view, least, input)) least = view;
    if (most == 0 || isLess(most, view, input)) most = view;
  }
  const width = widthOf(distinct);
  if ((bytes + ((<usize>count * width) >>> 3)) * 4 > (total + count) * 3) return false;
  const at = take(bytes + 32);
  let to = at;
  for (let i: u32 = 0; i < distinct; i++) {
    const view = <usize>load<u32>(entries + (<usize>i << 2));
    store<u32>(to, sizeOf(view));
    to = put(view, input, to + 4);
  }
  chunk.dictionaryCount = distinct;
  chunk.dictionaryAt = at;
  chunk.dictionarySize = to - at;
  setRange(chunk, least, most, input);
  const data = take(levelRoom(rows) + <usize>count * 3 + 64);
  const start = packLevels(validity, rows, chunk.nulls, data);
  chunk.encoding = RLE_DICTIONARY;
  chunk.dataAt = data;
  chunk.dataSize = packIndices(indices, count, width, start) - data;
  return true;
}
