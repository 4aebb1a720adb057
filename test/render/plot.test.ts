import { describe, expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { NairobiError } from '../../src/errors.ts';
import type { ChartFormat } from '../../src/render/output/encode.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { dataset, relation } from './relations.ts';

const draw = (
  source: ReturnType<typeof relation>,
  request: Partial<PlotRequest>,
  format: ChartFormat = 'png',
) => plotRelation(source, { ...DEFAULT_REQUEST, ...request }, format, new Reporter());

/** Width and height from a PNG's header. */
const sizeOf = (png: Buffer) => [png.readUInt32BE(16), png.readUInt32BE(20)];

describe('plot', () => {
  test('a line over a date column has exactly the pixels asked for', async () => {
    const { bytes, mark } = await draw(dataset('stocks.csv'), {
      x: 'date',
      y: ['price'],
      color: 'symbol',
      width: 640,
      height: 360,
      scale: 2,
    });
    expect(mark).toBe('line');
    expect(sizeOf(bytes)).toEqual([1280, 720]);
  });

  test.each([
    ['point', { x: 'Horsepower', y: ['Miles_per_Gallon'], color: 'Origin' }],
    ['bar', { x: 'Origin', y: ['Horsepower'] }],
    ['histogram', { x: 'Horsepower', y: [] }],
  ] as const)('a %s chart of the cars has exactly the pixels asked for', async (mark, request) => {
    const { bytes } = await draw(dataset('cars.json'), { mark, ...request });
    expect(sizeOf(bytes)).toEqual([800, 500]);
  });

  test('a chart is the same beside one for the terminal, and after one that failed', async () => {
    const cars = (format: ChartFormat, x = 'Origin') =>
      draw(dataset('cars.json'), { x, y: ['Horsepower'] }, format);
    const [picture, text] = [await cars('svg'), await cars('text')];
    const beside = await Promise.all([cars('text'), cars('svg'), cars('text')]);
    await expect(cars('text', 'nothing')).rejects.toThrow('nothing');
    const after = await cars('svg');
    expect(beside.map(({ bytes }) => bytes.toString())).toEqual(
      [text, picture, text].map(({ bytes }) => bytes.toString()),
    );
    expect(after.bytes.equals(picture.bytes)).toBe(true);
  });

  test('small multiples fill exactly the picture', async () => {
    const { bytes } = await draw(dataset('cars.json'), {
      x: 'Horsepower',
      y: ['Miles_per_Gallon'],
      facet: 'Cylinders',
      width: 701,
      height: 433,
    });
    expect(sizeOf(bytes)).toEqual([701, 433]);
  });

  test('the same chart twice is the same bytes', async () => {
    const once = await draw(dataset('stocks.csv'), { x: 'date', y: ['price'] }, 'svg');
    const twice = await draw(dataset('stocks.csv'), { x: 'date', y: ['price'] }, 'svg');
    expect(twice.bytes.equals(once.bytes)).toBe(true);
  });

  test('lines of many series are counted alike whatever order the rows are in', async () => {
    const n = 30_000;
    const order = Array.from({ length: n }, (_, i) => (i * 7919) % n);
    const rows = (at: readonly number[]) => ({
      t: at.map((i) => i % 100),
      v: at.map((i) => Math.sin(i / 300) * 50 + Math.floor(i / 100)),
      k: at.map((i) => `s${Math.floor(i / 100)}`),
    });
    const sorted = Array.from({ length: n }, (_, i) => i);
    const request = { mark: 'line', x: 't', y: ['v'], by: 'k' } as const;
    const [mixed, tidy] = [rows(order), rows(sorted)];
    const first = await draw(relation(mixed), request);
    const second = await draw(relation(tidy), request);
    expect(first.notes.join()).toContain('300 lines through 30,000 points');
    expect(first.bytes.equals(second.bytes)).toBe(true);
  });

  test('a line in order of x is counted the same in pieces; one that is not needs all rows', async () => {
    const t = Array.from({ length: 5000 }, (_, i) => i);
    const v = t.map((i) => Math.cos(i / 50));
    const request = { mark: 'line', x: 't', y: ['v'], reduce: 'density' } as const;
    const whole = await draw(relation({ t, v }), request);
    const pieces = await draw(relation({ t, v }, 7), request);
    expect(pieces.bytes.equals(whole.bytes)).toBe(true);
    const disorder = draw(relation({ t: t.toReversed(), v }, 7), request);
    await expect(disorder).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
  });

  test('a stack has no hole where one of its series begins later', async () => {
    const source = relation({
      t: [1, 2, 3, 2, 3],
      v: [5, 5, 5, 7, 7],
      k: ['a', 'a', 'a', 'b', 'b'],
    });
    const { bytes } = await draw(source, { mark: 'area', x: 't', y: ['v'], color: 'k' }, 'vl.json');
    const { data, datasets } = JSON.parse(bytes.toString('utf8'));
    const rows: { x: number; y: number; color: string }[] = Object.values(
      datasets ?? { data },
    )[0] as never;
    expect(rows.filter((row) => row.x === 1)).toMatchObject([
      { color: 'a', y: 5 },
      { color: 'b', y: 0 },
    ]);
  });

  test('many points become counts per pixel and no point is lost', async () => {
    const n = 60_000;
    const x = Array.from({ length: n }, (_, i) => Math.sin(i) * 10);
    const y = Array.from({ length: n }, (_, i) => Math.cos(i * 1.7) * 10);
    const { notes, bytes } = await draw(relation({ x, y }), { x: 'x', y: ['y'] });
    expect(notes.join(' ')).toContain('60,000 points → counts on');
    expect(sizeOf(bytes)).toEqual([800, 500]);
  });

  test('infinite values and gaps are counted and left out', async () => {
    const { notes } = await draw(
      relation({ x: [1, 2, 3, 4], y: [1, Number.POSITIVE_INFINITY, null, 4] }),
      { x: 'x', y: ['y'] },
    );
    expect(notes.join('; ')).toContain('"y": 1 infinite, 1 missing values left out');
  });

  test('no rows give a chart that says so', async () => {
    const { bytes, notes } = await draw(
      relation({ x: [1], y: [null as number | null] }),
      { mark: 'line', x: 'x', y: ['y'] },
      'svg',
    );
    expect(notes.join(' ')).toContain('no data');
    expect(bytes.toString()).toContain('no data');
  });

  test('an unknown column is refused with the nearest name', async () => {
    const failed = draw(dataset('stocks.csv'), { x: 'date', y: ['prise'] });
    await expect(failed).rejects.toMatchObject({
      code: 'UNKNOWN_COLUMN',
      hint: 'did you mean "price"?',
    });
  });

  test('text where numbers are needed is refused', async () => {
    const failed = draw(dataset('stocks.csv'), { mark: 'line', x: 'date', y: ['symbol'] });
    await expect(failed).rejects.toBeInstanceOf(NairobiError);
  });

  test('a picture beyond the limits is refused before anything is read', async () => {
    const failed = draw(dataset('stocks.csv'), { width: 40_000, height: 10_000 });
    await expect(failed).rejects.toMatchObject({ code: 'USAGE' });
  });
});
