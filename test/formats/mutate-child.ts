/** Reads damaged copies of a binary file; run by binary.full.ts in a process that may die. */
import { writeSync } from 'node:fs';
import { toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode } from '../../src/formats/encode.ts';

/**
 * https://en.wikipedia.org/wiki/Linear_congruential_generator, the constants of Numerical Recipes
 */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ROWS = 200;

function sampleFile(kind: string): Buffer {
  const row = (index: number): string =>
    `${index},text ${index % 7},${index / 3},2024-01-0${(index % 9) + 1}`;
  const csv = `a,b,c,d\n${Array.from({ length: ROWS }, (_, index) => row(index)).join('\n')}\n`;
  const frame = toFrame(decode({ path: 'a.csv', bytes: Buffer.from(csv) }).read()).rechunk();
  if (kind === 'arrow-stream') return frame.writeIPCStream() as unknown as Buffer;
  if (kind === 'avro') return frame.writeAvro() as unknown as Buffer;
  return Buffer.concat([...encode(frame, kind as 'parquet' | 'arrow')]);
}

function damaged(file: Buffer, seed: number): Buffer {
  const next = random(seed);
  const copy = Buffer.from(file);
  const count = 1 + Math.floor(next() * 4);
  for (let index = 0; index < count; index += 1) {
    copy[Math.floor(next() * copy.length)] = Math.floor(next() * 256);
  }
  return next() < 0.1 ? copy.subarray(0, Math.floor(next() * copy.length)) : copy;
}

const [, , kind = 'parquet', from = '0', to = '0'] = process.argv;
const file = sampleFile(kind);
for (let seed = Number(from); seed < Number(to); seed += 1) {
  writeSync(1, `${seed}\n`);
  try {
    const format = kind as 'parquet';
    toFrame(decode({ path: `x.${kind}`, bytes: damaged(file, seed) }, { format }).read());
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
  }
}
