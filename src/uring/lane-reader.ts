/**
 * Reading beside the event loop without a ring: the thread pool of libuv, a few lanes of one read
 * after the other.
 */
import { read } from 'node:fs';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { viewOf } from '../kernel/syscall.ts';
import { DIRECT_ALIGN_BYTES } from '../limits.ts';
import type { AsyncReader, Extent, ReaderFacts } from './block-reader.ts';
import { BLOCK_BYTES, factsOfPread } from './fallback.ts';
import type { InputFile } from './input-file.ts';

const LANES = 4;

export class LaneReader implements AsyncReader {
  readonly facts: ReaderFacts;
  readonly #running = new Set<Promise<unknown>>();

  /** `reason` is why it is not io_uring; undefined when the person asked for this reader. */
  constructor(reason: string | undefined) {
    this.facts = factsOfPread(reason, LANES);
  }

  readerOf(): AsyncReader {
    return this;
  }

  read(file: InputFile, extent: Extent): Promise<number> {
    const reading = this.#readAll(file, extent);
    this.#running.add(reading);
    reading.finally(() => this.#running.delete(reading)).catch(() => undefined);
    return reading;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  [Symbol.dispose](): void {}

  async #readAll(file: InputFile, extent: Extent): Promise<number> {
    let next = 0;
    let end = extent.byteLength;
    const lane = async (): Promise<void> => {
      while (next < end) {
        const start = next;
        const wanted = Math.min(BLOCK_BYTES, extent.byteLength - start);
        next += wanted;
        const got = await readBlock(file, extent, start, wanted);
        if (got < wanted) end = Math.min(end, start + got);
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
    for (const one of lanes) if (one.status === 'rejected') throw one.reason;
    return end;
  }
}

async function readBlock(
  file: InputFile,
  { address, offset }: Extent,
  start: number,
  wanted: number,
): Promise<number> {
  for (let count = 0; ; ) {
    const at = offset + start + count;
    const to = address + BigInt(start + count);
    const aligned = at % DIRECT_ALIGN_BYTES === 0 && to % BigInt(DIRECT_ALIGN_BYTES) === 0n;
    const direct = aligned ? file.directFd : undefined;
    const rest = wanted - count;
    const length =
      direct === undefined ? rest : Math.ceil(rest / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
    const got = await readOnce(direct ?? file.fd, Buffer.from(viewOf(to, length)), at);
    if (got === -ERRNO.EINVAL && direct !== undefined) file.giveUpDirect();
    else if (got < 0 && got !== -ERRNO.EAGAIN && got !== -ERRNO.EINTR) {
      const where = { file: file.path, byte: at };
      throw new KernelError(-got, `read ${file.path} at byte ${at}`, where);
    } else if (got === 0) return count;
    else count = Math.min(wanted, count + Math.max(0, got));
    if (count === wanted) return count;
  }
}

/** Bytes, or -errno. */
function readOnce(fd: number, memory: Buffer, at: number): Promise<number> {
  return new Promise((resolve) => {
    read(fd, memory, 0, memory.length, at, (error, count) =>
      resolve(error === null ? count : (error.errno ?? -ERRNO.EIO)),
    );
  });
}
