import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { M4 } from '../../src/render/reduce/m4.ts';

/** The lowest and highest y of every column, computed without M4. */
function extremes(
  xs: readonly number[],
  ys: readonly number[],
  columns: number,
): Map<number, number[]> {
  const min = Math.min(...xs);
  const max = Math.max(...xs);
  const found = new Map<number, number[]>();
  xs.forEach((x, i) => {
    const column =
      max > min ? Math.min(columns - 1, Math.floor((x - min) * (columns / (max - min)))) : 0;
    const y = ys[i] as number;
    const [low = y, high = y] = found.get(column) ?? [];
    found.set(column, [Math.min(low, y), Math.max(high, y)]);
  });
  return found;
}

describe('M4', () => {
  test('keeps the lowest and the highest point of every column', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer()), {
          minLength: 1,
          maxLength: 300,
        }),
        fc.integer({ min: 1, max: 40 }),
        (points, columns) => {
          const xs = points.map(([x]) => x);
          const ys = points.map(([, y]) => y);
          const m4 = new M4(Math.min(...xs), Math.max(...xs), columns);
          m4.add(Float64Array.from(xs), Float64Array.from(ys));
          const kept = m4.points();
          const all = extremes(xs, ys, columns);
          const some = extremes(
            [...kept.x, Math.min(...xs), Math.max(...xs)],
            [
              ...kept.y,
              ys[xs.indexOf(Math.min(...xs))] as number,
              ys[xs.indexOf(Math.max(...xs))] as number,
            ],
            columns,
          );
          expect(some).toEqual(all);
          expect(kept.x.length).toBeLessThanOrEqual(4 * columns);
        },
      ),
    );
  });

  test('keeps the first and last point of sorted data and their order', () => {
    const m4 = new M4(0, 9, 3);
    m4.add(
      Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
      Float64Array.of(5, 9, 1, 4, 4, 4, 2, 3, 8, 7),
    );
    const { x, y } = m4.points();
    expect([...x]).toEqual([0, 1, 2, 3, 5, 6, 8, 9]);
    expect([...y]).toEqual([5, 9, 1, 4, 4, 2, 8, 7]);
  });

  test('leaves out what is not finite', () => {
    const m4 = new M4(0, 1, 4);
    m4.add(Float64Array.of(0, Number.NaN, 1), Float64Array.of(1, 2, Number.POSITIVE_INFINITY));
    expect([...m4.points().y]).toEqual([1]);
  });
});
