/** Zstandard by libzstd (zstd.h). */
import { openShared } from '../library.ts';
import { lend } from '../syscall.ts';
import { type Codec, CodecError } from './codec.ts';

/** ZSTD_inBuffer and ZSTD_outBuffer: address, size, position. */
const WORDS = 3;

const SYMBOLS = [
  'ZSTD_createDStream',
  'ZSTD_initDStream',
  'ZSTD_decompressStream',
  'ZSTD_isError',
  'ZSTD_getErrorCode',
  'ZSTD_freeDStream',
];

export function openZstd(): Codec | undefined {
  const library = openShared(['libzstd.so.1'], SYMBOLS);
  if (library === undefined) return undefined;
  const create = library.func('ZSTD_createDStream', 'int64', []);
  const init = library.func('ZSTD_initDStream', 'int64', ['int64']);
  const decompress = library.func('ZSTD_decompressStream', 'int64', ['int64', 'int64', 'int64']);
  const isError = library.func('ZSTD_isError', 'int', ['int64']);
  const errorCode = library.func('ZSTD_getErrorCode', 'int', ['int64']);
  const free = library.func('ZSTD_freeDStream', 'int64', ['int64']);
  const context = create();
  init(context);
  const buffers = new BigUint64Array(2 * WORDS);
  return {
    step(input, inputLength, output, outputLength) {
      buffers.set([output, BigInt(outputLength), 0n, input, BigInt(inputLength), 0n]);
      const result = lend(buffers, (out) => decompress(context, out, out + BigInt(WORDS * 8)));
      if (isError(result) !== 0) throw new CodecError(reason(errorCode(result)));
      return {
        produced: Number(buffers[2]),
        consumed: Number(buffers[2 + WORDS]),
        ended: result === 0,
      };
    },
    restart: () => void init(context),
    [Symbol.dispose]: () => void free(context),
  };
}

/** The error codes of zstd_errors.h that a file can cause. */
function reason(code: number): string {
  if (code === 10) return 'a part of it is no zstd data';
  if (code === 16) return 'it needs a window of more than 128 MiB to be decompressed';
  if (code === 22) return 'its checksum is wrong';
  if (code === 32) return 'it needs a dictionary';
  return `its data is damaged (libzstd says ${code})`;
}
