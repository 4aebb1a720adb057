import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import type { ChartFormat } from '../../src/render/output/encode.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { differingShare } from './pixels.ts';
import { dataset, relation } from './relations.ts';

const draw = async (
  source: ReturnType<typeof relation>,
  request: Partial<PlotRequest>,
  format: ChartFormat,
) => (await plotRelation(source, { ...DEFAULT_REQUEST, ...request }, format, new Reporter())).bytes;

/** Small, so that a change can be read. */
const SMALL = { width: 240, height: 160 };

describe('a chart is the same on every host', () => {
  test.each([
    ['line', 'stocks.csv', { x: 'date', y: ['price'], color: 'symbol', agg: 'mean', every: '1y' }],
    ['bar', 'cars.json', { mark: 'bar', x: 'Origin', y: ['Horsepower'] }],
    ['box', 'cars.json', { mark: 'box', x: 'Origin', y: ['Horsepower'] }],
    ['strip', 'cars.json', { mark: 'strip', x: 'Cylinders', y: ['Acceleration'], seed: 7 }],
  ] as const)('SVG of a %s', async (name, source, request) => {
    const svg = await draw(dataset(source), { ...SMALL, ...request }, 'svg');
    await expect(svg.toString()).toMatchFileSnapshot(`../golden/plot/${name}.svg`);
  });

  test('PDF carries no date of its own', async () => {
    const request = { ...SMALL, x: 'date', y: ['price'] };
    const [once, twice] = [
      await draw(dataset('stocks.csv'), request, 'pdf'),
      await draw(dataset('stocks.csv'), request, 'pdf'),
    ];
    expect(once.equals(twice)).toBe(true);
    process.env['SOURCE_DATE_EPOCH'] = '1700000000';
    try {
      const dated = await draw(dataset('stocks.csv'), request, 'pdf');
      expect(dated.equals(once)).toBe(false);
    } finally {
      delete process.env['SOURCE_DATE_EPOCH'];
    }
  });

  test.each([
    ['point', 'cars.json', { x: 'Horsepower', y: ['Miles_per_Gallon'], color: 'Origin' }],
    ['calendar', 'seattle-weather.csv', { mark: 'calendar', x: 'date', y: ['temp_max'] }],
  ] as const)(
    'PNG of a %s is within two pixels in a hundred of the gallery',
    async (name, source, request) => {
      const gallery = readFileSync(new URL(`../../docs/gallery/${name}.png`, import.meta.url));
      expect(
        await differingShare(await draw(dataset(source), request, 'png'), gallery),
      ).toBeLessThan(0.02);
    },
  );
});

describe('a reduced line', () => {
  test('covers the pixels of the whole one, spikes included', async () => {
    const n = 200_000;
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32 - 0.5;
    };
    let walk = 0;
    const y = Array.from({ length: n }, (_, i) => {
      walk += random();
      return walk + (i % 9973 === 0 ? 60 : 0);
    });
    const source = relation({ x: Array.from({ length: n }, (_, i) => i), y });
    const request = { mark: 'line', x: 'x', y: ['y'] } as const;
    const whole = await draw(source, { ...request, reduce: 'marks' }, 'png');
    const reduced = await draw(source, request, 'png');
    expect(await differingShare(whole, reduced)).toBeLessThan(0.0001);
  });
});
