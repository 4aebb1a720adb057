/** Where a binary content that goes on may be cut: behind its last whole block. */
import { NairobiError } from '../../errors.ts';
import type { Cut, CutRules } from '../cut.ts';
import { arrowBatches } from './arrow.ts';
import { avroBlocks } from './avro.ts';
import type { BlockFormat } from './blocks.ts';

/** Compressed blocks say little about what they take: a segment has no more rows than a text's. */
const MOST_ROWS = 2 ** 18;

/** Throws BAD_DATA for what is no block, and at the end for one that is cut off. */
export function cutBlocks(
  bytes: Uint8Array,
  rules: Extract<CutRules, { kind: 'avro' | 'arrow-stream' }>,
  isEnd: boolean,
): Cut {
  const { byteLength } =
    rules.kind === 'avro'
      ? avroBlocks(bytes, rules.sync, MOST_ROWS)
      : arrowBatches(bytes, MOST_ROWS);
  if (isEnd && byteLength === 0 && bytes.length > 0) {
    throw cutInside(rules.kind, 0);
  }
  return { byteLength, lines: 0, census: undefined };
}

/** `byte`: where the block begins that is cut off. */
export function cutInside(format: BlockFormat, byte: number): NairobiError {
  return new NairobiError('BAD_DATA', `This ends in the middle of a block of ${format}`, {
    where: { byte },
    hint: 'check that the file is complete',
  });
}
