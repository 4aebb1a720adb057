import { describe, expect, test } from 'vitest';
import type { Row, Scene } from '../../src/render/chart.ts';
import { panelsOf } from '../../src/render/panels.ts';
import { normalQuantile } from '../../src/render/reduce/normal.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { resolveScene } from '../../src/render/resolve.ts';
import { dataset, relation } from './relations.ts';

interface Built {
  readonly rows: readonly Row[];
  readonly scene: Scene;
  readonly notes: readonly string[];
}

async function build(
  source: ReturnType<typeof relation>,
  request: Partial<PlotRequest>,
): Promise<Built> {
  const notes: string[] = [];
  const scene = await resolveScene(
    source,
    { ...DEFAULT_REQUEST, ...request },
    { note: (text) => notes.push(text), detail: () => {}, probeGl: noGl },
  );
  const [panel] = await panelsOf(scene);
  return { rows: panel?.rows ?? [], scene, notes };
}

const noGl = async () => ({ works: false, reason: 'not asked' }) as const;

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('histogram', () => {
  test('counts every finite value once, in round bins', async () => {
    const { rows } = await build(relation({ v: [0.1, 0.2, 0.9, 1, Number.NaN, null] }), {
      mark: 'histogram',
      x: 'v',
      bins: 5,
    });
    expect(rows.map((row) => [row['x'], row['x2'], row['y']])).toEqual([
      [0, 0.2, 1],
      [0.2, 0.4, 1],
      [0.8, 1, 1],
      [1, 1.2, 1],
    ]);
  });

  test('is the same in one piece and in many', async () => {
    const columns = {
      v: numbers(1000).map((i) => Math.sin(i) * 50),
      c: numbers(1000).map((i) => (i % 3 ? 'a' : 'b')),
    };
    const whole = await build(relation(columns), { mark: 'histogram', x: 'v', color: 'c' });
    const pieces = await build(relation(columns, 7), { mark: 'histogram', x: 'v', color: 'c' });
    const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(pieces.rows)).toEqual(sorted(whole.rows));
  });
});

describe('aggregates', () => {
  test('mean and deviation over segments equal those over all rows', async () => {
    const columns = {
      t: numbers(500).map((i) => i % 5),
      v: numbers(500).map((i) => 1e9 + Math.cos(i)),
    };
    const request = { mark: 'line', x: 't', y: ['v'], agg: 'mean', band: 'stdev' } as const;
    const whole = await build(relation(columns), request);
    const pieces = await build(relation(columns, 6), request);
    expect(pieces.rows).toHaveLength(5);
    pieces.rows.forEach((row, i) => {
      expect(row['y']).toBeCloseTo(Number(whole.rows[i]?.['y']), 6);
      expect(row['lo']).toBeCloseTo(Number(whole.rows[i]?.['lo']), 6);
    });
  });

  test('months of Seattle keep their own days', async () => {
    const { rows } = await build(dataset('seattle-weather.csv'), {
      mark: 'bar',
      x: 'date',
      agg: 'count',
      every: '1mo',
    });
    expect(rows.slice(0, 3).map((row) => row['y'])).toEqual([31, 29, 31]);
    expect(rows[1]).toMatchObject({ x: Date.UTC(2012, 1, 1), x2: Date.UTC(2012, 2, 1) });
  });

  test('a step that cannot be read is refused', async () => {
    const failed = build(dataset('seattle-weather.csv'), {
      mark: 'line',
      x: 'date',
      y: ['wind'],
      every: '5 fortnights',
    });
    await expect(failed).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('box', () => {
  test('quartiles, whiskers and outliers are those of Tukey', async () => {
    const { rows } = await build(relation({ v: [1, 2, 3, 4, 5, 6, 7, 8, 9, 100] }), {
      mark: 'box',
      y: ['v'],
    });
    const box = rows.find((row) => row['kind'] === 'box');
    expect(box).toMatchObject({ q1: 3.25, y: 5.5, q3: 7.75 });
    expect(rows.filter((row) => row['kind'] === 'whisker').map((row) => row['low'])).toEqual([
      9, 1,
    ]);
    expect(rows.filter((row) => row['kind'] === 'outlier').map((row) => row['y'])).toEqual([100]);
  });

  test('rows that do not fit give quartiles within a pixel', async () => {
    const columns = { v: numbers(5000).map((i) => (i * 7919) % 5000) };
    const whole = await build(relation(columns), { mark: 'box', y: ['v'] });
    const pieces = await build(relation(columns, 4), { mark: 'box', y: ['v'] });
    expect(pieces.rows[0]?.['q1']).toBeCloseTo(Number(whole.rows[0]?.['q1']), -1);
    expect(pieces.notes.join(' ')).toContain('do not fit');
  });
});

describe('distribution curves', () => {
  test('the kernel density integrates to one', async () => {
    const { rows } = await build(dataset('cars.json'), { mark: 'density', x: 'Miles_per_Gallon' });
    const step = Number(rows[1]?.['x']) - Number(rows[0]?.['x']);
    const area = rows.reduce((sum, row) => sum + Number(row['y']) * step, 0);
    expect(area).toBeCloseTo(1, 2);
  });

  test('the distribution function ends at one and steps where the values are', async () => {
    const { rows } = await build(relation({ v: [0, 5, 5, 10] }), { mark: 'ecdf', x: 'v' });
    expect(rows.at(-1)?.['y']).toBe(1);
    const before = rows.filter((row) => Number(row['x']) < 5).at(-1);
    const after = rows.find((row) => Number(row['x']) > 5.1);
    expect([before?.['y'], after?.['y']]).toEqual([0.25, 0.75]);
  });

  test('normal quantiles are right to twelve digits', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.25)).toBeCloseTo(-0.6744897501960817, 12);
    expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 9);
    expect(normalQuantile(1e-30)).toBeCloseTo(-11.46402, 4);
  });
});

