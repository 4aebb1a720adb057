/**
 * The columns a plan reads, copied out of delimited text part by part into two files in memory that
 * take turns: while Polars computes on one, the next part is checked and copied.
 */
import type { Watch } from '../../formats/csv/odd-values.ts';
import type { Picking, PlainRecords } from '../../formats/decoded.ts';
import { close, ftruncate, memfdCreate, mmap, munmap } from '../../kernel/calls.ts';
import { MAP, MEMFD } from '../../kernel/constants.ts';
import { checked } from '../../kernel/errno.ts';
import { type Picked, pickWindows, type Window, type WindowCheck } from '../../kernel/records.ts';
import type { Fd } from '../../kernel/syscall.ts';
import { MiB } from '../../units.ts';
import { rulesOf } from './count.ts';

/** A first part tells whether parts are the way to go, and is all that a LIMIT may need. */
const FIRST_BYTES = 4 * MiB;
/** Enough for Polars' threads, little enough to be used again while it is there. */
const NEXT_BYTES = 64 * MiB;
/** What was begun of a record in the part before comes on top. */
const CAPACITY = NEXT_BYTES + 16 * MiB;

export interface WindowsTask {
  readonly fd: Fd;
  readonly size: number;
  readonly records: PlainRecords;
  readonly watch: Watch | undefined;
  readonly picking: Picking;
}

interface Room {
  readonly fd: Fd;
  readonly address: bigint;
  readonly byteLength: number;
}

function openRoom(): Room {
  const fd = checked(
    memfdCreate('picked columns', MEMFD.MFD_CLOEXEC),
    'make a file in memory',
  ) as Fd;
  checked(ftruncate(fd, CAPACITY), 'size a file in memory');
  const protection = MAP.PROT_READ | MAP.PROT_WRITE;
  const address = mmap(CAPACITY, { protection, flags: MAP.MAP_SHARED, fd });
  checked(address, 'map a file in memory');
  return { fd, address: BigInt(address), byteLength: CAPACITY };
}

export interface OpenWindow {
  /** What Polars scans: see Decoded.scanPicked. */
  readonly path: string;
  readonly answer: Picked['answer'];
  readonly isLast: boolean;
}

export class Windows {
  readonly #rooms: readonly [Room, Room];
  readonly #check: WindowCheck;
  #turn: 0 | 1 = 1;
  #bytes = FIRST_BYTES;
  #working: Promise<unknown> = Promise.resolve();

  private constructor(rooms: readonly [Room, Room], check: WindowCheck) {
    this.#rooms = rooms;
    this.#check = check;
  }

  /** undefined when this host has no machine code for it. */
  static open({ fd, size, records, watch, picking }: WindowsTask): Windows | undefined {
    const watched = watch?.columns ?? new Uint8Array(records.fields);
    const rooms = [openRoom(), openRoom()] as const;
    const pick = { ...rooms[0], columns: picking.columns };
    const check = pickWindows(fd, size, rulesOf(records), watched, pick);
    if (check !== undefined) return new Windows(rooms, check);
    for (const room of rooms) closeRoom(room);
    return undefined;
  }

  /** See RecordCheck. */
  get found(): Uint8Array {
    return this.#check.found;
  }

  /** The next part; the one before the last is gone then. */
  async next(): Promise<OpenWindow> {
    this.#turn = this.#turn === 0 ? 1 : 0;
    const room = this.#rooms[this.#turn];
    checked(ftruncate(room.fd, CAPACITY), 'size a file in memory');
    const working = this.#check.window(room, this.#bytes);
    this.#working = working;
    this.#bytes = NEXT_BYTES;
    const { answer, byteLength, isLast }: Window = await working;
    if (answer === 'plain') checked(ftruncate(room.fd, byteLength), 'cut a file in memory');
    return { path: `/proc/self/fd/${room.fd}`, answer, isLast };
  }

  async close(): Promise<void> {
    this.#check.stop();
    await Promise.allSettled([this.#working]);
    this.#check.close();
    for (const room of this.#rooms) closeRoom(room);
  }
}

function closeRoom({ fd, address, byteLength }: Room): void {
  munmap(address, byteLength);
  close(fd);
}
