/** What a group-by without Polars is asked for, and what is planned of it. */
import type { Column, TypeName } from '../relation.ts';
import { type Condition, testOf } from './conditions.ts';
import { ASKED, KIND } from './kernel.ts';
import type { LeafPlan } from './leaves.ts';
import type { Units } from './task.ts';

/** What is asked: of rows nothing, else a column. */
export interface Measure {
  readonly what: 'count' | 'sum' | 'avg' | 'min' | 'max';
  readonly column: Column | undefined;
}

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
const COLUMN_BYTES = 4 * 2 ** 20;
const ADDRESS_BYTES = 3 * 2 ** 30;

const askedFor = (what: Measure['what']): number =>
  ({ count: 0, sum: ASKED.sum, avg: ASKED.sum, min: ASKED.min, max: ASKED.max })[what];

export const isFloat = (kind: number): boolean => kind === KIND.float32 || kind === KIND.float64;

/** Every column that is asked about, once. */
export function columnsOf({ keys, measures, conditions }: GroupRequest): readonly Column[] {
  const others = [...measures, ...conditions].flatMap(({ column }) => column ?? []);
  return [...new Map([...keys, ...others].map((column) => [column.name, column])).values()];
}

/** The leaves, and of each measure its own; `kindIn` gives what the kernel reads a column as. */
export function planLeaves(
  { keys, measures, conditions }: GroupRequest,
  kindIn: (column: Column) => number | undefined,
): Pick<GroupPlan, 'leaves' | 'places'> | undefined {
  if (keys.length > MAX_KEYS) return undefined;
  const asked = new Map<string, { type: TypeName; asked: number }>();
  for (const { what, column } of measures) {
    if (column === undefined) continue;
    const { name, type } = column;
    asked.set(name, { type, asked: (asked.get(name)?.asked ?? 0) | askedFor(what) });
  }
  const leaves = [
    ...keys.map((key) => keyLeaf(key, kindIn(key))),
    ...[...asked].map(([name, each]) =>
      columnLeaf(name, kindIn({ name, type: each.type }), each.asked),
    ),
    ...conditions.map((condition) => conditionLeaf(condition, kindIn(condition.column))),
  ];
  if (leaves.some((leaf) => leaf === undefined)) return undefined;
  const places = measures.map(({ column }) =>
    column === undefined ? -1 : keys.length + [...asked.keys()].indexOf(column.name),
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
    const isExact = (leaf.asked & ASKED.sum) !== 0 && isFloat(leaf.kind);
    return sum + (isExact ? EXACT_BYTES : COLUMN_BYTES);
  }, 0);
  return Math.floor(ADDRESS_BYTES / (address + workBytes));
}
