import { expect, test } from 'vitest';
import { svgHistogram, svgSparkline } from '../../src/render/svg-histogram.ts';

const rects = (svg: string) =>
  [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(
    (m) => m.slice(1).map(Number),
  );

test('bars are as wide as their bins and as tall as their share of the fullest', () => {
  const svg = svgHistogram(
    [
      { from: 0, to: 1, count: 10 },
      { from: 1, to: 4, count: 5 },
    ],
    { width: 100, height: 61 },
  );
  const [a, b] = rects(svg);
  expect(a).toEqual([0, 1, 24.5, 48]);
  expect(b).toEqual([25, 25, 74.5, 24]);
});

test('a bin with one row among millions still shows', () => {
  const svg = svgHistogram([
    { from: 0, to: 1, count: 5_000_000 },
    { from: 1, to: 2, count: 1 },
  ]);
  expect(rects(svg)[1]?.[3]).toBe(1);
});

test('no rows give an empty frame and text is escaped', () => {
  expect(svgHistogram([], { title: 'a < b' })).toBe(
    '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="80" viewBox="0 0 240 80" role="img"><title>a &#60; b</title></svg>',
  );
});

test('a sparkline leaves a gap where a value is missing', () => {
  const svg = svgSparkline([1, 2, Number.NaN, 3], { width: 32, height: 12 });
  expect(svg).toContain('d="M1 11L11 6M31 1"');
});
