// Rows from delimited text that is as it should be; anything else is refused, as in
// kernels/stats/csv.ts, whose rules these are, and the host takes its general way.

import { Field, isUtf8, storeBoolean, storeInteger, storeTime, unquoteTo } from '../stats/csv';
import { parseDouble } from '../stats/double';
import { isOpen, wide } from '../stats/ends';
import { take } from '../stats/memory';
import { addValues } from './columns';
import { judgeNumbers, letPass, passAll } from './conditions';
import { findGroups, idOfText, idsAt, idsOfNumbers, isKnownText, membersRoom } from './keys';
import { compact, spreadIds } from './page';
import { ends, fieldEnd, findRecords, hasInner, hasReturns, isQuoted, rows, startOf, Text } from './records';
import {
  dictionaryRoom, GROUPS, IDS_OF_PAGE, INPUT, Leaf, leafOf, LEVELS, OK, ORDER, PACKED, room, SPANS,
  State, TEXT, TOO_MANY, UNESCAPED, VALUES, VERDICTS,
} from './state';

const REFUSED: i32 = -1;
const IS_INTEGER: u64 = 2;
const IS_FLOAT: u64 = 3;
const IS_BOOLEAN: u64 = 4;

export function setText(state: State, fields: u32, delimiter: u32, quote: u32): void {
  const text = changetype<Text>(take(offsetof<Text>()));
  text.fields = fields;
  text.delimiter = delimiter;
  text.quote = quote;
  state.textAt = changetype<usize>(text);
}

/** What leaf `index` is in the text; the text that means null lies in packed(). */
export function setField(
  state: State, index: u32, place: u32, kind: u32, separator: u32, seconds: u32, zone: u32,
  unseen: bool, nullSize: u32,
): void {
  const leaf = leafOf(state, index);
  const field = changetype<Field>(take(offsetof<Field>()));
  field.kind = kind;
  field.separator = separator;
  field.seconds = seconds;
  field.zone = zone;
  field.unseen = u64(unseen);
  field.nullSize = nullSize;
  field.nullAt = take(<usize>nullSize + 8);
  memory.copy(<usize>field.nullAt, room(state, PACKED, nullSize), nullSize);
  leaf.place = place;
  leaf.fieldAt = changetype<usize>(field);
}

/** Where `size` bytes of text are to be written, with some bytes in front. */
export function inputAt(state: State, size: u32): usize {
  return room(state, INPUT, <usize>size + 256) + 64;
}

/**
 * Takes in the records among the `size` bytes at inputAt() that begin before `limit`; the first one
 * begins there. Gives the size of what was taken: 0 where there is no whole record, -1 where the
 * text is refused, -2 where there are too many groups. `isEnd`: the text ends there, with a line
 * end.
 */
export function takeText(state: State, size: u32, limit: u32, isEnd: bool): i32 {
  const text = changetype<Text>(<usize>state.textAt);
  const at = inputAt(state, size);
  const fields = <u32>text.fields;
  if (!findRecords(state, text, at, size, limit) || (isEnd && isOpen)) return REFUSED;
  if (rows == 0) return isEnd ? REFUSED : 0;
  const taken = startOf(rows, fields);
  if (isEnd && taken < min<u32>(size, limit)) return REFUSED;
  if (wide && !isUtf8(at, taken)) return REFUSED;
  const result = takeRows(state, at);
  return result == OK ? <i32>taken : result;
}

function takeRows(state: State, at: usize): i32 {
  state.rows = rows;
  passAll(state);
  const keys = <u32>state.keys;
  const columns = keys + <u32>state.columns;
  for (let i = columns; i < <u32>state.leaves; i++) {
    if (!takeCondition(state, leafOf(state, i), at)) return REFUSED;
  }
  for (let i: u32 = 0; i < keys; i++) {
    const result = takeKey(state, i, at);
    if (result != OK) return result;
  }
  for (let i = keys; i < columns; i++) {
    if (!readColumn(state, leafOf(state, i), at)) return REFUSED;
  }
  // Nothing was added up so far: what is refused leaves the groups as they were.
  const result = findGroups(state);
  if (result != OK) return result;
  for (let i = keys; i < columns; i++) addColumn(state, leafOf(state, i));
  return OK;
}

let present: u32 = 0;
let valid: usize = 0;
let spans: usize = 0;

/** Finds the values of a column: address and size (4 bytes each) of those that are not null. */
function findSpans(state: State, leaf: Leaf, at: usize): bool {
  const text = changetype<Text>(<usize>state.textAt);
  const field = changetype<Field>(<usize>leaf.fieldAt);
  const fields = <u32>text.fields;
  const place = <u32>leaf.place;
  spans = room(state, SPANS, <usize>rows << 3);
  valid = room(state, LEVELS, rows);
  const isLast = place == fields - 1;
  if (isQuoted || field.nullSize != 0 || (isLast && hasReturns)) {
    if (!findOddSpans(state, text, field, at, place)) return false;
  } else {
    let slot = ends + (<usize>place << 2);
    let to = spans;
    const step = <usize>fields << 2;
    const base = at + 1;
    for (let row: u32 = 0; row < rows; row++, slot += step) {
      const start = row == 0 && place == 0 ? at : base + load<u32>(slot - 4);
      const size = at + load<u32>(slot) - start;
      store<u64>(to, <u64>start | (<u64>size << 32));
      const isValid = u32(size != 0);
      store<u8>(valid + row, <u8>isValid);
      to += <usize>isValid << 3;
    }
    present = <u32>((to - spans) >>> 3);
  }
  return field.unseen == 0 || present == 0;
}

