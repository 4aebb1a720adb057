/** Pieces of text on their way through the kernel's threads; see kernels/stats/work.ts. */
import { Worker } from 'node:worker_threads';
import { fill } from '../reading.ts';
import type { PlainShape, PlainText } from '../relation.ts';
import type { FieldPlan } from '../text/fields.ts';
import { LAYOUTS } from './kernel.generated.ts';
import type { Kernel } from './kernel.ts';

/** One piece: 20,000 rows or so, which decoded still fit a second-level cache. */
const PIECE_BYTES = 1024 * 1024;

/** The decoder reads a little beyond the end; the rest keeps pieces apart. */
const SLOT_BYTES = PIECE_BYTES + 4096;

const LF = 0x0a;
const NEVER = 0xffffffff;
const FIELD_BYTES = Object.keys(LAYOUTS.Field).length * 8;

/** All a thread does; plain JavaScript, so that it needs no file of its own in the bundle. */
const THREAD = `
const { module, memory, queue, plan } = require('node:worker_threads').workerData;
const abort = () => { throw new Error('the statistics kernel aborted'); };
const slowDouble = (at, size) => {
  const text = Buffer.from(new Uint8Array(memory.buffer, at, size)).toString('latin1');
  const isRounded = /^-?[0-9]{16,}$/.test(text) && String(Number(text)) !== text;
  return isRounded ? NaN : Number(text);
};
const env = { memory, abort, slowDouble };
new WebAssembly.Instance(module, { env }).exports.work(queue, plan);
`;

/** Where the bytes of pieces come from. */
export type PieceText = Pick<PlainText, 'size' | 'read'>;

interface Setting {
  readonly text: PlainShape;
  readonly fields: readonly FieldPlan[];
  /** Of each field, the state that takes its values; 0 for none. */
  readonly states: readonly number[];
  /** 0: this thread does the work. */
  readonly workers: number;
}

export class PieceQueue {
  readonly #kernel: Kernel;
  readonly #setting: Setting;
  readonly #slots: number;
  readonly #queue: number;
  readonly #finished: number;
  readonly #turns: number;
  readonly #ownPlan: number;
  readonly #exits: Promise<void>[];
  readonly #quote: number;
  #failure: unknown;
  #pieces = 0;

  constructor(kernel: Kernel, setting: Setting) {
    this.#kernel = kernel;
    this.#setting = setting;
    this.#slots = 2 * setting.workers + 1;
    this.#quote = setting.text.quote.charCodeAt(0) || 0;
    this.#finished = kernel.calls.take(4 * this.#slots);
    this.#turns = kernel.calls.take(4 * setting.fields.length);
    this.#queue = kernel.struct('Queue', {
      room: this.#slots,
      last: NEVER,
      places: kernel.calls.take(4 * this.#slots),
      sizes: kernel.calls.take(4 * this.#slots),
      finished: this.#finished,
      turns: this.#turns,
    });
    this.#ownPlan = setting.workers === 0 ? this.#plan() : 0;
    this.#exits = Array.from({ length: setting.workers }, () => this.#startThread());
  }

