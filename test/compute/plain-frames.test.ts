import { expect, it } from 'vitest';
import { collect, polars } from '../../src/compute/polars.ts';
import { csv } from './relations.ts';

it('a column may have the name of anything that a data frame has', () => {
  const names = ['height', 'width', 'columns', 'dtypes', 'shape', 'select', 'slice', 'lazy', '0'];
  const frame = csv(`${names.join(',')}\n${names.map((_, i) => i).join(',')}\n`);
  const { col } = polars();
  for (const one of [frame, collect(frame.lazy()), frame.slice(0, 1), frame.select(col('*'))]) {
    expect([one.height, one.width, one.columns]).toEqual([1, names.length, names]);
    expect(one.getColumn('select').get(0)).toBe(5);
  }
});
