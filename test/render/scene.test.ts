import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { panelsOf } from '../../src/render/panels.ts';
import { drawScene } from '../../src/render/picture.ts';
import { DEFAULT_REQUEST, MARKS, type Mark, type PlotRequest } from '../../src/render/request.ts';
import { resolveScene } from '../../src/render/resolve.ts';
import { vegaModules } from '../../src/render/vega.ts';
import { relation } from './relations.ts';

const DAYS = 12;
const numbers = (of: (i: number) => number): number[] =>
  Array.from({ length: DAYS }, (_, i) => of(i));

const weather = relation({
  t: numbers((i) => i),
  day: numbers((i) => i).map((i) => `2024-03-${String(i + 1).padStart(2, '0')}`),
  v: numbers((i) => Math.round(100 * Math.sin(i / 2)) / 10),
  w: numbers((i) => (i * i) % 11),
  k: numbers((i) => i).map((i) => 'abc'[i % 3] ?? ''),
  open: numbers((i) => 10 + (i % 4)),
  high: numbers((i) => 15 + (i % 3)),
  low: numbers((i) => 8 - (i % 2)),
  close: numbers((i) => 11 + ((i * 3) % 4)),
});

/** The columns each mark takes. */
const COLUMNS: Readonly<Record<Mark, Partial<PlotRequest>>> = {
  line: { x: 'day', y: ['v'], color: 'k' },
  area: { x: 't', y: ['w'], color: 'k', agg: 'sum' },
  point: { x: 'v', y: ['w'], color: 'k' },
  bar: { x: 'k', y: ['w'] },
  histogram: { x: 'w' },
  heatmap: { x: 'v', y: ['w'], bins: 4 },
  density: { x: 'v' },
  box: { x: 'k', y: ['w'] },
  violin: { x: 'k', y: ['w'] },
  strip: { x: 'k', y: ['w'], seed: 7 },
  ecdf: { x: 'v' },
  qq: { x: 'v' },
  candlestick: { x: 'day', y: [] },
  calendar: { x: 'day', y: ['w'] },
};

/** What Vega would draw: items with their places, colours and texts, to a thousandth of a pixel. */
async function sceneOf(request: Partial<PlotRequest>): Promise<string> {
  const tools = { note: () => {}, detail: () => {}, probeGl: async () => never() };
  const scene = await resolveScene(
    weather,
    { ...DEFAULT_REQUEST, width: 240, height: 160, ...request },
    tools,
  );
  const image = (rgba: Uint8ClampedArray, width: number, height: number): unknown =>
    `${width} x ${height} ${createHash('sha256').update(rgba).digest('hex')}`;
  const { view } = await drawScene(scene, await panelsOf(scene), {
    image,
    isDescribed: true,
  });
  const { vega } = await vegaModules();
  const { sceneToJSON } = vega as unknown as { sceneToJSON(scene: unknown): string };
  const { root } = view.scenegraph() as unknown as { root: unknown };
  const short = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
  return lines(JSON.parse(JSON.stringify(JSON.parse(sceneToJSON(root)), short)));
}

const never = (): never => {
  throw new Error('a small picture asks for no GPU');
};

/** One line for each item, so that a change can be read; paths are kept by their hash. */
function lines(node: unknown, indent = ''): string {
  if (node === null || typeof node !== 'object') return '';
  const { items, path, ...own } = node as {
    items?: readonly unknown[];
    path?: string;
    [key: string]: unknown;
  };
  const shown =
    path === undefined || path.length < 80 ? { ...own, path } : { ...own, path: hashOf(path) };
  const inner = (items ?? []).map((item) => lines(item, `${indent} `));
  const rest = inner.splice(MAX_ITEMS).join('');
  if (rest !== '') inner.push(`${indent} and more: ${hashOf(rest)}\n`);
  return `${indent}${JSON.stringify(shown)}\n${inner.join('')}`;
}

const MAX_ITEMS = 40;

const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);

test.each(MARKS)('the scene of a %s', async (mark) => {
  const scene = await sceneOf({ mark, y: [], ...COLUMNS[mark] });
  await expect(scene).toMatchFileSnapshot(`../golden/plot/scene/${mark}.txt`);
});

test('the scene of counted points and lines', async () => {
  const points = await sceneOf({
    mark: 'point',
    x: 'v',
    y: ['w'],
    reduce: 'density',
    pointSize: 3,
  });
  const line = await sceneOf({ mark: 'line', x: 't', y: ['v'], by: 'k', reduce: 'density' });
  await expect(points + line).toMatchFileSnapshot('../golden/plot/scene/counted.txt');
});
