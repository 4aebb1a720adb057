import { expect, test } from 'vitest';
import { FLAGS, makeKinds, wrong } from './io-matrix.ts';

test('every kind of input is read by some way, every way reads some kind', () => {
  using made = makeKinds();
  const all = Object.entries(made.kinds).map(([name, kind], index) => {
    const problem = wrong(kind, FLAGS[index % FLAGS.length] ?? []);
    return problem === undefined ? undefined : `${name} ${problem}`;
  });
  expect(all.filter((one) => one !== undefined)).toEqual([]);
}, 60_000);