  /** True once a piece was not as it should be. */
  get refused(): boolean {
    return Atomics.load(this.#cell('refused'), 0) !== 0;
  }

  /** Pieces queued so far; they are numbered from 0. */
  get pieces(): number {
    return this.#pieces;
  }

  /**
   * Queues the whole rows that begin at offset `from` of the text, up to PIECE_BYTES; gives their
   * size in bytes. 0: there is no whole row, or a piece before was refused.
   */
  async add(text: PieceText, from: number): Promise<number> {
    const slot = this.#pieces % this.#slots;
    await this.#free();
    if (this.refused) return 0;
    const at = this.#place(slot);
    const room = Buffer.from(this.#kernel.memory, at, PIECE_BYTES + 1);
    const got = fill(text.read.bind(text), room.subarray(0, PIECE_BYTES), from);
    let size = this.#wholeRows(room.subarray(0, got), at);
    const isLast = from + got >= text.size;
    if (isLast && size < got) {
      // Without its line end, or inside quotes that never close: the decoder tells which.
      room[got] = LF;
      size = got + 1;
    }
    if (size === 0) return 0;
    this.#post(slot, at, size);
    return Math.min(size, got);
  }

  /** Waits until the pieces before `piece` were worked on: the first that was refused, if any. */
  async settle(piece = this.#pieces): Promise<number | undefined> {
    for (let one = Math.max(0, this.#pieces - this.#slots); one < piece; one += 1) {
      await this.#done(one);
    }
    const refused = Atomics.load(this.#cell('refused'), 0);
    return refused === 0 ? undefined : refused - 1;
  }

  /** Goes on behind what was queued and settled: what was refused, and follows it, is left out. */
  resume(): void {
    Atomics.store(this.#cell('refused'), 0, 0);
    const turns = this.#cells(this.#turns);
    for (let field = 0; field < this.#setting.fields.length; field += 1) {
      Atomics.store(turns, field, this.#pieces);
    }
  }

  /** Waits until everything queued was taken in. Throws what a thread threw. */
  async finish(): Promise<void> {
    Atomics.store(this.#cell('last'), 0, this.#pieces);
    // Wakes every thread, whatever number it has drawn.
    Atomics.store(this.#cell('posted'), 0, 0x7fffffff);
    Atomics.notify(this.#cell('posted'), 0);
    await Promise.all(this.#exits);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #post(slot: number, at: number, size: number): void {
    const { places, sizes } = this.#kernel.read('Queue', this.#queue);
    this.#cells(Number(places))[slot] = at;
    this.#cells(Number(sizes))[slot] = size;
    this.#pieces += 1;
    Atomics.store(this.#cell('posted'), 0, this.#pieces);
    Atomics.notify(this.#cell('posted'), 0);
    if (this.#ownPlan !== 0) this.#kernel.calls.workOnce(this.#queue, this.#ownPlan);
  }

  /** Waits until the piece that used the slot before is finished. */
  async #free(): Promise<void> {
    if (this.#pieces >= this.#slots) await this.#done(this.#pieces - this.#slots);
  }

  /** Waits until this piece is finished, which is among the last `slots`. */
  async #done(piece: number): Promise<void> {
    const slot = piece % this.#slots;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const cells = this.#cells(this.#finished);
      const now = Atomics.load(cells, slot);
      if (now === piece + 1) return;
      // Not for ever: a thread that died finishes nothing.
      const wait = Atomics.waitAsync(cells, slot, now, 1000);
      if (wait.async) await wait.value;
    }
  }

  /** Line ends inside quotes do not count; without a quote the last line end is found at once. */
  #wholeRows(bytes: Buffer, at: number): number {
    const hasQuotes = this.#quote !== 0 && bytes.includes(this.#quote);
    if (hasQuotes) return this.#kernel.calls.wholeRows(at, bytes.length, this.#quote);
    return bytes.lastIndexOf(LF) + 1;
  }

  #startThread(): Promise<void> {
    const workerData = { ...this.#kernel.share, queue: this.#queue, plan: this.#plan() };
    return new Promise((resolve) => {
      const thread = new Worker(THREAD, { eval: true, workerData });
      thread.on('error', (error) => {
        this.#failure ??= error;
      });
      thread.on('exit', () => resolve());
    });
  }

  /** One thread's plan: its own room for what it decodes. */
  #plan(): number {
    const { fields, text, states } = this.#setting;
    const { calls } = this.#kernel;
    // Every field has at least the byte that ends it.
    const rows = Math.ceil(SLOT_BYTES / fields.length) + 64;
    const at = calls.take(FIELD_BYTES * fields.length);
    for (const [i, field] of fields.entries()) {
      const nullText = Buffer.from(field.nullText);
      const nullAt = calls.take(nullText.length);
      new Uint8Array(this.#kernel.memory).set(nullText, nullAt);
      this.#kernel.write('Field', at + FIELD_BYTES * i, {
        ...{
          kind: field.kind,
          separator: field.separator,
          seconds: field.seconds,
          zone: field.zone,
          unseen: field.unseen,
        },
        values: field.kind === 0 ? 0 : calls.take(rows * (field.kind === 1 ? 16 : 8)),
        validity: calls.take(rows / 8 + 8),
        nullAt,
        nullSize: nullText.length,
        state: states[i] ?? 0,
        buffer: calls.take(8),
      });
    }
    const endsRoom = SLOT_BYTES + 64;
    return this.#kernel.struct('Plan', {
      fields: at,
      count: fields.length,
      delimiter: text.delimiter.charCodeAt(0),
      quote: this.#quote,
      ends: calls.take(endsRoom * 4),
      endsRoom,
    });
  }

  #place(slot: number): number {
    return this.#kernel.input.at + slot * SLOT_BYTES;
  }

  /** A field of the queue as threads see it: its low 32 bits. */
  #cell(field: keyof (typeof LAYOUTS)['Queue']): Int32Array<SharedArrayBuffer> {
    return this.#cells(this.#kernel.place('Queue', this.#queue, field));
  }

  #cells(at: number): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.#kernel.memory, at);
  }
}