describe('calendar and candles', () => {
  test('every day of Seattle has its place', async () => {
    const { rows } = await build(dataset('seattle-weather.csv'), {
      mark: 'calendar',
      x: 'date',
      y: ['temp_max'],
    });
    expect(rows).toHaveLength(1461);
    expect(rows[0]).toMatchObject({ facet: '2012', week: 0, weekday: 'Sun', y: 12.8 });
    expect(rows[1]).toMatchObject({ week: 1, weekday: 'Mon' });
  });

  test('a price and a step make candles', async () => {
    const t = [
      '2024-01-01 00:00:00',
      '2024-01-01 00:20:00',
      '2024-01-01 00:40:00',
      '2024-01-01 01:10:00',
    ];
    const { rows } = await build(relation({ t, p: [5, 9, 3, 4] }), {
      mark: 'candlestick',
      x: 't',
      y: ['p'],
      every: '1h',
    });
    expect(rows[0]).toMatchObject({ open: 5, y: 9, low: 3, close: 3, change: 'down' });
    expect(rows).toHaveLength(2);
  });
});

describe('what is chosen', () => {
  test.each([
    ['stocks.csv', 'line', 'date', ['price']],
    ['seattle-weather.csv', 'line', 'date', ['precipitation']],
    ['cars.json', 'line', 'Year', ['Miles_per_Gallon']],
    ['penguins.json', 'box', 'Species', ['Beak Length (mm)']],
  ] as const)('%s without columns is drawn as a %s', async (name, mark, x, ys) => {
    const { scene, notes } = await build(dataset(name), {});
    expect([scene.mark, scene.x?.name, scene.ys.map((field) => field.name)]).toEqual([mark, x, ys]);
    expect(notes.join(' ')).toContain('no columns named');
  });

  test('wall-clock time of a zone moves the points', async () => {
    const columns = { t: ['2024-07-01 12:00:00', '2024-12-01 12:00:00'], v: [1, 2] };
    const { rows } = await build(relation(columns), {
      mark: 'line',
      x: 't',
      y: ['v'],
      zone: 'Europe/Rome',
    });
    expect(rows.map((row) => row['x'])).toEqual([
      Date.UTC(2024, 6, 1, 14),
      Date.UTC(2024, 11, 1, 13),
    ]);
  });
});
