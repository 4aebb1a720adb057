/**
 * A few values in a damaged Parquet page make Polars ask for 2^61 bytes of memory, and Rust answers
 * what the allocator refuses with abort(3): 2 of 6000 mutants of a small file, found by fuzzing. No
 * JavaScript runs any more then, so a dozen instructions say what happened and end the process with
 * an exit code, instead of a core dump.
 *
 * The bytes are those of asm/abort-x64.s and asm/abort-arm64.s; a test assembles and compares.
 */
import { SIGNAL } from './constants.ts';
import { installHandler } from './handler.ts';
import { addressOf } from './syscall.ts';

export const ABORT_CODE: Readonly<Record<string, string>> = {
  x64:
    '488d1df9ff000048833b00741fbf02000000488b7308488b5310b8010000000f05488b7b18b8e70000000f05' +
    'c3',
  arm64:
    '090008102a0140f92a0100b4400080d2210540f9220940f9080880d2010000d4200d40f9c80b80d2010000d4' +
    'c0035fd6',
};

const DATA = { armed: 0, text: 1, length: 2, exitCode: 3 } as const;

export interface AbortGuard extends Disposable {
  /** What an abort from now on writes to stderr, and the exit code. */
  say(text: string, exitCode: number): void;
}

/** The text lies in the handler's own data area, which nothing frees: bytes from its start. */
const TEXT_AT = 1024;
const TEXT_BYTES_MAX = 32 * 1024;

let data: BigUint64Array | undefined;

/** Says nothing yet, and stands until disposed of; undefined where the host forbids it. */
export function guardAborts(): AbortGuard | undefined {
  data ??= installHandler(SIGNAL.SIGABRT, ABORT_CODE, () => undefined);
  if (data === undefined) return undefined;
  const words = data;
  return {
    say(text, exitCode) {
      const bytes = Buffer.from(text).subarray(0, TEXT_BYTES_MAX);
      const room = new Uint8Array(words.buffer, words.byteOffset + TEXT_AT, TEXT_BYTES_MAX);
      words[DATA.armed] = 0n;
      room.set(bytes);
      words[DATA.text] = addressOf(room);
      words[DATA.length] = BigInt(bytes.length);
      words[DATA.exitCode] = BigInt(exitCode);
      words[DATA.armed] = 1n;
    },
    [Symbol.dispose]() {
      words[DATA.armed] = 0n;
    },
  };
}
