// The groups of two threads become those of one.

import { mergeGroup } from './columns';
import { groupOf, idOfNumber, idOfText } from './keys';
import { Leaf, leafOf, NULL_ID, OK, State, TEXT, TOO_MANY } from './state';

/** The id that a key's value of another thread has here; 0 when there are too many. */
function idHere(leaf: Leaf, other: Leaf, id: u32): u32 {
  if (id == NULL_ID) return NULL_ID;
  const value = load<u64>(<usize>other.valuesAt + (<usize>id << 3));
  return leaf.kind == TEXT
    ? idOfText(leaf, <usize>(value & 0xffffffff), <u32>(value >>> 32))
    : idOfNumber(leaf, value);
}

function groupHere(state: State, other: State, group: u32): u32 {
  const keys = <u32>state.keys;
  if (keys == 0) return group;
  if (keys == 1) return idHere(leafOf(state, 0), leafOf(other, 0), group);
  const theirs = load<u64>(<usize>other.tuplesAt + (<usize>group << 3));
  let tuple: u64 = 0;
  for (let i: u32 = 0; i < keys; i++) {
    const shift = <u64>(keys - 1 - i) << 4;
    const id = idHere(leafOf(state, i), leafOf(other, i), <u32>((theirs >>> shift) & 0xffff));
    if (id == 0) return 0;
    tuple = (tuple << 16) | id;
  }
  return groupOf(state, tuple);
}

export function mergeKeys(state: State, other: State): i32 {
  const columns = <u32>(state.keys + state.columns);
  for (let group: u32 = NULL_ID; group < <u32>other.groups; group++) {
    const rows = load<u64>(<usize>other.countsAt + (<usize>group << 3));
    if (rows == 0) continue;
    const here = groupHere(state, other, group);
    if (here == 0) return TOO_MANY;
    const counts = <usize>state.countsAt + (<usize>here << 3);
    store<u64>(counts, load<u64>(counts) + rows);
    for (let i = <u32>state.keys; i < columns; i++) {
      mergeGroup(leafOf(state, i), leafOf(other, i), here, group);
    }
  }
  if (state.keys == 1) state.groups = leafOf(state, 0).count;
  else if (state.keys == 0) state.groups = max<u64>(state.groups, other.groups);
  return OK;
}
