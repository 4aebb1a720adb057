import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import { type ColumnFigures, figuresOf } from '../../src/compute/stats/figures.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { reference } from './exact-reference.ts';
import { relationOf } from './relations.ts';

type Cells = readonly (number | bigint | null)[];

async function figures(
  values: Cells,
  type = 'Float64',
  rows = values.length,
): Promise<ColumnFigures> {
  const frame = type === 'Float64' ? floats(values) : integers(values, type);
  const [facts] = await survey(relationOf(frame, rows));
  if (facts === undefined) throw new Error('no column came back');
  return figuresOf(facts);
}

function floats(values: Cells): DataFrame {
  const pl = polars();
  return pl.DataFrame([pl.Series('x', values as never, pl.Float64)]);
}

/** Through CSV: a Series made of bigints loses them. */
function integers(values: Cells, type: string): DataFrame {
  const pl = polars();
  const dtypes = { x: pl[type as 'Int64'] };
  return pl
    .readCSV(Buffer.from(`x,y\n${values.map((value) => `${value ?? ''},\n`).join('')}`), { dtypes })
    .select('x');
}

/** NIST's StRD univariate sets NumAcc1 to 4 by their formulas. */
const alternating = (c: number): number[] => {
  const values = [c];
  for (let i = 0; i < 500; i += 1) values.push(c - 0.1, c + 0.1);
  return values;
};

describe('NIST StRD univariate sets', () => {
  it('NumAcc1 has mean 10000002 and standard deviation 1 to the last digit', async () => {
    const { mean, sd } = await figures([10000001, 10000003, 10000002]);
    expect([mean, sd]).toEqual([10000002, 1]);
  });

  it.each([1.2, 1000000.2, 10000000.2])(
    '%d alternating by 0.1 is as exact as its doubles',
    async (c) => {
      const values = alternating(c);
      const { mean, sd } = await figures(values);
      const exact = reference(values);
      expect(mean).toBe(exact.mean);
      expect(Math.abs(Number(sd) / exact.sd - 1)).toBeLessThan(1e-15);
      expect(mean).toBe(c);
      // The certified 0.1 is that of the decimals; a double near c holds c +- 0.1 to 2^-53 c.
      expect(Math.abs(Number(sd) - 0.1)).toBeLessThan(c * 2 ** -52 + 1e-16);
    },
  );
});

/** Relative 1e-12; beside it, for figures that may cancel to nothing, 1e-12 of their scale. */
function expectClose(actual: unknown, exact: number, what: string): void {
  const error = Math.abs(Number(actual) - exact);
  expect(error, `${what}: ${actual} instead of ${exact}`).toBeLessThanOrEqual(
    1e-12 * Math.max(Math.abs(exact), what === 'skewness' || what === 'kurtosis' ? 1 : 0),
  );
}

const magnitude = fc
  .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -250, max: 250 }))
  .map(([x, e]) => x * 10 ** e);
const table = fc.oneof(
  fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 4, maxLength: 300 }),
  fc.array(magnitude, { minLength: 4, maxLength: 300 }),
  fc
    .tuple(
      magnitude,
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 200 }),
    )
    .map(([center, spread]) => spread.map((d) => center * (1 + d * 1e-7))),
);

describe('figures of numbers', () => {
  it('agree with exact rational arithmetic, for huge, tiny and nearly equal values', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (values) => {
        const found = await figures(values);
        const exact = reference(values);
        expect(found.sum).toBe(exact.sum + 0);
        expect(found.mean).toBe(exact.mean + 0);
        if (exact.sd === 0 || exact.variance < 1e-280) return;
        for (const name of ['variance', 'sd', 'skewness', 'kurtosis'] as const) {
          if (Number.isFinite(exact[name])) expectClose(found[name], exact[name], name);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('do not depend on how the rows are cut, to the last bit', async () => {
    const rows = fc.array(fc.option(fc.double(), { freq: 8 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9000 }), async (part, cut) => {
        const values = Array.from({ length: 9001 }, (_, i) => part[(i * i) % part.length] ?? null);
        expect(await figures(values, 'Float64', cut)).toEqual(await figures(values));
      }),
      { numRuns: 25 },
    );
  });

  it('sum integers exactly beyond 64 bits', async () => {
    const most = 2n ** 63n - 1n;
    const found = await figures([most, most, most, null, 1n - most], 'Int64');
    expect(found.sum).toBe(2n * most + 1n);
    expect([found.min, found.max, found.range]).toEqual([1n - most, most, 2n * most - 1n]);
    expect(found.nulls).toBe(1);
  });

  it('keep the spread of neighbouring integers beyond 2^53', async () => {
    const base = 2n ** 60n;
    const found = await figures([base + 1n, base + 2n, base + 3n], 'Int64');
    expect([found.sd, found.variance, found.distinct]).toEqual([1, 1, 3]);
  });

  it('read unsigned 64-bit integers as unsigned', async () => {
    const most = 2n ** 64n - 1n;
    const found = await figures([most, most - 2n, 0n], 'UInt64');
    expect([found.max, found.min, found.negatives]).toEqual([most, 0, 0]);
    expect(found.sum).toBe(2n * most - 2n);
  });

  it('count NaN and infinities apart from the finite values', async () => {
    const found = await figures([1, Number.NaN, 2, Infinity, -Infinity, null, 3, Number.NaN]);
    expect(found).toMatchObject({
      count: 7,
      nulls: 1,
      nan: 2,
      inf: 2,
      min: 1,
      max: 3,
      mean: 2,
      distinct: 6,
    });
  });

  it('say null where there is no value to speak of', async () => {
    const found = await figures([null, null]);
    expect(found).toMatchObject({ count: 0, nulls: 2, min: null, mean: null, sd: null, sum: 0 });
  });

  it('name the order of the rows', async () => {
    const orders = [[1, 2, 3], [1, 2, 2], [3, 2, 1], [2, 2], [1, 3, 2], [1]];
    const names = [];
    for (const values of orders) names.push((await figures(values)).order);
    expect(names).toEqual([
      'strictly ascending',
      'ascending',
      'strictly descending',
      'constant',
      'unsorted',
      null,
    ]);
  });
});

describe('distinct values', () => {
  it('are exact up to 65,536 and an estimate within four standard errors beyond', async () => {
    const few = Array.from({ length: 131072 }, (_, i) => (i * 7919) % 65536);
    expect(await figures(few, 'Int32')).toMatchObject({ distinct: 65536, distinct_exact: true });
    for (const count of [65537, 120_000, 400_000]) {
      const many = Array.from({ length: count }, (_, i) => ((i * 7919) % count) * 1.5);
      const found = await figures(many);
      expect(found.distinct_exact).toBe(false);
      expect(Math.abs(Number(found.distinct) / count - 1)).toBeLessThan(4 * 0.0081);
    }
  });

  it('take minus zero and zero for one value', async () => {
    expect(await figures([0, -0, 1])).toMatchObject({ distinct: 2, zeros: 2, min: 0 });
  });
});
