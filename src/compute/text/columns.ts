/**
 * A few columns of a delimited text as frames, in file order, without Polars reading the text: the
 * kernel of statistics decodes it on threads, stretch by stretch, and Polars gets the values. What
 * is not as it should be throws Unreadable: the general way mends it or says what is wrong.
 */
import { type ArrowKind, ArrowStream, type ArrowValues } from '../arrow-stream.ts';
import { Unreadable } from '../groups/refusal.ts';
import { col, type Expr, type LazyFrame, polars } from '../polars.ts';
import type { PlainColumn, TextSource } from '../relation.ts';
import { LAYOUTS } from '../stats/kernel.generated.ts';
import { Kernel } from '../stats/kernel.ts';
import {
  type ColumnTask,
  cellOf,
  countOf,
  type Decoder,
  decodeStretch,
  newCells,
  SLOT,
  type Slot,
  STRETCH_BYTES,
  textRoom,
} from './column-slots.ts';
import { ColumnThreads } from './column-threads.ts';
import { FIELD, type FieldPlan, fieldPlan, SKIPPED } from './fields.ts';

/** Decoding is quicker than what is made of the rows, which one thread does. */
const MOST_THREADS = 4;

/** What a frame has at least, but for the first, which is one stretch, and the last. */
const FRAME_BYTES = 4 * 2 ** 20;

const FIELD_BYTES = Object.keys(LAYOUTS.Field).length * 8;

/** A column that is asked for. */
interface Wanted {
  readonly column: PlainColumn;
  readonly plan: FieldPlan;
  readonly place: number;
}

