/**
 * The thread behind --progress. How far a scan in place has come is read from the page map, what is
 * read by system calls from /proc/self/io; who counts by himself says so in the shared memory.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Fd } from '../../kernel/syscall.ts';
import { formatBytes, formatDuration, formatRate, MiB } from '../../units.ts';
import { type FileMapping, findMappings } from '../../uring/mapped-file.ts';
import {
  bytesRead,
  CELL,
  type ProgressNews,
  type ProgressTask,
  type ScannedFile,
  SIZES_AT,
} from './progress-cells.ts';

const FIRST_MS = 1000;
const TICK_MS = { line: 200, json: 1000 } as const;
const STEP_BYTES = 2 * MiB;
/** As in uring/mapped-file.ts. */
const PRESENT_BIT_OF_LAST_BYTE = 0x80;

/** A window that is taken away behind a scan moves on by less than this between two looks. */
const AHEAD_BYTES = 1024 * MiB;

/** A rate is that of about the last five seconds. */
const WINDOW_MS = 5000;

/** One file that is scanned in place. */
class Followed {
  readonly #fd: Fd;
  readonly #inode: number;
  readonly #earlier: ReadonlySet<bigint>;
  readonly #pageBytes: number;
  readonly #entry = Buffer.alloc(8);
  readonly #reached = new Map<bigint, number>();
  best = 0;
  /** Whether any scan was seen. */
  seen = false;

  constructor({ path, earlier, pageBytes }: ScannedFile) {
    this.#pageBytes = pageBytes;
    this.#fd = openSync(path, 'r') as Fd;
    this.#inode = fstatSync(this.#fd).ino;
    this.#earlier = new Set(earlier);
  }

