import { expect, test } from 'vitest';
import { sizesOf } from '../../src/engine/segments/open-stream.ts';

test('sizes of streams are whole bytes, whatever the memory limit is', () => {
  for (const limit of [400_000_001, 644_245_094, 2 ** 32 + 3]) {
    for (const size of Object.values(sizesOf(limit))) expect(Number.isInteger(size)).toBe(true);
  }
});
