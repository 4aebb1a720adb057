/** Sums of doubles that the kernel of groups computes: exact, and rounded once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixed, rounded } from '../compute/exact-fractions.ts';
import { Oracle } from '../sql/oracle.ts';
import { byKernel } from './text-groups.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

let root: string;
let oracle: Oracle;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-exact-sums-'));
  oracle = await Oracle.open();
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await oracle[Symbol.asyncDispose]();
});

/** To the nearest double; beyond the largest by half its last place, infinity. */
function exactSum(values: readonly number[]): number {
  const { values: tops, shift } = fixed(values);
  const top = tops.reduce((sum, value) => sum + value, 0n);
  const most = (2n ** 1024n - 2n ** 970n) << shift;
  if (top >= most) return Number.POSITIVE_INFINITY;
  return top <= -most ? Number.NEGATIVE_INFINITY : rounded(top, 1n << shift);
}

const LARGE = [1.7976931348623157e308, -1.7976931348623157e308, 1e308, -1e308, 5e-324, -5e-324];
const values = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -99_999, max: 99_999 }).map((n) => n / 1000),
  fc.constantFrom(...LARGE),
);
const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), values), {
  minLength: 1,
  maxLength: 400,
});

test(`are the exact ones, however a text is cut (seed ${seed})`, async () => {
  const file = path.join(root, 'sums.csv');
  const sql = 'select g, sum(x), count(*) from t group by g order by g';
  const property = fc.asyncProperty(rows, fc.integer({ min: 1, max: 3 }), async (all, threads) => {
    writeFileSync(file, `g,x\n${all.map(([g, x]) => `${g},${x}\n`).join('')}`);
    const read = { types: { x: 'Float64' } } as const;
    const cut = { stretch: 512, block: 256 };
    const found = await byKernel(file, sql, { threads, cut, read });
    const groups = [0, 1, 2, 3].flatMap((g) => {
      const members = all.filter(([group]) => group === g).map(([, x]) => x);
      return members.length === 0 ? [] : [[String(g), exactSum(members), String(members.length)]];
    });
    expect(found?.rows.map(([g, sum, n]) => [String(g), Number(sum) + 0, String(n)])).toEqual(
      groups,
    );
  });
  await fc.assert(property, { seed, numRuns: 30, endOnFailure: true });
});

test('of Parquet pages, too: dictionaries, infinities and what overflows in between', async () => {
  const sums: readonly (readonly [string, number])[] = [
    ['1e308, 1e308, -1e308', 1e308],
    ['1e308, 1e308', Number.POSITIVE_INFINITY],
    ["1, 'inf', 2", Number.POSITIVE_INFINITY],
    ["1, 'inf', '-inf'", Number.NaN],
    ["1, 'nan'", Number.NaN],
    ['1e16, 1, 1, -1e16', 2],
    ['1, 1e100, 1e-300, -1e100, -1e-300', 1],
    ['0.1, 0.2, 0.3', 0.6],
  ];
  const rowsOf = sums.flatMap(([list], k) => list.split(', ').map((x) => `(${k}, ${x}::double)`));
  await oracle.table('sums', `select * from (values ${rowsOf.join(', ')}) v(k, x)`);
  // Often enough for a dictionary.
  const often = 'select k + 8 * i k, x from sums, range(50) r(i)';
  await oracle.table('dictionaries', often);
  for (const [table, times] of [
    ['sums', 1],
    ['dictionaries', 50],
  ] as const) {
    const query = await oracle.compile(
      `select k, sum(x), avg(x) from ${table} group by k order by k`,
    );
    expect(query.explain()).toContain('Parquet pages');
    expect((await query.prepare()).length).toBe(0);
    const found = query.run().rows() as [number, number, number][];
    const wanted = Array.from({ length: times }, () => sums.map(([, sum]) => sum)).flat();
    expect(found.map(([, sum]) => sum)).toEqual(wanted);
    // The mean of doubles is none of those that are too large.
    expect(found[1]?.[2]).toBe(1e308);
    expect(found[2]?.[2]).toBe(Number.POSITIVE_INFINITY);
    expect(found[3]?.[2]).toBeNaN();
  }
});
