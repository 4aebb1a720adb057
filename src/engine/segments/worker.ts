/**
 * The thread that fills memory with the content of a stream and cuts it into segments of whole
 * records while the main thread works on those before. Started by `feed.ts`.
 *
 * Segments lie one behind the other in one region. When its end is reached, what is left of the
 * present record moves to the start, where the main thread has given segments back meanwhile.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, NairobiError } from '../../errors.ts';
import { cut } from '../../formats/cut.ts';
import { located } from '../../formats/segment.ts';
import { viewOf } from '../../kernel/syscall.ts';
import { formatBytes } from '../../units.ts';
import { type ContentStream, Stopped } from '../../uring/content-stream.ts';
import { CONTROL, type FeedNews, type FeedOrder } from './order.ts';
import { openOrigin } from './text-origin.ts';

const tell = (news: FeedNews): void => parentPort?.postMessage(news);

class Feed {
  readonly #order: FeedOrder;
  readonly #stream: ContentStream;
  readonly #memory: Buffer;
  readonly #control: Int32Array;
  /** Given out and not back yet, as they lie in the region. */
  readonly #out: { readonly from: number; readonly to: number }[] = [];
  #given = 0;
  /** Where the present segment begins and where the next byte goes. */
  #from: number;
  #to: number;
  #byte: number;
  #line: number;
  #read: number;
  #ended = false;

  constructor(order: FeedOrder) {
    this.#order = order;
    this.#stream = openOrigin(order.origin, { stop: { fd: order.stopFd } });
    this.#memory = Buffer.from(viewOf(order.address, order.byteLength));
    this.#control = new Int32Array(order.control);
    this.#from = order.start.byte;
    this.#to = order.filled;
    this.#read = order.filled;
    this.#byte = order.start.byte;
    this.#line = order.start.line;
  }

  run(): void {
    using _stream = this.#stream;
    const { segmentBytes, byteLength } = this.#order;
    for (let wanted = segmentBytes; ; ) {
      this.#fill(wanted);
      // Not one whole record: it needs more room.
      wanted = this.#cut(wanted) ? segmentBytes : 2 * wanted;
      if (this.#ended && this.#from === this.#to) break;
      const lacks = this.#to - this.#from < wanted;
      if (!this.#ended && this.#to === byteLength && lacks) this.#wrap();
    }
    tell({ is: 'end', byteLength: this.#read });
  }

  /** Reads until the present segment has `wanted` bytes, or the region or the content ends. */
  #fill(wanted: number): void {
    const { address, byteLength } = this.#order;
    while (!this.#ended && this.#to - this.#from < wanted && this.#to < byteLength) {
      const room = this.#room();
      const got = this.#stream.read(address + BigInt(this.#to), room);
      this.#ended = got === 0;
      this.#to += got;
      this.#read += got;
    }
  }

  /** Bytes that may be written at the present end, at least one. */
  #room(): number {
    for (;;) {
      this.#collect();
      const ahead = this.#out.map(({ from }) => from).filter((from) => from >= this.#to);
      const until = Math.min(this.#order.byteLength, ...ahead);
      if (until > this.#to) return until - this.#to;
      this.#wait();
    }
  }

  #wrap(): void {
    const left = this.#to - this.#from;
    if (this.#from === 0) throw this.#tooLong(left);
    tell({ is: 'wrapped' });
    this.#collect();
    while (this.#out.some(({ from }) => from < left)) {
      this.#wait();
      this.#collect();
    }
    this.#memory.copyWithin(0, this.#from, this.#to);
    this.#from = 0;
    this.#to = left;
  }

  /** Gives out the whole records among the next `most` bytes; false when there is not even one. */
  #cut(most: number): boolean {
    const until = Math.min(this.#to, this.#from + most);
    const bytes = this.#memory.subarray(this.#from, until);
    const isEnd = this.#ended && until === this.#to;
    const found = this.#located(() => cut(bytes, this.#order.rules, isEnd));
    if (found.byteLength === 0) return false;
    tell({ is: 'segment', at: this.#from, cut: found, byte: this.#byte, line: this.#line });
    this.#out.push({ from: this.#from, to: this.#from + found.byteLength });
    this.#given += 1;
    this.#from += found.byteLength;
    this.#byte += found.byteLength;
    this.#line += found.lines;
    return true;
  }

  /** Places in what it throws become places in the content. */
  #located<T>(work: () => T): T {
    const file = this.#order.origin.path;
    return located({ place: { byte: this.#byte, line: this.#line } }, work, file);
  }

  /** Forgets what came back. */
  #collect(): void {
    if (Atomics.load(this.#control, CONTROL.over) !== 0) throw new Stopped();
    const back = Atomics.load(this.#control, CONTROL.released);
    this.#out.splice(0, this.#out.length - (this.#given - back));
  }

  #wait(): void {
    const back = this.#given - this.#out.length;
    Atomics.wait(this.#control, CONTROL.released, back);
  }

  #tooLong(byteLength: number): NairobiError {
    const { origin, rules } = this.#order;
    const isText = rules.kind !== 'avro' && rules.kind !== 'arrow-stream';
    return new NairobiError(
      'MEMORY_LIMIT',
      `One ${isText ? 'record' : 'block'} is longer than ${formatBytes(byteLength)}, which is all that --memory-limit leaves for it`,
      {
        where: { file: origin.path, line: this.#line, byte: this.#byte },
        hint: isText
          ? 'an opening quote without a closing one looks like this (--quote "" if quotes mean nothing); else raise --memory-limit'
          : 'write it in smaller blocks, or raise --memory-limit',
      },
    );
  }
}

try {
  new Feed(workerData as FeedOrder).run();
} catch (thrown) {
  if (!(thrown instanceof Stopped)) {
    const error = thrown instanceof NairobiError ? thrown.toJSON() : undefined;
    tell({ is: 'error', error, message: messageOf(thrown) });
  }
}
