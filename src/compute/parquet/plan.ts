/**
 * GROUP BY over the pages of Parquet files, without Polars: values of keys are looked up once for
 * each entry of a dictionary page, rows become numbers of groups, and the kernel adds up column
 * after column. Row groups are shared out among threads; the result depends on neither.
 */
import type { LeafPlan } from '../groups/leaves.ts';
import {
  columnsOf,
  type GroupPlan,
  type GroupRequest,
  planLeaves,
  statesThatFit,
} from '../groups/plan.ts';
import { Unreadable } from '../groups/refusal.ts';
import type { Column, ParquetSource } from '../relation.ts';
import { type Chunk, type Footer, readFooter } from './footer.ts';
import { isReadable, kindOf } from './kinds.ts';
import type { PageUnit } from './page-work.ts';

/** Sums within a row group must fit 64 bits: see kernels/groups/columns.ts. */
const MAX_GROUP_ROWS = 2 ** 23;
/** Starting a thread takes 15 ms, in which one goes through so many bytes. */
const BYTES_PER_THREAD = 4 * 2 ** 20;

/** Undefined where Polars is to do it. */
export function planPages(source: ParquetSource, request: GroupRequest): GroupPlan | undefined {
  if (request.keys.length === 0) return undefined;
  const names = new Set(columnsOf(request).map(({ name }) => name));
  let footers: readonly Footer[];
  try {
    footers = source.files.map((file) => readFooter(file, names));
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
  const planned = planLeaves(request, (column) => kindIn(footers, column));
  if (planned === undefined) return undefined;
  const pages = unitsOf(source, footers, planned.leaves);
  const threads = pages === undefined ? 0 : threadsFor(source, planned.leaves, pages);
  if (pages === undefined || threads < 1) return undefined;
  return { request, ...planned, units: { kind: 'pages', pages }, threads };
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

function unitsOf(
  source: ParquetSource,
  footers: readonly Footer[],
  leaves: readonly LeafPlan[],
): PageUnit[] | undefined {
  const units: PageUnit[] = [];
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
  units: readonly PageUnit[],
): number {
  const bytes = units.reduce(
    (sum, { chunks }) => sum + chunks.reduce((all, { size }) => all + size, 0),
    0,
  );
  // What a row takes while it is worked on, in tables as wide as a row group.
  const perRow = 40 + 2 * leaves.length;
  const worked = units.reduce((most, { rows, chunks }) => {
    const largest = chunks.reduce((all, { unpacked }) => Math.max(all, unpacked), 0);
    return Math.max(most, rows * perRow + 3 * largest);
  }, 0);
  return Math.min(
    threads,
    statesThatFit(leaves, worked),
    Math.floor(memoryBytes / (worked + 1)),
    units.length === 0 ? 1 : units.length,
    1 + Math.floor(bytes / BYTES_PER_THREAD),
  );
}
