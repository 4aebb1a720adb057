/** gzip by zlib (zlib.h). */
import { openShared } from '../library.ts';
import { lend } from '../syscall.ts';
import { type Codec, CodecError } from './codec.ts';
import { StreamStruct } from './stream-struct.ts';

/** z_stream on 64-bit. */
const Z_STREAM = {
  size: 112,
  nextIn: 0,
  availIn: 8,
  nextOut: 24,
  availOut: 32,
  countBytes: 4,
} as const;

/** The largest window, and a gzip header rather than a zlib one. */
const GZIP_WINDOW_BITS = 15 + 16;

/** Only its first digit is compared. */
const VERSION = '1.2.11\0';

const Z_OK = 0;
const Z_STREAM_END = 1;
const Z_BUF_ERROR = -5;
const Z_NO_FLUSH = 0;

const REASONS: Readonly<Record<number, string>> = {
  2: 'it needs a preset dictionary',
  [-3]: 'its data is damaged',
  [-4]: 'there is no memory left',
};

const SYMBOLS = ['inflateInit2_', 'inflate', 'inflateReset', 'inflateEnd'];

export function openZlib(): Codec | undefined {
  const library = openShared(['libz.so.1'], SYMBOLS);
  if (library === undefined) return undefined;
  const inflateInit2 = library.func('inflateInit2_', 'int', ['int64', 'int', 'int64', 'int']);
  const inflate = library.func('inflate', 'int', ['int64', 'int']);
  const inflateReset = library.func('inflateReset', 'int', ['int64']);
  const inflateEnd = library.func('inflateEnd', 'int', ['int64']);
  const stream = new StreamStruct(Z_STREAM);
  const started = lend(Buffer.from(VERSION), (version) =>
    stream.at((address) => inflateInit2(address, GZIP_WINDOW_BITS, version, Z_STREAM.size)),
  );
  if (started !== Z_OK) return undefined;
  return {
    step(input, inputLength, output, outputLength) {
      const { status, step } = stream.run(
        { address: input, length: inputLength },
        { address: output, length: outputLength },
        (address) => inflate(address, Z_NO_FLUSH),
      );
      if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) {
        throw new CodecError(REASONS[status] ?? `zlib says ${status}`);
      }
      return { ...step, ended: status === Z_STREAM_END };
    },
    restart: () => void stream.at((address) => inflateReset(address)),
    [Symbol.dispose]: () => void stream.at((address) => inflateEnd(address)),
  };
}
