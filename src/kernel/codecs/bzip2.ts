/** bzip2 by libbz2 (bzlib.h). */
import { openLibrary } from '../library.ts';
import { type Codec, CodecError } from './codec.ts';
import { StreamStruct } from './stream-struct.ts';

/** bz_stream on 64-bit. */
const BZ_STREAM = {
  size: 80,
  nextIn: 0,
  availIn: 8,
  nextOut: 24,
  availOut: 32,
  countBytes: 4,
} as const;

const BZ_OK = 0;
const BZ_STREAM_END = 4;

const REASONS: Readonly<Record<number, string>> = {
  [-3]: 'there is no memory left',
  [-4]: 'its data is damaged',
  [-5]: 'a part of it is no bzip2 data',
};

export function openBzip2(): Codec | undefined {
  const library = openLibrary(['libbz2.so.1.0', 'libbz2.so.1']);
  if (library === undefined) return undefined;
  const init = library.func('BZ2_bzDecompressInit', 'int', ['int64', 'int', 'int']);
  const decompress = library.func('BZ2_bzDecompress', 'int', ['int64']);
  const end = library.func('BZ2_bzDecompressEnd', 'int', ['int64']);
  const stream = new StreamStruct(BZ_STREAM);
  const start = (): number => stream.at((address) => init(address, 0, 0));
  if (start() !== BZ_OK) return undefined;
  return {
    step(input, inputLength, output, outputLength) {
      const { status, step } = stream.run(
        { address: input, length: inputLength },
        { address: output, length: outputLength },
        (address) => decompress(address),
      );
      if (status < 0) throw new CodecError(REASONS[status] ?? `libbz2 says ${status}`);
      return { ...step, ended: status === BZ_STREAM_END };
    },
    restart(): void {
      stream.at((address) => end(address));
      stream.clear();
      start();
    },
    [Symbol.dispose]: () => void stream.at((address) => end(address)),
  };
}
