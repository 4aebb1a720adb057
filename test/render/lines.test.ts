import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { discMask, FULL_COVERAGE } from '../../src/render/reduce/discs.ts';
import { cpuLineCounter, Pen } from '../../src/render/reduce/lines.ts';

const SIZE = { width: 40, height: 30 };

type Point = readonly [number, number];

/** Counts of one line through `points`, bottom row first. */
function drawn(points: readonly Point[], size = SIZE): number[][] {
  const pen = new Pen(size);
  for (const [x, y] of points) pen.to(x, y, 0);
  const counter = cpuLineCounter(size, 1);
  counter.add(pen.take());
  const [plane = new Uint32Array(0)] = counter.finish();
  return Array.from({ length: size.height }, (_, row) => [
    ...plane.slice((size.height - 1 - row) * size.width, (size.height - row) * size.width),
  ]);
}

const total = (counts: readonly (readonly number[])[]): number =>
  counts.flat().reduce((a, b) => a + b, 0);

const inside = fc.tuple(
  fc.double({ min: 0, max: SIZE.width, noNaN: true }),
  fc.double({ min: 0, max: SIZE.height, noNaN: true }),
);
const anywhere = fc.tuple(
  fc.double({ min: -100, max: 140, noNaN: true }),
  fc.double({ min: -100, max: 130, noNaN: true }),
);

describe('line density', () => {
  test('a segment takes one pixel for each step along its longer side, never half a pixel away', () => {
    fc.assert(
      fc.property(inside, inside, (from, to) => {
        const cell = ([x, y]: Point): Point => [
          Math.min(SIZE.width - 1, Math.floor(x)),
          Math.min(SIZE.height - 1, Math.floor(y)),
        ];
        const [[x0, y0], [x1, y1]] = [cell(from), cell(to)];
        const counts = drawn([from, to]);
        const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
        expect(total(counts)).toBe(steps + 1);
        counts.forEach((row, y) => {
          row.forEach((count, x) => {
            if (count === 0) return;
            expect(count).toBe(1);
            const t = steps === Math.abs(x1 - x0) ? (x - x0) / (x1 - x0) : (y - y0) / (y1 - y0);
            const along = steps === 0 ? 0 : t;
            expect(Math.abs(x0 + along * (x1 - x0) - x)).toBeLessThanOrEqual(0.5);
            expect(Math.abs(y0 + along * (y1 - y0) - y)).toBeLessThanOrEqual(0.5);
          });
        });
      }),
    );
  });

  test('what lies outside of the picture is cut off where the whole line would leave it', () => {
    fc.assert(
      fc.property(fc.array(anywhere, { minLength: 2, maxLength: 6 }), (points) => {
        const margin = 110;
        const wide = { width: SIZE.width + 2 * margin, height: SIZE.height + 2 * margin };
        const whole = drawn(
          points.map(([x, y]): Point => [x + margin, y + margin]),
          wide,
        );
        const near = (x: number, y: number): boolean =>
          [-1, 0, 1].some((dy) =>
            [-1, 0, 1].some((dx) => (whole[y + dy + margin]?.[x + dx + margin] ?? 0) > 0),
          );
        drawn(points).forEach((row, y) => {
          row.forEach((count, x) => {
            if (count > 0) expect(near(x, y)).toBe(true);
          });
        });
      }),
    );
  });

  test('a gap lifts the pen, and standing still enters nothing', () => {
    const row: Point[] = [
      [1.5, 5.5],
      [3.5, 5.5],
      [3.6, 5.6],
      [5.5, Number.NaN],
      [7.5, 5.5],
      [8.5, 5.5],
    ];
    expect(drawn(row)[5]?.slice(0, 10)).toEqual([0, 1, 1, 1, 0, 0, 0, 1, 1, 0]);
  });

  test('a line that crosses the whole picture without a point in it is seen', () => {
    const counts = drawn([
      [-40, 10.5],
      [90, 10.5],
    ]);
    expect(counts[10]?.every((count) => count === 1)).toBe(true);
    expect(total(counts)).toBe(SIZE.width);
  });
});

describe('discs', () => {
  test.each([1.5, 2, 4, 9.5, 40])(
    'of %d pixels cover their area, wherever the centre lies',
    (wide) => {
      const mask = discMask(wide);
      const area = (Math.PI * wide * wide) / 4;
      for (let place = 0; place < 16; place += 1) {
        const covered = mask.reduce((sum, cell) => sum + (cell.weights[place] ?? 0), 0);
        expect(Math.abs(covered / FULL_COVERAGE - area)).toBeLessThan(0.05 * area + 0.2);
      }
    },
  );
});