export class TextColumns {
  readonly #source: TextSource;
  readonly #kernel = new Kernel();
  readonly #decoder: Decoder = {
    memory: this.#kernel.share.memory,
    decodeRows: (plan, at, size) => this.#kernel.calls.decodeRows(plan, at, size),
  };
  readonly #threads: number;
  readonly #stretch: number;
  /** Of each slot its text; then what was taken for its columns. */
  readonly #texts: readonly number[];
  readonly #taken = new Map<string, number>();

  constructor(source: TextSource) {
    this.#source = source;
    this.#stretch = source.cut?.stretch ?? STRETCH_BYTES;
    this.#threads = Math.min(source.threads, MOST_THREADS);
    const room = textRoom(this.#stretch);
    this.#texts = Array.from({ length: 2 * this.#threads + 1 }, () =>
      this.#kernel.calls.take(room),
    );
  }

  /** Undefined where these columns are not for the kernel. One reading at a time. */
  frames(columns: readonly string[]): AsyncGenerator<LazyFrame> | undefined {
    const all = this.#source.text.columns.map(wantedOf);
    // Who counts rows wants none: the cheapest stands for them.
    const named = columns.map((name) => all.find((each) => each?.column.name === name));
    const texts = all.filter((each) => each?.plan.kind === FIELD.text);
    const wanted = columns.length > 0 ? named : [...texts, ...all].slice(0, 1);
    const isAble = wanted.length > 0 && wanted.every((each) => each !== undefined);
    return isAble ? this.#read(wanted) : undefined;
  }

  async *#read(wanted: readonly Wanted[]): AsyncGenerator<LazyFrame> {
    const { fd, at, text } = this.#source;
    const slots = this.#texts.map((textAt, slot) => ({ textAt, plan: this.#plan(slot, wanted) }));
    const cells = newCells(slots.length);
    const task = { fd, at, size: text.size, stretch: this.#stretch, slots, cells };
    const fields = wanted.map(({ column, plan }) => ({ name: column.name, kind: kindOf(plan) }));
    const stream = new ArrowStream(fields);
    const count = countOf(task);
    let threads: ColumnThreads | undefined;
    try {
      for (let stretch = 0; stretch < count; stretch += 1) {
        // The first may be all that is asked for: no thread is started for it.
        if (stretch === 0) decodeStretch(this.#decoder, task, stretch);
        else threads ??= new ColumnThreads(this.#kernel.share, task, this.#threads);
        await threads?.done(stretch);
        this.#take(stream, task, stretch, wanted);
        threads?.release(stretch);
        if (stretch > 0 && stretch < count - 1 && stream.byteLength < FRAME_BYTES) continue;
        yield polars()
          .readIPCStream(stream.bytes())
          .lazy()
          .select(...wanted.map(({ column }) => typed(column)));
        stream.clear();
      }
    } finally {
      await threads?.close();
    }
  }

  /** Copies the rows of a stretch out of its slot. */
  #take(stream: ArrowStream, task: ColumnTask, stretch: number, wanted: readonly Wanted[]): void {
    const cell = (name: number): number => task.cells[cellOf(task, stretch, name)] ?? 0;
    const [rows, at, size] = [cell(SLOT.rows), cell(SLOT.at), cell(SLOT.size)];
    if (rows < 0) throw new Unreadable('a text is not plain');
    if (rows === 0) return;
    const slot = stretch % task.slots.length;
    const memory = this.#kernel.memory;
    const columns = wanted.map(({ plan, place }): ArrowValues => {
      const { values, validity } = this.#room(slot, place, plan);
      const nulls = this.#nulls(task.slots[slot] as Slot, place);
      const isText = kindOf(plan) === 'text';
      const views = isText ? new Int32Array(memory, values, rows * 4) : undefined;
      return {
        nulls,
        validity: new Uint8Array(memory, validity, Math.ceil(rows / 8)),
        values: new Uint8Array(memory, values, rows * (isText ? 16 : 8)),
        heap: views && hasLong(views) ? new Uint8Array(memory, at, size) : undefined,
      };
    });
    // Of one field a blank line would be a null.
    const isBlank =
      this.#source.text.columns.length === 1 && columns.some(({ nulls }) => nulls > 0);
    if (isBlank) throw new Unreadable('a blank line');
    stream.add(rows, columns);
  }

  /** What the kernel found of a column in a slot. */
  #nulls({ plan }: Slot, place: number): number {
    const fields = Number(this.#kernel.read('Plan', plan).fields);
    return Number(this.#kernel.read('Field', fields + place * FIELD_BYTES).nulls);
  }

  /** How a slot is decoded: every field of a record, those that nobody asks for passed over. */
  #plan(slot: number, wanted: readonly Wanted[]): number {
    const kernel = this.#kernel;
    const { columns, delimiter, quote } = this.#source.text;
    const plans = new Map(wanted.map(({ place, plan }) => [place, plan]));
    const fields = kernel.calls.take(FIELD_BYTES * columns.length);
    for (const place of columns.keys()) {
      const { nullText, ...plan } = plans.get(place) ?? SKIPPED;
      const text = Buffer.from(nullText);
      const nullAt = kernel.calls.take(text.length);
      new Uint8Array(kernel.memory).set(text, nullAt);
      kernel.write('Field', fields + place * FIELD_BYTES, {
        ...plan,
        ...this.#room(slot, place, plan),
        nullAt,
        nullSize: text.length,
      });
    }
    const endsRoom = textRoom(this.#stretch);
    return kernel.struct('Plan', {
      fields,
      count: columns.length,
      delimiter: delimiter.charCodeAt(0),
      quote: quote.charCodeAt(0) || 0,
      ends: this.#own(`${slot} ends`, endsRoom * 4),
      endsRoom,
    });
  }

  /** Where the values of a column go; address space, of which is touched what rows reach. */
  #room(slot: number, place: number, { kind }: { readonly kind: number }) {
    // Every field has at least the byte that ends it.
    const rows = Math.ceil(textRoom(this.#stretch) / this.#source.text.columns.length) + 64;
    const bits = Math.ceil(rows / 8) + 8;
    // Which fields are null is written of those that are passed over as well.
    if (kind === FIELD.skip) return { values: 0, validity: this.#own(`${slot} skipped`, bits) };
    const width = kind === FIELD.text ? 16 : 8;
    return {
      values: this.#own(`${slot} ${place} values`, rows * width),
      validity: this.#own(`${slot} ${place} validity`, bits),
    };
  }

  /** Taken once, and used again by every reading. */
  #own(name: string, size: number): number {
    const at = this.#taken.get(name) ?? this.#kernel.calls.take(size);
    this.#taken.set(name, at);
    return at;
  }
}

function wantedOf(column: PlainColumn, place: number): Wanted | undefined {
  const plan = fieldPlan(column);
  return plan && { column, plan, place };
}

/** Views longer than this lie elsewhere. */
const INLINE_BYTES = 12;

function hasLong(views: Int32Array): boolean {
  for (let at = 0; at < views.length; at += 4) {
    if ((views[at] as number) > INLINE_BYTES) return true;
  }
  return false;
}

function kindOf({ kind }: { readonly kind: number }): ArrowKind {
  return kind === FIELD.text ? 'text' : kind === FIELD.float ? 'float64' : 'int64';
}

/** The column as its own type: whatever is no number or text comes as an integer. */
function typed({ name, type }: PlainColumn): Expr {
  const pl = polars();
  const column = col(name);
  if (type === 'Boolean') return column.cast(pl.Bool);
  if (type === 'Date') return column.cast(pl.Int32).cast(pl.Date);
  if (!type.startsWith('Datetime')) return column;
  return column.cast(type.endsWith('UTC)') ? pl.Datetime('us', 'UTC') : pl.Datetime('us'));
}
