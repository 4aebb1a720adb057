/** Lines of many points, which Vega does not see, are drawn exactly as it would draw them. */
import { expect, test } from 'vitest';
import { pngOf } from '../../src/render/output/raster.ts';
import { panelsOf } from '../../src/render/panels.ts';
import { drawScene } from '../../src/render/picture.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { resolveScene } from '../../src/render/resolve.ts';
import { relation } from './relations.ts';

const ROWS = 3000;
const numbers = <T>(of: (i: number) => T): T[] => Array.from({ length: ROWS }, (_, i) => of(i));

/** Gaps, lone points, repeated and unsorted x, zeros and negatives, uneven categories. */
const source = relation({
  n: numbers((i) => i / 7),
  t: numbers(
    (i) =>
      `2024-03-${String(30 + Math.floor(i / 1500)).padStart(2, '0')}T00:${String(
        Math.floor((i % 1500) / 60),
      ).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}.25Z`,
  ),
  jumps: numbers((i) => (i * 7919) % 501),
  v: numbers((i) =>
    i % 97 === 0 || (i > 800 && i < 815 && i % 2 === 0) ? null : i * Math.sin(i / 50),
  ),
  w: numbers((i) => (i % 13 === 0 ? 0 : 10 ** (i % 5))),
  k: numbers((i) => (i % 10 === 0 ? 'rare' : `k${i % 3}`)),
  many: numbers((i) => `m${i % 30}`),
});

const CASES: Readonly<Record<string, Partial<PlotRequest>>> = {
  'one line with gaps and lone points': { x: 'n', y: ['v'] },
  'times with fractions of a second': { x: 't', y: ['v'] },
  'rows out of order': { x: 'jumps', y: ['w'] },
  'a colour for each category': { x: 'n', y: ['v'], color: 'k' },
  'more categories than colours': { x: 'n', y: ['v'], color: 'many' },
  'small multiples': { x: 'n', y: ['v', 'w'], facet: 'k' },
  'lines of one colour': { x: 'n', y: ['v'], by: 'k' },
  'panels above each other': { x: 'n', y: ['v', 'w'], panels: true },
  'a logarithmic axis over zeros': { x: 'n', y: ['w'], yScale: 'log' },
  'a piece of both axes': { x: 'n', y: ['v'], xRange: [100, 200], yRange: [-100, 900] },
  'reference lines and a title': {
    x: 'n',
    y: ['v'],
    title: 'All of it',
    theme: 'dark',
    xLines: [{ value: 200, label: 'here' }],
    yLines: [{ value: 5000, label: undefined }],
  },
};

async function png(request: Partial<PlotRequest>, isDescribed: boolean): Promise<Buffer> {
  const probeGl = async () => {
    throw new Error('no chart here counts points');
  };
  const size = { width: 360, height: 220, mark: 'line' } as const;
  const whole: PlotRequest = { ...DEFAULT_REQUEST, ...size, ...request };
  const scene = await resolveScene(source, whole, { note: () => {}, detail: () => {}, probeGl });
  const medium = { image: () => undefined, isDescribed };
  return pngOf((await drawScene(scene, await panelsOf(scene), medium)).view, 1);
}

test.each(Object.entries(CASES))('to the byte: %s', async (_, request) => {
  expect(await png(request, false)).toEqual(await png(request, true));
});
