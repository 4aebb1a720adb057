/** Content to read and a way to read it. */
import type { Source } from '../../src/uring/source.ts';

/** Bytes that differ at every place: a misplaced block shows. */
export function sample(byteLength: number): Buffer {
  const words = new Uint32Array(Math.ceil(byteLength / 4));
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index, 2246822519);
  return Buffer.from(words.buffer, 0, byteLength);
}

/** Everything the source has left. */
export function drain(source: Source): Buffer {
  const parts: Buffer[] = [];
  for (let block = source.pop(); block !== undefined; block = source.pop()) {
    parts.push(Buffer.from(block.bytes()));
    block.release();
  }
  return Buffer.concat(parts);
}
