import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader, frameOf } from '../../src/client/frames.ts';

describe('frames', () => {
  test('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 20 }),
        (texts, cuts) => {
          const all = Buffer.concat(texts.map((text) => frameOf(text)));
          const reader = new FrameReader(1024);
          const got: string[] = [];
          for (let at = 0, i = 0; at < all.length; i += 1) {
            const size = cuts[i % cuts.length] ?? 1;
            // The receive buffer is used again: what is kept has to be copied.
            const piece = Buffer.from(all.subarray(at, at + size));
            for (const body of reader.take(piece)) got.push(body.toString('utf8'));
            piece.fill(0);
            at += size;
          }
          expect(got).toEqual(texts.map((text) => Buffer.from(text).toString('utf8')));
        },
      ),
    );
  });

  test('that are too long are refused by their length alone', () => {
    const reader = new FrameReader(10);
    expect(() => [...reader.take(frameOf('x'.repeat(11)).subarray(0, 4))]).toThrow(/too long/);
  });
});
