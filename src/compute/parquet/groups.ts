/**
 * GROUP BY over the pages of Parquet files, without Polars: values of keys are looked up once for
 * each entry of a dictionary page, rows become numbers of groups, and the kernel adds up column
 * after column. Row groups are shared out among threads; the result depends on neither.
 */
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../thread-entry.ts';
import type { DataFrame } from '../polars.ts';
import type { Column, ParquetSource, TypeName } from '../relation.ts';
import { type Condition, testOf } from './conditions.ts';
import { Unreadable } from './cursor.ts';
import { type Chunk, type Footer, readFooter } from './footer.ts';
import { ASKED, GroupKernel, KIND, type State, settled, TooMany } from './kernel.ts';
import { isReadable, kindOf } from './kinds.ts';
import { frameOf } from './result.ts';
import {
  CELL,
  CELLS,
  type GroupTask,
  type LeafPlan,
  newState,
  type ThreadAnswer,
  type ThreadOrder,
  type Unit,
  workThrough,
} from './task.ts';

/** What is asked: of rows nothing, else a column. */
export interface Measure {
  readonly what: 'count' | 'sum' | 'avg' | 'min' | 'max';
  readonly column: Column | undefined;
}

export interface GroupRequest {
  readonly source: ParquetSource;
  readonly keys: readonly Column[];
  readonly measures: readonly Measure[];
  /** Rows have to pass all of them. */
  readonly conditions: readonly Condition[];
}

/** A request that the kernel is able for, as far as footers tell. */
export interface GroupPlan {
  readonly request: GroupRequest;
  readonly leaves: readonly LeafPlan[];
  readonly units: readonly Unit[];
  /** Of each measure its leaf; -1 for rows. */
  readonly places: readonly number[];
}

/** Ids of keys are packed into 64 bits. */
const MAX_KEYS = 4;
/** Sums within a row group must fit 64 bits: see kernels/groups/columns.ts. */
const MAX_GROUP_ROWS = 2 ** 23;
/** Starting a thread takes 15 ms, in which one goes through so many bytes. */
const BYTES_PER_THREAD = 4 * 2 ** 20;

/** Of address space that a state takes for each leaf: tables for the most groups there may be. */
const KEY_BYTES = 10 * 2 ** 20;
const EXACT_BYTES = 40 * 2 ** 20;
const COLUMN_BYTES = 4 * 2 ** 20;
const ADDRESS_BYTES = 3 * 2 ** 30;

const askedFor = (what: Measure['what']): number =>
  ({ count: 0, sum: ASKED.sum, avg: ASKED.sum, min: ASKED.min, max: ASKED.max })[what];

