import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import { DEFAULT_DEPTH } from '../../src/compute/stats/accumulate.ts';
import { figuresOf } from '../../src/compute/stats/figures.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { expectEveryFigure, QUANTILES } from './every-figure.ts';
import { relationOf } from './relations.ts';
import type { Value } from './second-opinion-deep.ts';

const DEPTH = { ...DEFAULT_DEPTH, keepBytes: 1e8 };
const RUNS = Number(process.env['NAIROBI_FUZZ_RUNS'] ?? 40);

async function check(frame: DataFrame, values: readonly Value[]): Promise<void> {
  const [facts] = await survey(relationOf(frame, 1 + (values.length >> 1)), { depth: DEPTH });
  if (facts === undefined) throw new Error('a column came back');
  expectEveryFigure(figuresOf(facts, QUANTILES), values);
}

/** Through text: a Series made of bigints loses them. */
function throughText(values: readonly Value[], type: (frame: DataFrame) => DataFrame): DataFrame {
  const pl = polars();
  const texts = values.map((x) => (x === null ? null : String(x)));
  return type(pl.DataFrame([pl.Series('x', texts as never, pl.Utf8)]));
}

const list = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.array(fc.option(one, { freq: 6 }), { minLength: 1, maxLength: 100 }),
    // Many repeats.
    fc
      .array(one, { minLength: 1, maxLength: 4 })
      .chain((few) => fc.array(fc.constantFrom(...few, null), { minLength: 1, maxLength: 100 })),
  );

const doubles: readonly (readonly [string, fc.Arbitrary<number>])[] = [
  ['of every kind', fc.double()],
  ['tiny', fc.double({ min: -1e-290, max: 1e-290, noNaN: true })],
  ['huge', fc.double({ min: -1e308, max: 1e308, noNaN: true })],
  ['usual', fc.double({ min: -1000, max: 1000, noNaN: true })],
  ['of two decimals', fc.integer({ min: -500, max: 500 }).map((x) => x / 100)],
  ['all close to a large one', fc.double({ min: 0, max: 1, noNaN: true }).map((x) => 1e9 + x)],
  [
    'with NaN and infinities',
    fc.oneof(fc.double({ min: -9, max: 9 }), fc.constantFrom(Number.NaN, Infinity, -Infinity)),
  ],
];

describe('every figure is that of the second opinion', () => {
  it.each(doubles)('for doubles %s', async (_, one) => {
    await fc.assert(
      fc.asyncProperty(list(one), async (values) => {
        const pl = polars();
        await check(pl.DataFrame([pl.Series('x', values as never, pl.Float64)]), values);
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['Int64', -(2n ** 63n), 2n ** 63n - 1n],
    ['UInt64', 0n, 2n ** 64n - 1n],
    ['Int32', -50n, 50n],
    ['Int8', -128n, 127n],
  ] as const)('for %s from %s to %s', async (type, min, max) => {
    await fc.assert(
      fc.asyncProperty(list(fc.bigInt({ min, max })), async (values) => {
        const pl = polars();
        await check(
          throughText(values, (frame) => frame.select(pl.col('x').cast(pl[type]))),
          values,
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('for booleans', async () => {
    await fc.assert(
      fc.asyncProperty(list(fc.boolean()), async (values) => {
        const pl = polars();
        await check(pl.DataFrame([pl.Series('x', values as never, pl.Bool)]), values);
      }),
      { numRuns: RUNS },
    );
  });

  it('for text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.stringMatching(/^[0-9]{1,4}$/),
      fc.constantFrom('', '007', 'naïve', 'ß', '2024-02-29', '2024-02-29T10:00:00'),
    );
    const days = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
    const times = days.map((day) => day.toISOString().slice(0, 19));
    await fc.assert(
      fc.asyncProperty(fc.oneof(list(text), list(times)), async (values) => {
        const pl = polars();
        await check(pl.DataFrame([pl.Series('x', values as never, pl.Utf8)]), values);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  it('for timestamps and dates', async () => {
    const steps = fc.array(fc.constantFrom(0n, 1n, 60n, 60n, 60n, 3600n, 1_000_000n), {
      minLength: 1,
      maxLength: 60,
    });
    const rising = steps.map((all) => {
      let at = 1_700_000_000n;
      return all.map((step) => {
        at += step;
        return at;
      });
    });
    const any = list(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(rising, any), fc.boolean(), async (values, isDate) => {
        const pl = polars();
        const shown = isDate ? values.map((x) => (x === null ? null : x % 50_000n)) : values;
        const type = isDate ? pl.Date : pl.Datetime('us');
        const whole = isDate ? pl.Int32 : pl.Int64;
        const make = (frame: DataFrame) => frame.select(pl.col('x').cast(whole).cast(type));
        await check(throughText(shown, make), shown);
      }),
      { numRuns: RUNS },
    );
  });
});
