/** xz by liblzma (lzma/base.h, lzma/container.h). */
import { openLibrary } from '../library.ts';
import { type Codec, CodecError } from './codec.ts';
import { StreamStruct } from './stream-struct.ts';

/** lzma_stream on 64-bit. */
const LZMA_STREAM = {
  size: 136,
  nextIn: 0,
  availIn: 8,
  nextOut: 24,
  availOut: 32,
  countBytes: 8,
} as const;

/**
 * The dictionary of "xz -9" is 64 MiB; a file that asks for more than this is not for small hosts.
 */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;

const LZMA_OK = 0;
const LZMA_STREAM_END = 1;
const LZMA_BUF_ERROR = 10;
const LZMA_RUN = 0;

const REASONS: Readonly<Record<number, string>> = {
  5: 'there is no memory left',
  6: 'it needs more than 256 MiB to be decompressed',
  7: 'a part of it is no xz data',
  8: 'it uses options this liblzma lacks',
  9: 'its data is damaged',
};

export function openXz(): Codec | undefined {
  const library = openLibrary(['liblzma.so.5']);
  if (library === undefined) return undefined;
  const decoder = library.func('lzma_stream_decoder', 'int', ['int64', 'int64', 'int']);
  const code = library.func('lzma_code', 'int', ['int64', 'int']);
  const end = library.func('lzma_end', 'int', ['int64']);
  const stream = new StreamStruct(LZMA_STREAM);
  const start = (): number => stream.at((address) => decoder(address, MEMORY_BYTES_MAX, 0));
  if (start() !== LZMA_OK) return undefined;
  return {
    step(input, inputLength, output, outputLength) {
      const { status, step } = stream.run(
        { address: input, length: inputLength },
        { address: output, length: outputLength },
        (address) => code(address, LZMA_RUN),
      );
      if (status !== LZMA_OK && status !== LZMA_STREAM_END && status !== LZMA_BUF_ERROR) {
        throw new CodecError(REASONS[status] ?? `liblzma says ${status}`);
      }
      return { ...step, ended: status === LZMA_STREAM_END };
    },
    restart: () => void start(), // re-initialising keeps what was allocated
    [Symbol.dispose]: () => void stream.at((address) => end(address)),
  };
}
