/** LZ4 frames by liblz4 (lz4frame.h). */
import { openLibrary } from '../library.ts';
import { lend } from '../syscall.ts';
import { type Codec, CodecError } from './codec.ts';

const LZ4F_VERSION = 100;

export function openLz4(): Codec | undefined {
  const library = openLibrary(['liblz4.so.1']);
  if (library === undefined) return undefined;
  const create = library.func('LZ4F_createDecompressionContext', 'int64', ['int64', 'int']);
  const free = library.func('LZ4F_freeDecompressionContext', 'int64', ['int64']);
  const reset = library.func('LZ4F_resetDecompressionContext', 'int64', ['int64']);
  const isError = library.func('LZ4F_isError', 'int', ['int64']);
  const decompress = library.func('LZ4F_decompress', 'int64', [
    'int64',
    'int64',
    'int64',
    'int64',
    'int64',
    'int64',
  ]);
  const holder = new BigUint64Array(1);
  if (lend(holder, (out) => create(out, LZ4F_VERSION)) !== 0) return undefined;
  const context = holder[0] ?? 0n;
  const sizes = new BigUint64Array(2);
  return {
    step(input, inputLength, output, outputLength) {
      sizes.set([BigInt(outputLength), BigInt(inputLength)]);
      const hint = lend(sizes, (size) => decompress(context, output, size, input, size + 8n, 0));
      if (isError(hint) !== 0) throw new CodecError('its data is damaged or no lz4 data');
      return { produced: Number(sizes[0]), consumed: Number(sizes[1]), ended: hint === 0 };
    },
    restart: () => void reset(context),
    [Symbol.dispose]: () => void free(context),
  };
}
