/**
 * Aggregates over a delimited text, by group or not, without Polars: the kernel takes records apart,
 * parses the columns that are asked about and adds them up, in one pass over bytes that are in the
 * processor's cache. Stretches of the text are shared out among threads; the result depends on
 * neither. What is not as it should be is refused before anything was said: Polars has the whole.
 */
import { KIND } from '../groups/kernel.ts';
import type { LeafPlan } from '../groups/leaves.ts';
import { type GroupPlan, type GroupRequest, planLeaves, statesThatFit } from '../groups/plan.ts';
import type { Column, PlainShape, TextCut, TextSource } from '../relation.ts';
import { fieldPlan } from './fields.ts';
import type { TextField, TextLayout } from './records.ts';

/**
 * Doubles are added in the order of a stretch, beyond it exactly. A block, with all that comes of
 * it, fits a second-level cache.
 */
const CUT: TextCut = { stretch: 4 * 2 ** 20, block: 2 ** 18 };

/** Starting a thread takes 15 ms, in which one goes through so many stretches. */
const STRETCHES_PER_THREAD = 2;

/** Of a thread: a block of text, where its fields end, their values. */
export const WORK_BYTES = 8 * 2 ** 20;

const KINDS: Readonly<Record<string, number>> = {
  String: KIND.text,
  Int64: KIND.int64,
  Float64: KIND.float64,
  Boolean: KIND.boolean,
  Date: KIND.int64,
};

const kindOf = (type: string): number | undefined =>
  KINDS[type] ?? (type.startsWith('Datetime(us') ? KIND.int64 : undefined);

/** What the kernel reads a column of this text as. */
export function kindIn(text: PlainShape): (column: Column) => number | undefined {
  const columns = new Map(text.columns.map((column) => [column.name, column]));
  return ({ name, type }) => {
    const column = columns.get(name);
    const isRead = column?.type === type && fieldPlan(column) !== undefined;
    return isRead ? kindOf(type) : undefined;
  };
}

/** How the leaves are read from it, each of which it has. */
export function layoutOf(text: PlainShape, leaves: readonly LeafPlan[], cut = CUT): TextLayout {
  const { columns, delimiter, quote } = text;
  const fields = leaves.flatMap(({ name }): TextField[] => {
    const place = columns.findIndex((column) => column.name === name);
    const column = columns[place];
    const field = column && fieldPlan(column);
    return field === undefined ? [] : [{ ...field, place }];
  });
  return {
    ...{ cut, fields, columns: columns.length },
    delimiter: delimiter.charCodeAt(0),
    quote: quote.charCodeAt(0) || 0,
  };
}

/** A text in memory, which the thread that has it goes through by itself. */
type TextHere = Pick<TextSource, 'text' | 'cut'>;

const isInFile = (source: TextSource | TextHere): source is TextSource => 'fd' in source;

/** Undefined where Polars is to do it. */
export function planText(
  source: TextSource | TextHere,
  request: GroupRequest,
): GroupPlan | undefined {
  const { text, cut = CUT } = source;
  const { fd, at, threads } = isInFile(source) ? source : { fd: -1, at: 0, threads: 1 };
  const planned = planLeaves(request, kindIn(text));
  const fits = planned === undefined ? 0 : statesThatFit(planned.leaves, WORK_BYTES);
  if (planned === undefined || fits < 1) return undefined;
  const { size } = text;
  const count = Math.ceil(size / cut.stretch);
  return {
    request,
    ...planned,
    units: {
      kind: 'text',
      ...layoutOf(text, planned.leaves, cut),
      ...{ fd, at, size, count },
      read: isInFile(source) ? undefined : text.read,
      seams: new Float64Array(new SharedArrayBuffer((count + 1) * 16)),
    },
    threads: Math.max(1, Math.min(threads, fits, Math.floor(count / STRETCHES_PER_THREAD))),
  };
}
