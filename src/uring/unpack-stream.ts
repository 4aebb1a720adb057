/** Compressed bytes that come from somewhere else, as the chunks of their content. */
import { NairobiError } from '../errors.ts';
import type { CodecName } from '../kernel/codecs/codec.ts';
import { Pool } from '../memory/pool.ts';
import { MiB } from '../units.ts';
import { MemberDecoder } from './member-decoder.ts';

/** Compressed at a time, and decompressed at a time. */
const STEP_BYTES = MiB;

/**
 * The content of all members, in chunks of at most 1 MiB that are the caller's. Throws BAD_DATA with
 * the offset in the compressed data, HOST where there is no library for it.
 */
export async function* unpackStream(
  chunks: AsyncIterable<Uint8Array>,
  name: CodecName,
  path: string,
): AsyncGenerator<Buffer> {
  using pool = new Pool();
  using decoder = new MemberDecoder(path, name);
  using input = pool.lease(STEP_BYTES);
  using output = pool.lease(STEP_BYTES);
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += STEP_BYTES) {
      const part = chunk.subarray(from, from + STEP_BYTES);
      input.bytes(0, part.length).set(part);
      for (let at = 0; at < part.length; ) {
        const packed = { address: input.address + BigInt(at), byteLength: part.length - at };
        const { consumed, produced } = decoder.step(packed, output.address, STEP_BYTES);
        at += consumed;
        if (produced > 0) yield Buffer.from(output.bytes(0, produced));
      }
    }
  }
  while (decoder.isInside) {
    const { produced } = decoder.step(undefined, output.address, STEP_BYTES);
    if (produced > 0) yield Buffer.from(output.bytes(0, produced));
  }
}

/** At most `wanted` bytes of the content that `packed` begins with; what is damaged ends it. */
export function unpackHead(packed: Uint8Array, name: CodecName, wanted: number): Buffer {
  using pool = new Pool();
  using decoder = new MemberDecoder('', name);
  using input = pool.lease(packed.length);
  using output = pool.lease(wanted);
  input.bytes(0, packed.length).set(packed);
  let count = 0;
  try {
    for (let at = 0; at < packed.length && count < wanted; ) {
      const rest = { address: input.address + BigInt(at), byteLength: packed.length - at };
      const step = decoder.step(rest, output.address + BigInt(count), wanted - count);
      at += step.consumed;
      count += step.produced;
    }
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
  }
  return Buffer.from(output.bytes(0, count));
}
