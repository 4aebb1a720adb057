import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { type ColumnFigures, figuresOf } from '../../src/compute/stats/figures.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { formatNanoseconds, formatTime, formatTimeOfDay } from '../../src/compute/stats/time.ts';
import { relationOf } from './relations.ts';

async function figures(
  values: readonly (string | null)[],
  rows = values.length,
): Promise<ColumnFigures> {
  const pl = polars();
  const frame = pl.DataFrame([pl.Series('x', values as never, pl.Utf8)]);
  const [facts] = await survey(relationOf(frame, rows));
  if (facts === undefined) throw new Error('no column came back');
  return figuresOf(facts);
}

const byCodePoint = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('figures of text', () => {
  it('agree with plain JavaScript on any strings, however the rows are cut', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.string({ minLength: 13, maxLength: 30 }),
      fc.constantFrom('', '0', '007', 'abcdefghijkl', 'abcdefghijklm'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(text), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 80 }),
        async (values, cut) => {
          const found = await figures(values, cut);
          const present = values
            .filter((value) => value !== null)
            .map((value) => Buffer.from(value).toString());
          const lengths = present.map((value) => [...value].length);
          const sorted = present.toSorted(byCodePoint);
          expect(found).toMatchObject({
            count: present.length,
            nulls: values.length - present.length,
            empty: present.filter((value) => value === '').length,
            distinct: new Set(present).size,
            distinct_exact: true,
            min: sorted[0] ?? null,
            max: sorted.at(-1) ?? null,
            min_length: present.length === 0 ? null : Math.min(...lengths),
            max_length: present.length === 0 ? null : Math.max(...lengths),
            leading_zeros: present.filter((value) => /^0[0-9]/.test(value)).length,
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('estimate the number of distinct long texts within four standard errors', async () => {
    const values = Array.from({ length: 150_000 }, (_, i) => `a rather long text ${i}`);
    values.push('a rather long text 7');
    const found = await figures(values, 40_000);
    expect(found.distinct_exact).toBe(false);
    expect(Math.abs(Number(found.distinct) / 150_000 - 1)).toBeLessThan(4 * 0.0081);
  });
});

describe('timestamps in text', () => {
  it('give first, last, interval and gaps', async () => {
    const values = [
      '2024-02-28 23:00:00',
      '2024-02-28 23:30:00',
      '2024-02-29 00:00:00',
      null,
      '2024-02-29 06:00:00',
      '2024-02-29 06:30:00',
    ];
    expect(await figures(values)).toMatchObject({
      first: '2024-02-28T23:00:00',
      last: '2024-02-29T06:30:00',
      interval: '30 min',
      gaps: 1,
      longest_gap: '6 h',
    });
  });

  it('are read as JavaScript reads them', async () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    await fc.assert(
      fc.asyncProperty(date, async (day) => {
        const iso = day.toISOString();
        const plain = iso.replace(/(\.000)?Z$/, '').replace(/(\.\d*[1-9])0*$/, '$1');
        expect(await figures([iso])).toMatchObject({ first: plain, last: plain });
        const shifted = new Date(day.getTime() + 5.5 * 3_600_000)
          .toISOString()
          .replace('Z', '+05:30');
        if (shifted.length === 29) expect(await figures([shifted])).toMatchObject({ first: plain });
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    '2023-02-29',
    '2024-13-01',
    '2024-01-01 24:00',
    '2024-01-01x',
    '2024-1-1',
    '12:00:00',
    '2024-01-01 10:00:00+5',
  ])('are not seen in %s', async (text) => {
    expect(await figures(['2024-01-01', text])).not.toHaveProperty('first');
  });

  it('have no interval when the rows go back in time', async () => {
    expect(await figures(['2024-01-02', '2024-01-01', '2024-01-03'])).toMatchObject({
      first: '2024-01-01',
      last: '2024-01-03',
      interval: null,
      gaps: null,
    });
  });
});

describe('lengths of time and times of day', () => {
  it('are written exactly', () => {
    expect(formatNanoseconds(90_061_000_000_001n)).toBe('1 d 1 h 1 min 1 s 1 ns');
    expect(formatNanoseconds(-1_500_000n)).toBe('-1 ms 500 us');
    expect(formatTimeOfDay(3_661_500_000_000n)).toBe('01:01:01.5');
    expect(formatTimeOfDay(-60_000_000_000n)).toBe('-1 min');
    expect(formatTime(-1n, 1, false)).toBe('1969-12-31T23:59:59.999999999');
  });
});
