/**
 * Aggregates over a delimited text, by group or not, without Polars: the kernel takes records apart,
 * parses the columns that are asked about and adds them up, in one pass over bytes that are in the
 * processor's cache. Stretches of the text are shared out among threads; the result depends on
 * neither. What is not as it should be is refused before anything was said: Polars has the whole.
 */
import { KIND } from '../groups/kernel.ts';
import { type GroupPlan, type GroupRequest, planLeaves, statesThatFit } from '../groups/plan.ts';
import type { Column, TextCut, TextSource } from '../relation.ts';
import { fieldPlan } from './fields.ts';
import type { TextField } from './text-work.ts';

/**
 * Doubles are added in the order of a stretch, beyond it exactly. A block, with all that comes of
 * it, fits a second-level cache.
 */
const CUT: TextCut = { stretch: 4 * 2 ** 20, block: 2 ** 18 };

/** Starting a thread takes 15 ms, in which one goes through so many stretches. */
const STRETCHES_PER_THREAD = 2;

/** Of a thread: a block of text, where its fields end, their values. */
const WORK_BYTES = 8 * 2 ** 20;

const KINDS: Readonly<Record<string, number>> = {
  String: KIND.text,
  Int64: KIND.int64,
  Float64: KIND.float64,
  Boolean: KIND.boolean,
  Date: KIND.int64,
};

const kindOf = (type: string): number | undefined =>
  KINDS[type] ?? (type.startsWith('Datetime(us') ? KIND.int64 : undefined);

/** Undefined where Polars is to do it. */
export function planText(source: TextSource, request: GroupRequest): GroupPlan | undefined {
  const { text, fd, at, threads, cut = CUT } = source;
  const columns = new Map(text.columns.map((column, place) => [column.name, { column, place }]));
  const kindIn = ({ name, type }: Column): number | undefined => {
    const column = columns.get(name)?.column;
    const isRead = column?.type === type && fieldPlan(column) !== undefined;
    return isRead ? kindOf(type) : undefined;
  };
  const planned = planLeaves(request, kindIn);
  const fits = planned === undefined ? 0 : statesThatFit(planned.leaves, WORK_BYTES);
  if (planned === undefined || fits < 1) return undefined;
  const fields = planned.leaves.flatMap(({ name }): TextField[] => {
    const { column, place = 0 } = columns.get(name) ?? {};
    const field = column && fieldPlan(column);
    return field === undefined ? [] : [{ ...field, place }];
  });
  const { delimiter, quote, size } = text;
  const count = Math.ceil(size / cut.stretch);
  return {
    request,
    ...planned,
    units: {
      kind: 'text',
      ...{ fd, at, size, cut, fields, count },
      columns: text.columns.length,
      delimiter: delimiter.charCodeAt(0),
      quote: quote.charCodeAt(0) || 0,
      seams: new Float64Array(new SharedArrayBuffer((count + 1) * 16)),
    },
    threads: Math.max(1, Math.min(threads, fits, Math.floor(count / STRETCHES_PER_THREAD))),
  };
}
