/** Whether a content of blocks is all there: Polars takes some of what is cut off for its end. */
import type { Source } from '../decoded.ts';
import { located } from '../segment.ts';
import { arrowBatches, arrowSchemaBytes } from './arrow.ts';
import { avroBlocks, avroHeaderBytes, avroSync } from './avro.ts';
import type { BlockFormat, WholeBlocks } from './blocks.ts';
import { cutInside } from './cut.ts';

/**
 * Throws BAD_DATA, with the byte, for a content that ends in the middle of a block. Between two
 * blocks any may end: neither format says how many there are. An Avro header that is cut off is left
 * to Polars.
 */
export function requireWholeBlocks({ path, bytes }: Source, format: BlockFormat): void {
  const origin = { place: { byte: 0, line: 1 } };
  located(origin, () => (format === 'avro' ? requireAvro(bytes) : requireArrow(bytes)), path);
}

function requireAvro(bytes: Uint8Array): void {
  const start = avroHeaderBytes(bytes);
  if (start === undefined) return;
  const sync = avroSync(bytes.subarray(0, start));
  requireAll('avro', bytes, start, (rest) => avroBlocks(rest, sync, Number.POSITIVE_INFINITY));
}

function requireArrow(bytes: Uint8Array): void {
  const start = arrowSchemaBytes(bytes);
  if (start === undefined) throw cutInside('arrow-stream', 0);
  requireAll('arrow-stream', bytes, start, (rest) => arrowBatches(rest, Number.POSITIVE_INFINITY));
}

function requireAll(
  format: BlockFormat,
  bytes: Uint8Array,
  start: number,
  blocksOf: (rest: Uint8Array) => WholeBlocks,
): void {
  const rest = bytes.subarray(start);
  const { byteLength } = located({ place: { byte: start, line: 1 } }, () => blocksOf(rest));
  if (byteLength < rest.length) throw cutInside(format, start + byteLength);
}
