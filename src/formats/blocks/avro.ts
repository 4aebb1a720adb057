/**
 * Avro object containers by their blocks: a header with the schema, then blocks of rows that each
 * say how long they are (https://avro.apache.org/docs/1.11.1/specification/#object-container-files).
 */
import { NairobiError } from '../../errors.ts';
import type { WholeBlocks } from './blocks.ts';

const SYNC_BYTES = 16;

/** A long and where it ends; undefined when the bytes end first. At most 10 bytes (zigzag). */
function longAt(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let value = 0n;
  for (let at = from; at < bytes.length && at < from + 10; at += 1) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - from));
    if (byte < 0x80) {
      const signed = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      return { value: Number(signed), end: at + 1 };
    }
  }
  return undefined;
}

/** Bytes of the header: the magic, a map of metadata, a mark. Undefined when it is cut off. */
export function avroHeaderBytes(bytes: Uint8Array): number | undefined {
  let at = 4;
  for (;;) {
    const count = longAt(bytes, at);
    if (count === undefined) return undefined;
    at = count.end;
    if (count.value === 0) break;
    // A negative count is followed by the size of these entries.
    if (count.value < 0) {
      const size = longAt(bytes, at);
      if (size === undefined || size.value < 0) return undefined;
      at = size.end + size.value;
      continue;
    }
    for (let text = 0; text < 2 * count.value; text += 1) {
      const size = longAt(bytes, at);
      if (size === undefined || size.value < 0 || size.end + size.value > bytes.length) {
        return undefined;
      }
      at = size.end + size.value;
    }
  }
  return at + SYNC_BYTES <= bytes.length ? at + SYNC_BYTES : undefined;
}

/** The mark behind each block: the last bytes of the header. */
export const avroSync = (header: Uint8Array): Uint8Array =>
  Uint8Array.from(header.subarray(-SYNC_BYTES));

/** Whole blocks at the start of `bytes` with about `mostRows` rows; BAD_DATA for what is none. */
export function avroBlocks(bytes: Uint8Array, sync: Uint8Array, mostRows: number): WholeBlocks {
  let [at, rows] = [0, 0];
  while (rows < mostRows) {
    const count = longAt(bytes, at);
    const size = count === undefined ? undefined : longAt(bytes, count.end);
    if (count === undefined || size === undefined) break;
    if (count.value < 0 || size.value < 0) throw damaged(at);
    const end = size.end + size.value;
    if (end + SYNC_BYTES > bytes.length) break;
    if (Buffer.compare(bytes.subarray(end, end + SYNC_BYTES), sync) !== 0) throw damaged(at);
    rows += count.value;
    at = end + SYNC_BYTES;
  }
  return { byteLength: at, rows };
}

function damaged(byte: number): NairobiError {
  return new NairobiError(
    'BAD_DATA',
    'Cannot read this as avro: a block does not end where it says',
    {
      where: { byte },
      hint: 'check that the file is complete',
    },
  );
}
