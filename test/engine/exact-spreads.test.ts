/** Variances and standard deviations: exact from the kernel, near that from Polars. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixed, rooted, rounded } from '../compute/exact-fractions.ts';
import { Oracle } from '../sql/oracle.ts';
import { ask, gzipped, KEPT } from './segments-model.ts';
import { answer, byKernel } from './text-groups.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const isFull = process.env['NAIROBI_TEST_FULL'] === '1';

let root: string;
let oracle: Oracle;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-exact-spreads-'));
  oracle = await Oracle.open();
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await oracle[Symbol.asyncDispose]();
});

const FIGURES = ['stddev_samp', 'stddev_pop', 'var_samp', 'var_pop', 'sem'] as const;
const LIST = FIGURES.map((name) => `${name}(x) ${name}`).join(', ');

/** By exact arithmetic; what is beyond the largest double is infinite. */
function exact(values: readonly number[]): (number | null)[] {
  const { values: tops, shift } = fixed(values);
  const n = BigInt(values.length);
  const sum = tops.reduce((all, top) => all + top, 0n);
  const squares = tops.reduce((all, top) => all + top * top, 0n);
  const top = n * squares - sum * sum;
  const unit = 1n << (2n * shift);
  return FIGURES.map((name) => {
    const isSample = name.endsWith('samp');
    if (values.length < (isSample ? 2 : 1)) return null;
    const bottom = unit * n * (isSample ? n - 1n : n);
    if (name === 'sem') return rooted(top, bottom * n);
    return name.startsWith('var') ? rounded(top, bottom) : rooted(top, bottom);
  });
}

const LARGE = [1.7976931348623157e308, -1.7976931348623157e308, 1e308, -1e308, 5e-324, -5e-324];
const values = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: 1e9, max: 1e9 + 1, noNaN: true }),
  fc.integer({ min: -99_999, max: 99_999 }).map((n) => n / 1000),
  fc.constantFrom(...LARGE),
);
/** Of one size in a group, or of any. */
const group = fc
  .tuple(fc.array(values, { minLength: 1, maxLength: 60 }), fc.constantFrom(0, 0, -900, 600))
  .map(([all, power]) =>
    power === 0 ? all : all.map((x) => (Math.abs(x) < 1e15 ? x : 1) * 2 ** power),
  );
const groups = fc.array(group, { minLength: 1, maxLength: 4 });

const textOf = (all: readonly (readonly number[])[]): string =>
  `g,x\n${all.flatMap((members, g) => members.map((x) => `${g},${x}\n`)).join('')}`;
const sql = `select g, ${LIST} from t group by g order by g`;
const read = { types: { x: 'Float64' } } as const;
const figuresOf = (rows: readonly (readonly unknown[])[] | undefined): (number | null)[][] =>
  (rows ?? []).map(([, ...row]) => row.map((cell) => (cell === null ? null : Number(cell))));

test(`are the exact ones, however a text is cut (seed ${seed})`, async () => {
  const file = path.join(root, 'spreads.csv');
  const property = fc.asyncProperty(
    groups,
    fc.integer({ min: 1, max: 3 }),
    async (all, threads) => {
      writeFileSync(file, textOf(all));
      const found = await byKernel(file, sql, { threads, cut: { stretch: 512, block: 256 }, read });
      expect(figuresOf(found?.rows)).toEqual(all.map(exact));
    },
  );
  await fc.assert(property, { seed, numRuns: isFull ? 1000 : 25, endOnFailure: true });
});

/** The kernel has none of it, or some of what passes: NaN is for Polars, in a group of its own. */
const WAYS = ['file', 'filter', 'some'] as const;
const SEGMENTS = { ...KEPT, segmentBytes: 1024 };

