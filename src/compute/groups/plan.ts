/** What a group-by without Polars is asked for, and what is planned of it. */
import type { Column } from '../relation.ts';
import { type Condition, testOf } from './conditions.ts';
import { ASKED, KIND } from './kernel.ts';
import type { LeafPlan } from './leaves.ts';
import { isSpread, type Moment, type Spread } from './spread.ts';
import type { Units } from './task.ts';

/** What is asked: of rows nothing, else a column. */
export interface Measure {
  readonly what: 'count' | 'sum' | 'avg' | 'min' | 'max' | Spread;
  readonly column: Column | undefined;
}

/** What a result may be made of: also of a column whose squares were asked for. */
export type Figure = Measure | { readonly what: Moment; readonly column: Column };

export interface GroupRequest {
  readonly keys: readonly Column[];
  readonly measures: readonly Measure[];
  /** Rows have to pass all of them. */
  readonly conditions: readonly Condition[];
}

/** A request that the kernel is able for, as far as is known before the rows are read. */
export interface GroupPlan {
  readonly request: GroupRequest;
  readonly leaves: readonly LeafPlan[];
  readonly units: Units;
  readonly threads: number;
  /** Of each measure its leaf; -1 for rows. */
  readonly places: readonly number[];
}

/** Ids of keys are packed into 64 bits. */
const MAX_KEYS = 4;

/** Of address space that a state takes for each leaf: tables for the most groups there may be. */
const KEY_BYTES = 10 * 2 ** 20;
const EXACT_BYTES = 40 * 2 ** 20;
const SQUARES_BYTES = 72 * 2 ** 20;
const COLUMN_BYTES = 4 * 2 ** 20;
const ADDRESS_BYTES = 3 * 2 ** 30;

const askedFor = (what: Measure['what']): number =>
  isSpread(what)
    ? ASKED.sum | ASKED.squares
    : { count: 0, sum: ASKED.sum, avg: ASKED.sum, min: ASKED.min, max: ASKED.max }[what];

export const isFloat = (kind: number): boolean => kind === KIND.float32 || kind === KIND.float64;

/** Every column that is asked about, once. */
export function columnsOf({ keys, measures, conditions }: GroupRequest): readonly Column[] {
  const others = [...measures, ...conditions].flatMap(({ column }) => column ?? []);
  return [...new Map([...keys, ...others].map((column) => [column.name, column])).values()];
}

/** Measures of one leaf. Integers are doubles where their squares are added up. */
const leafKey = (what: Measure['what'], { name, type }: Column): string =>
  isSpread(what) && !type.startsWith('Float') ? `squares ${name}` : `column ${name}`;

/** The leaves, and of each measure its own; `kindIn` gives what the kernel reads a column as. */
export function planLeaves(
  { keys, measures, conditions }: GroupRequest,
  kindIn: (column: Column) => number | undefined,
): Pick<GroupPlan, 'leaves' | 'places'> | undefined {
  if (keys.length > MAX_KEYS) return undefined;
  const asked = new Map<string, { column: Column; asked: number }>();
  for (const { what, column } of measures) {
    if (column === undefined) continue;
    const key = leafKey(what, column);
    asked.set(key, { column, asked: (asked.get(key)?.asked ?? 0) | askedFor(what) });
  }
  const leaves = [
    ...keys.map((key) => keyLeaf(key, kindIn(key))),
    ...[...asked.values()].map((each) =>
      columnLeaf(each.column.name, kindIn(each.column), each.asked),
    ),
    ...conditions.map((condition) => conditionLeaf(condition, kindIn(condition.column))),
  ];
  if (leaves.some((leaf) => leaf === undefined)) return undefined;
  const order = [...asked.keys()];
  const places = measures.map(({ what, column }) =>
    column === undefined ? -1 : keys.length + order.indexOf(leafKey(what, column)),
  );
  return { leaves: leaves as readonly LeafPlan[], places };
}

/** Zeros of both signs are one key, and so are all that are not a number: left to Polars. */
function keyLeaf({ name }: Column, kind: number | undefined): LeafPlan | undefined {
  return kind === undefined || isFloat(kind) ? undefined : { role: 'key', name, kind };
}

function columnLeaf(name: string, kind: number | undefined, asked: number): LeafPlan | undefined {
  // Texts can be counted, which takes no value of theirs.
  if (kind === undefined || (kind === KIND.text && asked !== 0)) return undefined;
  return { role: 'column', name, kind, asked };
}

function conditionLeaf(condition: Condition, kind: number | undefined): LeafPlan | undefined {
  const test = kind === undefined ? undefined : testOf(condition, kind);
  if (kind === undefined || test === undefined) return undefined;
  return { role: 'condition', name: condition.column.name, kind, test };
}

/** How many states have room where each takes `workBytes` beside its tables. */
export function statesThatFit(leaves: readonly LeafPlan[], workBytes: number): number {
  const address = leaves.reduce((sum, leaf) => {
    if (leaf.role !== 'column') return sum + KEY_BYTES;
    const hasSquares = (leaf.asked & ASKED.squares) !== 0;
    const isExact = hasSquares || ((leaf.asked & ASKED.sum) !== 0 && isFloat(leaf.kind));
    return sum + (isExact ? EXACT_BYTES : COLUMN_BYTES) + (hasSquares ? SQUARES_BYTES : 0);
  }, 0);
  return Math.floor(ADDRESS_BYTES / (address + workBytes));
}