/** Undefined where Polars is to do it. */
export function planGroups(request: GroupRequest): GroupPlan | undefined {
  const { source, keys, measures, conditions } = request;
  if (keys.length === 0 || keys.length > MAX_KEYS) return undefined;
  const columns = [...measures, ...conditions].flatMap(({ column }) => column ?? []);
  const names = new Set([...keys, ...columns].map(({ name }) => name));
  let footers: readonly Footer[];
  try {
    footers = source.files.map((file) => readFooter(file, names));
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
  const asked = new Map<string, { type: TypeName; asked: number }>();
  for (const { what, column } of measures) {
    if (column === undefined) continue;
    const { name, type } = column;
    asked.set(name, { type, asked: (asked.get(name)?.asked ?? 0) | askedFor(what) });
  }
  const leaves = [
    ...keys.map((key) => keyLeaf(footers, key)),
    ...[...asked].map(([name, each]) => columnLeaf(footers, { name, type: each.type }, each.asked)),
    ...conditions.map((condition) => conditionLeaf(footers, condition)),
  ];
  if (leaves.some((leaf) => leaf === undefined)) return undefined;
  const known = leaves as readonly LeafPlan[];
  const units = unitsOf(source, footers, known);
  if (units === undefined || threadsFor(source, known, units) < 1) return undefined;
  const places = measures.map(({ column }) =>
    column === undefined ? -1 : keys.length + [...asked.keys()].indexOf(column.name),
  );
  return { request, leaves: known, units, places };
}

/** The kind of a column in every file, or undefined. */
function kindIn(footers: readonly Footer[], { name, type }: Column): number | undefined {
  const kinds = footers.map((footer) => {
    const field = footer.fields.get(name);
    const kind = field && kindOf(type, field);
    return kind !== undefined && isReadable(footer, name, kind) ? kind : undefined;
  });
  const [kind] = kinds;
  return kinds.every((each) => each === kind) ? kind : undefined;
}

const isFloat = (kind: number): boolean => kind === KIND.float32 || kind === KIND.float64;

/** Zeros of both signs are one key, and so are all that are not a number: left to Polars. */
function keyLeaf(footers: readonly Footer[], key: Column): LeafPlan | undefined {
  const kind = kindIn(footers, key);
  return kind === undefined || isFloat(kind) ? undefined : { role: 'key', name: key.name, kind };
}

function columnLeaf(
  footers: readonly Footer[],
  column: Column,
  asked: number,
): LeafPlan | undefined {
  const kind = kindIn(footers, column);
  // Texts can be counted, which takes no value of theirs.
  if (kind === undefined || (kind === KIND.text && asked !== 0)) return undefined;
  return { role: 'column', name: column.name, kind, asked };
}

function conditionLeaf(footers: readonly Footer[], condition: Condition): LeafPlan | undefined {
  const { column } = condition;
  const kind = kindIn(footers, column);
  const test = kind === undefined ? undefined : testOf(condition, kind);
  if (kind === undefined || test === undefined) return undefined;
  return { role: 'condition', name: column.name, kind, test };
}

function unitsOf(
  source: ParquetSource,
  footers: readonly Footer[],
  leaves: readonly LeafPlan[],
): Unit[] | undefined {
  const units: Unit[] = [];
  for (const [index, { fd, size }] of source.files.entries()) {
    const { fields, groups } = footers[index] as Footer;
    const optional = leaves.map(({ name }) => fields.get(name)?.isOptional === true);
    for (const { rows, chunks } of groups) {
      if (rows < 0 || rows > MAX_GROUP_ROWS) return undefined;
      const own = leaves.map(({ name }) => chunks.get(name) as Chunk);
      if (rows > 0) units.push({ fd, size, rows, chunks: own, optional });
    }
  }
  return units;
}

/** How many threads have room and work; 0 when not even one has room. */
function threadsFor(
  { threads, memoryBytes }: ParquetSource,
  leaves: readonly LeafPlan[],
  units: readonly Unit[],
): number {
  const bytes = units.reduce(
    (sum, { chunks }) => sum + chunks.reduce((all, { size }) => all + size, 0),
    0,
  );
  const address = leaves.reduce((sum, leaf) => {
    if (leaf.role !== 'column') return sum + KEY_BYTES;
    const isExact = (leaf.asked & ASKED.sum) !== 0 && isFloat(leaf.kind);
    return sum + (isExact ? EXACT_BYTES : COLUMN_BYTES);
  }, 0);
  // What a row takes while it is worked on, in tables as wide as a row group.
  const perRow = 40 + 2 * leaves.length;
  const worked = units.reduce((most, { rows, chunks }) => {
    const largest = chunks.reduce((all, { unpacked }) => Math.max(all, unpacked), 0);
    return Math.max(most, rows * perRow + 3 * largest);
  }, 0);
  return Math.min(
    threads,
    Math.floor(ADDRESS_BYTES / (address + worked)),
    Math.floor(memoryBytes / (worked + 1)),
    units.length === 0 ? 1 : units.length,
    1 + Math.floor(bytes / BYTES_PER_THREAD),
  );
}

/**
 * The groups, a column for each key and each measure, named "k0", "k1", "m0"; undefined where the
 * pages turn out not to be for the kernel: Polars then tells what is wrong with them, if anything.
 */
export async function runGroups(plan: GroupPlan): Promise<DataFrame | undefined> {
  const { request, leaves, units } = plan;
  const kernel = new GroupKernel();
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * 4));
  const task: GroupTask = { leaves, units, cells };
  const threads = threadsFor(request.source, leaves, units);
  const others = Array.from({ length: threads - 1 }, () =>
    startThread({ share: kernel.share, task }),
  );
  try {
    const state = newState(kernel, leaves);
    const done = workThrough(kernel, state, task);
    // A thread that is still starting has nothing to say then.
    const isAll = done === units.length;
    for (const { answer } of isAll ? [] : others) {
      const other = await answer;
      if ('failure' in other) return undefined;
      settled(kernel.calls.merge(state, other.state));
    }
    return frameOf(kernel, state as State, plan);
  } catch (error) {
    if (!isForPolars(error)) throw error;
    return undefined;
  } finally {
    Atomics.store(cells, CELL.failed, 1);
    for (const { worker } of others) void worker.terminate();
  }
}

/** Damaged pages, also where they made the kernel trap or a codec refuse them; too many groups. */
function isForPolars(error: unknown): boolean {
  return (
    error instanceof Unreadable ||
    error instanceof TooMany ||
    (error instanceof Error &&
      (error.constructor.name === 'RuntimeError' || ('code' in error && 'errno' in error)))
  );
}

interface Thread {
  readonly worker: Worker;
  readonly answer: Promise<ThreadAnswer>;
}

function startThread(workerData: ThreadOrder): Thread {
  const worker = new Worker(threadEntry('groups', './worker.ts', import.meta.url), { workerData });
  const answer = new Promise<ThreadAnswer>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve({ failure: error.message }));
    worker.once('exit', () => resolve({ failure: 'a thread ended early' }));
  });
  return { worker, answer };
}
