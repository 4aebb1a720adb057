import { expect, test } from 'vitest';
import { collect, polars } from '../../src/compute/polars.ts';

test('expressions share their methods and still tell themselves apart', () => {
  const pl = polars();
  const frame = pl.DataFrame({ a: [1, 2, 3], b: ['x', 'yy', 'zzz'] }).lazy();
  const a = pl.col('a');
  const doubled = a.mul(pl.lit(2));
  const made = collect(
    frame.select(
      a.alias('a'),
      doubled.add(a.mul(doubled)).alias('nested'),
      pl
        .when(a.gt(pl.lit(1)).and(doubled.lt(pl.lit(6))))
        .then(a)
        .otherwise(doubled)
        .alias('when'),
      pl.col('b').str.lengths().alias('length'),
      a.sum().over('b').alias('over'),
    ),
  );
  expect(made.toRecords()).toEqual([
    { a: 1, nested: 4, when: 2, length: 1, over: 1 },
    { a: 2, nested: 12, when: 2, length: 2, over: 2 },
    { a: 3, nested: 24, when: 6, length: 3, over: 3 },
  ]);
  expect(a.toString()).toContain('a');
});

test('an expression costs microseconds, not the millisecond of an object literal', () => {
  const pl = polars();
  const before = performance.now();
  for (let i = 0; i < 2000; i += 1) pl.col('x');
  // 2,000 literals take 600 ms on a quiet machine and 2 s on a busy one.
  expect(performance.now() - before).toBeLessThan(400);
});