/** With all that a value may have around it. */
function findOddSpans(state: State, text: Text, field: Field, at: usize, place: u32): bool {
  const fields = <u32>text.fields;
  const quote = <u32>text.quote;
  const isLast = place == fields - 1;
  const kind = field.kind;
  const nullSize = <u32>field.nullSize;
  let slot = ends + (<usize>place << 2);
  const step = <usize>fields << 2;
  let to = spans;
  let free: usize = 0;
  for (let row: u32 = 0; row < rows; row++, slot += step) {
    const start: u32 = row == 0 && place == 0 ? 0 : load<u32>(slot - 4) + 1;
    let size = fieldEnd(at, start, load<u32>(slot), isLast) - start;
    let p = at + start;
    let isValid = size != 0;
    const isInQuotes = isQuoted && isValid && <u32>load<u8>(p) == quote;
    if (isInQuotes) {
      // Times and truth values are not written so.
      if (kind > IS_FLOAT || (kind != 1 && size == 2)) return false;
      if (hasInner) {
        if (free == 0) free = room(state, UNESCAPED, startOf(rows, fields));
        const inner = unquoteTo(free, p, size, quote);
        if (inner < 0) return false;
        p = free;
        size = <u32>inner;
        free += size;
      } else {
        p++;
        size -= 2;
      }
    }
    if (isValid && size == nullSize && nullSize != 0) {
      if (memory.compare(p, <usize>field.nullAt, size) == 0) {
        if (isInQuotes) return false;
        isValid = false;
      }
    }
    store<u64>(to, <u64>p | (<u64>size << 32));
    store<u8>(valid + row, u8(isValid));
    to += usize(isValid) << 3;
  }
  present = <u32>((to - spans) >>> 3);
  return true;
}

@inline
function sizeAt(i: u32): u32 {
  return load<u32>(spans + (<usize>i << 3), 4);
}

@inline
function textAt(i: u32): usize {
  return <usize>load<u32>(spans + (<usize>i << 3));
}

/** The values at the spans, 8 bytes each; 0 where one is not of its kind. */
function parseSpans(state: State, leaf: Leaf): usize {
  const values = room(state, VALUES, <usize>present << 3);
  return parseTo(leaf, values) ? values : 0;
}

function parseTo(leaf: Leaf, values: usize): bool {
  const field = changetype<Field>(<usize>leaf.fieldAt);
  const kind = field.kind;
  let to = values;
  if (kind == IS_FLOAT) {
    for (let i: u32 = 0; i < present; i++, to += 8) {
      if (!parseDouble(to, textAt(i), sizeAt(i))) return false;
    }
  } else if (kind == IS_INTEGER) {
    for (let i: u32 = 0; i < present; i++, to += 8) {
      if (!storeInteger(to, textAt(i), sizeAt(i))) return false;
    }
  } else if (kind == IS_BOOLEAN) {
    for (let i: u32 = 0; i < present; i++, to += 8) {
      if (!storeBoolean(to, textAt(i), sizeAt(i))) return false;
    }
  } else {
    for (let i: u32 = 0; i < present; i++, to += 8) {
      if (!storeTime(field, to, textAt(i), sizeAt(i), <u32>kind)) return false;
    }
  }
  return true;
}

function takeKey(state: State, index: u32, at: usize): i32 {
  const leaf = leafOf(state, index);
  if (!findSpans(state, leaf, at)) return REFUSED;
  const to = idsAt(state, index);
  const ids = present == rows ? to : room(state, IDS_OF_PAGE, <usize>rows << 1);
  if (leaf.kind == TEXT) {
    for (let i: u32 = 0; i < present; i++) {
      const id = idOfText(leaf, textAt(i), sizeAt(i));
      if (id == 0) return TOO_MANY;
      store<u16>(ids + (<usize>i << 1), <u16>id);
    }
  } else {
    const values = parseSpans(state, leaf);
    if (values == 0) return REFUSED;
    const result = idsOfNumbers(leaf, values, present, ids);
    if (result != OK) return result;
  }
  if (present < rows) spreadIds(ids, valid, rows, to);
  return OK;
}

/** Into the leaf's own room: the values of a block, and behind them which rows have one. */
function readColumn(state: State, leaf: Leaf, at: usize): bool {
  if (!findSpans(state, leaf, at)) return false;
  const values = dictionaryRoom(leaf, <usize>rows * 9);
  leaf.dictionaryCount = present;
  if (present < rows) memory.copy(values + (<usize>rows << 3), valid, rows);
  // Parsed even where they are only counted: one that is no number changes the type of the column.
  return leaf.kind == TEXT || parseTo(leaf, values);
}

/** What readColumn left. */
function addColumn(state: State, leaf: Leaf): void {
  const count = <u32>leaf.dictionaryCount;
  const values = <usize>leaf.dictionaryAt;
  const groups = room(state, GROUPS, 0);
  let members = groups;
  if (count < rows) {
    members = membersRoom(state, rows);
    compact(<usize>leaf.nullsAt, groups, values + (<usize>rows << 3), rows, members);
  }
  if (leaf.asked == 0) return;
  addValues(leaf, members, values, count, room(state, ORDER, <usize>count << 3));
}

function takeCondition(state: State, leaf: Leaf, at: usize): bool {
  if (!findSpans(state, leaf, at)) return false;
  const judged = room(state, VERDICTS, <usize>rows + 1);
  const negated = leaf.negated != 0;
  if (leaf.kind == TEXT) {
    for (let i: u32 = 0; i < present; i++) {
      const isIn = leaf.ranges == 0 || isKnownText(leaf, textAt(i), sizeAt(i));
      store<u8>(judged + i, u8(isIn != negated));
    }
  } else {
    const values = parseSpans(state, leaf);
    if (values == 0) return false;
    judgeNumbers(leaf, values, present, judged);
  }
  letPass(state, leaf, judged, rows, 0, valid, present);
  return true;
}
