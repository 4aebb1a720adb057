import { expect, test } from 'vitest';
import { assertLayout, LAYOUTS } from '../../src/kernel/layout.ts';

test.each(Object.entries(LAYOUTS))('the fields of %s tile the structure', (name, layout) => {
  expect(() => assertLayout(name, layout)).not.toThrow();
});

test('an overlapping field is noticed', () => {
  const fields = { a: { at: 0, size: 8 }, b: { at: 4, size: 4 } };
  expect(() => assertLayout('BROKEN', { size: 8, fields })).toThrow(/BROKEN.b is at 4/);
});