  /** The least of what the scans that are going on have reached. */
  look(pagemap: number): number {
    const scans = findMappings(this.#fd, this.#inode).filter(
      (one) => !this.#earlier.has(one.address),
    );
    this.seen ||= scans.length > 0;
    const places = scans.map((one) => this.#advance(one, pagemap));
    if (places.length > 0) this.best = Math.max(this.best, Math.min(...places));
    return this.best;
  }

  #advance({ address, byteLength }: FileMapping, pagemap: number): number {
    let reached = this.#reached.get(address) ?? 0;
    const end = Math.min(byteLength, reached + AHEAD_BYTES);
    for (let at = reached; at < end; at += STEP_BYTES) {
      const page = (Number(address) + at) / this.#pageBytes;
      const got = readSync(pagemap, this.#entry, 0, this.#entry.length, page * this.#entry.length);
      const isPresent = got > 0 && ((this.#entry.at(-1) ?? 0) & PRESENT_BIT_OF_LAST_BYTE) !== 0;
      if (isPresent) reached = Math.min(at + STEP_BYTES, byteLength);
    }
    this.#reached.set(address, reached);
    return reached;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

class Drawing {
  readonly #task: ProgressTask;
  readonly #cells: Int32Array;
  readonly #sizes: Float64Array;
  readonly #pagemap = openSync('/proc/self/pagemap', 'r');
  readonly #followed: Followed[] = [];
  readonly #told: Float64Array[] = [];
  readonly #started = performance.now();
  #places: { readonly at: number; readonly bytes: number }[] = [];

  constructor(task: ProgressTask) {
    this.#task = task;
    this.#cells = new Int32Array(task.memory, 0, SIZES_AT / Int32Array.BYTES_PER_ELEMENT);
    this.#sizes = new Float64Array(task.memory, SIZES_AT);
  }

  run(): void {
    const { style } = this.#task;
    for (let pause: number = FIRST_MS; this.#sleep(pause); pause = TICK_MS[style]) this.#draw();
    for (const one of this.#followed) one.close();
    closeSync(this.#pagemap);
  }

  /** False when it is over. */
  #sleep(ms: number): boolean {
    Atomics.wait(this.#cells, CELL.over, 0, ms);
    return Atomics.load(this.#cells, CELL.over) === 0;
  }

  #draw(): void {
    const news = receiveMessageOnPort;
    for (let one = news(this.#task.port); one; one = news(this.#task.port)) {
      const found = one.message as ProgressNews;
      if ('told' in found) this.#told.push(new Float64Array(found.told));
      else this.#followed.push(new Followed(found));
    }
    const text = this.#text();
    Atomics.store(this.#cells, CELL.lock, 1);
    if (Atomics.load(this.#cells, CELL.over) === 0) {
      if (this.#task.style === 'line') Atomics.store(this.#cells, CELL.drawn, 1);
      writeAll(text);
    }
    Atomics.store(this.#cells, CELL.lock, 0);
    Atomics.notify(this.#cells, CELL.lock);
  }

  #bytes(): number {
    const scanned = this.#followed.reduce((sum, one) => sum + one.look(this.#pagemap), 0);
    const told = this.#told.reduce((sum, [bytes = 0]) => sum + bytes, 0);
    const counted = (this.#sizes[1] ?? 0) + told;
    const isUnknown = this.#cells[CELL.unknown] === 1;
    const isTold =
      this.#told.length > 0 ||
      this.#cells[CELL.counted] === 1 ||
      this.#followed.some(({ seen }) => seen);
    return isTold && !isUnknown ? scanned + counted : Math.max(0, bytesRead() - this.#task.before);
  }

  #text(): string {
    const total = this.#cells[CELL.unknown] === 1 ? 0 : (this.#sizes[0] ?? 0);
    const at = performance.now();
    const isOpaque =
      this.#cells[CELL.opaque] === 1 && this.#cells[CELL.counted] === 0 && this.#told.length === 0;
    if (isOpaque) return waiting(this.#task.style, total, at - this.#started);
    const bytes = total > 0 ? Math.min(this.#bytes(), total) : this.#bytes();
    this.#places = [...this.#places.filter((one) => at - one.at < WINDOW_MS), { at, bytes }];
    const first = this.#places.length > 1 ? this.#places[0] : undefined;
    const from = first ?? { at: this.#started, bytes: 0 };
    const rate = Math.max(0, ((bytes - from.bytes) / (at - from.at)) * 1000);
    const left = total > 0 && rate > 0 ? (total - bytes) / rate : undefined;
    return this.#task.style === 'json'
      ? json(bytes, total, rate, left)
      : line(bytes, total, rate, left);
  }
}

/** Ends at the beginning of the line: what else comes, such as a shell's prompt, goes over it. */
function line(bytes: number, total: number, rate: number, left: number | undefined): string {
  const share =
    total > 0 ? ` of ${formatBytes(total)}, ${Math.floor((100 * bytes) / total)} %` : '';
  const rest = left === undefined || left < 0.5 ? '' : `, ${eta(Math.ceil(left))} left`;
  return `\r${formatBytes(bytes)}${share}, ${formatRate(rate)}${rest}\u001b[K\r`;
}

/** Where nothing tells how far reading has come: for how long it has gone on. */
function waiting(style: ProgressTask['style'], total: number, ms: number): string {
  if (style === 'line')
    return `\r${formatBytes(total)}, compressed, ${eta(Math.round(ms / 1000))}\u001b[K\r`;
  const progress = { bytes: null, total, bytesPerSecond: null, secondsLeft: null };
  return `${JSON.stringify({ progress })}\n`;
}

function eta(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}

function json(bytes: number, total: number, rate: number, left: number | undefined): string {
  const progress = {
    bytes: Math.round(bytes),
    total: total > 0 ? total : null,
    bytesPerSecond: Math.round(rate),
    secondsLeft: left === undefined ? null : Math.round(left * 10) / 10,
  };
  return `${JSON.stringify({ progress })}\n`;
}

/** Nobody waits for progress: a stderr that takes nothing now gets the next one. */
function writeAll(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // EAGAIN of a slow terminal, EPIPE of one that went away.
  }
}

new Drawing(workerData as ProgressTask).run();
