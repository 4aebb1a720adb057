/** The reader for hosts that refuse io_uring: one blocking preadv2 after the other. */
import { assert } from '../errors.ts';
import { pread, preadv2, withWaitingMask } from '../kernel/calls.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { DIRECT_ALIGN_BYTES } from '../limits.ts';
import { MiB } from '../units.ts';
import type { BlockReader, Extent, ReaderFacts, Reading } from './block-reader.ts';
import { interruption, isToldToStop } from './file-errors.ts';
import type { InputFile } from './input-file.ts';

/**
 * With one read at a time, a larger one gets more of the device (research: 2 MiB, 1.3x of 1 MiB).
 */
export const BLOCK_BYTES = 2 * MiB;

/** Asked for in vain this often, EAGAIN is an error. */
const REFUSALS_MAX = 1000;

interface PreadReading extends Reading {
  done: boolean;
  count: number;
}

/** Of a reader without a ring; `reason` says why there is none. */
export function factsOfPread(reason: string | undefined, readsInFlight: number): ReaderFacts {
  return {
    backend: 'preadv2',
    fallbackReason: reason,
    ringEntries: undefined,
    ringFlags: [],
    ringRefused: [],
    readsInFlight,
    blockBytes: BLOCK_BYTES,
  };
}

export class PreadReader implements BlockReader {
  readonly facts: ReaderFacts;
  #read: typeof preadv2 = preadv2;

  /** `reason` is why it is not io_uring; undefined when the person asked for this reader. */
  constructor(reason: string | undefined) {
    this.facts = factsOfPread(reason, 1);
  }

  readerOf(): BlockReader {
    return this;
  }

  fix(): void {}

  unfix(): void {}

  prefault(): void {}

  start(file: InputFile, extent: Extent): Reading {
    const reading: PreadReading = { file, extent, done: false, count: 0 };
    return reading;
  }

  advance(): void {}

  finish(reading: Reading): number {
    const mine = reading as PreadReading;
    assert(!mine.done, 'the reading was finished before');
    while (mine.count < reading.extent.byteLength) {
      const got = withWaitingMask(() => this.#readBlock(reading.file, reading.extent, mine.count));
      if (got === 0) break;
      mine.count = Math.min(mine.count + got, reading.extent.byteLength);
    }
    mine.done = true;
    return mine.count;
  }

  drain(): void {}

  [Symbol.dispose](): void {}

  #readBlock(file: InputFile, { address, offset, byteLength }: Extent, done: number): number {
    const at = offset + done;
    const to = address + BigInt(done);
    const wanted = Math.min(BLOCK_BYTES, byteLength - done);
    const aligned = at % DIRECT_ALIGN_BYTES === 0 && to % BigInt(DIRECT_ALIGN_BYTES) === 0n;
    const direct = aligned ? file.directFd : undefined;
    const length =
      direct === undefined ? wanted : Math.ceil(wanted / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
    for (let refusals = 0; ; refusals++) {
      const result = this.#read(direct ?? file.fd, to, length, at, 0);
      if (result >= 0) return result;
      if (result === -ERRNO.EINTR) {
        if (isToldToStop()) throw interruption(file.path);
        continue;
      }
      if (result === -ERRNO.EAGAIN && refusals < REFUSALS_MAX) continue;
      if (result === -ERRNO.EINVAL && direct !== undefined) {
        file.giveUpDirect();
        return this.#readBlock(file, { address, offset, byteLength }, done);
      }
      if (result === -ERRNO.ENOSYS && this.#read === preadv2) {
        this.#read = pread; // some sandboxes know only the older call
        continue;
      }
      throw new KernelError(-result, `read ${file.path} at byte ${at}`, {
        file: file.path,
        byte: at,
      });
    }
  }
}
