/** Zero and less on logarithmic axes, which have no place for them. */
import { expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import type { ChartFormat } from '../../src/render/output/encode.ts';
import { DEFAULT_REQUEST, type Mark, type PlotRequest } from '../../src/render/request.ts';
import { differingShare } from './pixels.ts';
import { relation } from './relations.ts';

type Source = ReturnType<typeof relation>;

const small = relation({
  x: [1, 2, 3, 4, 5, 6],
  y: [0, -5, 10, 100, 0, 1000],
  k: ['a', 'b', 'c', 'd', 'e', 'f'],
});

const draw = (source: Source, request: Partial<PlotRequest>, format: ChartFormat = 'vl.json') =>
  plotRelation(source, { ...DEFAULT_REQUEST, width: 400, ...request }, format, new Reporter());

async function rowsOf(request: Partial<PlotRequest>) {
  const { bytes, notes } = await draw(small, request);
  const { datasets } = JSON.parse(bytes.toString()) as {
    datasets: { data: { x: number | string; y: number | null }[] };
  };
  return { rows: datasets.data.map(({ x, y }) => [x, y]), notes: notes.join('; ') };
}

test('they are gaps in lines and areas, and no points and no bars', async () => {
  for (const mark of ['line', 'area'] as const) {
    const { rows, notes } = await rowsOf({ mark, x: 'x', y: ['y'], yScale: 'log' });
    expect(rows.map(([, y]) => y)).toEqual([null, null, 10, 100, null, 1000]);
    expect(notes).toContain('3 values of zero or less left out');
  }
  const points = await rowsOf({ mark: 'point', x: 'y', y: ['x'], xScale: 'log' });
  expect(points.rows.map(([x]) => x)).toEqual([10, 100, 1000]);
  const bars = await rowsOf({ mark: 'bar', x: 'k', y: ['y'], yScale: 'log' });
  expect(bars.rows.map(([x]) => x).sort()).toEqual(['c', 'd', 'f']);
  const counts = await rowsOf({ mark: 'histogram', x: 'y', xScale: 'log' });
  expect(counts.notes).toContain('3 values → ');
  expect(counts.notes).toContain('3 values of zero or less left out');
  // 1000 begins a bin, and is not the end of the one before.
  expect(counts.rows.at(-1)?.[0]).toBeCloseTo(1000, 6);
});

test.each<[Mark, Partial<PlotRequest>]>([
  ['box', { y: ['y'] }],
  ['violin', { y: ['y'] }],
  ['qq', { x: 'x' }],
  ['line', { x: 'x', y: ['y'], yLines: [{ value: 0, label: undefined }] }],
  ['line', { x: 'x', y: ['y'], yRange: [0, 10] }],
  ['area', { x: 'x', y: ['y'], color: 'k' }],
  ['bar', { x: 'x', color: 'k' }],
  ['histogram', { x: 'x', color: 'k' }],
])('a %s that would be wrong is refused', async (mark, request) => {
  await expect(draw(small, { mark, ...request, yScale: 'log' })).rejects.toThrow(/logarithmic|Q-Q/);
});

test.each(['log'] as const)('reduced lines keep their shape on %s', async (xScale) => {
  const n = 30_000;
  const source = relation({
    x: Array.from({ length: n }, (_, i) => i + 1),
    y: Array.from(
      { length: n },
      (_, i) => Math.sin(20 * Math.log(i + 1)) + ((i * 7919) % 100) / 300,
    ),
  });
  const request = { mark: 'line', x: 'x', y: ['y'], xScale } as const;
  const reduced = await draw(source, { ...request, y: ['y'] }, 'png');
  const whole = await draw(source, { ...request, y: ['y'], reduce: 'marks' }, 'png');
  expect(reduced.notes.join()).toContain('every sixth of a pixel');
  expect(await differingShare(reduced.bytes, whole.bytes)).toBeLessThan(0.0005);
});
