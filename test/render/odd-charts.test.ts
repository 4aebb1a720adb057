/** Charts of data that is one point, one value, very large, very many or very long. */
import type { View } from 'vega';
import { expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { panelsOf } from '../../src/render/panels.ts';
import { drawScene } from '../../src/render/picture.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { resolveScene } from '../../src/render/resolve.ts';
import { relation } from './relations.ts';

type Source = ReturnType<typeof relation>;

async function viewOf(source: Source, request: Partial<PlotRequest>): Promise<View> {
  const probeGl = async () => {
    throw new Error('no chart here counts points');
  };
  const scene = await resolveScene(
    source,
    { ...DEFAULT_REQUEST, width: 520, height: 340, ...request },
    { note: () => {}, detail: () => {}, probeGl },
  );
  const medium = { image: () => undefined, isDescribed: false };
  return (await drawScene(scene, await panelsOf(scene), medium)).view;
}

interface Item {
  readonly items?: readonly Item[];
  readonly role?: string;
  readonly text?: string | readonly string[];
  readonly opacity?: number;
  readonly bounds: { x1: number; y1: number; x2: number; y2: number };
  readonly mark?: { readonly role?: string; readonly marktype?: string };
}

const itemsOf = (view: View): Item[] => {
  const found: Item[] = [];
  const walk = (item: Item): void => {
    found.push(item);
    for (const each of item.items ?? []) walk(each);
  };
  walk((view.scenegraph() as unknown as { root: Item }).root);
  return found;
};

const texts = (view: View, role: string): string[] =>
  itemsOf(view)
    .filter((item) => item.mark?.role === role && item.opacity !== 0)
    .flatMap(({ text }) => text ?? []);

const height = (view: View): number => Number(view.signal('height'));

test('names longer than their labels take no more room than the labels do', async () => {
  const long = 'A category with a name that goes on and on and on for ever';
  const chart = (name: string) =>
    viewOf(relation({ k: [name, 'another long name here', 'x'], v: [5, 3, 2] }), {
      mark: 'bar',
      x: 'k',
      y: ['v'],
    });
  const [once, tenTimes] = [await chart(long), await chart(long.repeat(10))];
  expect(height(tenTimes)).toBe(height(once));
  expect(height(once)).toBeGreaterThan(340 / 2);
});

test('a long title is broken into lines and leaves the chart its width', async () => {
  const source = relation({ x: [1, 2, 3], y: [1, 4, 9] });
  const request = { x: 'x', y: ['y'], mark: 'line' } as const;
  const title = 'A title that is much too long for a picture of this width '.repeat(3).trim();
  const [plain, titled] = [
    await viewOf(source, request),
    await viewOf(source, { ...request, title }),
  ];
  expect(titled.signal('width')).toBe(plain.signal('width'));
  expect(texts(titled, 'title-text')).toHaveLength(3);
});

test('forty names in a narrow picture stand upright and apart', async () => {
  const names = Array.from({ length: 60 }, (_, i) => `category ${i}`);
  const view = await viewOf(relation({ k: names, v: names.map((_, i) => i) }), {
    mark: 'bar',
    x: 'k',
    y: ['v'],
  });
  const labels = itemsOf(view)
    .filter((item) => item.mark?.role === 'axis-label' && item.opacity !== 0)
    .filter(({ text }) => String(text).startsWith('category'));
  expect(labels.length).toBeGreaterThanOrEqual(20);
  labels.slice(1).forEach((label, i) => {
    expect(label.bounds.x1).toBeGreaterThanOrEqual((labels[i]?.bounds.x2 ?? 0) - 0.5);
  });
});

test('a point of a line without neighbours is a dot; other lines have none', async () => {
  const dots = async (y: readonly (number | null)[]): Promise<number> => {
    const view = await viewOf(relation({ x: y.map((_, i) => i), y }), {
      x: 'x',
      y: ['y'],
      mark: 'line',
    });
    const items = itemsOf(view).filter(({ mark }) => mark?.marktype === 'symbol');
    return items.length;
  };
  expect(await dots([4])).toBe(1);
  expect(await dots([1, null, 3, null, 5, 6])).toBe(2);
  expect(await dots([null, 2, 3, null])).toBe(0);
});

test('axes of one value, of very large and of very small ones have short labels', async () => {
  const labels = async (values: readonly number[]): Promise<string[]> =>
    texts(
      await viewOf(relation({ x: values.map((_, i) => i), y: values }), {
        x: 'x',
        y: ['y'],
        mark: 'line',
      }),
      'axis-label',
    ).slice(-5);
  for (const values of [[5, 5, 5], [1e15, 1.5e15], [1e-12, -1e-12], [7], [0, 0], [-3, -3]]) {
    for (const label of await labels(values)) expect(label.length).toBeLessThanOrEqual(8);
  }
  // Neighbours are told apart even where that takes digits.
  const near = await labels([1e15, 1e15 + 10]);
  expect(new Set(near).size).toBe(near.length);
});

test('bars that are coloured by what they stand for keep their width and need no legend', async () => {
  const source = relation({ k: ['a', 'b', 'c'], v: [3, 2, 1] });
  const request = { mark: 'bar', x: 'k', y: ['v'] } as const;
  const [plain, coloured] = [
    await viewOf(source, request),
    await viewOf(source, { ...request, color: 'k' }),
  ];
  const widths = (view: View): number[] =>
    itemsOf(view)
      .filter(({ mark }) => mark?.marktype === 'rect')
      .map(({ bounds }) => Math.round(bounds.x2 - bounds.x1));
  expect(widths(coloured)).toEqual(widths(plain));
});

test('characters that the bundled font lacks are named where boxes are drawn', async () => {
  const source = relation({ k: ['北京', 'Köln', 'Αθήνα'], v: [3, 2, 1] });
  const notes = async (format: 'png' | 'svg'): Promise<string[]> => {
    const request = { ...DEFAULT_REQUEST, mark: 'bar', x: 'k', y: ['v'] } as const;
    return [...(await plotRelation(source, request, format, new Reporter())).notes];
  };
  expect((await notes('png')).join()).toContain('the bundled font has no 北 京: boxes');
  expect((await notes('svg')).join()).not.toContain('font');
});

test('hours are those of a day of twenty-four, with minutes too', async () => {
  const at = (hours: number): string => new Date(Date.UTC(2026, 2, 1, hours)).toISOString();
  const labels = async (step: number): Promise<string[]> => {
    const t = [0, 1, 2, 3].map((i) => at(13 + i * step));
    const view = await viewOf(relation({ t, v: [1, 2, 3, 4] }), { x: 't', y: ['v'], mark: 'line' });
    return texts(view, 'axis-label').filter((label) => label.includes(':'));
  };
  for (const found of [await labels(0.5), await labels(2)]) {
    expect(found.length).toBeGreaterThan(2);
    for (const label of found) expect(label).toMatch(/^(1[3-9]):[0-5][05]$/);
  }
});
