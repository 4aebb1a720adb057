/**
 * A content that may be longer than memory: begun as segments, or read whole, as the plan turns
 * out to need. A file can be begun again and again; a pipe once, unless all of it was kept.
 */
import { statSync } from 'node:fs';
import { assert, NairobiError } from '../../errors.ts';
import type { CutRules } from '../../formats/cut.ts';
import { viewOf } from '../../kernel/syscall.ts';
import { SEGMENTS_MIN } from '../../limits.ts';
import type { Lease } from '../../memory/lease.ts';
import type { Pool, Room } from '../../memory/pool.ts';
import type { ContentStream } from '../../uring/content-stream.ts';
import { Feed } from './feed.ts';
import type { FeedOrder } from './order.ts';
import { openOrigin, type TextOrigin } from './text-origin.ts';

export interface StreamSizes {
  /** Looked at to understand the content. */
  readonly headBytes: number;
  /** Of the region the segments lie in, and of one segment. */
  readonly regionBytes: number;
  readonly segmentBytes: number;
}

/** Bytes that are there in any case: the pipe's file, and the content so far. */
export interface Begun {
  readonly stream: ContentStream;
  readonly room: Room;
  readonly filled: number;
}

export class StreamedContent {
  readonly origin: TextOrigin;
  readonly #pool: Pool;
  readonly #sizes: StreamSizes;
  /** Closed at the end: the pipe, or what else the origin's path depends on. */
  readonly #held: Disposable | undefined;
  readonly #version: string;
  /** Of a pipe, before it is begun. */
  #begun: Begun | undefined;
  #feed: Feed | undefined;
  #lease: Lease | undefined;

  /** Takes over what is `held`, and of a pipe what is begun. */
  constructor(
    origin: TextOrigin,
    pool: Pool,
    sizes: StreamSizes,
    held?: { readonly file: Disposable; readonly begun?: Begun },
  ) {
    this.origin = origin;
    this.#pool = pool;
    this.#sizes = sizes;
    this.#held = held?.file;
    this.#begun = held?.begun;
    this.#version = this.isRepeatable ? versionOf(origin.path) : '';
  }

  get canBegin(): boolean {
    return this.isRepeatable || this.#begun !== undefined;
  }

  /** True when it can be begun any number of times. */
  get isRepeatable(): boolean {
    return this.origin.pipe === undefined;
  }

  /** All of it, in memory that is the caller's then. MEMORY_LIMIT when it does not fit. */
  load(): { readonly lease: Lease; readonly byteLength: number } {
    const begun = this.#takeBegun();
    try {
      const byteLength = fillRoom(begun, begun.room.byteLength);
      if (byteLength === begun.room.byteLength) throw begun.room.tooSmall();
      return { lease: begun.room.keep(byteLength), byteLength };
    } catch (error) {
      begun.room.drop();
      throw error;
    } finally {
      begun.stream[Symbol.dispose]();
    }
  }

  /** Starts the thread; one feed at a time. */
  begin(rules: CutRules, start: FeedOrder['start']): Feed {
    assert(this.#feed === undefined, 'the last feed was ended');
    const { regionBytes, segmentBytes } = this.#sizes;
    const begun = this.#begun;
    this.#begun = undefined;
    if (this.isRepeatable) this.#requireSame();
    this.forget();
    const recorded = begun?.stream.recorded;
    begun?.stream[Symbol.dispose]();
    // What is decompressed or transcoded begins anew: that state cannot go to another thread.
    const { compression, encoding } = this.origin;
    const isAsRead = compression === undefined && encoding === undefined;
    const lease =
      begun === undefined
        ? this.#pool.leaseUpTo(regionBytes)
        : begun.room.keep(Math.min(begun.room.byteLength, regionBytes));
    const most = Math.floor(lease.byteLength / SEGMENTS_MIN);
    this.#lease = lease;
    this.#feed = new Feed({
      origin: recorded?.length ? this.#from(recorded) : this.origin,
      rules,
      start,
      lease,
      filled: isAsRead ? (begun?.filled ?? 0) : 0,
      segmentBytes: Math.min(segmentBytes / (isJson(rules) ? JSON_EXPANDS : 1), most),
    });
    return this.#feed;
  }

  /** Takes the memory of the last feed over, which kept all of the content. */
  takeKept(): Lease {
    const lease = this.#lease;
    assert(lease !== undefined, 'a feed was begun');
    this.#lease = undefined;
    return lease;
  }

  /** What the last feed kept, in place. */
  kept(byteLength: number): Buffer {
    assert(this.#lease !== undefined, 'a feed was begun');
    return this.#lease.bytes(0, byteLength);
  }

  /** Ends the feed; its memory stays where it is until the next one begins. */
  async end(): Promise<void> {
    const feed = this.#feed;
    this.#feed = undefined;
    feed?.stop();
    await feed?.closed;
  }

  /** Gives the memory back that `takeKept` did not take. */
  forget(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  close(): void {
    this.#begun?.stream[Symbol.dispose]();
    this.#begun?.room.drop();
    this.#begun = undefined;
    void this.end().finally(() => {
      this.forget();
      this.#held?.[Symbol.dispose]();
    });
  }

  #from(already: Uint8Array): TextOrigin {
    return { ...this.origin, already };
  }

  #takeBegun(): Begun {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) return begun;
    assert(this.isRepeatable, 'a pipe is loaded before it is begun');
    this.#requireSame();
    return { stream: openOrigin(this.origin), room: this.#pool.open(), filled: 0 };
  }

  #requireSame(): void {
    if (versionOf(this.origin.path) === this.#version) return;
    throw new NairobiError('IO', `${this.origin.path} was changed while it was read`, {
      where: { file: this.origin.path },
      hint: 'read it again when nothing writes to it',
    });
  }
}

/** What Polars makes of JSON takes so much more than of delimited text of the same length. */
const JSON_EXPANDS = 2;

const isJson = ({ kind }: CutRules): boolean => kind === 'lines' || kind === 'elements';

/** Fills a room up to `until`; answers how far the content reaches then. */
export function fillRoom({ stream, room, filled }: Begun, until: number): number {
  let count = filled;
  while (count < until) {
    const got = stream.read(room.address + BigInt(count), until - count);
    if (got === 0) break;
    count += got;
  }
  return count;
}

/** A copy of what is in a room, which may be unmapped at any time. */
export function copyOf({ room }: Pick<Begun, 'room'>, byteLength: number): Buffer {
  return Buffer.from(Buffer.from(viewOf(room.address, byteLength)));
}

function versionOf(path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}