async function asked(way: (typeof WAYS)[number], all: readonly (readonly number[])[]) {
  const text = textOf(all);
  if (way === 'file') {
    const file = path.join(root, 'polars.csv');
    writeFileSync(file, text);
    const found = await answer(file, sql, 'uring', read);
    return typeof found === 'string' ? [] : figuresOf(found.rows);
  }
  const filtered = sql.replace(' from', ', count(*) filter (where x is null) nulls from');
  const lines = text.split('\n');
  const some = lines.toSpliced(Math.ceil(lines.length / 2), 0, '9,NaN').join('\n');
  const content = gzipped(way === 'some' ? some : text);
  const { rows = '' } = await ask(way === 'filter' ? filtered : sql, content, SEGMENTS, read);
  const cells = rows
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').slice(0, 6));
  return figuresOf(
    cells.map((row) => row.map((cell) => (cell === '' ? null : cell.replace('inf', 'Infinity')))),
  );
}

/** Polars rounds at every step: what is left of a deviation is as exact as the largest value. */
function expectNear(found: number | null, wanted: number | null, largest: number): void {
  if (found === wanted) return;
  expect(Math.abs((found ?? Number.NaN) - (wanted ?? Number.NaN))).toBeLessThanOrEqual(
    1e-9 * (wanted ?? 0) + 1e-13 * largest,
  );
}

test(`are right by Polars, and by both together, at any size (seed ${seed})`, async () => {
  const property = fc.asyncProperty(groups, fc.constantFrom(...WAYS), async (all, way) => {
    const found = await asked(way, all);
    expect(found.length).toBe(way === 'some' ? all.length + 1 : all.length);
    for (const [g, members] of all.entries()) {
      const largest = members.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      for (const [index, wanted] of exact(members).entries()) {
        const value = found[g]?.[index] ?? null;
        const isVariance = FIGURES[index]?.startsWith('var') === true;
        if (!isVariance) expectNear(value, wanted, largest);
        else if (value === null || wanted === null) expect(value).toBe(wanted);
        else expectNear(Math.sqrt(value), Math.sqrt(wanted), largest);
      }
    }
  });
  await fc.assert(property, { seed, numRuns: isFull ? 300 : 4, endOnFailure: true });
});

test('of Parquet pages: dictionaries, integers, what is not finite, what is too much', async () => {
  const all: readonly (readonly [string, number | null])[] = [
    ['1e308, -1e308', 1.4142135623730951e308],
    ['1e-300, 3e-300', 1.4142135623730952e-300],
    ['5', null],
    ["1, 'inf'", Number.NaN],
    ["1, 'nan', 2", Number.NaN],
    ['1, 2, 3, 4', 1.2909944487358056],
    ['1e16, 1e16 + 2, 1e16 + 4', 2],
    ['NULL', null],
  ];
  const rowsOf = all.flatMap(([list], k) => list.split(', ').map((x) => `(${k}, ${x}::double)`));
  await oracle.table(
    'spreads',
    `select k, x, (x = 5)::integer * 7 + k i from (values ${rowsOf.join(', ')}) v(k, x)`,
  );
  await oracle.table('often', 'select k + 8 * r.i k, x, s.i from spreads s, range(50) r(i)');
  for (const [table, times] of [
    ['spreads', 1],
    ['often', 50],
  ] as const) {
    const query = await oracle.compile(
      `select k, stddev(x), var_pop(i), avg(i), sum(x) from ${table} group by k order by k`,
    );
    expect(query.explain()).toContain('Parquet pages');
    expect((await query.prepare()).length).toBe(0);
    const found = query.run().rows() as [number, number, number, number][];
    const wanted = Array.from({ length: times }, () => all.map(([, spread]) => spread)).flat();
    expect(found.map(([, spread]) => spread)).toEqual(wanted);
    expect(found.slice(0, 8).map(([, , spread]) => spread)).toEqual([0, 0, 0, 0, 0, 0, 0, null]);
    expect(found.slice(0, 4).map(([, , , mean]) => mean)).toEqual([0, 1, 9, 3]);
  }
});
