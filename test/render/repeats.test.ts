import { describe, expect, test } from 'vitest';
import type { Row, Spec } from '../../src/render/chart.ts';
import { panelsOf } from '../../src/render/panels.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { resolveScene } from '../../src/render/resolve.ts';
import { dataset, relation } from './relations.ts';

async function build(source: ReturnType<typeof relation>, request: Partial<PlotRequest>) {
  const notes: string[] = [];
  const scene = await resolveScene(
    source,
    { ...DEFAULT_REQUEST, ...request },
    {
      note: (text) => notes.push(text),
      detail: () => {},
      probeGl: () => Promise.resolve({ works: false, reason: 'test' }),
    },
  );
  const panels = await panelsOf(scene);
  const [panel] = panels;
  return { scene, panels, rows: panel?.rows ?? [], layer: panel?.layers[0] as Spec, notes };
}

const axisOf = (layer: Spec, channel: 'x' | 'y'): Spec =>
  (layer['encoding'] as Record<string, Spec>)[channel]?.['axis'] as Spec;

/** Twelve series of the values 1 to 12 at three places. */
const MANY = relation({
  x: Array.from({ length: 36 }, (_, i) => Math.floor(i / 12)),
  y: Array.from({ length: 36 }, (_, i) => (i % 12) + 1),
  k: Array.from({ length: 36 }, (_, i) => `k${String(i % 12).padStart(2, '0')}`),
});

describe('several rows at one x', () => {
  test('are a line for each category where that tells them apart', async () => {
    const { scene, notes } = await build(dataset('stocks.csv'), {});
    expect(scene.color?.name).toBe('symbol');
    expect(notes.join(' ')).toContain('one line for each "symbol"');
  });

  test('are their mean where no category does', async () => {
    const { rows, notes } = await build(dataset('cars.json'), { y: ['Miles_per_Gallon'] });
    expect(rows).toHaveLength(12);
    expect(notes.join(' ')).toContain('drawing their mean');
  });

  test('are drawn as asked when x was named, with a hint', async () => {
    const { scene, rows, notes } = await build(dataset('stocks.csv'), { x: 'date', y: ['price'] });
    expect(scene.color).toBeUndefined();
    expect(rows).toHaveLength(560);
    expect(notes.join(' ')).toContain('--color COLUMN splits them');
  });

  test('say nothing where there are none', async () => {
    const { notes } = await build(dataset('sp500.csv'), { x: 'date', y: ['price'] });
    expect(notes.join(' ')).not.toContain('several rows');
  });
});

describe('what is folded into "other"', () => {
  const sumAt = (rows: readonly Row[], x: number): number =>
    rows.filter((row) => row['x'] === x).reduce((sum, row) => sum + Number(row['y']), 0);

  test('is one layer of a stack, the sum of its categories', async () => {
    for (const agg of [undefined, 'mean'] as const) {
      const { rows } = await build(MANY, { mark: 'area', x: 'x', y: ['y'], color: 'k', agg });
      expect(rows).toHaveLength(30);
      for (const x of [0, 1, 2]) expect(sumAt(rows, x)).toBe(78);
    }
  });

  test('is as many lines of one colour, beneath the others', async () => {
    const { rows, layer } = await build(MANY, { mark: 'line', x: 'x', y: ['y'], color: 'k' });
    const others = rows.filter((row) => row['color'] === 'other');
    expect(new Set(others.map((row) => row['by'])).size).toBe(3);
    expect(rows.slice(0, others.length)).toEqual(others);
    expect(layer['encoding']).toHaveProperty('detail');
  });
});

describe('axes', () => {
  test('show years without a comma, and sums of such numbers with one', async () => {
    const years = relation({ year: Int32Array.of(1990, 1995, 2005), v: [1, 2, 3] });
    const { layer } = await build(years, { mark: 'point', x: 'year', y: ['v'] });
    expect(axisOf(layer, 'x')['format']).toBe('~f');
    expect(axisOf(layer, 'y')).not.toHaveProperty('format');
    const sums = await build(years, { mark: 'line', x: 'v', y: ['year'], agg: 'sum' });
    expect(axisOf(sums.layer, 'y')).not.toHaveProperty('format');
  });

  test('of panels have ticks for their own height', async () => {
    const three = relation({ x: [1, 2], a: [1, 2], b: [1, 2], c: [1, 2] });
    const ticks = async (panels: boolean): Promise<unknown> => {
      const { layer } = await build(three, { mark: 'line', x: 'x', y: ['a', 'b', 'c'], panels });
      return axisOf(layer, 'y')['tickCount'];
    };
    expect(await ticks(false)).toBe(11);
    expect(await ticks(true)).toBe(4);
  });

  test('do not cut the points at their ends, unless the range was asked for', async () => {
    const points = relation({ x: [0, 10], y: [0, 10] });
    const clip = async (request: Partial<PlotRequest>): Promise<unknown> => {
      const { layer } = await build(points, { mark: 'point', x: 'x', y: ['y'], ...request });
      return (layer['mark'] as Spec)['clip'];
    };
    expect(await clip({})).toBe(false);
    expect(await clip({ xRange: [2, 8] })).toBe(true);
  });
});
