/** Plots of the bytes of a text: the same values, and the same picture, as by Polars. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isForPolars } from '../../src/compute/groups/refusal.ts';
import { collect } from '../../src/compute/polars.ts';
import type { Relation, TextSource } from '../../src/compute/relation.ts';
import { TextColumns } from '../../src/compute/text/columns.ts';
import { plot, plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { NairobiError } from '../../src/errors.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { LATE, lately, open, row, trials } from './text-groups.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-plot-blocks-'));
});
afterAll(() => rmSync(root, { recursive: true }));

type Values = readonly (readonly unknown[])[];

/** Undefined where the kernel leaves it to Polars. */
async function byKernel(source: TextSource, names: readonly string[]): Promise<Values | undefined> {
  const values: unknown[][] = names.map(() => []);
  try {
    const frames = new TextColumns(source).frames(names);
    if (frames === undefined) return undefined;
    for await (const block of frames) {
      const frame = collect(block);
      for (const [at, name] of names.entries())
        values[at]?.push(...frame.getColumn(name).toArray());
    }
    return values;
  } catch (error) {
    if (isForPolars(error)) return undefined;
    throw error;
  }
}

test(`random texts have the values Polars reads, whatever the stretches (seed ${seed})`, async () => {
  const file = path.join(root, 'random.csv');
  let taken = 0;
  const property = fc.asyncProperty(trials(300), fc.nat(2), async ({ text, cut }, threads) => {
    writeFileSync(file, text);
    using session = open('mmap', {});
    const relation = session.open({ name: 't', path: file });
    const source = relation.textSource();
    if (source === undefined) return;
    const names = relation.columns.map(({ name }) => name);
    const wanted = names.filter((_, at) => (cut.block >> at) % 2 === 0);
    const small = { ...source, threads: threads + 1, cut: { ...cut, stretch: cut.stretch >> 3 } };
    const found = await byKernel(small, wanted);
    if (found === undefined || wanted.length === 0) return;
    const frame = collect(relation.scan(wanted));
    expect(await relation.verify()).toBe(true);
    taken += 1;
    for (const [at, name] of wanted.entries())
      expect(found[at]).toEqual(frame.getColumn(name).toArray());
  });
  const numRuns = full ? 100 : 20;
  await fc.assert(property, { seed, numRuns, endOnFailure: true });
  expect(taken).toBeGreaterThan(numRuns / 4);
});

/** Times in disorder now and then, nulls, zeros of both signs, infinities of neither. */
function measured(rows: number): string {
  const lines = Array.from({ length: rows }, (_, n) => {
    const second = n % 997 === 0 ? n + 40 : n;
    const time = new Date(Date.UTC(2024, 0, 1) + second * 30_000).toISOString().slice(0, 19);
    const wave = Math.sin(n / 9000) * 20;
    const x = n % 53 === 0 ? '' : n % 101 === 0 ? '-0.0' : wave.toFixed(3);
    const y = n % 211 === 0 ? '' : `${(n * 7919) % 1000}`;
    const site = n % 5 === 0 ? `"a ""long"" name, of site ${n % 3}"` : `s${n % 4}`;
    return `${time},${time}+02:00,${x},${y},${site},${n % 3 === 0}`;
  });
  return `t,z,x,y,site,ok\n${lines.join('\n')}\n`;
}

const SMALL: PlotRequest = { ...DEFAULT_REQUEST, width: 300, height: 200 };

const CHARTS: Readonly<Record<string, Partial<PlotRequest>>> = {
  points: { mark: 'point', x: 'x', y: ['y'] },
  'points by colour': { mark: 'point', x: 'x', y: ['y'], color: 'site' },
  'counted points over zoned times': { mark: 'point', x: 'z', y: ['x'], reduce: 'density' },
  'a line': { mark: 'line', x: 't', y: ['x'] },
  'lines by a truth value': { mark: 'line', x: 't', y: ['x'], color: 'ok' },
  'means by the hour': { mark: 'line', x: 'z', y: ['y'], agg: 'mean', every: '1h', band: 'stdev' },
  'an area': { mark: 'area', x: 't', y: ['x'] },
  bars: { mark: 'bar', x: 'site', y: ['y'] },
  'counted bars': { mark: 'bar', x: 'site' },
  'a histogram': { mark: 'histogram', x: 'x' },
  'a histogram of whole numbers, by facet': { mark: 'histogram', x: 'y', facet: 'ok' },
  boxes: { mark: 'box', x: 'site', y: ['x'] },
  'a density': { mark: 'density', x: 'x' },
  'an automatic chart': {},
};

describe('the picture is the same to the byte', () => {
  const file = (): string => path.join(root, 'measured.csv');
  // Sixteen stretches and more; the longer one is for whoever has the time.
  beforeAll(() => writeFileSync(file(), measured(full ? 60_000 : 20_000)));

  test.each(Object.entries(CHARTS))('%s', async (_, chart) => {
    using session = open('mmap', {});
    const relation = session.open({ name: 't', path: file() });
    const source = relation.textSource();
    expect(source).toBeDefined();
    if (source === undefined) return;
    const cut = { stretch: 2 ** 16, block: 2 ** 16 };
    const columns = new TextColumns({ ...source, threads: 2, cut });
    const whole: Relation = {
      name: 't',
      columns: relation.columns,
      fits: true,
      scan: (names) => relation.scan(names),
      segments: (names, use) => relation.segments(names, use),
    };
    const inBlocks: Relation = {
      ...whole,
      scan: (names) => {
        // Quartiles that are exact need all values at once.
        if (chart.mark !== 'box') throw new Error('Polars was asked');
        return relation.scan(names);
      },
      blocks: (names) => columns.frames(names),
    };
    const draw = (from: Relation) =>
      plotRelation(from, { ...SMALL, ...chart }, 'png', new Reporter());
    const [one, other] = [await draw(whole), await draw(inBlocks)];
    expect(other.notes).toEqual(one.notes);
    expect(other.bytes.equals(one.bytes)).toBe(true);
  });
});

/** As the program draws it: the bytes and the notes, or the message and the line of its error. */
async function drawn(file: string, io: 'mmap' | 'uring'): Promise<unknown> {
  const host = { memoryLimit: undefined, threads: undefined, cpus: undefined, direct: 'auto', io };
  const request: PlotRequest = { ...SMALL, mark: 'histogram', x: 'i' };
  const options = {
    source: { path: file },
    ...{ spec: undefined, allowed: { files: [], addresses: [] }, format: 'png', host, request },
    read: { inferRows: 100 },
  };
  try {
    const { bytes, notes } = await plot(options as never, new Reporter());
    return { bytes: bytes.toString('base64'), notes };
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    return `${error.message} ${error.where?.line}`;
  }
}

test.each(Object.entries(LATE))('as elsewhere, however late: %s', async (_, late) => {
  const file = path.join(root, 'late.csv');
  writeFileSync(file, lately('k,i,f,b', row, late));
  expect(await drawn(file, 'mmap')).toEqual(await drawn(file, 'uring'));
});
